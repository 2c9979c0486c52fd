// The inputs of each case; python/problems.py has the same. The streams' numbers are the only thing that tells arrays apart.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "data.hpp"

#include <cmath>
#include <cstddef>

namespace problem {

using floats = std::vector<float>;

/// Labels y in {0, 1} of two features, and where the loss is taken.
struct logistic_regression {
  std::int64_t n;
  floats x1 = data::bells(1, n), x2 = data::bells(2, n), y = data::bells(3, n);
  float w1 = 0.7f, w2 = -1.3f, b = 0.2f;
  explicit logistic_regression(std::int64_t count) : n(count) {
    for (std::int64_t i = 0; i < n; ++i) y[i] = x1[i] - x2[i] + y[i] > 0 ? 1.0f : 0.0f;
  }
};

/// Options on one share each: spot, strike, years, volatility, rate.
struct black_scholes {
  std::int64_t n;
  floats spot = data::uniforms(11, n, 50, 150), strike = data::uniforms(12, n, 50, 150), years = data::uniforms(13, n, 0.25f, 2), volatility = data::uniforms(14, n, 0.1f, 0.5f),
         rate = data::uniforms(15, n, 0, 0.05f);
};

/// A matrix of logits and the classes of its rows.
struct cross_entropy {
  std::int64_t rows, columns;
  floats x = data::bells(21, rows * columns);
  std::vector<std::int32_t> labels = data::labels(rows, columns);
};

struct norm_gelu {
  std::int64_t rows, columns;
  floats x = data::bells(31, rows * columns), scale = data::bells(32, columns, 1, 0.1f), shift = data::bells(33, columns, 0, 0.1f);
};

struct column_softmax {
  std::int64_t rows, columns;
  floats x = data::bells(41, rows * columns);
};

/// inputs-hidden-hidden-classes, weights as wide as keeps the layers' outputs near 1.
struct network {
  static constexpr std::int64_t inputs = 784, classes = 10;
  std::int64_t batch, hidden;
  floats x = data::uniforms(51, batch * inputs, 0, 1);
  std::vector<std::int32_t> labels = data::labels(batch, classes);
  floats w1 = data::bells(52, inputs * hidden, 0, width(inputs)), b1 = data::bells(53, hidden, 0, 0.1f), w2 = data::bells(54, hidden * hidden, 0, width(hidden)),
         b2 = data::bells(55, hidden, 0, 0.1f), w3 = data::bells(56, hidden * classes, 0, width(hidden)), b3 = data::bells(57, classes, 0, 0.1f);
  static float width(std::int64_t fan_in) { return static_cast<float>(1 / std::sqrt(static_cast<double>(fan_in))); }
};

struct tiny {
  floats a = data::bells(61, 8), b = data::bells(62, 8), c = data::bells(63, 8), d = data::bells(64, 8);
};

/// Numbers whose sum does not vanish.
struct reduction {
  std::int64_t n;
  floats x = data::uniforms(71, n, 0, 1);
};

}  // namespace problem
