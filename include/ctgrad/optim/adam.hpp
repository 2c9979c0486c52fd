// Adam, and AdamW, which decays weights apart from the gradient.
// Two state vectors: running means of the gradient and of its square.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "update.hpp"

#include <stdexcept>

namespace ctgrad::optim {
namespace detail {

/// m = beta1 m + take1 g; v = beta2 v + take2 g^2; shrink p - rate m / (sqrt(v) root + epsilon)
struct adaptive_moments {
  static constexpr int states = 2;
  template <class T, class Value, class Gradient, class First, class Second>
  static constexpr auto update(Value p, Gradient gradient, First m, Second v) {
    using s = symbols<T>;
    constexpr auto g = decltype(gradient + s::decay * p){};
    constexpr auto first = decltype(s::beta1 * m + s::take1 * g){};
    constexpr auto second = decltype(s::beta2 * v + s::take2 * g * g){};
    return std::tuple{s::shrink * p - s::rate * (first / (ctgrad::sqrt(second) * s::root + s::epsilon)), first, second};
  }
};

}  // namespace detail

/// Adam, as torch.optim.Adam: g += weight_decay p; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// p -= learning_rate / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon). Source: Kingma and Ba, Adam (2015), algorithm 1.
class adam : public detail::stepping<adam> {
 public:
  struct options {
    double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
  };
  /// Throws std::invalid_argument for options outside of their range.
  explicit adam(options o) : adam(o, false) {}
  template <class Other = detail::other_settings>
    requires(!std::derived_from<Other, adam>)
  explicit adam(Other const&) {
    static_assert(!sizeof(Other), "ctgrad: adam takes its settings, learning_rate, beta1, beta2, epsilon, weight_decay, by name: ct::optim::adam({.learning_rate = 1e-3})");
  }
  options& settings() { return o_; }

  /// As those of sgd.
  template <class T, class F>
  void with_formula(F const& f) const {
    f(detail::adaptive_moments{});
  }
  template <class T, class Run>
  void advance(std::int64_t size, Run const& run) {
    using s = detail::symbols<T>;
    double const t = static_cast<double>(steps_ + 1), correction1 = 1 - std::pow(o_.beta1, t), correction2 = 1 - std::pow(o_.beta2, t);
    std::tuple const numbers{s::rate = o_.learning_rate / correction1,
                             s::decay = decoupled_ ? 0.0 : o_.weight_decay,
                             s::shrink = decoupled_ ? 1 - o_.learning_rate * o_.weight_decay : 1.0,
                             s::beta1 = o_.beta1,
                             s::take1 = 1 - o_.beta1,
                             s::beta2 = o_.beta2,
                             s::take2 = 1 - o_.beta2,
                             s::epsilon = o_.epsilon,
                             s::root = 1 / std::sqrt(correction2)};
    run(detail::adaptive_moments{}, numbers, states<T>(size));
    ++steps_;
  }
  template <class T, class F>
  void with_state(std::int64_t size, F const& f) {
    f(steps_, states<T>(size));
  }

 protected:
  adam(options o, bool decoupled) : o_(o), decoupled_(decoupled) {
    if (!(o.learning_rate >= 0) || !(o.epsilon >= 0) || !(o.weight_decay >= 0) || !(o.beta1 >= 0 && o.beta1 < 1) || !(o.beta2 >= 0 && o.beta2 < 1))
      throw std::invalid_argument("ctgrad: adam: learning_rate, epsilon and weight_decay are at least 0, beta1 and beta2 are in [0, 1)");
  }

 private:
  options o_;
  bool decoupled_;
  std::int64_t steps_ = 0;
  detail::state first_, second_;

  template <class T>
  std::array<view<T, 1>, 2> states(std::int64_t size) {
    return {first_.template of<T>(size), second_.template of<T>(size)};
  }
};

/// Adam with decoupled weight decay, as torch.optim.AdamW: p *= 1 - learning_rate weight_decay before the step.
/// Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019).
class adamw : public adam {
 public:
  explicit adamw(options o) : adam(o, true) {}
  template <class Other = detail::other_settings>
    requires(!std::derived_from<Other, adam>)
  explicit adamw(Other const&) : adam(options{}) {
    static_assert(!sizeof(Other), "ctgrad: adamw takes its settings, learning_rate, beta1, beta2, epsilon, weight_decay, by name: ct::optim::adamw({.learning_rate = 1e-3})");
  }
};

}  // namespace ctgrad::optim
