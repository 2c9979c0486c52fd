// The inputs of each case; python/problems.py has the same. The streams' numbers are the only thing that tells arrays apart.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "data.hpp"

#include <cmath>
#include <cstddef>
#include <vector>

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

/// Images of 28 x 28, and LeNet-5's weights (LeCun, Bottou, Bengio, Haffner 1998), with rectifiers and the largest of windows.
struct lenet {
  static constexpr std::int64_t side = 28, classes = 10;
  std::int64_t batch;
  floats x = data::uniforms(121, batch * side * side, 0, 1);
  std::vector<std::int32_t> labels = data::labels(batch, classes);
  floats k1 = weights(122, 6, 25), c1 = data::bells(123, 6, 0, 0.1f), k2 = weights(124, 16, 150), c2 = data::bells(125, 16, 0, 0.1f), w3 = weights(126, 120, 400), b3 = data::bells(127, 120, 0, 0.1f),
         w4 = weights(128, 84, 120), b4 = data::bells(129, 84, 0, 0.1f), w5 = weights(130, 10, 84), b5 = data::bells(131, 10, 0, 0.1f);
  static floats weights(std::uint64_t stream, std::int64_t out, std::int64_t in) { return data::bells(stream, out * in, 0, network::width(in)); }
};

/// Queries, keys and values of each head.
struct attention {
  std::int64_t heads, rows, columns;
  floats q = data::bells(81, size()), k = data::bells(82, size()), v = data::bells(83, size());
  std::int64_t size() const { return heads * rows * columns; }
};

/// Particles on a cubic lattice, a little out of place: no two are so close that their force is all there is.
struct lennard_jones {
  std::int64_t n;
  floats x = place(91, 1), y = place(92, 16), z = place(93, 256);
  floats place(std::uint64_t stream, std::int64_t stride) const {
    floats p = data::uniforms(stream, n, 0, 0.25f);
    for (std::int64_t i = 0; i < n; ++i) p[i] += 1.125f * static_cast<float>(i / stride % 16);
    return p;
  }
};

/// Points, and a mixture of Gaussians: log weights, means, and square roots of the inverse covariances: e^diagonal, with `below` under it.
struct gaussian_mixture {
  std::int64_t points, parts, columns;
  floats x = data::bells(101, points * columns), alpha = data::bells(102, parts), mean = data::bells(103, parts * columns), diagonal = data::bells(104, parts * columns, 0, 0.1f),
         below = data::bells(105, parts * columns * columns, 0, 0.1f);
  /// Ones under the diagonal, and on it.
  floats triangle = floats(columns * columns), unit = triangle;
  gaussian_mixture(std::int64_t n, std::int64_t k, std::int64_t d) : points(n), parts(k), columns(d) {
    for (std::int64_t i = 0; i < d; ++i)
      for (std::int64_t j = 0; j <= i; ++j) (i == j ? unit : triangle)[i * d + j] = 1;
  }
};

/// Cameras of 11 parameters (rotation by axis and angle, centre, focal length, principal point, radial distortion), points, and observations: of which point by which camera, how much it counts, and
/// where it was seen. Who sees what is ADBench's rule. The first camera is not turned at all.
struct bundle_adjustment {
  static constexpr std::int64_t camera_size = 11, point_size = 3, row = camera_size + point_size + 1;  // of the Jacobian: the camera's parameters, the point's, and the weight
  std::int64_t cameras, points, observations;
  floats camera = floats(cameras * camera_size), point = data::uniforms(142, points * point_size, -1, 1), weight = data::uniforms(143, observations, 0.5f, 1.5f), feature = data::bells(144, observations * 2, 0, 100);
  std::vector<std::int32_t> camera_of = turns(cameras), point_of = turns(points);
  bundle_adjustment(std::int64_t n, std::int64_t m, std::int64_t p) : cameras(n), points(m), observations(p) {
    constexpr float mean[] = {0, 0, 0, 0, 0, -5, 500, 0, 0, 0, 0}, deviation[] = {0.3f, 0.3f, 0.3f, 0.3f, 0.3f, 0.3f, 50, 10, 10, 0.05f, 0.01f};
    for (std::int64_t k = 0; k < camera_size; ++k) {
      floats const column = data::bells(131 + static_cast<std::uint64_t>(k), n, mean[k], deviation[k]);
      for (std::int64_t i = 0; i < n; ++i) camera[i * camera_size + k] = i == 0 && k < 3 ? 0.0f : column[i];
    }
  }
  std::vector<std::int32_t> turns(std::int64_t count) const {
    std::vector<std::int32_t> x(static_cast<std::size_t>(observations));
    for (std::int64_t i = 0; i < observations; ++i) x[i] = static_cast<std::int32_t>(i % count);
    return x;
  }
};

/// Parameters of a network with memory, in rows: of each layer weights, then biases, of four gates; of what goes in, what comes out, and a bias; of each layer what it is at first, its hidden numbers and its
/// cells. Characters are rows of bits.
struct lstm {
  static constexpr std::int64_t layers = 2, size = 14;
  std::int64_t characters;
  floats main = data::uniforms(151, layers * 8 * size, 0, 1), extra = data::uniforms(152, 3 * size, 0, 1), state = data::uniforms(153, layers * 2 * size, 0, 1),
         sequence = data::uniforms(154, characters * size, 0, 2);
  explicit lstm(std::int64_t count) : characters(count) {
    for (float& x : sequence) x = x < 1 ? 0.0f : 1.0f;
  }
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
