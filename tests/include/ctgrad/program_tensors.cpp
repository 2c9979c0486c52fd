// Tensors of rank 0 to 4 with axes in any order, row stages, losses with their gradients, outputs that are added to.
// Expected values are plain loops in double.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE program_tensors
#include <ctgrad/ctgrad.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <tuple>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using ct::test::at, ct::test::differences, ct::test::doubles, ct::test::filled, ct::test::infinity, ct::test::near, ct::test::not_a_number, ct::test::slope_tolerance;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto M = ct::dim("M"_s);
constexpr auto K = ct::dim("K"_s);
constexpr auto L = ct::dim("L"_s);
constexpr auto A = ct::tensor<double>("A"_s, N, M);
constexpr auto T = ct::tensor<double>("T"_s, N, M, K);
constexpr auto Q = ct::tensor<double>("Q"_s, N, M, K, L);


}  // namespace

// Axes.

BOOST_AUTO_TEST_CASE(reductions_over_every_set_of_axes) {
  auto const t = filled<double>(1, 5, 7, 18);
  auto const over = [&](bool a, bool b, bool c) {
    doubles sums(at((a ? 1 : 5) * (b ? 1 : 7) * (c ? 1 : 18)), 0.0);
    for (int i = 0; i < 5; ++i)
      for (int j = 0; j < 7; ++j)
        for (int k = 0; k < 18; ++k) sums[at(((a ? 0 : i) * (b ? 1 : 7) + (b ? 0 : j)) * (c ? 1 : 18) + (c ? 0 : k))] += t(i, j, k);
    return sums;
  };
  auto const r = ct::compile(ct::sum(T, 0_c), ct::sum(T, 1_c), ct::sum(T, 2_c), ct::sum(T, 0_c, 1_c), ct::sum(T, 0_c, -1_c), ct::sum(T, 1_c, 2_c, ct::keepdim), ct::sum(T))(T = t);
  BOOST_TEST(near(r[ct::sum(T, 0_c)], over(true, false, false), 1e-14));
  BOOST_TEST(near(r[ct::sum(T, 1_c)], over(false, true, false), 1e-14));
  BOOST_TEST(near(r[ct::sum(T, 2_c)], over(false, false, true), 1e-14));
  BOOST_TEST(near(r[ct::sum(T, 0_c, 1_c)], over(true, true, false), 1e-14));
  BOOST_TEST(near(r[ct::sum(T, 0_c, -1_c)], over(true, false, true), 1e-14));
  BOOST_TEST(near(r[ct::sum(T, 1_c, 2_c, ct::keepdim)], over(false, true, true), 1e-14));
  BOOST_TEST((r[ct::sum(T, 1_c, 2_c, ct::keepdim)].shape() == std::array<std::int64_t, 3>{5, 1, 1}));
  BOOST_TEST(near(r[ct::sum(T)], over(true, true, true)[0], 1e-13));
}

BOOST_AUTO_TEST_CASE(rank_four_in_other_orders) {
  auto const memory = filled<double>(2, 3, 4, 5, 6);
  constexpr auto e = ct::sum(Q * Q, 1_c, 3_c);
  constexpr auto swapped = ct::transpose(Q) * 2_c;
  constexpr auto whole = ct::max(Q);
  constexpr auto program = ct::compile(e, swapped, whole);
  std::array<std::array<std::int64_t, 4>, 6> const orders{{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 0, 3, 2}, {2, 3, 0, 1}, {0, 2, 1, 3}, {3, 0, 1, 2}}};
  for (auto const& order : orders) {
    ct::view<double const, 4> const q = memory.view().permute(order);
    auto const n = q.extent(0), m = q.extent(1), k = q.extent(2), l = q.extent(3);
    doubles sums(at(n * k), 0.0), turned(at(n * m * k * l), 0.0);
    double high = -infinity;
    for (int a = 0; a < n; ++a)
      for (int b = 0; b < m; ++b)
        for (int c = 0; c < k; ++c)
          for (int d = 0; d < l; ++d) {
            sums[at(a * k + c)] += q(a, b, c, d) * q(a, b, c, d);
            turned[at(((a * m + b) * l + d) * k + c)] = 2 * q(a, b, c, d);
            high = std::max(high, q(a, b, c, d));
          }
    auto const r = program(Q = q);
    BOOST_TEST(near(r[e], sums, 1e-14));
    BOOST_TEST(near(r[swapped], turned, 0));
    BOOST_TEST((r[swapped].shape() == std::array<std::int64_t, 4>{n, m, l, k}));
    BOOST_TEST(r[whole] == high);
  }
}

BOOST_AUTO_TEST_CASE(broadcasts_between_ranks) {
  constexpr auto row = ct::tensor<double>("row"_s, K);
  constexpr auto plane = ct::tensor<double>("plane"_s, M, K);
  constexpr auto column = ct::tensor<double>("column"_s, N, 1_c, 1_c);
  constexpr auto number = ct::scalar<double>("number"_s);
  constexpr auto e = (T + row) * plane - column / (number + 3_c);
  constexpr auto loss = ct::sum(e * e);
  constexpr auto by_row = ct::grad(loss, row);
  constexpr auto by_plane = ct::grad(loss, plane);
  constexpr auto by_column = ct::grad(loss, column);
  constexpr auto by_number = ct::grad(loss, number);
  constexpr auto program = ct::compile(e, loss, by_row, by_plane, by_column, by_number);
  for (auto [n, m, k] : {std::array{2, 3, 4}, std::array{1, 1, 1}, std::array{5, 1, 33}, std::array{1, 17, 2}}) {
    auto const t = filled<double>(1, n, m, k);
    auto const r0 = filled<double>(2, k);
    auto const p0 = filled<double>(3, m, k);
    auto const c0 = filled<double>(4, n, 1, 1);
    double const q0 = 0.7;
    doubles expected, dr(at(k), 0.0), dp(at(m * k), 0.0), dc(at(n), 0.0);
    double total = 0, dq = 0;
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < m; ++j)
        for (int c = 0; c < k; ++c) {
          double const value = (t(i, j, c) + r0(c)) * p0(j, c) - c0(i, 0, 0) / (q0 + 3);
          expected.push_back(value), total += value * value;
          dr[at(c)] += 2 * value * p0(j, c);
          dp[at(j * k + c)] += 2 * value * (t(i, j, c) + r0(c));
          dc[at(i)] -= 2 * value / (q0 + 3);
          dq += 2 * value * c0(i, 0, 0) / ((q0 + 3) * (q0 + 3));
        }
    auto const r = program(T = t, row = r0, plane = p0, column = c0, number = q0);
    BOOST_TEST(near(r[e], expected, 1e-14));
    BOOST_TEST(near(r[loss], total, 1e-13));
    BOOST_TEST(near(r[by_row], dr, 1e-13));
    BOOST_TEST(near(r[by_plane], dp, 1e-13));
    BOOST_TEST(near(r[by_column], dc, 1e-13));
    BOOST_TEST(near(r[by_number], dq, 1e-13));
  }
}

// Row stages.

namespace {
/// softmax of t along one axis, in double.
doubles softmax_of(ct::array<double, 3> const& t, int axis) {
  std::array<std::int64_t, 3> const e = t.shape();
  std::int64_t const step = axis == 0 ? e[1] * e[2] : axis == 1 ? e[2] : 1;
  doubles result(at(t.size()), 0.0);
  for (std::int64_t i = 0; i < t.size(); ++i) {
    std::int64_t const first = i - i / step % e[at(axis)] * step;
    double high = -infinity, sum = 0;
    for (std::int64_t k = 0; k < e[at(axis)]; ++k) high = std::max(high, t.data()[first + k * step]);
    for (std::int64_t k = 0; k < e[at(axis)]; ++k) sum += std::exp(t.data()[first + k * step] - high);
    result[at(i)] = std::exp(t.data()[i] - high) / sum;
  }
  return result;
}
}  // namespace
BOOST_AUTO_TEST_CASE(softmax_along_every_axis) {
  constexpr auto first = ct::softmax(T, 0_c);
  constexpr auto second = ct::softmax(T, 1_c);
  constexpr auto third = ct::softmax(T);
  constexpr auto weights = ct::tensor<double>("weights"_s, N, M, K);
  constexpr auto slope = ct::grad(ct::sum(weights * second), T);
  constexpr auto program = ct::compile(first, second, third, slope);
  for (auto [n, m, k] : {std::array{2, 3, 4}, std::array{1, 1, 1}, std::array{7, 1, 33}, std::array{3, 40, 5}, std::array{2, 2, 300}}) {
    auto const t = filled<double>(1, n, m, k), w = filled<double>(2, n, m, k);
    auto const p = softmax_of(t, 1);
    // d/dx_j sum_i w_i p_i = p_j (w_j - sum_i w_i p_i)
    doubles expected(p.size(), 0.0);
    for (int i = 0; i < n; ++i)
      for (int c = 0; c < k; ++c) {
        double inner = 0;
        for (int j = 0; j < m; ++j) inner += w(i, j, c) * p[at((i * m + j) * k + c)];
        for (int j = 0; j < m; ++j) expected[at((i * m + j) * k + c)] = p[at((i * m + j) * k + c)] * (w(i, j, c) - inner);
      }
    auto const r = program(T = t, weights = w);
    BOOST_TEST(near(r[first], softmax_of(t, 0), 1e-14));
    BOOST_TEST(near(r[second], p, 1e-14));
    BOOST_TEST(near(r[third], softmax_of(t, 2), 1e-14));
    BOOST_TEST(near(r[slope], expected, 1e-14));
  }
}
BOOST_AUTO_TEST_CASE(softmax_of_extreme_rows) {
  constexpr auto S = ct::tensor<float>("S"_s, N, M);
  constexpr auto p = ct::softmax(S);
  constexpr auto logs = ct::log_softmax(S);
  constexpr auto sums = ct::logsumexp(S, 1_c);
  constexpr auto high = static_cast<float>(infinity);
  for (int m : {2, 16, 17, 40}) {
    ct::array<float, 2> s = ct::zeros<float>(5, m);
    for (int j = 0; j < m; ++j) s(0, j) = 1000, s(1, j) = -1000, s(2, j) = -high, s(3, j) = j == 1 ? high : 0, s(4, j) = j == 0 ? 0 : -high;
    auto const [probability, logarithm, sum] = ct::compile(p, logs, sums)(S = s);
    for (int j = 0; j < m; ++j) {
      BOOST_TEST(near(probability(0, j), 1.0 / m, 1e-6));
      BOOST_TEST(near(probability(1, j), 1.0 / m, 1e-6));
      BOOST_TEST((std::isnan(probability(2, j)) && std::isnan(probability(3, 1))));
      BOOST_TEST(probability(4, j) == (j == 0 ? 1.0f : 0.0f));
      BOOST_TEST(near(logarithm(0, j), -std::log(static_cast<double>(m)), 1e-6));
      BOOST_TEST(near(logarithm(4, j), j == 0 ? 0.0 : -infinity, 1e-6));
    }
    BOOST_TEST(near(sum, {1000 + std::log(static_cast<double>(m)), -1000 + std::log(static_cast<double>(m)), -infinity, infinity, 0}, 1e-6));
  }
}

namespace {
double layer_norm_loss(ct::array<double, 2> const& a, ct::array<double, 1> const& gain, ct::array<double, 1> const& shift, doubles* out = nullptr) {
  auto const n = a.extent(0), m = a.extent(1);
  double loss = 0;
  for (int i = 0; i < n; ++i) {
    double mean = 0, variance = 0;
    for (int j = 0; j < m; ++j) mean += a(i, j) / static_cast<double>(m);
    for (int j = 0; j < m; ++j) variance += (a(i, j) - mean) * (a(i, j) - mean) / static_cast<double>(m);
    for (int j = 0; j < m; ++j) {
      double const y = (a(i, j) - mean) / std::sqrt(variance + 1e-5) * gain(j) + shift(j);
      if (out) out->push_back(y);
      loss += std::sin(y) * y;
    }
  }
  return loss;
}
}  // namespace
BOOST_AUTO_TEST_CASE(layer_norm) {
  constexpr auto gain = ct::tensor<double>("gain"_s, M);
  constexpr auto shift = ct::tensor<double>("shift"_s, M);
  constexpr auto centred = A - ct::mean(A, 1_c, ct::keepdim);
  constexpr auto y = centred * ct::rsqrt(ct::mean(centred * centred, 1_c, ct::keepdim) + 1e-5_c) * gain + shift;
  constexpr auto loss = ct::sum(ct::sin(y) * y);
  constexpr auto dA = ct::grad(loss, A);
  constexpr auto dgain = ct::grad(loss, gain);
  constexpr auto dshift = ct::grad(loss, shift);
  constexpr auto program = ct::compile(y, loss, dA, dgain, dshift);
  for (auto [n, m] : {std::array{1, 2}, std::array{3, 5}, std::array{4, 16}, std::array{2, 37}}) {
    auto const a = filled<double>(1, n, m);
    auto const g0 = filled<double>(2, m), s0 = filled<double>(3, m);
    doubles expected;
    double const total = layer_norm_loss(a, g0, s0, &expected);
    auto const r = program(A = a, gain = g0, shift = s0);
    BOOST_TEST(near(r[y], expected, 1e-12));
    BOOST_TEST(near(r[loss], total, 1e-12));
    BOOST_TEST(near(r[dA], differences<2>(a, [&](auto const& x) { return layer_norm_loss(x, g0, s0); }), 1e-6));
    BOOST_TEST(near(r[dgain], differences<1>(g0, [&](auto const& x) { return layer_norm_loss(a, x, s0); }), slope_tolerance));
    BOOST_TEST(near(r[dshift], differences<1>(s0, [&](auto const& x) { return layer_norm_loss(a, g0, x); }), slope_tolerance));
  }
}

// Several outputs that share their parts.
BOOST_AUTO_TEST_CASE(outputs_that_share_parts) {
  constexpr auto e = ct::exp(A);
  constexpr auto rows = ct::sum(e, 1_c);
  constexpr auto columns = ct::sum(e, 0_c);
  constexpr auto p = e / ct::sum(e, 1_c, ct::keepdim);
  constexpr auto q = e / ct::sum(e, 0_c);
  constexpr auto total = ct::sum(p * q);
  constexpr auto dA = ct::grad(total, A);
  constexpr auto program = ct::compile(e, rows, columns, p, q, total, dA);
  auto const value = [](ct::array<double, 2> const& a, doubles* ps, doubles* qs) {
    auto const n = a.extent(0), m = a.extent(1);
    doubles row(at(n), 0.0), column(at(m), 0.0);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < m; ++j) row[at(i)] += std::exp(a(i, j)), column[at(j)] += std::exp(a(i, j));
    double sum = 0;
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < m; ++j) {
        double const x = std::exp(a(i, j)) / row[at(i)], y = std::exp(a(i, j)) / column[at(j)];
        if (ps) ps->push_back(x), qs->push_back(y);
        sum += x * y;
      }
    return sum;
  };
  for (auto [n, m] : {std::array{1, 1}, std::array{3, 4}, std::array{9, 33}}) {
    auto const a = filled<double>(5, n, m);
    doubles ps, qs;
    double const sum = value(a, &ps, &qs);
    auto const r = program(A = a);
    BOOST_TEST(near(r[p], ps, 1e-14));
    BOOST_TEST(near(r[q], qs, 1e-14));
    BOOST_TEST(near(r[total], sum, 1e-13));
    BOOST_TEST(near(r[dA], differences<2>(a, [&](auto const& x) { return value(x, nullptr, nullptr); }), slope_tolerance));
  }
}

// Outputs that are added to what their arrays hold, as gradients are.
BOOST_AUTO_TEST_CASE(outputs_that_are_added_to) {
  constexpr auto B = ct::tensor<double>("B"_s, M, K);
  constexpr auto e = A * 2_c;
  constexpr auto rows = ct::sum(A * A, 1_c);
  constexpr auto columns = ct::sum(A * A, 0_c);
  constexpr auto total = ct::sum(A);
  constexpr auto product = ct::matmul(A, B);
  constexpr auto high = ct::max(A, 1_c);
  constexpr auto plain = ct::mean(A);
  // The first output is assigned, the others are added.
  constexpr ct::program<1, std::remove_cvref_t<decltype(plain)>, std::remove_cvref_t<decltype(e)>, std::remove_cvref_t<decltype(rows)>, std::remove_cvref_t<decltype(columns)>,
                        std::remove_cvref_t<decltype(total)>, std::remove_cvref_t<decltype(product)>, std::remove_cvref_t<decltype(high)>>
      program;
  for (auto [n, m, k] : {std::array{1, 1, 1}, std::array{3, 5, 2}, std::array{17, 33, 9}, std::array{2, 300, 4}, std::array{0, 3, 2}, std::array{3, 0, 2}}) {
    auto const a = filled<double>(1, n, m), b = filled<double>(2, m, k);
    ct::array<double, 2> e0 = ct::full<double>(10, n, m), p0 = ct::full<double>(20, k, n);
    ct::array<double, 1> r0 = ct::full<double>(30, n), c0 = ct::full<double>(40, 2 * m), h0 = ct::full<double>(50, n);
    double mean = 7, t0 = 60;
    auto space = program.workspace(N = n, M = m, K = k);
    for (int round = 1; round <= 3; ++round) {
      program.into(space, A = a, B = b, plain = mean, e = e0, rows = r0, columns = c0.slice(0, std::nullopt, std::nullopt, -2), total = t0, product = p0.t(), high = h0);
      doubles es, rs(at(n), 30.0), cs(at(m), 40.0), ps(at(n * k), 20.0), hs(at(n), 50.0);
      double ts = 60, sum = 0;
      for (int i = 0; i < n; ++i) {
        double largest = -infinity;
        for (int j = 0; j < m; ++j) {
          es.push_back(10 + round * 2 * a(i, j));
          rs[at(i)] += round * a(i, j) * a(i, j), cs[at(j)] += round * a(i, j) * a(i, j), ts += round * a(i, j), sum += a(i, j);
          largest = std::max(largest, a(i, j));
          for (int c = 0; c < k; ++c) ps[at(c * n + i)] += round * a(i, j) * b(j, c);
        }
        hs[at(i)] += round * largest;
      }
      BOOST_TEST(near(mean, sum / (n * m), 1e-13));
      BOOST_TEST(near(e0, es, 1e-14));
      BOOST_TEST(near(r0, rs, 1e-13));
      BOOST_TEST(near(t0, ts, 1e-13));
      BOOST_TEST(near(p0, ps, 1e-13));
      BOOST_TEST(near(h0, hs, 1e-14));
      for (int j = 0; j < m; ++j) BOOST_TEST((near(c0(2 * m - 1 - 2 * j), cs[at(j)], 1e-13) && c0(2 * m - 2 - 2 * j) == 40));
    }
  }
}
// Two gradients that are one expression: each is added to its own array, and neither reads the other's.
BOOST_AUTO_TEST_CASE(equal_outputs_that_are_added_to) {
  constexpr auto u = ct::tensor<double>("u"_s, M);
  constexpr auto v = ct::tensor<double>("v"_s, M);
  constexpr auto loss = ct::sum(ct::tanh(A * (u + v)));
  constexpr auto du = ct::grad(loss, u);
  constexpr auto dv = ct::grad(loss, v);
  constexpr ct::program<0, std::remove_cvref_t<decltype(du)>, std::remove_cvref_t<decltype(dv)>> program;
  auto const a = filled<double>(1, 3, 5);
  auto const u0 = filled<double>(2, 5), v0 = filled<double>(3, 5);
  ct::array<double, 1> first = ct::full<double>(1, 5), second = ct::full<double>(2, 5);
  auto space = program.workspace(N = 3, M = 5);
  program.into(space, A = a, u = u0, v = v0, du = first, dv = second);
  for (int j = 0; j < 5; ++j) {
    double slope = 0;
    for (int i = 0; i < 3; ++i) {
      double const y = std::tanh(a(i, j) * (u0(j) + v0(j)));
      slope += (1 - y * y) * a(i, j);
    }
    BOOST_TEST(near(first(j), 1 + slope, 1e-14));
    BOOST_TEST(near(second(j), 2 + slope, 1e-14));
  }
}

// Losses.

BOOST_AUTO_TEST_CASE(cross_entropy_and_its_gradient) {
  constexpr auto logits = ct::tensor<float>("logits"_s, N, M);
  constexpr auto labels = ct::tensor<std::int64_t>("labels"_s, N);
  constexpr auto loss = ct::cross_entropy(logits, labels);
  constexpr auto slope = ct::grad(loss, logits);
  constexpr auto program = ct::compile(loss, slope);
  for (auto [n, m] : {std::array{1, 1}, std::array{4, 3}, std::array{33, 10}, std::array{5, 100}, std::array{300, 17}}) {
    auto const z = filled<float>(1, n, m);
    auto y = filled<std::int64_t>(2, n);
    for (int i = 0; i < n; ++i) y(i) = (y(i) + 9) % m;
    double expected = 0;
    doubles gradient;
    for (int i = 0; i < n; ++i) {
      double sum = 0;
      for (int j = 0; j < m; ++j) sum += std::exp(static_cast<double>(z(i, j)));
      expected += (std::log(sum) - z(i, y(i))) / n;
      for (int j = 0; j < m; ++j) gradient.push_back((std::exp(static_cast<double>(z(i, j))) / sum - (j == y(i))) / n);
    }
    auto const r = program(logits = z, labels = y);
    BOOST_TEST(near(r[loss], expected, 1e-6), n << " x " << m);
    BOOST_TEST(near(r[slope], gradient, 1e-6), n << " x " << m);
    // A label that is no class gives NaN, whatever its size.
    for (std::int64_t wrong : {std::int64_t{-1}, std::int64_t{m}, std::int64_t{1} << 32, std::numeric_limits<std::int64_t>::min()}) {
      auto bad = y;
      bad(n / 2) = wrong;
      BOOST_TEST(std::isnan(program(logits = z, labels = bad)[loss]), "label " << wrong);
    }
  }
}
