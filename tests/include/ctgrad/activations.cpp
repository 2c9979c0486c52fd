// Activations as loops: one nest each, values of closed forms, on float and double. (Derivatives, edges and other dtypes: tests/laws/pytorch.cpp.)
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE activations
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/nn.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>
#include <tuple>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using ct::test::filled, ct::test::near;

namespace {

constexpr auto N = ct::dim("N"_s);
template <class T>
constexpr auto x = ct::tensor<T>("x"_s, N);
template <class T>
constexpr auto h = ct::tensor<T>("h"_s, N, 6_c);
using reals = std::tuple<float, double>;

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(closed_forms, T, reals) {
  constexpr auto v = x<T>;
  constexpr auto all = ct::stack(0_c, ct::leaky_relu(v), ct::elu(v, 0.7_c), ct::celu(v, 2_c), ct::selu(v), ct::mish(v), ct::hardtanh(v), ct::hardsigmoid(v), ct::hardswish(v), ct::softsign(v),
                                 ct::tanhshrink(v), ct::softshrink(v), ct::hardshrink(v, 0.25_c), ct::log_sigmoid(v));
  constexpr auto p = ct::compile(all);
  using function = std::function<double(double)>;
  std::vector<function> const expected = {
      [](double a) { return a > 0 ? a : 0.01 * a; },
      [](double a) { return a > 0 ? a : 0.7 * std::expm1(a); },
      [](double a) { return a > 0 ? a : 2 * std::expm1(a / 2); },
      [](double a) { return 1.0507009873554804934193349852946 * (a > 0 ? a : 1.6732632423543772848170429916717 * std::expm1(a)); },
      [](double a) { return a * std::tanh(std::log1p(std::exp(a))); },
      [](double a) { return a < -1 ? -1 : a > 1 ? 1 : a; },
      [](double a) { return (a < -3 ? 0 : a > 3 ? 6 : a + 3) / 6; },
      [](double a) { return a * (a < -3 ? 0 : a > 3 ? 6 : a + 3) / 6; },
      [](double a) { return a / (1 + std::abs(a)); },
      [](double a) { return a - std::tanh(a); },
      [](double a) { return a > 0.5 ? a - 0.5 : a < -0.5 ? a + 0.5 : 0; },
      [](double a) { return std::abs(a) <= 0.25 ? 0 : a; },
      [](double a) { return -std::log1p(std::exp(-a)); },
  };
  for (int count : {1, 7, 100, 1000}) {
    auto a = filled<T>(1, count);
    for (std::int64_t i = 0; i < a.size(); ++i) a(i) *= 3;
    auto const [seen] = p(x<T> = a);
    BOOST_TEST((seen.shape() == std::array<std::int64_t, 2>{13, count}));
    double const tolerance = std::is_same_v<T, float> ? 1e-6 : 1e-14;
    for (std::size_t f = 0; f < expected.size(); ++f)
      for (std::int64_t i = 0; i < count; ++i) BOOST_TEST(near(seen(static_cast<std::int64_t>(f), i), expected[f](a(i)), tolerance), "function " << f << " of " << a(i));
  }
}

// Where exponentials end, as loops compute them.
BOOST_AUTO_TEST_CASE_TEMPLATE(ends_of_exponentials, T, reals) {
  constexpr auto v = x<T>;
  constexpr auto e = ct::exp(v);
  constexpr auto m = ct::expm1(v);
  double const inf = ct::test::infinity, nan = ct::test::not_a_number;
  ct::array<T, 1> const a{T(-inf), T(inf), T(nan), -10000, 10000, -750, 720, -1, 0, T(-inf), T(inf), T(nan), 1, -0.0, 5, -5, 2, 3, 4};
  auto const r = ct::compile(e, m)(x<T> = a);
  for (std::int64_t i = 0; i < a.size(); ++i) {
    BOOST_TEST(near(r[e](i), std::exp(a(i)), 1e-6), a(i));
    BOOST_TEST(near(r[m](i), std::expm1(a(i)), 1e-6), a(i));
  }
}

BOOST_AUTO_TEST_CASE(gates) {
  constexpr auto gate = ct::glu(h<double>);
  constexpr auto p = ct::compile(gate, ct::grad(ct::sum(gate), h<double>));
  static_assert(ct::report(ct::compile(gate)).nests == 1 && ct::report(ct::compile(gate)).temporaries == 0);
  auto const a = filled<double>(2, 9, 6);
  auto const [seen, slope] = p(h<double> = a);
  for (int i = 0; i < 9; ++i)
    for (int j = 0; j < 3; ++j) {
      double const s = 1 / (1 + std::exp(-a(i, j + 3)));
      BOOST_TEST(near(seen(i, j), a(i, j) * s, 1e-15));
      BOOST_TEST(near(slope(i, j), s, 1e-15));
      BOOST_TEST(near(slope(i, j + 3), a(i, j) * s * (1 - s), 1e-14));
    }
}

// On arrays, at once.
BOOST_AUTO_TEST_CASE(eager) {
  ct::array<double, 1> const a{-2, 0, 2};
  auto const seen = ct::leaky_relu(a, 0.5);
  BOOST_TEST((seen(0) == -1 && seen(1) == 0 && seen(2) == 2));
  auto const m = ct::mish(a);
  BOOST_TEST(near(m(2), 2 * std::tanh(std::log1p(std::exp(2.0))), 1e-15));
}
