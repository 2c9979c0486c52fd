// float16 and bfloat16: conversions over all bits, against the compilers' _Float16 and PyTorch's; programs over arrays of them, against PyTorch's (tests/golden/half.py) and loops in float.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE half
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/explain.hpp>
#include <ctgrad/indexing.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;
using ct::dtype;
using half = ct::float16;
using brain = ct::bfloat16;  // (openblas_config.h has a ::bfloat16)

namespace {

template <class T>
T of_bits(unsigned bits) {
  T x;
  x.bits = static_cast<std::uint16_t>(bits);
  return x;
}
template <class T>
int apart(T a, T b) {  // in units of the last place
  auto const place = [](T x) { return x.bits & 0x8000 ? -(x.bits & 0x7fff) : int{x.bits}; };
  return std::abs(place(a) - place(b));
}
template <class T>
ct::array<T, 1> numbers(std::uint64_t seed, std::int64_t n) {
  auto const x = filled<float>(seed, n);
  auto a = ct::array<T, 1>::uninitialized({n});
  for (std::int64_t i = 0; i < n; ++i) a(i) = T(x(i));
  return a;
}

static_assert(float(half(65504.0)) == 65504 && float(half(65520.0)) > 1e30 && float(half(0x1p-24)) == 0x1p-24f && float(half(0x1p-25)) == 0);
static_assert(half(1.0 + 0x1p-11).bits == 0x3c00 && half(1.0 + 0x1p-11 + 0x1p-50).bits == 0x3c01);  // rounded once, also from double
static_assert(ct::promote(dtype::float16, dtype::bfloat16) == dtype::float32 && ct::promote(dtype::int64, dtype::float16) == dtype::float16 && ct::promote(dtype::bfloat16, dtype::float32) == dtype::float32);

constexpr auto N = ct::dim("N"_s);
template <class T>
constexpr auto X = ct::tensor<T>("X"_s, N);
template <class T>
constexpr auto A = ct::tensor<T>("A"_s, 3_c, 4_c);
template <class T>
constexpr auto B = ct::tensor<T>("B"_s, 3_c, 4_c);
static_assert(decltype(X<half> * 0.1_c)::type.type == dtype::float16 && decltype(ct::mean(X<brain>))::type.type == dtype::bfloat16 && decltype(ct::grad(ct::sum(ct::cast<float>(X<half>)), X<half>))::type.type == dtype::float16);
// Nothing is widened in memory, nor in a pass of its own.
static_assert(ct::report(ct::compile(ct::exp(X<half>) + 1_c, ct::mean(X<half>))).nests == 1 && ct::report(ct::compile(ct::exp(X<half>) + 1_c)).temporaries == 0);
static_assert(ct::report(ct::compile(X<brain> + X<brain>)).bytes(N = 1000) == 4000);

// The compiler's evaluation rounds after each operation, as PyTorch does.
constexpr auto s = ct::scalar<half>("s"_s);
static_assert(ct::evaluate(s * 0.1_c, s = 1.5) == float(half(0.15)) && ct::gradient_check(ct::sin(s) * s, s = 1.5) && ct::equivalent(ct::grad(s * s, s), 2_c * s));

/// All of 16 bits through the conversions of loops, there and back.
template <class T>
void convert_all() {
  auto all = ct::array<T, 1>::uninitialized({65536});
  for (unsigned i = 0; i < 65536; ++i) all(i) = of_bits<T>(i);
  constexpr auto wide = ct::cast<float>(X<T>);
  auto const [floats] = ct::compile(wide)(X<T> = all);
  auto const [back] = ct::compile(ct::cast<T>(X<float>))(X<float> = floats);
  for (unsigned i = 0; i < 65536; ++i) {
    float const expected = all(i);
    BOOST_REQUIRE((std::isnan(expected) ? std::isnan(floats(i)) && std::isnan(float(back(i))) && std::isnan(float(T(expected))) : floats(i) == expected && back(i).bits == i && T(expected).bits == i));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_pattern_of_bits) {
  convert_all<half>();
  convert_all<brain>();
  for (unsigned i = 0; i < 65536; ++i) {
    std::uint32_t const high = i << 16;
    float expected;
    std::memcpy(&expected, &high, 4);
    BOOST_REQUIRE((float(of_bits<brain>(i)) == expected || std::isnan(expected)));
#if defined(__FLT16_MAX__)
    _Float16 theirs;
    std::memcpy(&theirs, &i, 2);
    BOOST_REQUIRE((float(of_bits<half>(i)) == static_cast<float>(theirs) || std::isnan(static_cast<float>(theirs))));
#endif
  }
}

BOOST_AUTO_TEST_CASE(rounded_and_computed_as_pytorch_does) {
  std::ifstream file(CTGRAD_TESTS "/golden/half.txt");
  std::vector<float> floats;
  std::vector<unsigned> halves, brains;
  struct function_case {
    std::string type, name;
    std::vector<std::vector<unsigned>> lines;
  };
  std::vector<function_case> cases;
  for (std::string text; std::getline(file, text);) {
    std::istringstream line(text);
    std::string word;
    line >> word;
    if (word == "round") {
      std::uint32_t bits = 0;
      unsigned h = 0, b = 0;
      line >> bits >> h >> b;
      float x;
      std::memcpy(&x, &bits, 4);
      floats.push_back(x), halves.push_back(h), brains.push_back(b);
      BOOST_TEST((half(x).bits == h && brain(x).bits == b), x);
    } else if (word == "in" || word == "out") {
      cases.back().lines.emplace_back();
      for (unsigned bits; line >> bits;) cases.back().lines.back().push_back(bits);
    } else {
      cases.push_back({word, {}, {}}), line >> cases.back().name;
    }
  }
  BOOST_REQUIRE((floats.size() > 400u && cases.size() == 16u));
  auto const [h, b] = ct::compile(ct::cast<half>(X<float>), ct::cast<brain>(X<float>))(X<float> = floats);
  for (std::size_t i = 0; i < floats.size(); ++i) BOOST_TEST((h(static_cast<std::int64_t>(i)).bits == halves[i] && b(static_cast<std::int64_t>(i)).bits == brains[i]), floats[i]);

  auto const check = [&]<class T>(T) {
    constexpr auto program = ct::compile(A<T> + B<T>, A<T> * B<T>, A<T> / B<T>, A<T> * 0.1_c, ct::exp(A<T>), ct::sum(A<T>, 1_c), ct::softmax(A<T>), ct::matmul(A<T>, ct::reshape(B<T>, 4_c, 3_c)));
    char const* const names[] = {"add", "multiply", "divide", "scaled", "exp", "sum", "softmax", "matmul"};
    for (function_case const& c : cases) {
      if (c.type != to_string(ct::dtype_of<T>)) continue;
      auto a = ct::array<T, 2>::uninitialized({3, 4}), other = a;
      for (std::int64_t i = 0; i < 12; ++i) a.data()[i] = of_bits<T>(c.lines[0][static_cast<std::size_t>(i)]), other.data()[i] = of_bits<T>(c.lines[1][static_cast<std::size_t>(i)]);
      auto const r = program(A<T> = a, B<T> = other);
      std::size_t which = 0;
      bool exact = true;  // one operation, rounded once
      auto const compare = [&](auto const& seen) {
        if (names[which++] != c.name) return;
        exact = which <= 4;
        for (std::int64_t i = 0; i < seen.size(); ++i)
          BOOST_TEST(apart(seen.data()[i], of_bits<T>(c.lines[2][static_cast<std::size_t>(i)])) <= (exact ? 0 : 1), c.type << ' ' << c.name << ", element " << i);
      };
      std::apply([&](auto const&... outputs) { (compare(outputs), ...); }, r.values);
    }
  };
  check(half{});
  check(brain{});
}

BOOST_AUTO_TEST_CASE(arithmetic_between_loads_and_stores_is_on_floats) {
  BOOST_TEST(ct::explain(ct::compile(ct::exp(X<half>) + ct::flip(X<half>) * 2_c)).find("output0[i] = cast((exp(cast(X[i])) + (2 * cast(slice(X") != std::string::npos);
}

// Lengths that fill no register, strides, single numbers, lookups and sums into an array that is added to.
BOOST_AUTO_TEST_CASE(loops_of_every_kind) {
  auto const check = [&]<class T>(T) {
    constexpr auto V = ct::tensor<T>("V"_s, 5_c);
    constexpr auto r = ct::scalar<T>("r"_s);
    constexpr auto places = ct::tensor<std::int64_t>("places"_s, N);
    constexpr auto y = ct::exp(X<T>) * r - ct::index_select(V, 0_c, places);
    constexpr auto same = ct::flip(X<T>);
    constexpr auto total = ct::sum(ct::cast<float>(y) * ct::cast<float>(X<T>));
    constexpr auto dr = ct::grad(total, r);
    constexpr auto dv = ct::grad(total, V);
    constexpr auto p = ct::compile(y, same, dr, dv);
    auto const v = numbers<T>(9, 5);
    for (std::int64_t n : {1, 7, 16, 33, 1000}) {
      auto const wide = numbers<T>(1, 2 * n);
      auto at = ct::zeros<std::int64_t>(n);
      for (std::int64_t i = 0; i < n; ++i) at(i) = i * 3 % 5;
      auto const one = [&](ct::view<T const, 1> x) {
        auto const got = p(X<T> = x, V = v, r = T(0.75), places = at);
        double gradient = 0, by[5]{}, size[5]{};
        for (std::int64_t i = 0; i < n; ++i) {
          float const e = std::exp(float(x(i)));
          BOOST_TEST(apart(got[y](i), T(e * 0.75f - float(v(at(i))))) <= 1);
          BOOST_TEST(got[same](i).bits == x(n - 1 - i).bits);
          gradient += e * float(x(i)), by[at(i)] -= float(x(i)), size[at(i)] += std::abs(float(x(i)));
        }
        double const unit = std::is_same_v<T, half> ? 0x1p-11 : 0x1p-8;
        BOOST_TEST(std::abs(float(got[dr]) - gradient) <= unit * (1 + std::abs(gradient)));
        for (int k = 0; k < 5; ++k) BOOST_TEST(std::abs(float(got[dv](k)) - by[k]) <= unit * (1 + size[k]));
      };
      one(wide.view().slice(0, 0, n));
      one(wide.view().slice(0, 0, 2 * n, 2));
    }
  };
  check(half{});
  check(brain{});
}

// Gradients of parameters of 16 bits add up, and a step changes them by what float would, rounded.
BOOST_AUTO_TEST_CASE(parameters) {
  constexpr auto w = ct::tensor<brain>("w"_s, 5_c);
  constexpr auto Z = ct::tensor<float>("Z"_s, N, 5_c);
  constexpr auto loss = ct::mean(ct::matmul(Z, w) * ct::matmul(Z, w));
  constexpr auto backward = ct::backward(loss, w);
  auto const z = filled<float>(3, 40, 5);
  auto params = ct::parameters(w = numbers<brain>(4, 5));
  float const first = backward(params, Z = z);
  auto once = ct::array<brain, 1>(params[w].grad);
  backward(params, Z = z);
  for (int i = 0; i < 5; ++i) BOOST_TEST(apart(params[w].grad(i), brain(2 * float(once(i)))) <= 1);
  params.zero_grad();
  backward(params, Z = z);
  auto const before = ct::array<brain, 1>(params[w].value);
  ct::optim::sgd({.learning_rate = 0.125}).step(params);
  for (int i = 0; i < 5; ++i) BOOST_TEST(params[w].value(i).bits == brain(float(before(i)) - 0.125f * float(params[w].grad(i))).bits);
  BOOST_TEST(backward(params, Z = z) < first);
  auto adam = ct::optim::adam({.learning_rate = 0.01});
  auto train = ct::train_step(loss, params, adam);
  float last = train(Z = z);
  for (int step = 0; step < 20; ++step) last = train(Z = z);
  BOOST_TEST(last < 0.7f * first);
}

BOOST_AUTO_TEST_CASE(printed_as_pytorch_prints) {
  ct::array<half, 1> h{half(0.1), half(-2), half(1.5)};
  BOOST_TEST(ct::to_string(h) == "tensor([ 0.1000, -2.0000,  1.5000], dtype=torch.float16)");
  BOOST_TEST(ct::to_string(h + h) == "tensor([ 0.2000, -4.0000,  3.0000], dtype=torch.float16)");
  BOOST_TEST(ct::to_string(ct::array<brain, 1>{brain(1), brain(300)}) == "tensor([  1., 300.], dtype=torch.bfloat16)");
}
