// How parameters begin that draw random numbers: the numbers of ct::rand and ct::randn (generator.hpp), in the parameters' own memory.
// Apart from parameter.hpp, so that the umbrella does not need them. Arrays of all of torch.nn.init's schemes are in init.hpp.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "generator.hpp"
#include "parameter.hpp"

#include <cmath>
#include <cstdint>
#include <span>

namespace ctgrad::initial {

/// Mean 0, variance 1.
struct normal {
  template <class T>
  static void fill(std::span<T> elements, generator& g) {
    detail::fill_random<detail::scaled_normal>(g, view<T, 1>(elements), T(0), T(1));
  }
};
/// Evenly in [-1, 1) / sqrt(Fan), where each output is a sum of `Fan` products: what torch.nn.Linear and torch.nn.Conv2d begin with, weights and biases.
/// Source: LeCun, Bottou, Orr, Müller, Efficient backprop (1998), section 4.6.
template <std::int64_t Fan>
struct uniform {
  static_assert(Fan > 0, "ctgrad: initial::uniform of a fan that is not positive");
  template <class T>
  static void fill(std::span<T> elements, generator& g) {
    T const bound = static_cast<T>(1 / std::sqrt(static_cast<double>(Fan)));
    detail::fill_random<detail::uniform_between>(g, view<T, 1>(elements), -bound, bound);
  }
};

}  // namespace ctgrad::initial
