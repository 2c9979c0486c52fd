// Variance, norms and truth as loops, against sums in double.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE statistics
#include <ctgrad/ctgrad.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace ct = ctgrad;
using namespace ct::literals;
using ct::test::filled, ct::test::near;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto M = ct::dim("M"_s);
constexpr auto X = ct::tensor<double>("X"_s, N, M);
constexpr auto I = ct::tensor<std::int32_t>("I"_s, N, M);

// A row is read while it is in L1.
static_assert(ct::report(ct::compile(ct::var(X, 1_c))).nests == 1 && ct::report(ct::compile(ct::norm(X, 1_c))).nests == 1);
static_assert(decltype(ct::any(I, 1_c))::type.type == ct::dtype::bool_ && decltype(ct::count_nonzero(I))::type.type == ct::dtype::int64 && decltype(ct::var(I))::type.type == ct::dtype::float32);

}  // namespace

BOOST_AUTO_TEST_CASE(moments_and_norms) {
  constexpr auto variance = ct::var(X, 1_c);
  constexpr auto deviation = ct::std_dev(X);
  constexpr auto length = ct::norm(X, 0_c, ct::keepdim);
  constexpr auto absolute = ct::vector_norm(X, 1_c, 1_c);
  constexpr auto cubic = ct::vector_norm(X, 3_c);
  constexpr auto largest = ct::vector_norm(X, ct::infinity, -1_c);
  constexpr auto p = ct::compile(variance, deviation, length, absolute, cubic, largest);
  for (auto [n, m] : {std::array{1, 2}, {3, 5}, {40, 70}, {700, 3}}) {
    auto const x = filled<double>(1, n, m);
    auto const r = p(X = x);
    double total = 0, squares = 0, cubes = 0;
    for (int i = 0; i < n; ++i) {
      double sum = 0, off = 0, size = 0, most = 0;
      for (int j = 0; j < m; ++j) sum += x(i, j), size += std::abs(x(i, j)), most = std::max(most, std::abs(x(i, j))), cubes += std::pow(std::abs(x(i, j)), 3);
      for (int j = 0; j < m; ++j) off += (x(i, j) - sum / m) * (x(i, j) - sum / m);
      total += sum;
      BOOST_TEST(near(r[variance](i), off / (m - 1), 1e-13));
      BOOST_TEST(near(r[absolute](i), size, 1e-13));
      BOOST_TEST(r[largest](i) == most);
    }
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < m; ++j) squares += (x(i, j) - total / (n * m)) * (x(i, j) - total / (n * m));
    BOOST_TEST(near(r[deviation], std::sqrt(squares / (n * m - 1)), 1e-13));
    BOOST_TEST(near(r[cubic], std::cbrt(cubes), 1e-13));
    for (int j = 0; j < m; ++j) {
      double sum = 0;
      for (int i = 0; i < n; ++i) sum += x(i, j) * x(i, j);
      BOOST_TEST(near(r[length](0, j), std::sqrt(sum), 1e-13));
    }
  }
  // One element has no variance; no elements have neither that nor a norm above 0.
  auto const one = ct::compile(ct::var(X), ct::norm(X))(X = ct::ones<double>(1, 1)), none = ct::compile(ct::var(X), ct::norm(X))(X = ct::zeros<double>(0, 3));
  BOOST_TEST((std::isnan(std::get<0>(one.values)) && std::get<1>(one.values) == 1));
  BOOST_TEST((std::isnan(std::get<0>(none.values)) && std::get<1>(none.values) == 0));
}

BOOST_AUTO_TEST_CASE(truth) {
  constexpr auto some = ct::any(I, 1_c);
  constexpr auto every = ct::all(I, 1_c);
  constexpr auto count = ct::count_nonzero(I);
  auto const r = ct::compile(some, every, count)(I = ct::array<std::int32_t, 2>{{0, 0, 0}, {0, -2, 0}, {1, 2, 3}});
  BOOST_TEST((!r[some](0) && r[some](1) && r[some](2) && !r[every](0) && !r[every](1) && r[every](2)));
  BOOST_TEST(r[count] == 4);
  auto const none = ct::compile(some, every, count)(I = ct::zeros<std::int32_t>(2, 0));
  BOOST_TEST((!none[some](1) && none[every](1) && none[count] == 0));
}
