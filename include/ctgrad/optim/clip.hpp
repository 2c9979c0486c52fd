// Gradient clipping: no gradient beyond a norm, or beyond a value.
// Between backward and an optimiser's step, or in a ct::train_step, against steps that one bad batch makes too large.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "update.hpp"

#include <cmath>
#include <stdexcept>

namespace ctgrad {
namespace optim::detail {

inline double require_limit(double limit, char const* what) {
  if (!(limit >= 0)) throw std::invalid_argument("ctgrad: " + std::string(what) + " is " + std::to_string(limit) + ", and has to be at least 0");
  return limit;
}

/// A gradient scaled by min(1, limit / (norm + 1e-6)), norm being that of all gradients.
struct norm_clipping_function {
  template <class... All>
  static constexpr value trace(value of, value by, value limit, All... all) {
    auto const gradient_of = [&](value x) { return gradient_function::trace(of, x); };
    value squares = limit.constant(0.0);
    auto const add = [&](value g) { squares = squares + reduce(op::sum, g * g, (axis_mask{1} << g.rank()) - 1); };
    (add(cast(gradient_of(all), dtype::float64)), ...);
    value const g = gradient_of(by);
    return g * cast(minimum(limit / (sqrt(squares) + 1e-6), 1), g.type());
  }
};

/// What a ct::train_step does to gradients: an expression, and bindings of its number.
struct norm_clipping {
  static constexpr auto limit = ctgrad::scalar<double>("largest norm of gradients"_s);
  double number;

  template <class T, class Loss, class Symbol, template <class...> class List, class... All>
  static constexpr auto gradient(Loss of, Symbol by, List<All...>) {
    return call_function<norm_clipping_function>(of, by, limit, All{}...);
  }
  auto numbers() const { return std::tuple{limit = number}; }
};
struct value_clipping {
  static constexpr auto limit = ctgrad::scalar<double>("largest gradient"_s);
  double number;

  template <class T, class Loss, class Symbol, class Set>
  static constexpr auto gradient(Loss of, Symbol by, Set) {
    return ctgrad::clamp(grad(of, by), -cast<T>(limit), cast<T>(limit));
  }
  auto numbers() const { return std::tuple{limit = number}; }
};

}  // namespace optim::detail

/// Scales all gradients of a set by min(1, max_norm / (norm + 1e-6)), norm being the root of the sum of all their squares, which is returned: as
/// torch.nn.utils.clip_grad_norm_. Squares are added in double. A norm that is not finite makes the gradients NaN or zero, as there; the result tells.
/// Throws std::invalid_argument for a max_norm that is negative or NaN.
/// Source: Pascanu, Mikolov, Bengio, On the difficulty of training recurrent neural networks (2013), algorithm 1.
template <class T, class... Symbols>
double clip_grad_norm(parameter_set<T, Symbols...>& p, double max_norm) {
  using s = optim::detail::symbols<T>;
  optim::detail::require_limit(max_norm, "clip_grad_norm: max_norm");
  constexpr auto g = cast<double>(s::gradient);
  constexpr auto squares = sum(g * g);
  constexpr auto scaled = s::gradient * s::scale;
  double const norm = std::sqrt(get<0>(compile(squares)(s::gradient = p.grads()))), coefficient = max_norm / (norm + 1e-6);
  if (coefficient >= 1) return norm;
  workspace_memory none(0);
  compile(scaled).into(none, s::gradient = p.grads(), s::scale = coefficient, scaled = p.grads());
  return norm;
}

/// Every element of every gradient of a set brought into [-limit, limit], as torch.nn.utils.clip_grad_value_. NaN stays.
/// Throws std::invalid_argument for a limit that is negative or NaN.
template <class T, class... Symbols>
void clip_grad_value(parameter_set<T, Symbols...>& p, double limit) {
  using s = optim::detail::symbols<T>;
  optim::detail::require_limit(limit, "clip_grad_value: the limit");
  constexpr auto inside = clamp(s::gradient, -s::limit, s::limit);
  workspace_memory none(0);
  compile(inside).into(none, s::gradient = p.grads(), s::limit = limit, inside = p.grads());
}

/// The same in a step of training as one program: `ct::train_step(loss, params, adam, ct::clip_grad_norm(1.0))`.
inline optim::detail::norm_clipping clip_grad_norm(double max_norm) { return {optim::detail::require_limit(max_norm, "clip_grad_norm: max_norm")}; }
inline optim::detail::value_clipping clip_grad_value(double limit) { return {optim::detail::require_limit(limit, "clip_grad_value: the limit")}; }

}  // namespace ctgrad
