// Normalisations and attention as loops and products, against loops in double.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE normalization
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/nn.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using ct::test::filled, ct::test::near;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<double>("X"_s, N, 6_c);
constexpr auto w = ct::tensor<double>("w"_s, 6_c);
constexpr auto b = ct::tensor<double>("b"_s, 6_c);
constexpr auto Q = ct::tensor<double>("Q"_s, 2_c, N, 4_c);

// A row in one nest; gradients of the weights close over the same one.
static_assert(ct::report(ct::compile(ct::layer_norm(X, w, b))).nests == 1 && ct::report(ct::compile(ct::rms_norm(X, w))).nests == 1);

}  // namespace

BOOST_AUTO_TEST_CASE(rows_and_channels) {
  constexpr auto rows = ct::layer_norm(X, w, b);
  constexpr auto roots = ct::rms_norm(X, w, 0.25_c);
  constexpr auto batch = ct::batch_norm(X, w, b);
  constexpr auto groups = ct::group_norm(X, 2_c, w, b);
  auto const x = filled<double>(1, 9, 6);
  auto const w0 = filled<double>(2, 6), b0 = filled<double>(3, 6);
  auto const r = ct::compile(rows, roots, batch, groups)(X = x, w = w0, b = b0);
  /// The mean and the reciprocal deviation of some elements.
  auto const moments = [&](int i0, int i1, int j0, int j1) {
    double sum = 0, squares = 0, n = (i1 - i0) * (j1 - j0);
    for (int i = i0; i < i1; ++i)
      for (int j = j0; j < j1; ++j) sum += x(i, j);
    for (int i = i0; i < i1; ++i)
      for (int j = j0; j < j1; ++j) squares += (x(i, j) - sum / n) * (x(i, j) - sum / n);
    return std::pair(sum / n, 1 / std::sqrt(squares / n + 1e-5));
  };
  for (int i = 0; i < 9; ++i) {
    double squares = 0;
    for (int j = 0; j < 6; ++j) squares += x(i, j) * x(i, j);
    for (int j = 0; j < 6; ++j) {
      auto const is = [&](double seen, std::pair<double, double> m) { return near(seen, (x(i, j) - m.first) * m.second * w0(j) + b0(j), 1e-13); };
      BOOST_TEST(is(r[rows](i, j), moments(i, i + 1, 0, 6)));
      BOOST_TEST(is(r[batch](i, j), moments(0, 9, j, j + 1)));
      BOOST_TEST(is(r[groups](i, j), moments(i, i + 1, j / 3 * 3, j / 3 * 3 + 3)));
      BOOST_TEST(near(r[roots](i, j), x(i, j) / std::sqrt(squares / 6 + 0.25) * w0(j), 1e-13));
    }
  }
}

BOOST_AUTO_TEST_CASE(attention_of_two_heads) {
  constexpr auto plain = ct::scaled_dot_product_attention(Q, Q * 2_c, Q);
  constexpr auto causal = ct::causal_attention(Q, Q * 2_c, Q);
  constexpr auto p = ct::compile(plain, causal);
  static_assert(ct::report(p).products == 3);  // the scores are shared
  auto const q = filled<double>(1, 2, 5, 4);
  auto const r = p(Q = q);
  for (int h = 0; h < 2; ++h)
    for (int i = 0; i < 5; ++i)
      for (bool masked : {false, true}) {
        std::vector<double> weights;
        double total = 0;
        for (int k = 0; k < (masked ? i + 1 : 5); ++k) {
          double score = 0;
          for (int d = 0; d < 4; ++d) score += q(h, i, d) * 2 * q(h, k, d);
          weights.push_back(std::exp(score / 2)), total += weights.back();
        }
        for (int d = 0; d < 4; ++d) {
          double sum = 0;
          for (std::size_t k = 0; k < weights.size(); ++k) sum += weights[k] / total * q(h, static_cast<int>(k), d);
          BOOST_TEST(near(masked ? r[causal](h, i, d) : r[plain](h, i, d), sum, 1e-13));
        }
      }
}
