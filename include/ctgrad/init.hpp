// First values of parameters, as torch.nn.init has them: arrays of random numbers whose size follows from what they multiply.
// Of a weight[out, in, …], the fan in is `in` times the extents behind it, the fan out `out` times those.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "generator.hpp"

#include <algorithm>

namespace ctgrad::init {

/// What follows a layer: its gain is what keeps the variance.
enum class nonlinearity { linear, sigmoid, tanh, relu, leaky_relu, selu };

/// sqrt(1 / E[f(z)^2]), or near it, as torch.nn.init.calculate_gain; `slope` is leaky_relu's.
inline double gain(nonlinearity f, double slope = 0.01) {
  switch (f) {
    case nonlinearity::tanh: return 5.0 / 3;
    case nonlinearity::relu: return std::sqrt(2.0);
    case nonlinearity::leaky_relu: return std::sqrt(2 / (1 + slope * slope));
    case nonlinearity::selu: return 0.75;
    default: return 1;
  }
}

enum class fan { in, out };
/// The gain of what follows, and the fan that keeps its variance: `{.follows = ct::init::nonlinearity::tanh, .mode = ct::init::fan::out}`.
struct kaiming_options {
  nonlinearity follows = nonlinearity::relu;
  fan mode = fan::in;
  double slope = 0.01;  ///< of leaky_relu
};

namespace detail {

using namespace ctgrad::detail;

struct fans {
  double in = 1, out = 1;
};
template <std::size_t Rank>
  requires(Rank > 1)
fans fans_of(std::array<std::int64_t, Rank> const& shape) {
  fans f{static_cast<double>(shape[1]), static_cast<double>(shape[0])};
  for (std::size_t i = 2; i < Rank; ++i) f.in *= static_cast<double>(shape[i]), f.out *= static_cast<double>(shape[i]);
  return f;
}
template <std::size_t Rank>
double kaiming_deviation(std::array<std::int64_t, Rank> const& shape, kaiming_options const& o) {
  fans const f = fans_of(shape);
  return gain(o.follows, o.slope) / std::sqrt(o.mode == fan::in ? f.in : f.out);
}
template <std::size_t Rank>
double xavier_deviation(std::array<std::int64_t, Rank> const& shape, double gain) {
  fans const f = fans_of(shape);
  return gain * std::sqrt(2 / (f.in + f.out));
}
/// Uniform with mean 0 and a standard deviation.
template <class T, std::size_t Rank>
array<T, Rank> uniform_of(generator& g, std::array<std::int64_t, Rank> const& shape, double deviation) {
  double const bound = std::sqrt(3.0) * deviation;
  return random_array<uniform_between, T>(g, shape, static_cast<T>(-bound), static_cast<T>(bound));
}
template <class T, std::size_t Rank>
array<T, Rank> normal_of(generator& g, std::array<std::int64_t, Rank> const& shape, double mean, double deviation) {
  return random_array<scaled_normal, T>(g, shape, static_cast<T>(mean), static_cast<T>(deviation));
}

}  // namespace detail

// Shapes stand in braces: `ct::init::kaiming_uniform<float>(g, {128, 64})`. Each array takes the next stream of the generator, but for trunc_normal, which may
// take several. All throw shape_error for negative extents and for overflow. Where a fan is needed, there are two axes or more.

/// Uniform in [low, high).
template <std::floating_point T, std::size_t Rank>
array<T, Rank> uniform(generator& g, std::int64_t const (&shape)[Rank], double low = 0, double high = 1) {
  return detail::random_array<detail::uniform_between, T>(g, std::to_array(shape), static_cast<T>(low), static_cast<T>(high));
}
/// Normal with a mean and a standard deviation.
template <std::floating_point T, std::size_t Rank>
array<T, Rank> normal(generator& g, std::int64_t const (&shape)[Rank], double mean = 0, double deviation = 1) {
  return detail::normal_of<T>(g, std::to_array(shape), mean, deviation);
}
/// Normal as far as it lies in [low, high]: what lies outside is drawn again. Throws std::invalid_argument where low >= high, the deviation is not positive, or
/// the mean is more than two deviations outside.
template <std::floating_point T, std::size_t Rank>
array<T, Rank> trunc_normal(generator& g, std::int64_t const (&shape)[Rank], double mean = 0, double deviation = 1, double low = -2, double high = 2) {
  if (!(low < high && deviation > 0 && mean >= low - 2 * deviation && mean <= high + 2 * deviation))
    throw std::invalid_argument("ctgrad: init::trunc_normal: from " + std::to_string(low) + " to " + std::to_string(high) + " with mean " + std::to_string(mean) +
                                " and deviation " + std::to_string(deviation) + " is no interval, or the mean is more than two deviations outside");
  auto result = array<T, Rank>::uninitialized(std::to_array(shape));
  // In a narrow interval the density hardly changes: of uniform numbers those stay that have another below their density.
  bool const narrow = high - low < 2 * deviation;
  double const peak = std::clamp(mean, low, high);
  auto const density = [&](double x) { return std::exp(((peak - mean) * (peak - mean) - (x - mean) * (x - mean)) / (2 * deviation * deviation)); };
  for (std::int64_t kept = 0; kept < result.size();) {
    std::array const wanted{result.size() - kept};
    auto const x = narrow ? detail::random_array<detail::uniform_between, T>(g, wanted, static_cast<T>(low), static_cast<T>(high))
                          : detail::normal_of<T>(g, wanted, mean, deviation);
    auto const u = rand<T>(g, narrow ? wanted[0] : 0);
    for (std::int64_t i = 0; i < wanted[0]; ++i)
      if (narrow ? u(i) < density(x(i)) : x(i) >= low && x(i) <= high) result.data()[kept++] = x(i);
  }
  return result;
}

/// Uniform with deviation gain sqrt(2 / (fan in + fan out)). Source: Glorot, Bengio, Understanding the difficulty of training deep feedforward neural networks (2010).
template <std::floating_point T, std::size_t Rank>
  requires(Rank > 1)
array<T, Rank> xavier_uniform(generator& g, std::int64_t const (&shape)[Rank], double gain = 1) {
  return detail::uniform_of<T>(g, std::to_array(shape), detail::xavier_deviation(std::to_array(shape), gain));
}
/// Normal with that deviation.
template <std::floating_point T, std::size_t Rank>
  requires(Rank > 1)
array<T, Rank> xavier_normal(generator& g, std::int64_t const (&shape)[Rank], double gain = 1) {
  return detail::normal_of<T>(g, std::to_array(shape), 0, detail::xavier_deviation(std::to_array(shape), gain));
}
/// Uniform with deviation gain / sqrt(fan).
/// Source: He, Zhang, Ren, Sun, Delving deep into rectifiers: surpassing human-level performance on ImageNet classification (2015).
template <std::floating_point T, std::size_t Rank>
  requires(Rank > 1)
array<T, Rank> kaiming_uniform(generator& g, std::int64_t const (&shape)[Rank], kaiming_options options = {}) {
  return detail::uniform_of<T>(g, std::to_array(shape), detail::kaiming_deviation(std::to_array(shape), options));
}
/// Normal with that deviation.
template <std::floating_point T, std::size_t Rank>
  requires(Rank > 1)
array<T, Rank> kaiming_normal(generator& g, std::int64_t const (&shape)[Rank], kaiming_options options = {}) {
  return detail::normal_of<T>(g, std::to_array(shape), 0, detail::kaiming_deviation(std::to_array(shape), options));
}

/// gain times a matrix with orthonormal rows, or columns where there are more rows; axes behind the first are taken as one. Distributed evenly over all such
/// matrices. In O(rows columns min(rows, columns)), on one thread.
/// Source: Saxe, McClelland, Ganguli, Exact solutions to the nonlinear dynamics of learning in deep linear neural networks (2013).
template <std::floating_point T, std::size_t Rank>
  requires(Rank > 1)
array<T, Rank> orthogonal(generator& g, std::int64_t const (&shape)[Rank], double gain = 1) {
  auto result = array<T, Rank>::uninitialized(std::to_array(shape));
  if (result.size() == 0) return result;
  std::int64_t const rows = shape[0], columns = result.size() / rows, count = std::min(rows, columns), length = std::max(rows, columns);
  array<double, 2> q = randn<double>(g, count, length);
  auto const dot = [&](std::int64_t i, std::int64_t j) {
    double sum = 0;
    for (std::int64_t k = 0; k < length; ++k) sum += q(i, k) * q(j, k);
    return sum;
  };
  // Gram and Schmidt's, twice: once would leave what rounding does to vectors that nearly depend on each other.
  for (std::int64_t i = 0; i < count; ++i) {
    for (int again = 0; again < 2; ++again)
      for (std::int64_t j = 0; j < i; ++j) {
        double const part = dot(i, j);
        for (std::int64_t k = 0; k < length; ++k) q(i, k) -= part * q(j, k);
      }
    double const norm = std::sqrt(dot(i, i));
    for (std::int64_t k = 0; k < length; ++k) q(i, k) /= norm;
  }
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) result.data()[i * columns + j] = static_cast<T>(gain * (rows < columns ? q(i, j) : q(j, i)));
  return result;
}
/// The weight of a convolution that changes nothing: weight[i, i, middle…] = 1, zeros elsewhere, for as many channels as in and out have in common.
template <std::floating_point T, std::size_t Rank>
  requires(Rank > 2)
array<T, Rank> dirac(std::int64_t const (&shape)[Rank]) {
  array<T, Rank> result = zeros<T>(std::to_array(shape));
  std::int64_t middle = 0, size = 1;
  for (std::size_t i = 2; i < Rank; ++i) middle = middle * shape[i] + shape[i] / 2, size *= shape[i];
  for (std::int64_t i = 0; size > 0 && i < std::min(shape[0], shape[1]); ++i) result.data()[(i * shape[1] + i) * size + middle] = 1;
  return result;
}

#define CTGRAD_NEEDS_GENERATOR(name)                                                                                                                                \
  template <std::floating_point T, std::size_t Rank, class... Options>                                                                                               \
  array<T, Rank> name(std::int64_t const (&)[Rank], Options const&...) {                                                                                              \
    static_assert(!sizeof(T), "ctgrad: init::" #name " takes a generator first: ct::generator g(42); ct::init::" #name "<float>(g, {128, 64})");                   \
    return {};                                                                                                                                                      \
  }
CTGRAD_NEEDS_GENERATOR(uniform)
CTGRAD_NEEDS_GENERATOR(normal)
CTGRAD_NEEDS_GENERATOR(trunc_normal)
CTGRAD_NEEDS_GENERATOR(xavier_uniform)
CTGRAD_NEEDS_GENERATOR(xavier_normal)
CTGRAD_NEEDS_GENERATOR(kaiming_uniform)
CTGRAD_NEEDS_GENERATOR(kaiming_normal)
CTGRAD_NEEDS_GENERATOR(orthogonal)
#undef CTGRAD_NEEDS_GENERATOR

}  // namespace ctgrad::init
