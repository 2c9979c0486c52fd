// How parameters begin that draw random numbers.
// Apart from parameter.hpp, so that the umbrella does not need <random>.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <span>

namespace ctgrad::initial {

/// Mean 0, variance 1.
struct normal {
  template <class T, class Generator>
  static void fill(std::span<T> elements, Generator& generator) {
    std::normal_distribution<T> draw;
    for (T& x : elements) x = draw(generator);
  }
};
/// Evenly in [-1, 1) / sqrt(Fan), where each output is a sum of `Fan` products: what torch.nn.Linear and torch.nn.Conv2d begin with, weights and biases.
/// Source: LeCun, Bottou, Orr, Müller, Efficient backprop (1998), section 4.6.
template <std::int64_t Fan>
struct uniform {
  static_assert(Fan > 0, "ctgrad: initial::uniform of a fan that is not positive");
  template <class T, class Generator>
  static void fill(std::span<T> elements, Generator& generator) {
    T const bound = static_cast<T>(1 / std::sqrt(static_cast<double>(Fan)));
    std::uniform_real_distribution<T> draw(-bound, bound);
    for (T& x : elements) x = draw(generator);
  }
};

}  // namespace ctgrad::initial
