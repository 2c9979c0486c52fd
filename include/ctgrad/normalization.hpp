// Normalisations and attention, as torch.nn.functional has them: functions of expressions, whose parameters are other expressions.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "activations.hpp"

namespace ctgrad {
namespace detail {

/// (x - mean) / sqrt(variance + epsilon) along axes; the variance is over the number of elements.
constexpr value standardized(value x, axis_mask mask, value epsilon) {
  value const n = count_along(x, mask), d = x - restore_axes(reduce(op::sum, x, mask) / n, mask);
  return d * restore_axes(rsqrt(reduce(op::sum, d * d, mask) / n + epsilon), mask);
}
/// The last axes of `x`, as many as `like` has; none, and an error, where those are not there.
constexpr axis_mask last_axes(value x, value like, std::string_view name) {
  int const count = like.rank();
  if (count < 1 || count > x.rank()) {
    x.b->fail(message() << "ctgrad: " << name << " of " << x.b->describe(x.id) << ": its weight " << x.b->describe(like.id) << " has to have the extents of its last axes");
    return 0;
  }
  return ((axis_mask{1} << count) - 1) << (x.rank() - count);
}
// Source: Ba, Kiros, Hinton, Layer normalization (2016).
struct layer_norm_function {
  static constexpr value trace(value x, value weight, value bias, value epsilon) {
    axis_mask const mask = last_axes(x, weight, "layer_norm");
    return x.b->ok() ? standardized(x, mask, epsilon) * weight + bias : x;
  }
};
// Source: Zhang, Sennrich, Root mean square layer normalization (2019).
struct rms_norm_function {
  static constexpr value trace(value x, value weight, value epsilon) {
    axis_mask const mask = last_axes(x, weight, "rms_norm");
    if (!x.b->ok()) return x;
    return x * restore_axes(rsqrt(reduce(op::sum, x * x, mask) / count_along(x, mask) + epsilon), mask) * weight;
  }
};
/// A vector of one number for each channel, axis 1 of `x`, against all of `x`.
constexpr value along_channels(value v, value x) {
  if (v.rank() != 1) return v;
  axis_mask const others = ((axis_mask{1} << (x.rank() - 1)) - 2);
  return restore_axes(v, others);
}
// Source: Ioffe, Szegedy, Batch normalization (2015), as it is in training.
struct batch_norm_function {
  static constexpr value trace(value x, value weight, value bias, value epsilon) {
    if (x.rank() < 2) return {x.b, x.b->fail(message() << "ctgrad: batch_norm of " << x.b->describe(x.id) << ": it has to have a batch and channels, axes 0 and 1")};
    axis_mask const mask = ((axis_mask{1} << x.rank()) - 1) & ~axis_mask{2};
    return standardized(x, mask, epsilon) * along_channels(weight, x) + along_channels(bias, x);
  }
};
// Source: Wu, He, Group normalization (2018).
template <int Groups>
struct group_norm_function {
  static constexpr value trace(value x, value weight, value bias, value epsilon) {
    if (x.rank() < 2 || !x.shape()[1].is_static() || x.shape()[1].constant % Groups != 0)
      return {x.b, x.b->fail(message() << "ctgrad: group_norm of " << x.b->describe(x.id) << ": its channels, axis 1, have to be a known multiple of " << Groups)};
    shape const from = x.shape();
    shape grouped;
    grouped.push_back(from[0]), grouped.push_back(Groups), grouped.push_back(from[1].constant / Groups);
    for (int i = 2; i < from.rank; ++i) grouped.push_back(from[i]);
    value const g{x.b, x.b->reshape(x.id, grouped)};
    axis_mask const mask = ((axis_mask{1} << grouped.rank) - 1) & ~axis_mask{3};
    return value{x.b, x.b->reshape(standardized(g, mask, epsilon).id, from)} * along_channels(weight, x) + along_channels(bias, x);
  }
};
struct linear_function {
  static constexpr value trace(value x, value weight) { return matmul_function::trace(x, transpose_function::trace(weight)); }
  static constexpr value trace(value x, value weight, value bias) { return trace(x, weight) + bias; }
};
// Source: Vaswani and others, Attention is all you need (2017).
template <bool Causal>
struct attention_function {
  static constexpr value trace(value q, value k, value v) {
    if (q.rank() < 2 || k.rank() < 2 || v.rank() < 2)
      return {q.b, q.b->fail(message() << "ctgrad: scaled_dot_product_attention of " << q.b->describe(q.id) << ", " << q.b->describe(k.id) << ", " << q.b->describe(v.id) << ": each has to have two axes or more")};
    shape width;
    width.push_back(q.shape()[q.rank() - 1]);
    value scores = matmul_function::trace(q, transpose_function::trace(k)) * rsqrt(value{q.b, q.b->size_of(width, q.type())});
    if (!q.b->ok()) return q;
    if (Causal) {
      int const rank = scores.rank();
      scores = where(positions_along(scores, rank - 1) <= positions_along(scores, rank - 2), scores, -std::numeric_limits<double>::infinity());
    }
    return matmul_function::trace(softmax_function<axis_list<false, -1>>::trace(scores), v);
  }
};

using small_epsilon = decltype(1e-5_c);

}  // namespace detail

/// layer_norm(x, weight, bias, epsilon = 1e-5): (x - mean) / sqrt(variance + epsilon) weight + bias, along the last axes, those of `weight`.
inline constexpr detail::function_with_defaults<detail::layer_norm_function, 3, detail::small_epsilon> layer_norm{};
/// rms_norm(x, weight, epsilon = 1e-5): x / sqrt(mean(x^2) + epsilon) weight, along the last axes, those of `weight`.
inline constexpr detail::function_with_defaults<detail::rms_norm_function, 2, detail::small_epsilon> rms_norm{};
/// batch_norm(x, weight, bias, epsilon = 1e-5), of x[N, C, …] with the mean and variance of the batch, as in training; weight and bias [C].
inline constexpr detail::function_with_defaults<detail::batch_norm_function, 3, detail::small_epsilon> batch_norm{};
/// group_norm(x, 4_c, weight, bias, epsilon = 1e-5), of x[N, C, …] in groups of channels; weight and bias [C].
template <class X, integer_constant Groups, class Weight, class Bias, class Epsilon = detail::small_epsilon>
  requires(detail::axis_of<Groups> > 0)
constexpr auto group_norm(X const& x, Groups, Weight const& weight, Bias const& bias, Epsilon const& epsilon = {}) {
  return detail::call_function<detail::group_norm_function<detail::axis_of<Groups>>>(x, weight, bias, epsilon);
}
/// linear(x, weight), linear(x, weight, bias): x weight^T + bias, for x[…, in], weight[out, in], bias[out].
inline constexpr detail::plain_function<detail::linear_function> linear{};
/// softmax(q k^T / sqrt(D)) v, for q[…, N, D], k[…, M, D], v[…, M, E].
inline constexpr detail::plain_function<detail::attention_function<false>> scaled_dot_product_attention{};
/// The same, where row i sees the first i + 1 keys only.
inline constexpr detail::plain_function<detail::attention_function<true>> causal_attention{};

}  // namespace ctgrad
