// Gradient clipping: no gradient beyond a norm, or beyond a value.
// Between backward and an optimiser's step, against steps that one bad batch makes too large.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "update.hpp"

#include <cmath>
#include <stdexcept>

namespace ctgrad {

/// Scales all gradients of a set by min(1, max_norm / (norm + 1e-6)), norm being the root of the sum of all their squares, which is returned: as
/// torch.nn.utils.clip_grad_norm_. Squares are added in double. A norm that is not finite makes the gradients NaN or zero, as there; the result tells.
/// Throws std::invalid_argument for a max_norm that is negative or NaN.
/// Source: Pascanu, Mikolov, Bengio, On the difficulty of training recurrent neural networks (2013), algorithm 1.
template <class T, class... Symbols>
double clip_grad_norm(parameter_set<T, Symbols...>& p, double max_norm) {
  using s = optim::detail::symbols<T>;
  if (!(max_norm >= 0)) throw std::invalid_argument("ctgrad: clip_grad_norm: max_norm is " + std::to_string(max_norm) + ", and has to be at least 0");
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
  if (!(limit >= 0)) throw std::invalid_argument("ctgrad: clip_grad_value: the limit is " + std::to_string(limit) + ", and has to be at least 0");
  constexpr auto inside = clamp(s::gradient, -s::limit, s::limit);
  workspace_memory none(0);
  compile(inside).into(none, s::gradient = p.grads(), s::limit = limit, inside = p.grads());
}

}  // namespace ctgrad
