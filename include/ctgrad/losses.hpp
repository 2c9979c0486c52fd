// Losses beyond those of functions.hpp, and similarities: means over all elements or rows, as torch.nn.functional has them.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "activations.hpp"
#include "statistics.hpp"

namespace ctgrad {
namespace detail {

struct l1_loss_function {
  static constexpr value trace(value prediction, value target) { return mean_of(abs(prediction - target)); }
};
struct smooth_l1_loss_function {
  static constexpr value trace(value prediction, value target, value beta) {
    value const d = abs(prediction - target), near = where(d < beta, d, 0);  // a square that is finite, and so is its derivative
    return mean_of(where(d < beta, 0.5 * near * near / beta, d - 0.5 * beta));
  }
};
// Source: Huber, Robust estimation of a location parameter (1964).
struct huber_loss_function {
  static constexpr value trace(value prediction, value target, value delta) {
    value const d = abs(prediction - target), near = where(d <= delta, d, 0);
    return mean_of(where(d <= delta, 0.5 * near * near, delta * (d - 0.5 * delta)));
  }
};
/// Logarithms are at least -100, so that a loss is finite; of 1 - p, as rounded, only that of 0 is below.
struct binary_cross_entropy_function {
  static constexpr value trace(value p, value target) {
    constexpr double smallest = 3.7200759760208361e-44;  // e^-100
    value const none = p <= smallest, all = p == 1;
    value const logarithm = where(none, -100, log(where(none, 1, p))), other = where(all, -100, log1p(-where(all, 0, p)));
    return mean_of(-(target * logarithm + (1 - target) * other));
  }
};
struct nll_loss_function {
  static constexpr value trace(value logs, value labels) {
    builder& b = *logs.b;
    int const classes = logs.rank() - 1;
    if (logs.rank() < 1 || labels.rank() != classes || !is_integer(labels.type()))
      return {&b, b.fail(message() << "ctgrad: nll_loss of " << b.describe(logs.id) << " and labels " << b.describe(labels.id) << " (" << to_string(labels.type())
                                   << "): the labels have to be integers, one for each row")};
    return mean_of(of_known_labels(-chosen_of(logs, labels), labels, logs.shape()[classes]));
  }
};
struct kl_div_function {
  static constexpr value trace(value logs, value target) { return mean_of(where(target == 0, target * 0, target * (log(where(target == 0, 1, target)) - logs))); }
};
/// Norms are at least 1e-8.
template <class Axes>
struct cosine_similarity_function {
  static constexpr value trace(value a, value b) {
    value const product = a * b;
    axis_mask const mask = Axes::mask(product, "cosine_similarity");
    auto size = [&](value x) {
      value const n = root(reduce(op::sum, value{x.b, x.b->broadcast_to(x.id, product.shape())} * x, mask));
      return where(n > 1e-8, n, 1e-8);
    };
    return reduce(op::sum, product, mask) / (size(a) * size(b));
  }
};
template <class... Axes>
struct last_axis_or : std::type_identity<axes_of<Axes...>> {};
template <>
struct last_axis_or<> : std::type_identity<axis_list<false, -1>> {};

using unit_width = decltype(1_c);

}  // namespace detail

inline constexpr detail::plain_function<detail::l1_loss_function> l1_loss{};  ///< mean |prediction - target|
/// smooth_l1_loss(prediction, target, beta = 1): the mean of d^2 / (2 beta) where d = |prediction - target| is below beta, else of d - beta / 2.
inline constexpr detail::function_with_defaults<detail::smooth_l1_loss_function, 2, detail::unit_width> smooth_l1_loss{};
/// huber_loss(prediction, target, delta = 1): the mean of d^2 / 2 where d = |prediction - target| is at most delta, else of delta (d - delta / 2).
inline constexpr detail::function_with_defaults<detail::huber_loss_function, 2, detail::unit_width> huber_loss{};
/// Mean of -(y log p + (1 - y) log(1 - p)), for probabilities p and targets y in [0, 1]; logarithms below -100 count as -100, without a derivative.
inline constexpr detail::plain_function<detail::binary_cross_entropy_function> binary_cross_entropy{};
/// Mean over rows of -logs[label]: logs[…, C], integer labels[…] in [0, C); NaN for a label outside.
inline constexpr detail::plain_function<detail::nll_loss_function> nll_loss{};
/// Mean of y (log y - logs), 0 where y is 0, for logarithms of probabilities and targets y: torch's kl_div.
inline constexpr detail::plain_function<detail::kl_div_function> kl_div{};
/// a · b / (|a| |b|) along an axis, the last where none is given; norms are at least 1e-8.
template <class A, class B, integer_constant... Axis>
constexpr auto cosine_similarity(A const& a, B const& b, Axis...) {
  return detail::call_function<detail::cosine_similarity_function<typename detail::last_axis_or<Axis...>::type>>(a, b);
}

}  // namespace ctgrad
