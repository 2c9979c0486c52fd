// Functions of whole tensors: reductions, products, softmax and losses.
// Each is written once on values of the graph, in terms of the op table, so its gradient and its fusion follow.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "expression.hpp"  // first: compile_error.hpp says why

#include "call.hpp"
#include "symbol.hpp"

namespace ctgrad {
namespace detail {

/// What was reduced along `mask`, with the axes kept where they are wanted.
template <class Axes>
constexpr value kept(value reduced, axis_mask mask) {
  return Axes::keep ? restore_axes(reduced, mask) : reduced;
}
/// 0, 1, 2, … along an axis of `x`, repeated to its shape.
constexpr value positions_along(value x, int axis) {
  axis_mask const others = ((axis_mask{1} << x.rank()) - 1) & ~(axis_mask{1} << axis);
  return {x.b, x.b->broadcast(x.b->iota(x.shape()[axis], dtype::int64), x.b->intern(x.shape()), others)};
}

template <op Code, class Axes>
struct reduce_function {
  static constexpr value trace(value x) {
    axis_mask const mask = Axes::mask(x, info(Code).name);
    return kept<Axes>(reduce(Code, x, mask), mask);
  }
};

/// The number of elements of `x` along `mask`, in the dtype of its mean.
constexpr value count_along(value x, axis_mask mask) {
  shape counted;
  for (int i = 0; i < x.rank(); ++i)
    if (mask >> i & 1) counted.push_back(x.shape()[i]);
  return {x.b, x.b->size_of(counted, x.type())};
}
constexpr value as_floating(value x) { return is_floating(x.type()) ? x : cast(x, dtype::float32); }

template <class Axes>
struct mean_function {
  static constexpr value trace(value x) {
    x = as_floating(x);
    axis_mask const mask = Axes::mask(x, "mean");
    return kept<Axes>(reduce(op::sum, x, mask) / count_along(x, mask), mask);
  }
};
constexpr value mean_of(value x) { return mean_function<axis_list<false>>::trace(x); }

/// max(x) along `mask`, kept, and 0 where that is infinite: what is taken off before an exponential.
constexpr value shift_of(value x, axis_mask mask) {
  value largest = restore_axes(reduce(op::max, x, mask), mask);
  return detach(where(abs(largest) == std::numeric_limits<double>::infinity(), 0, largest));
}

// Source of the shifted forms: Blanchard, Higham, Higham, Accurately computing the log-sum-exp and softmax functions (2021).
template <class Axes>
struct logsumexp_function {
  static constexpr value trace(value x) {
    x = as_floating(x);
    axis_mask const mask = Axes::mask(x, "logsumexp");
    value shift = shift_of(x, mask);
    value result = log(restore_axes(reduce(op::sum, exp(x - shift), mask), mask)) + shift;
    return Axes::keep ? result : reduce(op::sum, result, mask);
  }
};
template <class Axes>
struct softmax_function {
  static constexpr value trace(value x) {
    x = as_floating(x);
    axis_mask const mask = Axes::mask(x, "softmax");
    value e = exp(x - shift_of(x, mask));
    // One division for each row. (The sum is at least 1, the exponential of the largest.)
    return e * (1.0 / restore_axes(reduce(op::sum, e, mask), mask));
  }
};
template <class Axes>
struct log_softmax_function {
  static constexpr value trace(value x) {
    x = as_floating(x);
    axis_mask const mask = Axes::mask(x, "log_softmax");
    value shifted = x - shift_of(x, mask);
    return shifted - log(restore_axes(reduce(op::sum, exp(shifted), mask), mask));
  }
};

struct matmul_function {
  static constexpr value trace(value a, value b) { return {a.b, a.b->matmul(a.id, b.id)}; }
};
struct dot_function {
  static constexpr value trace(value a, value b) {
    if (a.rank() != 1 || b.rank() != 1)
      return {a.b, a.b->fail(message() << "ctgrad: dot of " << a.b->describe(a.id) << " and " << b.b->describe(b.id) << ": both have to have one axis")};
    return matmul_function::trace(a, b);
  }
};
struct outer_function {
  static constexpr value trace(value a, value b) {
    if (a.rank() != 1 || b.rank() != 1)
      return {a.b, a.b->fail(message() << "ctgrad: outer of " << a.b->describe(a.id) << " and " << b.b->describe(b.id) << ": both have to have one axis")};
    return restore_axes(a, 0b10) * restore_axes(b, 0b01);
  }
};
struct transpose_function {
  static constexpr char instead[] = "it swaps the last two axes; for any order of them write ct::permute(x, 1_c, 0_c)";
  static constexpr value trace(value x) {
    std::array<int, max_rank> source{};
    int const rank = x.rank();
    for (int i = 0; i < rank; ++i) source[i] = i;
    if (rank > 1) source[rank - 1] = rank - 2, source[rank - 2] = rank - 1;
    return {x.b, x.b->permute(x.id, source)};
  }
};

struct mse_function {
  static constexpr value trace(value prediction, value target) {
    value difference = prediction - target;
    return mean_of(difference * difference);
  }
};

/// x[…, label] for each row, and another element of it for a label that is no class.
constexpr value chosen_of(value x, value labels) { return {x.b, x.b->gather(x.id, labels.id, x.rank() - 1)}; }
/// `loss` of each row, and NaN for a label that is no class, rather than a loss that looks right.
constexpr value of_known_labels(value loss, value labels, extent const& classes) {
  value const count = {loss.b, loss.b->size_of({1, {classes}}, labels.type())};
  return where(labels >= 0 && labels < count, loss, std::numeric_limits<double>::quiet_NaN());
}

/// Mean over the rows of logsumexp(row) - row[label].
struct cross_entropy_function {
  static constexpr value trace(value logits, value labels) {
    builder& b = *logits.b;
    int const classes = logits.rank() - 1;
    if (logits.rank() < 1 || labels.rank() != classes || !is_integer(labels.type()))
      return {&b, b.fail(message() << "ctgrad: cross_entropy of logits " << b.describe(logits.id) << " and labels " << b.describe(labels.id) << " (" << to_string(labels.type())
                                   << "): the labels have to be integers, one for each row of logits")};
    axis_mask const last = axis_mask{1} << classes;
    value const shift = shift_of(logits, last);
    value const row_sum = log(reduce(op::sum, exp(logits - shift), last));
    value const chosen = chosen_of(logits, labels) - reduce(op::sum, shift, last);
    return mean_of(of_known_labels(row_sum - chosen, labels, logits.shape()[classes]));
  }
};
struct binary_cross_entropy_with_logits_function {
  static constexpr value trace(value logits, value target) {
    return mean_of(softplus(logits) - target * logits);
  }
};

/// `x` repeated to the extents `Extents`, aligned at the last axes.
template <class... Extents>
struct broadcast_function {
  static constexpr value trace(value x) {
    shape const to{sizeof...(Extents), {extent_of_argument<Extents>::value...}};
    shape const from = x.shape();
    bool fits = from.rank <= to.rank;
    for (int i = 1; fits && i <= from.rank; ++i) {
      extent const &has = from[from.rank - i], &needs = to[to.rank - i];
      fits = has.is_one() || has == needs || has.is_anonymous();
      if (fits && has.is_anonymous()) x.b->g.equalities.push_back({has, needs});
    }
    if (!fits) return {x.b, x.b->fail(message() << "ctgrad: broadcast_to: " << x.b->describe(x.id) << " does not repeat to " << to)};
    return {x.b, x.b->broadcast_to(x.id, to)};
  }
};

template <class Shape>
struct cast_function;
template <dtype Type>
struct cast_function<std::integral_constant<dtype, Type>> {
  static constexpr value trace(value x) { return cast(x, Type); }
};

/// A function of a tensor and axes, as `name(x)`, `name(x, 0_c)`, `name(x, 0_c, -1_c, keepdim)`.
template <template <class> class Function>
struct axis_function {
  template <class X, class... Axes>
  constexpr auto operator()(X const& x, Axes...) const {
    return call_function<Function<axes_of<Axes...>>>(x);
  }
};
template <op Code>
struct reduction_function {
  template <class X, class... Axes>
  constexpr auto operator()(X const& x, Axes...) const {
    return call_function<reduce_function<Code, axes_of<Axes...>>>(x);
  }
};
template <class Function>
struct plain_function {
  template <class... Arguments>
  constexpr auto operator()(Arguments const&... arguments) const {
    return call_function<Function>(arguments...);
  }
};
/// Over one axis, the last where none is given.
template <template <class> class Function>
struct last_axis_function {
  template <class X, class... Axes>
  constexpr auto operator()(X const& x, Axes...) const {
    if constexpr (sizeof...(Axes) == 0) return call_function<Function<axis_list<false, -1>>>(x);
    else return call_function<Function<axes_of<Axes...>>>(x);
  }
};

}  // namespace detail

// Reductions: over all axes, or over the given ones. `ct::keepdim` keeps them with extent 1. bool counts as int64.
inline constexpr detail::reduction_function<detail::op::sum> sum{};      ///< sum; of no elements 0
inline constexpr detail::reduction_function<detail::op::prod> prod{};    ///< product; of no elements 1
inline constexpr detail::reduction_function<detail::op::max> max{};      ///< largest element; NaN if there is one; of no elements -inf. Equal ones share the gradient.
inline constexpr detail::reduction_function<detail::op::min> min{};      ///< smallest element; NaN if there is one; of no elements inf. Equal ones share the gradient.
inline constexpr detail::axis_function<detail::mean_function> mean{};    ///< sum / count; float32 for integers; of no elements NaN
inline constexpr detail::axis_function<detail::logsumexp_function> logsumexp{};  ///< log of the sum of e^x, without overflow

// Along one axis, the last where none is given. Shapes stay.
inline constexpr detail::last_axis_function<detail::softmax_function> softmax{};          ///< e^x / sum of e^x
inline constexpr detail::last_axis_function<detail::log_softmax_function> log_softmax{};  ///< log(softmax(x)), without underflow

// Products. Extents that meet have to be equal.
inline constexpr detail::plain_function<detail::matmul_function> matmul{};  ///< [n,k]·[k,m]→[n,m], [n,k]·[k]→[n], [k]·[k,m]→[m], [k]·[k]→[]
inline constexpr detail::plain_function<detail::dot_function> dot{};        ///< [k]·[k]→[]
inline constexpr detail::plain_function<detail::outer_function> outer{};    ///< [n],[m]→[n,m]
inline constexpr detail::plain_function<detail::transpose_function> transpose{};  ///< swaps the last two axes

// Losses: scalars, means over all elements or rows.
inline constexpr detail::plain_function<detail::mse_function> mse{};  ///< mean((prediction - target)^2)
/// Mean over rows of -log softmax(logits)[label]: logits[…, C], integer labels[…] in [0, C); NaN for a label outside.
inline constexpr detail::plain_function<detail::cross_entropy_function> cross_entropy{};
/// Mean of -(y log p + (1 - y) log(1 - p)), p = sigmoid(logits), for targets y in [0, 1] of the shape of `logits`.
inline constexpr detail::plain_function<detail::binary_cross_entropy_with_logits_function> binary_cross_entropy_with_logits{};

/// `x` repeated to the given extents, as in NumPy: `ct::broadcast_to(b, N, 784_c)`. Its gradient is the sum over what was repeated.
template <class X, extent_argument... Extents>
constexpr auto broadcast_to(X const& x, Extents...) {
  return detail::call_function<detail::broadcast_function<Extents...>>(x);
}

/// The values of `x` as elements `T`: `ct::cast<float>(labels)`. Towards integers it cuts the fraction off.
template <element T, class X>
constexpr auto cast(X const& x) {
  return detail::call_function<detail::cast_function<std::integral_constant<dtype, dtype_of<T>>>>(x);
}

}  // namespace ctgrad
