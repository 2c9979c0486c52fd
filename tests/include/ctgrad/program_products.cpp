// Products of matrices and vectors, into any memory, and a network of them with its gradients.
// Expected values are plain loops in double. Products run on CBLAS here where the build has one; program_builtin_products.cpp runs the same without.
//
// SPDX-License-Identifier: BSL-1.0
#ifndef BOOST_TEST_MODULE
#define BOOST_TEST_MODULE program_products
#endif
#include <ctgrad/ctgrad.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using ct::test::at, ct::test::differences, ct::test::doubles, ct::test::filled, ct::test::near, ct::test::slope_tolerance;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto M = ct::dim("M"_s);
constexpr auto K = ct::dim("K"_s);
constexpr auto L = ct::dim("L"_s);

}  // namespace

namespace {
template <class E>
constexpr auto left_matrix = ct::tensor<E>("left"_s, N, K);
template <class E>
constexpr auto right_matrix = ct::tensor<E>("right"_s, K, M);
template <class E>
constexpr auto row_vector = ct::tensor<E>("row"_s, N);
template <class E>
constexpr auto inner_vector = ct::tensor<E>("inner"_s, K);
template <class E>
constexpr auto other_inner = ct::tensor<E>("other"_s, K);
using reals = std::tuple<float, double>;
}  // namespace
BOOST_AUTO_TEST_CASE_TEMPLATE(products_of_all_ranks, E, reals) {
  constexpr auto l = left_matrix<E>;
  constexpr auto r = right_matrix<E>;
  constexpr auto v = inner_vector<E>;
  constexpr auto u = other_inner<E>;
  constexpr auto s = row_vector<E>;
  constexpr auto mm = ct::matmul(l, r);
  constexpr auto mv = ct::matmul(l, v);
  constexpr auto vm = ct::matmul(u, r);
  constexpr auto vv = ct::dot(u, v);
  constexpr auto sv = ct::outer(s, v);
  constexpr auto tt = ct::matmul(ct::transpose(r), ct::transpose(l));
  constexpr auto program = ct::compile(mm, mv, vm, vv, sv, tt);
  for (auto [n, k, m] : {std::array{1, 1, 1}, std::array{2, 3, 4}, std::array{5, 1, 7}, std::array{1, 9, 1}, std::array{7, 16, 33}, std::array{33, 70, 17}, std::array{100, 300, 50}, std::array{97, 257, 31}}) {
    auto const l0 = filled<E>(1, n, k), r0 = filled<E>(2, k, m), lt = filled<E>(6, k, n), rt = filled<E>(7, m, k), wide = filled<E>(8, 2 * n, 2 * k);
    auto const v0 = filled<E>(3, k), u0 = filled<E>(4, k), s0 = filled<E>(5, n);
    auto const check = [&](ct::view<E const, 2> a, ct::view<E const, 2> b) {
      doubles product(at(n * m), 0.0), turned(at(n * m), 0.0), by_right(at(n), 0.0), by_left(at(m), 0.0), outer;
      double dot = 0;
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < m; ++j)
          for (int c = 0; c < k; ++c) product[at(i * m + j)] += static_cast<double>(a(i, c)) * b(c, j);
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < m; ++j) turned[at(j * n + i)] = product[at(i * m + j)];
      for (int c = 0; c < k; ++c) {
        dot += static_cast<double>(u0(c)) * v0(c);
        for (int i = 0; i < n; ++i) by_right[at(i)] += static_cast<double>(a(i, c)) * v0(c);
        for (int j = 0; j < m; ++j) by_left[at(j)] += static_cast<double>(u0(c)) * b(c, j);
      }
      for (int i = 0; i < n; ++i)
        for (int c = 0; c < k; ++c) outer.push_back(static_cast<double>(s0(i)) * v0(c));
      // Terms of magnitude 4, k of them.
      double const tolerance = (std::is_same_v<E, float> ? 2e-7 : 1e-15) * 4 * k;
      auto const seen = program(l = a, r = b, v = v0, u = u0, s = s0);
      BOOST_TEST(near(seen[mm], product, tolerance), n << " x " << k << " x " << m);
      BOOST_TEST(near(seen[tt], turned, tolerance), n << " x " << k << " x " << m);
      BOOST_TEST(near(seen[mv], by_right, tolerance), n << " x " << k << " x " << m);
      BOOST_TEST(near(seen[vm], by_left, tolerance), n << " x " << k << " x " << m);
      BOOST_TEST(near(static_cast<double>(seen[vv]), dot, tolerance), n << " x " << k << " x " << m);
      BOOST_TEST(near(seen[sv], outer, 1e-6), n << " x " << k << " x " << m);
    };
    check(l0, r0);
    check(lt.t(), r0);
    check(l0, rt.t());
    check(lt.t(), rt.t());
    // Layouts that BLAS does not take.
    check(wide.slice(0, 0, 2 * n, 2).slice(1, 0, 2 * k, 2), r0);
    check(wide.slice(0, std::nullopt, std::nullopt, -2).slice(1, 0, k), r0);
    check(wide.slice(0, 0, 1).expand(n, 2 * k).slice(1, 0, k), r0);
    // Rows that lie apart, which it does.
    check(wide.slice(0, 0, n).slice(1, 0, k), r0);
  }
}
BOOST_AUTO_TEST_CASE(products_into_strided_memory) {
  constexpr auto l = left_matrix<float>;
  constexpr auto r = right_matrix<float>;
  constexpr auto product = ct::matmul(l, r);
  constexpr auto program = ct::compile(product);
  auto space = program.workspace(N = 20, K = 20, M = 20);
  auto const l0 = filled<float>(1, 6, 5), r0 = filled<float>(2, 5, 9);
  auto const check = [&](ct::view<float, 2> out) {
    program.into(space, l = l0, r = r0, product = out);
    for (int i = 0; i < 6; ++i)
      for (int j = 0; j < 9; ++j) {
        double sum = 0;
        for (int c = 0; c < 5; ++c) sum += static_cast<double>(l0(i, c)) * r0(c, j);
        BOOST_TEST(near(out(i, j), sum, 1e-6));
      }
  };
  ct::array<float, 2> whole = ct::zeros<float>(6, 9), turned = ct::zeros<float>(9, 6), wide = ct::zeros<float>(12, 18);
  check(whole), check(turned.t());
  check(wide.slice(0, 0, 12, 2).slice(1, 0, 18, 2));
  check(wide.slice(0, std::nullopt, std::nullopt, -2).slice(1, 3, 12));
  check(wide.slice(0, 1, 7).slice(1, std::nullopt, 8, -1));
}
BOOST_AUTO_TEST_CASE(a_matrix_with_itself) {
  constexpr auto X = ct::tensor<double>("X"_s, N, K);
  constexpr auto gram = ct::matmul(X, ct::transpose(X));
  constexpr auto scatter = ct::matmul(ct::transpose(X), X);
  constexpr auto loss = ct::sum(gram * gram);
  constexpr auto dX = ct::grad(loss, X);
  for (auto [n, k] : {std::array{1, 1}, std::array{4, 3}, std::array{19, 33}}) {
    auto const x = filled<double>(1, n, k);
    doubles g(at(n * n), 0.0), s(at(k * k), 0.0), d(at(n * k), 0.0);
    double total = 0;
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j)
        for (int c = 0; c < k; ++c) g[at(i * n + j)] += x(i, c) * x(j, c);
    for (int a = 0; a < k; ++a)
      for (int c = 0; c < k; ++c)
        for (int i = 0; i < n; ++i) s[at(a * k + c)] += x(i, a) * x(i, c);
    for (double e : g) total += e * e;
    for (int i = 0; i < n; ++i)
      for (int c = 0; c < k; ++c)
        for (int j = 0; j < n; ++j) d[at(i * k + c)] += 4 * g[at(i * n + j)] * x(j, c);
    auto const r = ct::compile(gram, scatter, loss, dX)(X = x);
    BOOST_TEST(near(r[gram], g, 1e-13));
    BOOST_TEST(near(r[scatter], s, 1e-13));
    BOOST_TEST(near(r[loss], total, 1e-12));
    BOOST_TEST(near(r[dX], d, 1e-12));
  }
}
BOOST_AUTO_TEST_CASE(products_of_integers) {
  constexpr auto l = left_matrix<std::int32_t>;
  constexpr auto r = right_matrix<std::int64_t>;
  constexpr auto product = ct::matmul(l, r);
  auto const l0 = filled<std::int32_t>(1, 5, 7);
  auto const r0 = filled<std::int64_t>(2, 7, 19);
  auto const [seen] = ct::compile(product)(l = l0, r = r0);
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 19; ++j) {
      std::int64_t sum = 0;
      for (int c = 0; c < 7; ++c) sum += l0(i, c) * r0(c, j);
      BOOST_TEST(seen(i, j) == sum);
    }
}

namespace {
struct network {
  ct::array<double, 2> x, w1, w2;
  ct::array<double, 1> b1, b2;
  ct::array<std::int64_t, 1> y;
  double loss() const {
    auto const n = x.extent(0), k = x.extent(1), h = w1.extent(1), c = w2.extent(1);
    double total = 0;
    for (int i = 0; i < n; ++i) {
      doubles hidden(at(h), 0.0), out(at(c), 0.0);
      for (int j = 0; j < h; ++j) {
        for (int a = 0; a < k; ++a) hidden[at(j)] += x(i, a) * w1(a, j);
        hidden[at(j)] = std::tanh(hidden[at(j)] + b1(j));
      }
      double sum = 0;
      for (int j = 0; j < c; ++j) {
        for (int a = 0; a < h; ++a) out[at(j)] += hidden[at(a)] * w2(a, j);
        sum += std::exp(out[at(j)] += b2(j));
      }
      total += (std::log(sum) - out[at(y(i))]) / static_cast<double>(n);
    }
    return total;
  }
};
}  // namespace
BOOST_AUTO_TEST_CASE(a_network_and_all_its_gradients) {
  constexpr auto X = ct::tensor<double>("X"_s, N, K);
  constexpr auto w1 = ct::tensor<double>("w1"_s, K, L);
  constexpr auto b1 = ct::tensor<double>("b1"_s, L);
  constexpr auto w2 = ct::tensor<double>("w2"_s, L, M);
  constexpr auto b2 = ct::tensor<double>("b2"_s, M);
  constexpr auto y = ct::tensor<std::int64_t>("y"_s, N);
  constexpr auto loss = ct::cross_entropy(ct::matmul(ct::tanh(ct::matmul(X, w1) + b1), w2) + b2, y);
  constexpr auto program = ct::compile(loss, ct::grad(loss, w1, b1, w2, b2, X));
  for (auto [n, k, h, c] : {std::array{1, 1, 1, 2}, std::array{5, 4, 6, 3}, std::array{16, 7, 9, 10}, std::array{3, 17, 33, 5}}) {
    network f{filled<double>(1, n, k), filled<double>(2, k, h), filled<double>(3, h, c), filled<double>(4, h), filled<double>(5, c), filled<std::int64_t>(6, n)};
    for (int i = 0; i < n; ++i) f.y(i) = (f.y(i) + 9) % c;
    auto const [l, dw1, db1, dw2, db2, dX] = program(X = f.x, w1 = f.w1, b1 = f.b1, w2 = f.w2, b2 = f.b2, y = f.y);
    BOOST_TEST(near(l, f.loss(), 1e-13));
    auto const slopes = [&](auto member) {
      return differences<std::remove_reference_t<decltype(f.*member)>::rank>(f.*member, [&](auto const& changed) {
        network g = f;
        g.*member = changed;
        return g.loss();
      });
    };
    BOOST_TEST(near(dw1, slopes(&network::w1), slope_tolerance));
    BOOST_TEST(near(db1, slopes(&network::b1), slope_tolerance));
    BOOST_TEST(near(dw2, slopes(&network::w2), slope_tolerance));
    BOOST_TEST(near(db2, slopes(&network::b2), slope_tolerance));
    BOOST_TEST(near(dX, slopes(&network::x), slope_tolerance));
  }
}
