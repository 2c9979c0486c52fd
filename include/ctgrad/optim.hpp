// Optimisers: each update of all parameters is one fused program over the contiguous buffers.
// Options, defaults and formulas are those of torch.optim.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "fn.hpp"
#include "functions.hpp"
#include "parameters.hpp"

#include <cmath>
#include <cstring>

namespace ctgrad::optim {
namespace detail {

using namespace ctgrad::literals;
using namespace ctgrad::detail;

/// The symbols of an update: vectors over all parameters, and the step's numbers.
template <class T>
struct symbols {
  static constexpr auto P = ctgrad::dim("P"_s);
  static constexpr auto value = ctgrad::tensor<T>("value"_s, P);
  static constexpr auto gradient = ctgrad::tensor<T>("gradient"_s, P);
  static constexpr auto first = ctgrad::tensor<T>("first"_s, P);    // momentum
  static constexpr auto second = ctgrad::tensor<T>("second"_s, P);  // mean of squares
  static constexpr auto rate = ctgrad::scalar<T>("learning rate"_s);
  static constexpr auto decay = ctgrad::scalar<T>("weight decay"_s);
  static constexpr auto beta1 = ctgrad::scalar<T>("beta 1"_s);
  static constexpr auto beta2 = ctgrad::scalar<T>("beta 2"_s);
  static constexpr auto take1 = ctgrad::scalar<T>("1 - beta 1"_s);
  static constexpr auto take2 = ctgrad::scalar<T>("1 - beta 2"_s);
  static constexpr auto epsilon = ctgrad::scalar<T>("epsilon"_s);
  static constexpr auto root = ctgrad::scalar<T>("root of correction 2"_s);
  static constexpr auto shrink = ctgrad::scalar<T>("shrinkage"_s);
  static constexpr auto nesterov = ctgrad::scalar<bool>("nesterov"_s);
};

// Formulas: the new value and the new states of a parameter, from its value, its gradient and its states, whatever expressions those are.

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
  template <class T, class Value, class Gradient, class First>
  static constexpr auto update(Value p, Gradient gradient, First b) {
    using s = symbols<T>;
    constexpr auto g = decltype(gradient + s::decay * p){};
    constexpr auto buffer = decltype(s::beta1 * b + s::take1 * g){};
    return std::tuple{p - s::rate * ctgrad::where(s::nesterov, g + s::beta1 * buffer, buffer), buffer};
  }
};
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

/// One update of every value from its gradient, over the vectors of a parameter set. `numbers` are bindings, `states` vectors.
template <class Formula, class T, class... Symbols, class Numbers>
void update_all(parameter_set<T, Symbols...>& p, Numbers const& numbers, std::array<view<T, 1>, Formula::states> const& states) {
  using s = symbols<T>;
  workspace_memory none(0);
  std::apply(
      [&](auto... number) {
        if constexpr (Formula::states == 0) {
          constexpr auto value = std::get<0>(Formula::template update<T>(s::value, s::gradient));
          ctgrad::compile(value).into(none, s::value = p.values(), s::gradient = p.grads(), number..., value = p.values());
        } else if constexpr (Formula::states == 1) {
          constexpr auto all = Formula::template update<T>(s::value, s::gradient, s::first);
          constexpr auto value = std::get<0>(all);
          constexpr auto first = std::get<1>(all);
          ctgrad::compile(value, first).into(none, s::value = p.values(), s::gradient = p.grads(), s::first = states[0], number..., value = p.values(), first = states[0]);
        } else {
          constexpr auto all = Formula::template update<T>(s::value, s::gradient, s::first, s::second);
          constexpr auto value = std::get<0>(all);
          constexpr auto first = std::get<1>(all);
          constexpr auto second = std::get<2>(all);
          ctgrad::compile(value, first, second)
              .into(none, s::value = p.values(), s::gradient = p.grads(), s::first = states[0], s::second = states[1], number..., value = p.values(), first = states[0],
                    second = states[1]);
        }
      },
      numbers);
}

/// A state vector of an optimiser, of whichever dtype its parameters have; made at the first step, zeros.
/// (Bytes, so that no array type is instantiated for those who only include this.)
class state {
 public:
  state() = default;
  state(state const& other) : size_(other.size_), bytes_(other.bytes_), type_(other.type_), memory_(allocate(other.bytes_)) {
    if (bytes_) std::memcpy(memory_.get(), other.memory_.get(), static_cast<std::size_t>(bytes_));
  }
  state(state&&) = default;
  state& operator=(state other) {
    std::swap(size_, other.size_), std::swap(bytes_, other.bytes_), std::swap(type_, other.type_), std::swap(memory_, other.memory_);
    return *this;
  }
  /// Throws shape_error, dtype_error for other parameters than at the first step.
  template <class T>
  view<T, 1> of(std::int64_t size) {
    if (size_ < 0) {
      std::int64_t const bytes = size * static_cast<std::int64_t>(sizeof(T));
      memory_ = allocate(bytes);
      if (bytes) std::memset(memory_.get(), 0, static_cast<std::size_t>(bytes));
      size_ = size, bytes_ = bytes, type_ = dtype_of<T>;
    }
    if (size != size_) throw shape_error("ctgrad: an optimiser that has stepped " + std::to_string(size_) + " parameters is given " + std::to_string(size));
    if (dtype_of<T> != type_)
      throw dtype_error("ctgrad: an optimiser that has stepped " + std::string(to_string(type_)) + " parameters is given " + std::string(to_string(dtype_of<T>)));
    return view<T, 1>(reinterpret_cast<T*>(memory_.get()), {size});
  }

 private:
  std::int64_t size_ = -1, bytes_ = 0;
  dtype type_ = dtype::float32;
  arena memory_;

  static arena allocate(std::int64_t bytes) {
    return arena(bytes ? static_cast<std::byte*>(::operator new(static_cast<std::size_t>(bytes), arena_alignment)) : nullptr);
  }
};

}  // namespace detail

/// Stochastic gradient descent, as torch.optim.SGD: g += weight_decay p; b = momentum b + (1 - dampening) g, at the first step b = g;
/// p -= learning_rate (nesterov ? g + momentum b : momentum ? b : g).
/// Source of the momentum form: Sutskever et al., On the importance of initialization and momentum in deep learning (2013).
class sgd {
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
  options& settings() { return o_; }

  /// One update of every value from its gradient.
  template <class T, class... Symbols>
  void step(parameter_set<T, Symbols...>& p) {
    advance<T>(p.size(), [&]<class Formula>(Formula, auto const& numbers, auto const& states) { detail::update_all<Formula>(p, numbers, states); });
  }
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

 private:
  options o_;
  std::int64_t steps_ = 0;
  detail::state buffer_;
};

/// Adam, as torch.optim.Adam: g += weight_decay p; m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g^2;
/// p -= learning_rate / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + epsilon). Source: Kingma and Ba, Adam (2015), algorithm 1.
class adam {
 public:
  struct options {
    double learning_rate = 1e-3, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weight_decay = 0;
  };
  /// Throws std::invalid_argument for options outside of their range.
  explicit adam(options o) : adam(o, false) {}
  options& settings() { return o_; }

  /// One update of every value from its gradient.
  template <class T, class... Symbols>
  void step(parameter_set<T, Symbols...>& p) {
    advance<T>(p.size(), [&]<class Formula>(Formula, auto const& numbers, auto const& states) { detail::update_all<Formula>(p, numbers, states); });
  }
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
    run(detail::adaptive_moments{}, numbers, std::array{first_.template of<T>(size), second_.template of<T>(size)});
    ++steps_;
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
};

/// Adam with decoupled weight decay, as torch.optim.AdamW: p *= 1 - learning_rate weight_decay before the step.
/// Source: Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019).
class adamw : public adam {
 public:
  explicit adamw(options o) : adam(o, true) {}
};

}  // namespace ctgrad::optim
