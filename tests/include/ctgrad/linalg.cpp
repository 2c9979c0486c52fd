// Factorisations, systems and determinants: by their definitions, on matrices that loops and LAPACK take; gradients against differences; what has no inverse or root; strides, batches, threads.
// (Values and gradients against PyTorch's: tests/laws/pytorch.cpp.)
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE linalg
#define CTGRAD_PART_WORK 4096
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/explain.hpp>
#include <ctgrad/linalg.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>
#include <type_traits>
#if defined(_OPENMP)
#include <omp.h>
#endif

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

namespace {

constexpr auto B = ct::dim("B"_s);
constexpr auto N = ct::dim("N"_s);
constexpr auto K = ct::dim("K"_s);
template <class T>
constexpr auto batch = ct::tensor<T>("batch"_s, B, N, N);
template <class T>
constexpr auto sides = ct::tensor<T>("sides"_s, B, N, K);
constexpr auto A = ct::tensor<double>("A"_s, N, N);
constexpr auto R = ct::tensor<double>("R"_s, N, K);
constexpr auto W = ct::tensor<double>("W"_s, N, K);
constexpr auto V = ct::tensor<double>("V"_s, N, N);
constexpr auto small = ct::tensor<double>("small"_s, 2_c, 2_c);

constexpr bool is_about(double a, double b) { return a - b < 1e-15 && b - a < 1e-15; }
// In the compiler: of [[4, 2], [2, 10]], the root is [[2, 0], [1, 3]], the determinant 36, the inverse [[10, -2], [-2, 4]] / 36.
constexpr std::array<std::array<double, 2>, 2> definite{{{4.0, 2.0}, {2.0, 10.0}}};
static_assert([] {
  auto const root = ct::evaluate(ct::cholesky(small), small = definite);
  return root[0] == 2 && root[1] == 0 && root[2] == 1 && root[3] == 3;
}());
static_assert(ct::evaluate(ct::det(small), small = definite) == 36);
static_assert(ct::equivalent(ct::det(small) + ct::det(small), 2_c * ct::det(small)));
static_assert(is_about(ct::evaluate(ct::sum(ct::inv(small)), small = definite), 10.0 / 36));
static_assert(ct::gradient_check(ct::logdet(small), small = definite));
static_assert(ct::to_string(ct::cholesky(small)) == "cholesky(small)");

constexpr std::int64_t orders[] = {1, 2, 5, 15, 16, 33};  // both sides of where LAPACK begins

/// Matrices of a batch that are well conditioned: random elements, and more on the diagonal, whose rows are then exchanged.
template <class T>
ct::array<T, 3> matrices(std::uint64_t seed, std::int64_t count, std::int64_t n) {
  auto a = filled<T>(seed, count, n, n);
  for (std::int64_t b = 0; b < count; ++b) {
    for (std::int64_t i = 0; i < n; ++i) a(b, i, i) += static_cast<T>(2 * n);
    for (std::int64_t j = 0; j < n; ++j) std::swap(a(b, 0, j), a(b, n - 1, j));
  }
  return a;
}
/// Symmetric positive definite ones.
template <class T>
ct::array<T, 3> definite_matrices(std::uint64_t seed, std::int64_t count, std::int64_t n) {
  auto a = filled<T>(seed, count, n, n);
  for (std::int64_t b = 0; b < count; ++b)
    for (std::int64_t i = 0; i < n; ++i) {
      a(b, i, i) += static_cast<T>(2 * n + 2);
      for (std::int64_t j = 0; j < i; ++j) a(b, j, i) = a(b, i, j);
    }
  return a;
}
template <class T>
ct::array<T, 2> one_of(ct::array<T, 3> const& a) {
  auto m = ct::zeros<T>(a.shape()[1], a.shape()[2]);
  std::copy_n(a.data(), m.size(), m.data());
  return m;
}

template <class T>
void check_definitions(double tolerance) {
  constexpr auto L = ct::cholesky(batch<T>);
  constexpr auto factors = ct::compile(L, ct::logdet(batch<T>));
  constexpr auto systems = ct::compile(ct::solve(batch<T>, sides<T>), ct::inv(batch<T>), ct::triangular_solve(batch<T>, sides<T>, ct::upper),
                                       ct::triangular_solve(batch<T>, sides<T>, ct::transposed, ct::unit_diagonal), ct::det(batch<T>), ct::slogdet(batch<T>));
  for (std::int64_t n : orders) {
    auto const spd = definite_matrices<T>(1, 3, n), a = matrices<T>(2, 3, n), b = filled<T>(3, 3, n, 2);
    auto const [l, log_det] = factors(batch<T> = spd);
    auto const [x, inverse, upper, unit, det, sign, log_size] = systems(batch<T> = a, sides<T> = b);
    double worst = 0;
    auto off = [&](double seen, double expected) { worst = std::max(worst, std::isnan(seen) ? infinity : std::abs(seen - expected) / (1 + std::abs(expected))); };
    for (std::int64_t m = 0; m < 3; ++m) {
      double root_log = 0;
      for (std::int64_t i = 0; i < n; ++i) {
        root_log += 2 * std::log(static_cast<double>(l(m, i, i)));
        for (std::int64_t j = 0; j < n; ++j) {
          double product = 0, identity = 0;
          for (std::int64_t k = 0; k < n; ++k) product += static_cast<double>(l(m, i, k)) * l(m, j, k), identity += static_cast<double>(a(m, i, k)) * inverse(m, k, j);
          off(product, spd(m, i, j)), off(identity, i == j);
          if (j > i) BOOST_TEST(l(m, i, j) == T(0));
        }
        for (std::int64_t c = 0; c < 2; ++c) {
          double full = 0, above = 0, below = unit(m, i, c);
          for (std::int64_t k = 0; k < n; ++k) {
            full += static_cast<double>(a(m, i, k)) * x(m, k, c);
            if (k >= i) above += static_cast<double>(a(m, i, k)) * upper(m, k, c);
            if (k > i) below += static_cast<double>(a(m, k, i)) * unit(m, k, c);
          }
          off(full, b(m, i, c));
          // (A triangle of the exchanged matrix has small diagonal elements: relative to what is summed.)
          off(above / (1 + std::abs(upper(m, 0, c))), b(m, i, c) / (1 + std::abs(upper(m, 0, c)))), off(below / (1 + std::abs(unit(m, 0, c))), b(m, i, c) / (1 + std::abs(unit(m, 0, c))));
        }
      }
      off(log_det(m), root_log), off(log_size(m), std::log(std::abs(static_cast<double>(det(m)))));
      BOOST_TEST(sign(m) == (det(m) > 0 ? T(1) : T(-1)));
    }
    BOOST_TEST(worst < tolerance * static_cast<double>(n + 1), to_string(ct::dtype_of<T>) << ", order " << n << ": off by " << worst);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(definitions_in_double) { check_definitions<double>(1e-14); }
BOOST_AUTO_TEST_CASE(definitions_in_float) { check_definitions<float>(5e-6); }

BOOST_AUTO_TEST_CASE(gradients_against_differences) {
  constexpr auto f = ct::sum(ct::sin(ct::solve(A, R)) * W) + ct::sum(ct::cholesky(A) * V) + ct::logdet(A) + ct::sum(ct::triangular_solve(A, R, ct::transposed) * W) +
                     ct::sum(ct::triangular_solve(A, R, ct::upper, ct::unit_diagonal) * W) * 0.01_c;
  constexpr auto dA = ct::grad(f, A);
  constexpr auto dR = ct::grad(f, R);
  constexpr auto step = ct::compile(f, dA, dR);
  constexpr auto value = ct::compile(f);
  for (std::int64_t n : {3, 18}) {
    auto a = one_of(definite_matrices<double>(1, 1, n));
    for (std::int64_t k = 0; k < a.size(); ++k) a.data()[k] /= static_cast<double>(n);
    auto const r = filled<double>(2, n, 3), w = filled<double>(3, n, 3), v = filled<double>(4, n, n);
    auto const g = step(A = a, R = r, W = w, V = v);
    // The gradient of cholesky is by a symmetric matrix: half of it by each of two elements that are one.
    auto with = [&](auto const& m, auto const& s) { return value(A = m, R = s, W = w, V = v)[f]; };
    auto symmetric = a;
    BOOST_TEST(near(g[dR], differences<2>(r, [&](auto const& moved) { return with(a, moved); }), slope_tolerance));
    double const step_size = 1e-5;
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j <= i; ++j) {
        auto moved = [&](double by) {
          symmetric(i, j) += by;
          if (i != j) symmetric(j, i) += by;
          double const result = with(symmetric, r);
          symmetric(i, j) = a(i, j), symmetric(j, i) = a(j, i);
          return result;
        };
        double const slope = (moved(step_size) - moved(-step_size)) / (2 * step_size), seen = i == j ? g[dA](i, i) : g[dA](i, j) + g[dA](j, i);
        BOOST_TEST(near(seen, slope, 20 * slope_tolerance), "by " << i << ", " << j << ": " << seen << ", and by differences " << slope);
      }
  }
}

BOOST_AUTO_TEST_CASE(one_factorisation_serves_a_solution_its_gradient_and_the_determinant) {
  constexpr auto f = ct::sum(ct::sin(ct::solve(A, R))) + ct::logdet(A);
  std::string const loops = ct::explain(ct::compile(f, ct::grad(f, A, R)));
  std::size_t const first = loops.find(" = lu(A)");
  BOOST_TEST(first != std::string::npos);
  BOOST_TEST(loops.find(" = lu(A)", first + 1) == std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_has_no_root_or_inverse) {
  constexpr auto step = ct::compile(ct::cholesky(batch<double>), ct::inv(batch<double>), ct::det(batch<double>), ct::logdet(batch<double>), ct::slogdet(batch<double>));
  for (std::int64_t n : {2, 5, 20}) {
    auto a = definite_matrices<double>(1, 5, n);
    a(0, n - 1, n - 1) = -100;                                                  // not definite, and no zero pivot
    for (std::int64_t j = 0; j < n; ++j) a(1, 0, j) = a(1, n - 1, j) = 0;       // singular
    a(2, n - 1, 0) = not_a_number;
    std::fill_n(&a(4, 0, 0), n * n, not_a_number);
    auto const [l, inverse, det, log_det, sign, log_size] = step(batch<double> = a);
    for (std::int64_t m = 0; m < 5; ++m)
      for (std::int64_t k = 0; k < n * n; ++k) BOOST_TEST(std::isnan(l.data()[m * n * n + k]) == (m != 3), "matrix " << m << " of order " << n);
    bool finite = true;
    for (std::int64_t k = 0; k < n * n; ++k) finite = finite && std::isfinite(inverse.data()[n * n + k]);
    BOOST_TEST(!finite);
    BOOST_TEST((det(1) == 0 && sign(1) == 0 && log_size(1) == -infinity && log_det(1) == -infinity));
    BOOST_TEST((det(0) < 0 && sign(0) == -1 && std::isnan(log_det(0)) && std::isfinite(log_size(0))));
    for (std::int64_t m : {2, 4}) BOOST_TEST((std::isnan(det(m)) && std::isnan(log_det(m)) && std::isnan(inverse(m, 0, 0))));
    BOOST_TEST((det(3) > 0 && sign(3) == 1 && log_det(3) == log_size(3)));
  }
}

BOOST_AUTO_TEST_CASE(vectors_and_any_strides) {
  constexpr auto b = ct::tensor<double>("b"_s, N);
  constexpr auto x = ct::solve(A, b);
  constexpr auto L = ct::cholesky(A);
  constexpr auto t = ct::triangular_solve(ct::transpose(A), R);
  constexpr auto step = ct::compile(x, L, t, ct::inv(ct::transpose(A)));
  for (std::int64_t n : {4, 24}) {
    auto const a = one_of(definite_matrices<double>(1, 1, n));
    auto const r = filled<double>(3, n, 2);
    auto const v = filled<double>(2, n);
    auto const [expected, expected_root, expected_t, inverse] = step(A = a, b = v, R = r);
    for (std::int64_t i = 0; i < n; ++i) {
      double sum = 0, triangle = 0;
      for (std::int64_t k = 0; k < n; ++k) sum += a(i, k) * expected(k), triangle += k <= i ? a(k, i) * expected_t(k, 1) : 0;
      BOOST_TEST(near(sum, v(i), 1e-13));
      BOOST_TEST(near(triangle, r(i, 1), 1e-13));
    }
    // Every second element of a larger array, in the other order; results, too.
    auto wide = ct::zeros<double>(2 * n, 3 * n), turned = ct::zeros<double>(n, n), apart = ct::zeros<double>(2 * n, 2 * n);
    auto const every = ct::view<double, 2>(wide.data(), {n, n}, {2, 3 * n});
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < n; ++j) every(i, j) = a(i, j);
    auto y = ct::zeros<double>(n);
    auto s = ct::zeros<double>(2, n);
    constexpr auto strided = ct::compile(x, L, t);
    auto space = strided.workspace(N = n, K = 2);
    for (ct::view<double, 2> to : {ct::view<double, 2>(turned).t(), ct::view<double, 2>(apart.data(), {n, n}, {4 * n, 2})}) {
      strided.into(space, A = every, b = v, R = r, x = y, L = to, t = s.t());
      for (std::int64_t i = 0; i < n; ++i) {
        BOOST_TEST(near(y(i), expected(i), 1e-14));
        for (std::int64_t j = 0; j < n; ++j) BOOST_TEST(near(to(i, j), expected_root(i, j), 1e-14));
        for (std::int64_t j = 0; j < 2; ++j) BOOST_TEST(near(s(j, i), expected_t(i, j), 1e-13));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(nothing) {
  constexpr auto step = ct::compile(ct::cholesky(batch<double>), ct::solve(batch<double>, sides<double>), ct::inv(batch<double>), ct::det(batch<double>), ct::logdet(batch<double>));
  for (std::array<std::int64_t, 3> const& e : {std::array<std::int64_t, 3>{0, 3, 2}, {2, 0, 2}, {2, 3, 0}, {2, 20, 0}}) {
    auto const a = definite_matrices<double>(1, e[0], e[1]), r = filled<double>(2, e[0], e[1], e[2]);
    auto const [l, x, inverse, det, log_det] = step(batch<double> = a, sides<double> = r);
    BOOST_TEST((l.size() == a.size() && x.size() == r.size() && inverse.size() == a.size() && det.size() == e[0]));
    for (std::int64_t k = 0; k < e[0] && e[1] == 0; ++k) BOOST_TEST((det(k) == 1 && log_det(k) == 0));
  }
}

BOOST_AUTO_TEST_CASE(extents_that_are_known_and_threads) {
  constexpr auto tiny = ct::tensor<double>("tiny"_s, B, 4_c, 4_c);
  constexpr auto step = ct::compile(ct::cholesky(tiny), ct::inv(tiny), ct::cholesky(batch<double>), ct::inv(batch<double>));
  auto const t = definite_matrices<double>(1, 600, 4), a = definite_matrices<double>(2, 600, 18);
  auto run = [&] { return step(tiny = t, batch<double> = a); };
#if defined(_OPENMP)
  int const before = omp_get_max_threads();
  omp_set_num_threads(1);
#endif
  auto const expected = run();
  auto const& l = std::get<0>(expected.values);
  for (std::int64_t m = 0; m < 600; ++m)
    for (std::int64_t i = 0; i < 4; ++i) {
      double sum = 0;
      for (std::int64_t k = 0; k < 4; ++k) sum += l(m, i, k) * l(m, 3, k);
      BOOST_TEST(near(sum, t(m, i, 3), 1e-14));
    }
#if defined(_OPENMP)
  for (int threads : {2, 3, 4}) {
    omp_set_num_threads(threads);
    auto const seen = run();
    auto same = [](auto const& x, auto const& y) { return std::memcmp(x.data(), y.data(), sizeof(double) * at(x.size())) == 0; };
    std::apply([&](auto const&... x) { std::apply([&](auto const&... y) { BOOST_TEST((same(x, y) && ...), threads << " threads"); }, seen.values); }, expected.values);
  }
  omp_set_num_threads(before);
#endif
}

// One matrix and many right sides, one right side and many matrices: what each alone gives, and gradients that are summed over what repeats.
BOOST_AUTO_TEST_CASE(batches_repeat) {
  constexpr auto c = ct::tensor<double>("c"_s, N);
  constexpr auto many = ct::solve(A, sides<double>);
  constexpr auto vectors = ct::solve(batch<double>, c);
  constexpr auto triangles = ct::triangular_solve(A, sides<double>);
  constexpr auto loss = ct::sum(ct::sin(many)) + ct::sum(ct::sin(vectors));
  constexpr auto dA = ct::grad(loss, A);
  constexpr auto dc = ct::grad(loss, c);
  constexpr auto p = ct::compile(many, vectors, triangles, dA, dc);
  constexpr auto one = ct::solve(A, R);
  constexpr auto vector = ct::solve(A, c);
  constexpr auto alone = ct::compile(one, ct::triangular_solve(A, R), ct::grad(ct::sum(ct::sin(one)), A));
  constexpr auto alone_vector = ct::compile(vector, ct::grad(ct::sum(ct::sin(vector)), c));
  for (std::int64_t n : {2, 17}) {
    auto const all = matrices<double>(1, 3, n), b = filled<double>(2, 3, n, 2);
    auto const a = one_of(all);
    auto const v = filled<double>(3, n);
    auto const r = p(A = a, batch<double> = all, sides<double> = b, c = v);
    auto expected_a = ct::zeros<double>(n, n);
    auto expected_c = ct::zeros<double>(n);
    for (std::int64_t m = 0; m < 3; ++m) {
      auto const [x, t, da] = alone(A = a, R = b[m]);
      auto const [y, dv] = alone_vector(A = all[m], c = v);
      for (std::int64_t i = 0; i < n; ++i) {
        for (std::int64_t k = 0; k < 2; ++k) BOOST_TEST((near(r[many](m, i, k), x(i, k), 1e-13) && near(r[triangles](m, i, k), t(i, k), 1e-13)));
        for (std::int64_t k = 0; k < n; ++k) expected_a(i, k) += da(i, k);
        BOOST_TEST(near(r[vectors](m, i), y(i), 1e-13));
        expected_c(i) += dv(i);
      }
    }
    for (std::int64_t i = 0; i < n; ++i) {
      BOOST_TEST(near(r[dc](i), expected_c(i), 1e-12));
      for (std::int64_t k = 0; k < n; ++k) BOOST_TEST(near(r[dA](i, k), expected_a(i, k), 1e-12));
    }
  }
}
