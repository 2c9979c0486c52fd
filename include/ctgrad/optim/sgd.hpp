// Stochastic gradient descent, plain and with momentum.
// The optimiser to begin with: no state without momentum, one vector with it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "update.hpp"

#include <stdexcept>

namespace ctgrad::optim {
namespace detail {

/// p - rate (g + decay p)
struct descent {
  static constexpr int states = 0;
  template <class T, class Value, class Gradient>
  static constexpr auto update(Value p, Gradient g) {
    using s = symbols<T>;
    return std::tuple{p - s::rate * (g + s::decay * p)};
  }
};
/// b = beta1 b + take1 g; p - rate (nesterov ? g + beta1 b : b)
struct momentum_descent {
  static constexpr int states = 1;
  template <class T, class Value, class Gradient, class Buffer>
  static constexpr auto update(Value p, Gradient gradient, Buffer b) {
    using s = symbols<T>;
    constexpr auto g = decltype(gradient + s::decay * p){};
    constexpr auto buffer = decltype(s::beta1 * b + s::take1 * g){};
    return std::tuple{p - s::rate * ctgrad::where(s::nesterov, g + s::beta1 * buffer, buffer), buffer};
  }
};

}  // namespace detail

/// Stochastic gradient descent, as torch.optim.SGD: g += weight_decay p; b = momentum b + (1 - dampening) g, at the first step b = g;
/// p -= learning_rate (nesterov ? g + momentum b : momentum ? b : g). One update of every value from its gradient is `sgd.step(params)`, as of all optimisers but lbfgs.
/// Source of the momentum form: Sutskever et al., On the importance of initialization and momentum in deep learning (2013).
class sgd : public detail::stepping<sgd> {
 public:
  struct options {
    double learning_rate = 1e-3, momentum = 0, dampening = 0, weight_decay = 0;
    bool nesterov = false;
  };
  /// Throws std::invalid_argument for negative options, and for nesterov without momentum or with dampening.
  explicit sgd(options o) : o_(o) {
    if (!(o.learning_rate >= 0) || !(o.momentum >= 0) || !(o.weight_decay >= 0)) throw std::invalid_argument("ctgrad: sgd: learning_rate, momentum and weight_decay are at least 0");
    if (o.nesterov && (o.momentum == 0 || o.dampening != 0)) throw std::invalid_argument("ctgrad: sgd: nesterov needs momentum, and no dampening");
  }
  template <class Other = detail::other_settings>
    requires(!std::derived_from<Other, sgd>)
  explicit sgd(Other const&) {
    static_assert(!sizeof(Other), "ctgrad: sgd takes its settings, learning_rate, momentum, dampening, weight_decay, nesterov, by name: ct::optim::sgd({.learning_rate = 1e-3})");
  }
  options& settings() { return o_; }

  /// Calls `f` with the formula of a step.
  template <class T, class F>
  void with_formula(F const& f) const {
    if (o_.momentum == 0) f(detail::descent{});
    else f(detail::momentum_descent{});
  }
  /// Calls `run` with the formula of a step over `size` parameters, bindings of its numbers, and its state vectors. It counts as a step unless `run` throws.
  template <class T, class Run>
  void advance(std::int64_t size, Run const& run) {
    using s = detail::symbols<T>;
    if (o_.momentum == 0) {
      run(detail::descent{}, std::tuple{s::rate = o_.learning_rate, s::decay = o_.weight_decay}, std::array<view<T, 1>, 0>{});
    } else {
      std::tuple const numbers{s::rate = o_.learning_rate,
                               s::decay = o_.weight_decay,
                               s::beta1 = o_.momentum,
                               s::take1 = steps_ ? 1 - o_.dampening : 1.0,
                               s::nesterov = o_.nesterov};
      run(detail::momentum_descent{}, numbers, std::array{buffer_.template of<T>(size)});
    }
    ++steps_;
  }
  /// Calls `f` with the number of steps, a reference, and the state vectors of `size` parameters: what has to be kept for a later step to be the same.
  template <class T, class F>
  void with_state(std::int64_t size, F const& f) {
    if (o_.momentum == 0) f(steps_, std::array<view<T, 1>, 0>{});
    else f(steps_, std::array{buffer_.template of<T>(size)});
  }

 private:
  options o_;
  std::int64_t steps_ = 0;
  detail::state buffer_;
};

}  // namespace ctgrad::optim
