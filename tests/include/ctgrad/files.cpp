// safetensors and .npz files: what Python's writers wrote is read right, what is malformed is refused by name, what is saved comes back, and training goes on from it.
// tests/data/numpy* were written by tests/golden/files.py (numpy 2.4.6, safetensors 0.8.0), which also reads what this test leaves where CTGRAD_KEEP_FILES says.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE files
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/npz.hpp>
#include <ctgrad/optimizers.hpp>
#include <ctgrad/safetensors.hpp>

#include "../../arrays.hpp"
#include "../../files.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numbers>
#include <random>
#include <string>
#include <vector>

namespace ct = ctgrad;
namespace fs = std::filesystem;
using namespace ct::literals;
using namespace ct::test;

namespace {

std::string const data = CTGRAD_TESTS "/data/";

/// The elements of an array or a view, as doubles.
template <class Data>
doubles elements(Data const& d) {
  auto const v = ct::array(view_of(d));
  return doubles(v.data(), v.data() + v.size());
}

/// What files.py writes, in either format.
template <class File>
void check_tensors(File const& file) {
  BOOST_TEST(elements(file.template load<float, 2>("fc.weight")) == (doubles{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5}));
  BOOST_TEST(elements(file.template load<float, 1>("fc.bias")) == (doubles{0.5, -0.25}));
  BOOST_TEST((file.template load<double, 0>("double").item()) == std::numbers::pi);
  BOOST_TEST(elements(file.template load<std::int64_t, 2>("counts")) == (doubles{1, -2, 0x1p40, 3}));
  BOOST_TEST(elements(file.template load<std::int32_t, 1>("small")) == (doubles{1, -2, 2147483647}));
  BOOST_TEST(elements(file.template load<bool, 1>("mask")) == (doubles{1, 0, 1}));
  BOOST_CHECK((file.template load<float, 2>("empty").shape() == std::array<std::int64_t, 2>{0, 3}));
  BOOST_TEST(file.has("mask"));
  BOOST_TEST(!file.has("masks"));
  BOOST_TEST(message_of<ct::dtype_error>([&] { file.template load<double, 2>("fc.weight"); }) == file.name() + ": tensor 'fc.weight' is float32, but float64 is asked for");
  BOOST_TEST(message_of<ct::shape_error>([&] { file.template load<float, 1>("fc.weight"); }) ==
             file.name() + ": tensor 'fc.weight': its shape (2, 3) has rank 2, but rank 1 is asked for");
}
std::vector<ct::named_tensor> some_tensors() {
  static auto const weight = ct::array<float, 2>{{-2.5f, 0.5f}, {-1.5f, 1.5f}, {-0.5f, 2.5f}};
  static auto const bias = ct::array<float, 1>{0.5f, -0.25f};
  static auto const number = ct::full<double>(std::numbers::pi, std::array<std::int64_t, 0>{});
  static auto const counts = ct::array<std::int64_t, 2>{{1, -2}, {std::int64_t{1} << 40, 3}};
  static auto const small = ct::array<std::int32_t, 1>{1, -2, 2147483647};
  static auto const mask = ct::array<bool, 1>{true, false, true};
  static auto const empty = ct::zeros<float>(0, 3);
  return {{"fc.weight", weight.t()}, {"fc.bias", bias}, {"double", number}, {"counts", counts}, {"small", small}, {"mask", mask}, {"empty", empty}};
}

constexpr auto w = ct::tensor<double>("w"_s, 2_c, 3_c);
constexpr auto b = ct::tensor<double>("b"_s, 3_c);
auto some_parameters(std::uint64_t seed) { return ct::parameters(w = filled<double>(seed, 2, 3), b = filled<double>(seed + 1, 3)); }
using parameters_type = decltype(some_parameters(0));

std::string bytes_of(parameters_type& p) { return {reinterpret_cast<char const*>(p.values().data()), static_cast<std::size_t>(p.size()) * sizeof(double)}; }

/// Training that is cut off by a file has to be the training that is not.
template <class Optimiser>
void check_resumed(Optimiser const& fresh, auto const& save, auto const& load) {
  auto step = [](parameters_type& p, Optimiser& o, int n) {
    auto const gradient = filled<double>(static_cast<std::uint64_t>(n), 9);
    p.grads().assign(gradient.view());
    o.step(p);
  };
  auto p = some_parameters(1), q = some_parameters(5);
  Optimiser one = fresh, other = fresh;
  for (int n = 0; n < 3; ++n) step(p, one, n);
  save(p, one);
  load(q, other);
  for (int n = 3; n < 6; ++n) {
    step(p, one, n);
    step(q, other, n);
  }
  BOOST_TEST((bytes_of(p) == bytes_of(q)));
}

/// A safetensors file with this header, as it stands, and so many bytes of data.
std::string with_header(std::string const& header, std::size_t size = 8) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + std::string(size, '\0');
}
std::string problem_with(std::string const& bytes) {
  std::string const message = message_of<ct::error>([&] { ct::detail::parse_safetensors_header(std::as_bytes(std::span(bytes)), "x"); });
  BOOST_TEST(message.find('\n') == std::string::npos);
  return message;
}
std::string entry(std::string const& name, std::string const& dtype, std::string const& shape, std::string const& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

/// Bytes with a few of them changed, added or gone.
std::string mutated(std::string bytes, random_numbers& r) {
  for (int changes = 1 + r.below(3); changes > 0 && !bytes.empty(); --changes) {
    auto const at = static_cast<std::size_t>(r.below(static_cast<int>(bytes.size())));
    char const letter = r.below(2) ? static_cast<char>(r.below(256)) : "0129{}[]\",:-"[r.below(12)];
    switch (r.below(5)) {
      case 0: bytes.resize(at); break;
      case 1: bytes.insert(at, 1, letter); break;
      case 2: bytes.erase(at, 1); break;
      default: bytes[at] = letter;
    }
  }
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(files_of_python_are_read) {
  auto const file = ct::safetensors::map(data + "numpy.safetensors");
  check_tensors(file);
  BOOST_TEST(file.metadata().at("format") == "np");
  BOOST_TEST(file.names().size() == 8u);
  auto const weight = file.view<float, 2>("fc.weight");
  BOOST_TEST(weight(1, 2) == 2.5f);
  BOOST_TEST((file.view<float, 2>("empty").size()) == 0);
  BOOST_TEST((file.view<ct::float16, 1>("half")(2) == 1.0f));
  BOOST_TEST(message_of<ct::dtype_error>([&] { file.view<float, 1>("half"); }) == file.name() + ": tensor 'half' is float16, but float32 is asked for");
  folder const here;
  write_bytes(here.file("x"), with_header("{" + entry("bytes", "U8", "[8]", "[0,8]") + "}"));
  auto const other = ct::safetensors::map(here.file("x"));
  BOOST_TEST(message_of<ct::dtype_error>([&] { other.tensor("bytes"); }) == other.name() + ": tensor 'bytes' is U8 (bool, int32, int64, float16, bfloat16, float32 and float64 are read)");
  ct::array<ct::bfloat16, 1> const narrow{ct::bfloat16(1), ct::bfloat16(-3e38)};
  ct::safetensors::save(here.file("y"), {{"narrow", narrow}});
  BOOST_TEST((ct::safetensors::map(here.file("y")).load<ct::bfloat16, 1>("narrow")(1).bits == narrow(1).bits));
  BOOST_CHECK_THROW(ct::npz::save(here.file("z"), {{"narrow", narrow}}), ct::dtype_error);
  BOOST_TEST(here.count() == 2);
  BOOST_TEST(message_of<ct::io_error>([&] { file.view<float, 1>("fc.biass"); }) == file.name() + ": it has no tensor 'fc.biass'");
  for (std::string const name : {"numpy.npz", "numpy_deflated.npz"}) {
    auto const archive = ct::npz::open(data + name);
    check_tensors(archive);
    BOOST_TEST(archive.names().size() == 8u);
    BOOST_TEST(elements(archive.load<double, 3>("fortran")) == elements(ct::arange<double>(24)));
    BOOST_TEST(message_of<ct::io_error>([&] { archive.load<float, 1>("fc.biass"); }) == archive.name() + ": it has no array 'fc.biass'");
  }
}

BOOST_AUTO_TEST_CASE(what_is_saved_is_read) {
  folder const here;
  char const* const kept = std::getenv("CTGRAD_KEEP_FILES");
  auto const path = [&](std::string const& name) { return kept ? kept + ("/" + name) : here.file(name); };
  write_bytes(path("written.safetensors"), "an old file");
  ct::safetensors::save(path("written.safetensors"), some_tensors(), {{"made", "by a \"test\"\n"}});
  auto const file = ct::safetensors::map(path("written.safetensors"));
  check_tensors(file);
  BOOST_TEST(file.metadata().at("made") == "by a \"test\"\n");
  for (auto const& name : file.names()) {  // all is aligned
    auto const t = file.tensor(name);
    BOOST_TEST(reinterpret_cast<std::uintptr_t>(t.bytes.data()) % size_of(t.type) == 0u, name);
  }
  ct::npz::save(path("written.npz"), some_tensors());
  ct::npz::save(path("deflated.npz"), some_tensors(), ct::npz::compression::deflated);
  check_tensors(ct::npz::open(path("written.npz")));
  check_tensors(ct::npz::open(path("deflated.npz")));
  if (!kept) BOOST_TEST(here.count() == 3);
}

BOOST_AUTO_TEST_CASE(training_goes_on) {
  folder const here;
  std::string const path = here.file("state");
  auto const resumed = [&](auto const& optimiser) {
    check_resumed(optimiser, [&](auto& p, auto& o) { ct::safetensors::save(path, p, o); }, [&](auto& p, auto& o) { ct::safetensors::load(path, p, o); });
  };
  resumed(ct::optim::sgd({.momentum = 0.9, .dampening = 0.5}));
  resumed(ct::optim::rmsprop({.momentum = 0.9, .centered = true}));
  resumed(ct::optim::adagrad({.learning_rate_decay = 0.1}));
  check_resumed(ct::optim::adam({.learning_rate = 0.1}), [&](auto& p, auto& o) { ct::npz::save(path, p, o); }, [&](auto& p, auto& o) { ct::npz::load(path, p, o); });
  BOOST_TEST((ct::npz::open(path).names() == std::vector<std::string>{"w", "b", "w (state 0)", "b (state 0)", "w (state 1)", "b (state 1)", "(steps)"}));
  BOOST_TEST((ct::npz::load<std::int64_t, 0>(path, "(steps)").item()) == 3);
}

// A file that lacks something changes nothing, not even the parameters before what it lacks.
BOOST_AUTO_TEST_CASE(parameters_that_do_not_fit) {
  folder const here;
  auto p = some_parameters(3);
  auto const before = bytes_of(p);
  auto const good = filled<double>(9, 2, 3);
  auto const wrong = [&](std::vector<ct::named_tensor> const& tensors) {
    std::string const path = here.file("x");
    ct::safetensors::save(path, tensors);
    std::string const message = message_of<ct::error>([&] { ct::safetensors::load(path, p); });
    ct::npz::save(path, tensors);
    std::string const other = message_of<ct::error>([&] { ct::npz::load(path, p); });
    BOOST_TEST((message == other || message.find("it has no tensor") != std::string::npos), message << " and " << other);
    BOOST_TEST((bytes_of(p) == before));
    BOOST_TEST(message.starts_with(path));
    return message.substr(std::min(message.size(), path.size()));
  };
  BOOST_TEST(wrong({{"w", good}}) == ": it has no tensor 'b'");
  BOOST_TEST(wrong({{"w", good}, {"b", ct::zeros<double>(4)}}) == ": tensor 'b' has shape (4,), and needs (3,)");
  BOOST_TEST(wrong({{"w", good}, {"b", ct::zeros<float>(3)}}) == ": tensor 'b' is float32, but float64 is asked for");
  BOOST_TEST(wrong({{"w", good}, {"b", ct::zeros<double>(3, 1)}}) == ": tensor 'b': its shape (3, 1) has rank 2, but rank 1 is asked for");
  ct::safetensors::save(here.file("more"), {{"c", good}, {"w", good}, {"b", ct::zeros<double>(3)}});
  ct::safetensors::load(here.file("more"), p);
  BOOST_TEST(elements(p[w].value) == elements(good));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_written) {
  folder const here;
  auto const one = ct::ones<float>(2);
  std::string const gone = here.file("no such folder/x"), path = here.file("x");
  BOOST_TEST(message_of<ct::io_error>([&] { ct::safetensors::save(gone, {{"a", one}}); }) == gone + ": cannot be written: No such file or directory");
  BOOST_CHECK_THROW(ct::npz::save(gone, {{"a", one}}), ct::io_error);
  BOOST_TEST(message_of<ct::io_error>([&] { ct::safetensors::save(path, {{"a", one}, {"a", one}}); }) == path + ": tensor 'a' is given twice");
  BOOST_TEST(message_of<ct::io_error>([&] { ct::safetensors::save(path, {{"__metadata__", one}}); }) == path + ": tensor '__metadata__': safetensors reserves this name");
  BOOST_TEST(message_of<ct::io_error>([&] { ct::safetensors::save(path, {{"\xff", one}}); }) == path + ": a name is not UTF-8, which safetensors needs");
  BOOST_TEST(message_of<ct::io_error>([&] { ct::npz::save(path, {{"a", one}, {"a", one}}); }) == path + ": tensor 'a' cannot be written: File already exists");
  BOOST_CHECK_THROW(ct::npz::save(path, {}), ct::io_error);
  BOOST_TEST(here.count() == 0);
}

BOOST_AUTO_TEST_CASE(malformed_headers) {
  auto const f = [](std::string const& text, std::size_t size = 8) { return problem_with(with_header("{" + text + "}", size)); };
  BOOST_TEST(f(entry("a", "F32", "[2]", "[0,8]")) == "(no exception)");
  BOOST_TEST(problem_with(with_header("{}  ", 0)) == "(no exception)");
  BOOST_TEST(problem_with("1234567") == "x: not a safetensors file, it ends within the length of its header");
  BOOST_TEST(problem_with(std::string("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10)) == "x: not a safetensors file, or a header of 18446744073709551615 bytes, above the format's limit of 100000000");
  BOOST_TEST(problem_with(std::string("\x09\0\0\0\0\0\0\0{}", 10)) == "x: the safetensors header lacks 7 of its 9 bytes");
  BOOST_TEST(problem_with(with_header("[1]")) == "x: not a safetensors file, its header begins with '[1]'");
  BOOST_TEST(f("\"a\":").starts_with("x: malformed safetensors header: parse error at line 1, column 6"));
  BOOST_TEST(f(entry("a", "F32", "[1]", "[0,4]") + "," + entry("a", "F32", "[1]", "[4,8]")) == "x: malformed safetensors header: 'a' occurs twice");
  BOOST_TEST(f("\"a\":[[[[1]]]]") == "x: malformed safetensors header: it is nested too deeply");
  BOOST_TEST(f("\"a\":1") == "x: tensor 'a': its header is no object");
  BOOST_TEST(f("\"a\":{\"dtype\":\"F32\",\"shape\":[2]}") == "x: tensor 'a': no key 'data_offsets'");
  BOOST_TEST(f("\"a\":{\"type\":\"F32\"}") == "x: tensor 'a': unknown key 'type'");
  BOOST_TEST(f(entry("a", "F31", "[2]", "[0,8]")) == "x: tensor 'a': dtype 'F31' is unknown");
  BOOST_TEST(f(entry("a", "F32", "[-2]", "[0,8]")) == "x: tensor 'a': 'shape' has an entry that is no natural number");
  BOOST_TEST(f(entry("a", "F32", "2", "[0,8]")) == "x: tensor 'a': 'shape' is no list");
  BOOST_TEST(f(entry("a", "F32", "[4294967296,4294967296]", "[0,8]")) == "x: tensor 'a': shape (4294967296, 4294967296) has more elements than can be addressed");
  BOOST_TEST(f(entry("a", "F32", "[18446744073709551615]", "[0,8]")) == "x: tensor 'a': an entry of 'shape' is larger than any memory");
  BOOST_TEST(f(entry("a", "F32", "[2]", "[8,0]")) == "x: tensor 'a': 'data_offsets' are not a begin and an end");
  BOOST_TEST(f(entry("a", "F32", "[3]", "[0,8]")) == "x: tensor 'a': its data_offsets hold 8 bytes, and F32 of shape (3,) needs 12");
  BOOST_TEST(f(entry("a", "F32", "[2]", "[0,8]") + "," + entry("b", "F32", "[1]", "[4,8]")) == "x: tensor 'b': its data overlaps that of 'a' by 4 bytes");
  BOOST_TEST(f(entry("a", "F32", "[1]", "[0,4]") + "," + entry("b", "F32", "[1]", "[8,12]"), 12) == "x: tensor 'b': 4 bytes between its data and that of 'a' belong to no tensor");
  BOOST_TEST(f(entry("a", "F32", "[1]", "[4,8]")) == "x: tensor 'a': 4 bytes between its data and the header belong to no tensor");
  BOOST_TEST(f(entry("a", "F32", "[4]", "[0,16]")) == "x: tensor 'a': the file is truncated, and lacks the last 8 bytes of its data");
  BOOST_TEST(f(entry("a", "F32", "[1]", "[0,4]")) == "x: the last 4 bytes belong to no tensor");
  BOOST_TEST(f("\"__metadata__\":{\"a\":1}") == "x: '__metadata__' of 'a' is no string");
}

// Whatever the bytes are, a tensor comes out or an error of ctgrad that is one line; sanitizers watch.
BOOST_AUTO_TEST_CASE(mutations) {
  folder const here;
  random_numbers r{1};
  int refused = 0;
  std::string const safe = read_bytes(data + "numpy.safetensors");
  std::string const zips[] = {read_bytes(data + "numpy.npz"), read_bytes(data + "numpy_deflated.npz")};
  auto read_all = [&](auto const& open, std::string const& bytes) {
    std::string const path = here.file("x");
    write_bytes(path, bytes);
    try {
      auto const file = open(path);
      for (auto const& name : file.names()) {
        try {
          std::size_t sum = 0;
          for (std::byte byte : file.tensor(name).bytes) sum += static_cast<std::size_t>(byte);
          BOOST_TEST(sum < std::size_t{1} << 40);
        } catch (ct::error const& problem) {
          ++refused;
          BOOST_TEST(std::string(problem.what()).find('\n') == std::string::npos);
        }
      }
    } catch (ct::error const& problem) {
      ++refused;
      BOOST_TEST(std::string(problem.what()).find('\n') == std::string::npos, problem.what());
    }
  };
  for (int i = 0; i < 3000; ++i) {
    read_all(ct::safetensors::map, mutated(safe, r));
    read_all(ct::npz::open, mutated(zips[i % 2], r));
  }
  BOOST_TEST(refused > 3000);
}
