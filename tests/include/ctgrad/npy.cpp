// .npy files: what NumPy wrote is read right, what is malformed is refused, what is saved can be read back.
// tests/data/*.npy were made with NumPy 2.4.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE npy
#include "../../files.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctgrad/npy.hpp>

namespace ct = ctgrad;
namespace fs = std::filesystem;
using boost::test_tools::per_element;
using ct::test::folder, ct::test::read_bytes, ct::test::write_bytes;

namespace {

#ifdef CTGRAD_TEST_DATA
fs::path const data_folder = CTGRAD_TEST_DATA;
#else
fs::path const data_folder = fs::path(__FILE__).parent_path() / "../../data";
#endif

std::string data(std::string const& name) { return (data_folder / name).string(); }

template <std::size_t Rank>
using shape = std::array<std::int64_t, Rank>;

template <class T, std::size_t Rank>
std::vector<T> elements(ct::array<T, Rank> const& values) {
  return std::vector<T>(values.data(), values.data() + values.size());
}
template <class T, std::size_t Rank>
std::vector<std::remove_const_t<T>> elements(ct::view<T, Rank> const& values) { return elements(ct::array(values)); }

/// A version 1.0 file with this dict, as it stands, and these elements.
std::string npy_bytes(std::string const& dict, std::string const& data_bytes) {
  std::string bytes("\x93NUMPY\1\0", 8);
  bytes += static_cast<char>(dict.size() & 0xff);
  bytes += static_cast<char>(dict.size() >> 8);
  return bytes + dict + data_bytes;
}

std::span<std::byte const> as_bytes(std::string const& text) { return std::as_bytes(std::span(text)); }

/// The kind and the message of the exception that reading these bytes as float[?][?] throws.
std::string problem_with(std::string const& dict, std::string const& data_bytes = std::string(24, '\0')) {
  std::string const bytes = npy_bytes(dict, data_bytes);
  std::string message;
  try {
    ct::detail::read_npy<float, 2>(as_bytes(bytes), "x.npy");
    message = "fine";
  } catch (ct::io_error const& problem) {
    message = std::string("io: ") + problem.what();
  } catch (ct::dtype_error const& problem) {
    message = std::string("dtype: ") + problem.what();
  } catch (ct::shape_error const& problem) {
    message = std::string("shape: ") + problem.what();
  }
  BOOST_TEST(message.find('\n') == std::string::npos);
  return message;
}

}  // namespace

BOOST_AUTO_TEST_CASE(files_of_numpy_are_mapped) {
  auto const f4 = ct::npy::map<float, 2>(data("f4_c_2x3.npy"));
  BOOST_TEST(elements(f4.view()) == (std::vector<float>{1.5f, -2, 3, 4, 5, 6.25f}), per_element());
  BOOST_TEST(f4.view().is_contiguous());
  BOOST_TEST(reinterpret_cast<std::uintptr_t>(f4.view().data()) % 64 == 0u);

  auto const f8 = ct::npy::map<double, 2>(data("f8_fortran_3x2.npy"));
  BOOST_CHECK(f8.view().strides() == (shape<2>{1, 3}));
  BOOST_TEST(elements(f8.view()) == (std::vector<double>{0, 1, 2, 3, 4, 5}), per_element());

  auto const i8 = ct::npy::map<std::int64_t, 3>(data("i8_fortran_2x3x4.npy"));
  BOOST_TEST(elements(i8.view()) == elements(ct::arange<std::int64_t>(24)), per_element());

  for (std::string const name : {"i8_version2.npy", "i8_version3.npy"})
    BOOST_TEST(elements(ct::npy::map<std::int64_t, 2>(data(name)).view()) == (std::vector<std::int64_t>{1, 0, 1, 2, 1, 1}), per_element());
  BOOST_TEST(elements(ct::npy::map<std::int32_t, 1>(data("i4_vector.npy")).view()) == (std::vector<std::int32_t>{1, -2, 2147483647}),
             per_element());
  BOOST_TEST(elements(ct::npy::map<bool, 2>(data("b1_2x2.npy")).view()) == (std::vector<bool>{true, false, false, true}), per_element());
  BOOST_TEST((ct::npy::map<double, 0>(data("f8_scalar.npy")).view().item()) == 2.5);
  BOOST_CHECK((ct::npy::map<float, 2>(data("f4_empty_0x3.npy")).view().shape() == shape<2>{0, 3}));
}

BOOST_AUTO_TEST_CASE(files_of_numpy_are_loaded) {
  BOOST_TEST(elements(ct::npy::load<double, 2>(data("f8_fortran_3x2.npy"))) == (std::vector<double>{0, 1, 2, 3, 4, 5}), per_element());
  auto const i8 = ct::npy::load<std::int64_t, 3>(data("i8_fortran_2x3x4.npy"));
  BOOST_TEST(elements(i8) == elements(ct::arange<std::int64_t>(24)), per_element());
  BOOST_TEST((ct::npy::load<double, 0>(data("f8_scalar.npy")).item()) == 2.5);
  BOOST_TEST((ct::npy::load<float, 2>(data("f4_empty_0x3.npy")).size()) == 0);
}

BOOST_AUTO_TEST_CASE(maps_move) {
  auto first = ct::npy::map<float, 2>(data("f4_c_2x3.npy"));
  auto second = std::move(first);
  first = ct::npy::map<float, 2>(data("f4_c_2x3.npy"));
  second = std::move(first);
  ct::view<float const, 2> const shown = second;
  BOOST_TEST(shown(1, 2) == 6.25f);
}

BOOST_AUTO_TEST_CASE(what_is_asked_for_has_to_be_there) {
  BOOST_CHECK_THROW((ct::npy::map<double, 2>(data("f4_c_2x3.npy"))), ct::dtype_error);
  BOOST_CHECK_THROW((ct::npy::map<float, 1>(data("f4_c_2x3.npy"))), ct::shape_error);
  BOOST_CHECK_THROW((ct::npy::map<double, 1>(data("f8_big_endian.npy"))), ct::dtype_error);
  BOOST_CHECK_THROW((ct::npy::map<std::int32_t, 1>(data("u1_vector.npy"))), ct::dtype_error);
  BOOST_CHECK_THROW((ct::npy::map<float, 1>(data("record.npy"))), ct::dtype_error);
  BOOST_CHECK_THROW((ct::npy::map<float, 1>(data("no such file.npy"))), ct::io_error);
  BOOST_CHECK_THROW((ct::npy::map<float, 1>(data_folder.string())), ct::io_error);
}

BOOST_AUTO_TEST_CASE(messages_name_the_file_and_the_problem) {
  std::string const order = "'fortran_order': False, ", both = order + "'shape': (2, 3)";
  BOOST_TEST(problem_with("{'descr': '<f4', " + both + ", }   \n") == "fine");
  BOOST_TEST(problem_with("{\"shape\":(2,3,),'fortran_order':False,'descr':'<f4'}") == "fine");
  BOOST_TEST(problem_with("{'descr': '<f4', " + order + "'shape': (2L, 3L)}") == "fine");
  BOOST_TEST(problem_with("{'descr': '<f8', " + both + "}") == "dtype: x.npy: its elements are float64, but float32 is asked for");
  BOOST_TEST(problem_with("{'descr': '>f4', " + both + "}") ==
             "dtype: x.npy: its elements are big-endian (descr '>f4'); save it with .astype('<f4') first");
  BOOST_TEST(problem_with("{'descr': '<c8', " + both + "}") ==
             "dtype: x.npy: descr '<c8' is no dtype of a tensor (those are |b1, <i4, <i8, <f2, <f4, <f8)");
  BOOST_TEST(problem_with("{'descr': [('a', '<f4')], " + both + "}") == "dtype: x.npy: its elements are records, which no tensor has");
  BOOST_TEST(problem_with("{'descr': '<f4', " + order + "'shape': (6,)}") ==
             "shape: x.npy: its shape (6,) has rank 1, but rank 2 is asked for");
  BOOST_TEST(problem_with("{'descr': '<f4', " + both + "}", std::string(23, '\0')) == "io: x.npy: lacks 1 of the 24 bytes of shape (2, 3)");
  BOOST_TEST(problem_with("{'descr': '<f4', " + order + "'shape': (4294967296, 4294967296)}") ==
             "shape: x.npy: shape (4294967296, 4294967296) has more elements than can be addressed");
  BOOST_TEST(problem_with("{'descr': '<f4', " + order + "'shape': (99999999999999999999, 1)}") ==
             "shape: x.npy: an extent is larger than any memory");
  std::string const malformed = "io: x.npy: malformed .npy header: ";
  BOOST_TEST(problem_with("") == malformed + "expected '{', found the end");
  BOOST_TEST(problem_with("{'descr': '<f4', " + both) == malformed + "expected '}', found the end");
  BOOST_TEST(problem_with("{'descr': '<f4', " + both + "} x") == malformed + "garbage after the dict: 'x'");
  BOOST_TEST(problem_with("{'descr': '<f4', " + both + std::string("}\n\0\xff", 4)) == malformed + R"(garbage after the dict: '\x00\xff')");
  BOOST_TEST(problem_with("{'descr': '<f4', " + order + "}") == malformed + "no key 'shape'");
  BOOST_TEST(problem_with("{'descr': '<f4', 'shape': (2, 3)}") == malformed + "no key 'fortran_order'");
  BOOST_TEST(problem_with("{" + both + "}") == malformed + "no key 'descr'");
  BOOST_TEST(problem_with("{'descr': '<f4', " + order + both + "}") == malformed + "key 'fortran_order' occurs twice");
  BOOST_TEST(problem_with("{'descr': '<f4', 'x': 1, " + both + "}") == malformed + "unknown key 'x'");
  BOOST_TEST(problem_with("{'descr': '<f4', 'fortran_order': 0, 'shape': (2, 3)}") ==
             malformed + "'fortran_order' has to be True or False, found '0, 'shape': (2, 3)}'");
  BOOST_TEST(problem_with("{'descr': '<f4', " + order + "'shape': (2)}") ==
             malformed + "'shape' has to be a tuple, found an integer in parentheses");
  BOOST_TEST(problem_with("{'descr': '<f4', " + order + "'shape': (-2, 3)}") ==
             malformed + "an extent has to be a non-negative integer, found '-2, 3)}'");
  BOOST_TEST(problem_with("{'descr': '<f4', " + order + "'shape': (02, 3)}") == malformed + "an extent begins with zero: '02, 3)}'");
  BOOST_TEST(problem_with("{'descr': '<f4', " + order + "'shape': (2 3)}") == malformed + "'shape' lacks a comma before '3)}'");
  BOOST_TEST(problem_with("{'descr': '<f4', " + order + "'shape': [2, 3]}") == malformed + "expected '(', found '[2, 3]}'");
  BOOST_TEST(problem_with("{'descr: 1}") == malformed + "a string has no end: ''descr: 1}'");
  BOOST_TEST(problem_with("{1: 2}") == malformed + "a key has to be a string, found '1: 2}'");
}

BOOST_AUTO_TEST_CASE(a_bool_is_zero_or_one) {
  std::string const dict = "{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}";
  BOOST_CHECK_NO_THROW((ct::detail::read_npy<bool, 1>(as_bytes(npy_bytes(dict, std::string("\0\1", 2))), "x")));
  BOOST_CHECK_THROW((ct::detail::read_npy<bool, 1>(as_bytes(npy_bytes(dict, "\1\2")), "x")), ct::io_error);
}

BOOST_FIXTURE_TEST_CASE(unaligned_files_are_loaded_and_not_mapped, folder) {
  float const two[2] = {1.5f, -2};
  std::string const dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}";  // 10 + 55 bytes
  write_bytes(file("x.npy"), npy_bytes(dict, std::string(reinterpret_cast<char const*>(two), 8)));
  BOOST_TEST(elements(ct::npy::load<float, 1>(file("x.npy"))) == (std::vector<float>{1.5f, -2}), per_element());
  BOOST_CHECK_THROW((ct::npy::map<float, 1>(file("x.npy"))), ct::io_error);
}

BOOST_FIXTURE_TEST_CASE(saved_files_are_numpys_to_the_byte, folder) {
  for (auto const& [name, save] : {
           std::pair{"f4_c_2x3.npy", +[](std::string const& to) { ct::npy::save(to, ct::array<float, 2>{{1.5f, -2, 3}, {4, 5, 6.25f}}); }},
           std::pair{"f2_vector.npy", +[](std::string const& to) { ct::npy::save(to, ct::npy::load<ct::float16, 1>(data("f2_vector.npy"))); }},
           std::pair{"i4_vector.npy", +[](std::string const& to) { ct::npy::save(to, ct::array<std::int32_t, 1>{1, -2, 2147483647}); }},
           std::pair{"b1_2x2.npy", +[](std::string const& to) { ct::npy::save(to, ct::eye<bool>(2)); }},
           std::pair{"f8_scalar.npy", +[](std::string const& to) { ct::npy::save(to, ct::array<double, 0>(2.5)); }},
           std::pair{"f4_empty_0x3.npy", +[](std::string const& to) { ct::npy::save(to, ct::empty<float>(0, 3)); }},
       }) {
    save(file("x.npy"));
    BOOST_TEST((read_bytes(file("x.npy")) == read_bytes(data(name))), name);
    BOOST_TEST(count() == 1);  // nothing is left beside it
  }
  auto const half = ct::npy::map<ct::float16, 1>(data("f2_vector.npy"));
  BOOST_TEST((half.view()(0) == 1.5f && half.view()(2) == 65504.0f && half.view()(4) == 0x1p-24f));
  BOOST_CHECK_THROW((ct::npy::map<ct::bfloat16, 1>(data("f2_vector.npy"))), ct::dtype_error);
  BOOST_CHECK_THROW(ct::npy::save(file("x.npy"), ct::zeros<ct::bfloat16>(3)), ct::dtype_error);  // NumPy has none
  BOOST_TEST((count() == 1 && read_bytes(file("x.npy")) == read_bytes(data("f4_empty_0x3.npy"))));
}

BOOST_FIXTURE_TEST_CASE(views_of_any_strides_are_saved, folder) {
  auto const whole = ct::arange<std::int64_t>(30000).reshape(100, 300);
  auto const odd = whole.slice(1, std::nullopt, std::nullopt, -3).t();
  ct::npy::save(file("x.npy"), odd);
  BOOST_TEST(elements(ct::npy::load<std::int64_t, 2>(file("x.npy"))) == elements(odd), per_element());
  auto const one = ct::ones<bool>(1);
  ct::npy::save(file("x.npy"), one.expand(20000));
  BOOST_TEST((ct::npy::load<bool, 1>(file("x.npy")).size()) == 20000);
}

BOOST_FIXTURE_TEST_CASE(a_file_may_be_saved_over_its_own_map, folder) {
  ct::npy::save(file("x.npy"), ct::arange<float>(1000));
  auto const mapped = ct::npy::map<float, 1>(file("x.npy"));
  ct::npy::save(file("x.npy"), mapped.view().slice(0, std::nullopt, std::nullopt, -1));
  BOOST_TEST(mapped.view()[999] == 999);
  BOOST_TEST((ct::npy::load<float, 1>(file("x.npy"))[0]) == 999);
}

BOOST_FIXTURE_TEST_CASE(a_failed_save_leaves_nothing, folder) {
  fs::create_directory(file("x.npy"));
  BOOST_CHECK_THROW(ct::npy::save(file("x.npy"), ct::ones<float>(3)), ct::io_error);  // rename finds a folder there
  BOOST_TEST(count() == 1);
  BOOST_CHECK_THROW(ct::npy::save(file("missing/x.npy"), ct::ones<float>(3)), ct::io_error);
  ct::detail::file_descriptor const full(::open("/dev/full", O_WRONLY));  // a device of Linux that never has room
  if (full.get() >= 0) BOOST_TEST(!ct::detail::write_all(full.get(), as_bytes("x")));
}

namespace {

/// Reads bytes as every dtype and as ranks 0 to 3. What is no exception of ctgrad must have the elements that the bytes have.
template <class T, std::size_t Rank>
bool reads(std::string const& bytes) {
  try {
    auto const contents = ct::detail::read_npy<T, Rank>(as_bytes(bytes), "fuzz");
    BOOST_REQUIRE(contents.bytes.size() == static_cast<std::size_t>(ct::detail::element_count(contents.shape)) * sizeof(T));
    char const* const first = reinterpret_cast<char const*>(contents.bytes.data());
    BOOST_REQUIRE(first >= bytes.data());
    BOOST_REQUIRE(first + contents.bytes.size() <= bytes.data() + bytes.size());
    ct::detail::for_each_row(contents.shape, contents.strides, contents.strides,
                             [&](std::int64_t offset, std::int64_t, std::int64_t length, std::int64_t step, std::int64_t) {
                               for (std::int64_t i : {std::int64_t{0}, length - 1}) {
                                 BOOST_REQUIRE(offset + i * step >= 0);
                                 BOOST_REQUIRE(static_cast<std::size_t>(offset + i * step) < contents.bytes.size() / sizeof(T));
                               }
                             });
    return true;
  } catch (ct::error const& problem) {
    std::string const message = problem.what();
    BOOST_REQUIRE(message.starts_with("fuzz: "));
    BOOST_REQUIRE(message.find('\n') == std::string::npos);
    return false;
  }
}

int reads_as_anything(std::string const& bytes) {
  try {
    ct::detail::parse_npy_header(as_bytes(bytes), "fuzz");
  } catch (ct::error const&) {
    return reads<float, 2>(bytes);
  }
  auto const as = [&]<class T>(T) { return reads<T, 0>(bytes) + reads<T, 1>(bytes) + reads<T, 2>(bytes) + reads<T, 3>(bytes); };
  return as(false) + as(std::int32_t{}) + as(std::int64_t{}) + as(1.0f) + as(1.0);
}

std::vector<std::string> const good_files{"f4_c_2x3.npy", "f8_fortran_3x2.npy", "b1_2x2.npy", "i8_version2.npy", "f8_scalar.npy"};

}  // namespace

BOOST_AUTO_TEST_CASE(every_truncation_is_refused) {
  for (std::string const& name : good_files) {
    std::string const bytes = read_bytes(data(name));
    BOOST_REQUIRE(reads_as_anything(bytes) == 1);
    for (std::size_t size = 0; size < bytes.size(); ++size) BOOST_REQUIRE(reads_as_anything(std::string(bytes.data(), size)) == 0);
    BOOST_REQUIRE(reads_as_anything(bytes + "more") == 1);
  }
}

BOOST_AUTO_TEST_CASE(every_byte_of_the_header_may_be_anything) {
  int read = 0, refused = 0;
  for (std::string const& name : good_files) {
    std::string const bytes = read_bytes(data(name));
    for (std::size_t at = 0; at < 128; ++at)
      for (int value = 0; value < 256; ++value) {
        std::string mutated = bytes;
        mutated[at] = static_cast<char>(value);
        ++(reads_as_anything(mutated) > 0 ? read : refused);
      }
  }
  BOOST_TEST(read > 500);
  BOOST_TEST(refused > 10000);
}

BOOST_AUTO_TEST_CASE(random_edits_of_headers) {
  std::mt19937 random(1);
  std::string const alphabet = "{}()[]'\":, \n\\0123456789L-+.TFrueals<>|=bif48descrfortran_ordershape\xff";
  auto const up_to = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  int read = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string const bytes = read_bytes(data(good_files[0]));
    std::string dict = bytes.substr(10, 118);
    for (std::size_t edits = 1 + up_to(4); edits > 0; --edits) {
      std::size_t const at = up_to(dict.size());
      switch (up_to(3)) {
        case 0: dict.erase(at, 1 + up_to(8)); break;
        case 1: dict.insert(at, 1, alphabet[up_to(alphabet.size())]); break;
        default: dict.insert(at, dict.substr(up_to(dict.size()), up_to(30)));
      }
      if (dict.empty()) dict = " ";
    }
    if (reads_as_anything(npy_bytes(dict, bytes.substr(128))) > 0) ++read;
  }
  BOOST_TEST(read > 100);
  BOOST_TEST(read < 19900);
}
