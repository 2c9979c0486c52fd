// Adagrad: steps divided by the root of the sum of all squares of the gradient so far.
// For sparse features: what is seldom seen keeps a large step.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "update.hpp"

#include <stdexcept>

namespace ctgrad::optim {
namespace detail {

/// v = v + g^2; p - rate g / (sqrt(v) + epsilon)
struct sum_of_squares {
  static constexpr int states = 1;
  template <class T, class Value, class Gradient, class Sum>
  static constexpr auto update(Value p, Gradient gradient, Sum v) {
    using s = symbols<T>;
    constexpr auto g = decltype(gradient + s::decay * p){};
    constexpr auto sum = decltype(v + g * g){};
    return std::tuple{p - s::rate * (g / (ctgrad::sqrt(sum) + s::epsilon)), sum};
  }
};

}  // namespace detail

/// Adagrad, as torch.optim.Adagrad: g += weight_decay p; v += g^2, from initial_accumulator_value on;
/// p -= learning_rate / (1 + t learning_rate_decay) g / (sqrt(v) + epsilon), t = 0, 1, 2, …
/// Source: Duchi, Hazan, Singer, Adaptive Subgradient Methods for Online Learning and Stochastic Optimization (2011).
class adagrad : public detail::stepping<adagrad> {
 public:
  struct options {
    double learning_rate = 1e-2, learning_rate_decay = 0, weight_decay = 0, initial_accumulator_value = 0, epsilon = 1e-10;
  };
  /// Throws std::invalid_argument for negative options.
  explicit adagrad(options o) : o_(o) {
    if (!(o.learning_rate >= 0) || !(o.learning_rate_decay >= 0) || !(o.weight_decay >= 0) || !(o.initial_accumulator_value >= 0) || !(o.epsilon >= 0))
      throw std::invalid_argument("ctgrad: adagrad: learning_rate, learning_rate_decay, weight_decay, initial_accumulator_value and epsilon are at least 0");
  }
  template <class Other = detail::other_settings>
    requires(!std::derived_from<Other, adagrad>)
  explicit adagrad(Other const&) {
    static_assert(!sizeof(Other), "ctgrad: adagrad takes its settings, learning_rate, learning_rate_decay, weight_decay, initial_accumulator_value, epsilon, by name: ct::optim::adagrad({.learning_rate = 1e-3})");
  }
  options& settings() { return o_; }

  /// As those of sgd.
  template <class T, class F>
  void with_formula(F const& f) const {
    f(detail::sum_of_squares{});
  }
  template <class T, class Run>
  void advance(std::int64_t size, Run const& run) {
    using s = detail::symbols<T>;
    double const rate = o_.learning_rate / (1 + static_cast<double>(steps_) * o_.learning_rate_decay);
    run(detail::sum_of_squares{}, std::tuple{s::rate = rate, s::decay = o_.weight_decay, s::epsilon = o_.epsilon},
        states<T>(size));
    ++steps_;
  }
  template <class T, class F>
  void with_state(std::int64_t size, F const& f) {
    f(steps_, states<T>(size));
  }

 private:
  options o_;
  std::int64_t steps_ = 0;
  detail::state sum_;

  template <class T>
  std::array<view<T, 1>, 1> states(std::int64_t size) {
    return {sum_.template of<T>(size, static_cast<T>(o_.initial_accumulator_value))};
  }
};

}  // namespace ctgrad::optim
