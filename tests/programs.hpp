// The programs that several tests call: logistic regression, with its results by hand, and small ones of one operation.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <ctgrad/ctgrad.hpp>

#include <cmath>

namespace ctgrad::test {

using namespace ctgrad::literals;
namespace ct = ctgrad;

inline constexpr auto N = ct::dim("N"_s);
inline constexpr auto M = ct::dim("M"_s);
inline constexpr auto X = ct::tensor<float>("X"_s, N, 3_c);
inline constexpr auto w = ct::tensor<float>("w"_s, 3_c);
inline constexpr auto b = ct::scalar<float>("b"_s);
inline constexpr auto y = ct::tensor<float>("y"_s, N);

inline constexpr auto p = ct::sigmoid(ct::matmul(X, w) + b);
inline constexpr auto loss = -ct::mean(y * ct::log(p) + (1_c - y) * ct::log(1_c - p));
inline constexpr auto gradients = ct::grad(loss, w, b);
inline constexpr auto dw = ct::grad(loss, w);
inline constexpr auto db = ct::grad(loss, b);
inline constexpr auto step = ct::compile(loss, gradients);

inline ct::array<float, 2> const images{{1, 2, -1}, {0.5f, -1, 2}, {-2, 0, 1}, {1, 1, 1}};
inline ct::array<float, 1> const labels{1, 0, 0, 1}, weights{0.25f, -0.5f, 1};

struct logistic {
  double loss = 0, dw[3]{}, db = 0;
};
inline logistic by_hand(float bias) {
  logistic r;
  for (int n = 0; n < 4; ++n) {
    double z = bias;
    for (int k = 0; k < 3; ++k) z += static_cast<double>(images(n, k)) * weights(k);
    double const probability = 1 / (1 + std::exp(-z)), t = labels(n);
    r.loss -= (t * std::log(probability) + (1 - t) * std::log(1 - probability)) / 4;
    for (int k = 0; k < 3; ++k) r.dw[k] += (probability - t) * images(n, k) / 4;
    r.db += (probability - t) / 4;
  }
  return r;
}
/// float32 sums of four terms, against double.
inline constexpr double single = 1e-6;

// Small programs for the checks.
inline constexpr auto u = ct::tensor<float>("u"_s, N);
inline constexpr auto v = ct::tensor<float>("v"_s, N);
inline constexpr auto A = ct::tensor<float>("A"_s, N, M);
inline constexpr auto twice = ct::compile(2_c * u);
inline constexpr auto total = u + 2_c * v;
inline constexpr auto add = ct::compile(total);
inline constexpr auto doubled = 2_c * A;
inline constexpr auto twice_matrix = ct::compile(doubled);

}  // namespace ctgrad::test
