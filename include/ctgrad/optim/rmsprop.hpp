// RMSprop: steps divided by a running root mean square of the gradient.
// Centered, by a running standard deviation; with momentum, the quotients are what momentum is taken of.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "update.hpp"

#include <stdexcept>

namespace ctgrad::optim {
namespace detail {

/// v = beta2 v + take2 g^2; p - rate g / (sqrt(v) + epsilon)
struct root_mean_square {
  static constexpr int states = 1;
  template <class T, class Value, class Gradient, class Square>
  static constexpr auto update(Value p, Gradient gradient, Square v) {
    using s = symbols<T>;
    constexpr auto g = decltype(gradient + s::decay * p){};
    constexpr auto square = decltype(s::beta2 * v + s::take2 * g * g){};
    return std::tuple{p - s::rate * (g / (ctgrad::sqrt(square) + s::epsilon)), square};
  }
};
/// v as above, m = beta2 m + take2 g, b = beta1 b + g / (sqrt(centered ? v - m^2 : v) + epsilon); p - rate b
struct centered_momentum {
  static constexpr int states = 3;
  template <class T, class Value, class Gradient, class Square, class Mean, class Buffer>
  static constexpr auto update(Value p, Gradient gradient, Square v, Mean m, Buffer b) {
    using s = symbols<T>;
    constexpr auto g = decltype(gradient + s::decay * p){};
    constexpr auto square = decltype(s::beta2 * v + s::take2 * g * g){};
    constexpr auto mean = decltype(s::beta2 * m + s::take2 * g){};
    // Rounding can make a variance of gradients that are all alike negative; PyTorch's steps are NaN from there on.
    constexpr auto variance = decltype(ctgrad::where(s::centered, ctgrad::maximum(square - mean * mean, 0_c), square)){};
    constexpr auto buffer = decltype(s::beta1 * b + g / (ctgrad::sqrt(variance) + s::epsilon)){};
    return std::tuple{p - s::rate * buffer, square, mean, buffer};
  }
};

}  // namespace detail

/// RMSprop, as torch.optim.RMSprop: g += weight_decay p; v = alpha v + (1 - alpha) g^2, m = alpha m + (1 - alpha) g;
/// b = momentum b + g / (sqrt(centered ? v - m^2 : v) + epsilon); p -= learning_rate b. Without momentum and not centered only v is kept, otherwise three vectors.
/// Sources: Hinton, Neural Networks for Machine Learning, lecture 6 (2012); centered: Graves, Generating Sequences With Recurrent Neural Networks (2013).
class rmsprop : public detail::stepping<rmsprop> {
 public:
  struct options {
    double learning_rate = 1e-2, alpha = 0.99, epsilon = 1e-8, weight_decay = 0, momentum = 0;
    bool centered = false;
  };
  /// Throws std::invalid_argument for negative options.
  explicit rmsprop(options o) : o_(o) {
    if (!(o.learning_rate >= 0) || !(o.alpha >= 0) || !(o.epsilon >= 0) || !(o.weight_decay >= 0) || !(o.momentum >= 0))
      throw std::invalid_argument("ctgrad: rmsprop: learning_rate, alpha, epsilon, weight_decay and momentum are at least 0");
  }
  template <class Other = detail::other_settings>
    requires(!std::derived_from<Other, rmsprop>)
  explicit rmsprop(Other const&) {
    static_assert(!sizeof(Other), "ctgrad: rmsprop takes its settings, learning_rate, alpha, epsilon, weight_decay, momentum, centered, by name: ct::optim::rmsprop({.learning_rate = 1e-3})");
  }
  options& settings() { return o_; }

  /// As those of sgd.
  template <class T, class F>
  void with_formula(F const& f) const {
    if (o_.momentum == 0 && !o_.centered) f(detail::root_mean_square{});
    else f(detail::centered_momentum{});
  }
  template <class T, class Run>
  void advance(std::int64_t size, Run const& run) {
    using s = detail::symbols<T>;
    std::tuple const numbers{s::rate = o_.learning_rate, s::decay = o_.weight_decay, s::beta2 = o_.alpha, s::take2 = 1 - o_.alpha, s::epsilon = o_.epsilon};
    with_state<T>(size, [&]<std::size_t Count>(std::int64_t&, std::array<view<T, 1>, Count> const& states) {
      if constexpr (Count == 1) run(detail::root_mean_square{}, numbers, states);
      else run(detail::centered_momentum{}, std::tuple_cat(numbers, std::tuple{s::beta1 = o_.momentum, s::centered = o_.centered}), states);
    });
    ++steps_;
  }
  template <class T, class F>
  void with_state(std::int64_t size, F const& f) {
    auto const square = square_.template of<T>(size);
    if (o_.momentum == 0 && !o_.centered) f(steps_, std::array{square});
    else f(steps_, std::array{square, mean_.template of<T>(size), buffer_.template of<T>(size)});
  }

 private:
  options o_;
  std::int64_t steps_ = 0;
  detail::state square_, mean_, buffer_;
};

}  // namespace ctgrad::optim
