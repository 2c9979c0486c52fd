// Convolutions and pooling: windows of an array, which are strides, and one product of matrices for each image.
// As in torch.nn.functional; gradients are those of windows and products, so nothing is written for them here.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "shapes.hpp"

namespace ctgrad {
namespace detail {

enum class window_option { stride, padding, dilation, groups };
/// An option of a convolution: one number for all axes, or one for each.
template <window_option Which, int... Numbers>
struct option {
  static constexpr window_option which = Which;
  static constexpr int numbers[] = {Numbers...};
};
template <class T>
inline constexpr bool is_option = false;
template <window_option Which, int... Numbers>
inline constexpr bool is_option<option<Which, Numbers...>> = true;

/// What convolutions and pools are told. `stride` is 0 where it is not given.
template <int Axes>
struct window_options {
  int stride[Axes]{}, padding[Axes]{}, dilation[Axes]{}, groups = 1;
  bool valid = true;

  template <class Option>
  constexpr void take(Option) {
    int* const targets[] = {stride, padding, dilation, &groups};
    int const wanted = Option::which == window_option::groups ? 1 : Axes, given = static_cast<int>(std::size(Option::numbers));
    valid = valid && (given == 1 || given == wanted);
    for (int i = 0; i < wanted && valid; ++i) {
      int const number = Option::numbers[given == 1 ? 0 : i];
      valid = number >= (Option::which == window_option::padding ? 0 : 1);
      targets[static_cast<int>(Option::which)][i] = number;
    }
  }
  template <class... Options>
  static constexpr window_options of() {
    window_options o;
    for (int& d : o.dilation) d = 1;
    (o.take(Options{}), ...);
    return o;
  }
};

/// Windows along the last `Axes` axes, each of which becomes two.
template <int Axes>
constexpr value windows_of(value x, std::int64_t const* size, window_options<Axes> const& o, double filling, std::string_view name) {
  int const rank = x.rank();
  for (int i = 0; i < Axes; ++i) x = bordered(x, rank - Axes + i, o.padding[i], o.padding[i], x.constant(filling));
  for (int i = Axes - 1; i >= 0; --i) {
    int const axis = rank - Axes + i;
    extent const all = x.shape()[axis], last = all - extent((size[i] - 1) * o.dilation[i] + 1);
    extent places = last + 1;
    bool const known = last.is_static();
    if (known && last.constant < 0)
      return {x.b, x.b->fail(message() << "ctgrad: " << name << ": a window of " << size[i] << (o.dilation[i] > 1 ? " with dilation does" : " does") << " not fit " << all << " elements")};
    if (!known && o.stride[i] != 1)
      return {x.b, x.b->fail(message() << "ctgrad: " << name << " with stride " << o.stride[i] << ": the extent " << all << " has to be known while compiling")};
    if (known) places = last.constant / o.stride[i] + 1;
    x = {x.b, x.b->windows(x.id, axis, places, size[i], o.stride[i], o.dilation[i])};
  }
  return x;
}

template <int Axes, class... Options>
struct conv_function {
  static constexpr std::string_view name = Axes == 1 ? "conv1d" : "conv2d";

  static constexpr value trace(value x, value weight) {
    auto o = window_options<Axes>::template of<Options...>();
    builder& b = *x.b;
    auto fail = [&](message const& m) { return value{&b, b.fail(message() << "ctgrad: " << name << " of " << b.describe(x.id) << " and " << b.describe(weight.id) << ": " << m)}; };
    if (!o.valid) return fail(message() << "an option is out of range, or has not one number or " << Axes);
    if (x.rank() != Axes + 2 || weight.rank() != Axes + 2) return fail(message() << "both have to have " << Axes + 2 << " axes: a batch and channels, channels out and in, then what is convolved");
    std::int64_t size[Axes];
    for (int i = 0; i < Axes; ++i) {
      if (o.stride[i] == 0) o.stride[i] = 1;
      extent const e = weight.shape()[2 + i];
      if (!e.is_static() || e.constant < 1) return fail(message() << "the extents of the window have to be known while compiling");
      size[i] = e.constant;
    }
    extent const channels = x.shape()[1], out = weight.shape()[0], in = weight.shape()[1];
    if (o.groups > 1 && !(channels.is_static() && out.is_static() && channels.constant % o.groups == 0 && out.constant % o.groups == 0))
      return fail(message() << "channels have to be known multiples of " << o.groups << " groups");
    extent const each = o.groups > 1 ? extent(channels.constant / o.groups) : channels;
    extent met = each;
    if (!b.unify(met, in)) return fail(message() << "the weight has " << in << " channels in, and " << each << " are given" << (o.groups > 1 ? " to each group" : ""));

    value w = windows_of<Axes>(x, size, o, 0, name);
    if (!b.ok()) return x;
    // [N, C, K, P, …] → [N, C, K, …, P, …]: what is summed, then the places, along which loops and products go.
    shape const seen = w.shape();
    std::array<int, max_rank> order{0, 1};
    shape columns, kernel, result;
    extent summed = each;
    columns.push_back(seen[0]), result.push_back(seen[0]), result.push_back(out);
    if (o.groups > 1) columns.push_back(o.groups), kernel.push_back(o.groups);
    for (int i = 0; i < Axes; ++i) {
      order[static_cast<std::size_t>(2 + i)] = 2 + 2 * i, order[static_cast<std::size_t>(2 + Axes + i)] = 3 + 2 * i;
      summed = summed * extent(size[i]);
    }
    columns.push_back(summed);
    for (int i = 0; i < Axes; ++i) columns.push_back(seen[3 + 2 * i]), result.push_back(seen[3 + 2 * i]);
    kernel.push_back(o.groups > 1 ? extent(out.constant / o.groups) : out), kernel.push_back(summed);
    // Labels: 0 image, 1 group, 2 … places, 5 summed, 6 channel out.
    contraction labels;
    std::size_t right = 0, left = 0, to = 0;
    labels.right[right++] = labels.result[to++] = 0;
    if (o.groups > 1) labels.left[left++] = labels.right[right++] = labels.result[to++] = 1;
    labels.left[left++] = labels.result[to++] = 6;
    labels.left[left++] = labels.right[right++] = 5;
    for (int i = 0; i < Axes; ++i) labels.right[right++] = labels.result[to++] = static_cast<std::int8_t>(2 + i);
    node_id const taken = b.reshape(b.permute(w.id, order), columns);
    return {&b, b.reshape(b.contract(b.reshape(weight.id, kernel), taken, labels, name), result)};
  }
  static constexpr value trace(value x, value weight, value bias) {
    value const y = trace(x, weight);
    if (!x.b->ok()) return x;
    if (bias.rank() != 1) return {x.b, x.b->fail(message() << "ctgrad: " << name << ": the bias " << x.b->describe(bias.id) << " has to have one axis, the channels out")};
    return y + restore_axes(bias, Axes == 1 ? 0b10 : 0b110);
  }
};

/// The largest of each window, or its mean.
template <int Axes, bool Largest, class Size, class... Options>
struct pool_function {
  static constexpr value trace(value x) {
    constexpr std::string_view name = Largest ? (Axes == 1 ? "max_pool1d" : "max_pool2d") : (Axes == 1 ? "avg_pool1d" : "avg_pool2d");
    auto o = window_options<Axes>::template of<Options...>();
    builder& b = *x.b;
    auto fail = [&](message const& m) { return value{&b, b.fail(message() << "ctgrad: " << name << " of " << b.describe(x.id) << ": " << m)}; };
    std::int64_t size[Axes];
    for (int i = 0; i < Axes; ++i) {
      size[i] = Size::integer;
      if (o.stride[i] == 0) o.stride[i] = static_cast<int>(Size::integer);
    }
    if (!o.valid || Size::integer < 1) return fail(message() << "an option is out of range, or has not one number or " << Axes);
    if (x.rank() < Axes || x.rank() + Axes > max_rank) return fail(message() << "it has to have " << Axes << " to " << max_rank - Axes << " axes");
    if (!is_floating(x.type())) return fail(message() << "it is " << to_string(x.type()) << "; cast it first");
    int const rank = x.rank();
    value const w = windows_of<Axes>(x, size, o, Largest ? -std::numeric_limits<double>::infinity() : 0, name);
    if (!b.ok()) return x;
    axis_mask mask = 0;
    for (int i = 0; i < Axes; ++i) mask |= axis_mask{1} << (rank - Axes + 2 * i);
    value const pooled = reduce(Largest ? op::max : op::sum, w, mask);
    if (Largest) return pooled;
    double const count = Axes == 1 ? static_cast<double>(size[0]) : static_cast<double>(size[0] * size[Axes - 1]);
    return pooled / count;
  }
};

/// Windows along an axis, beside what they are taken of: the last axis.
template <int Axis, int Size, int Step>
struct unfold_function {
  static constexpr value trace(value x) {
    int const axis = axis_place(x, Axis, "unfold"), rank = x.rank();
    builder& b = *x.b;
    if (!b.ok()) return x;
    if (Size < 1 || Step < 1) return {&b, b.fail(message() << "ctgrad: unfold of " << b.describe(x.id) << ": its windows have " << Size << " elements, " << Step << " apart, and both have to be positive")};
    if (rank == max_rank) return {&b, b.fail(message() << "ctgrad: unfold of " << b.describe(x.id) << ": there would be more than " << max_rank << " axes")};
    // With the axis as the last one: […, size, places].
    std::array<int, max_rank> last{}, order{};
    for (int i = 0; i < rank; ++i) last[static_cast<std::size_t>(i)] = i == rank - 1 ? axis : i < axis ? i : i + 1;
    std::int64_t const size = Size;
    value const w = windows_of<1>({&b, b.permute(x.id, last)}, &size, {{Step}, {0}, {1}}, 0, "unfold");
    if (!b.ok()) return x;
    for (int i = 0; i <= rank; ++i) order[static_cast<std::size_t>(i)] = i == rank ? rank - 1 : i == axis ? rank : i < axis ? i : i - 1;
    return {&b, b.permute(w.id, order)};
  }
};
/// The windows of images as columns.
template <class Size, class... Options>
struct im2col_function {
  static constexpr value trace(value x) {
    auto o = window_options<2>::template of<Options...>();
    builder& b = *x.b;
    auto fail = [&](message const& m) { return value{&b, b.fail(message() << "ctgrad: im2col of " << b.describe(x.id) << ": " << m)}; };
    if (!o.valid || o.groups != 1 || Size::integer < 1) return fail(message() << "an option is out of range, or has not one number or 2");
    if (x.rank() != 4) return fail(message() << "it has to have 4 axes: a batch, channels, rows and columns");
    for (int& stride : o.stride) stride += stride == 0;
    std::int64_t const size[] = {Size::integer, Size::integer};
    value const w = windows_of<2>(x, size, o, 0, "im2col");
    if (!b.ok()) return x;
    shape const s = w.shape();  // [N, C, K, P, K, Q]
    shape to;
    to.push_back(s[0]), to.push_back(s[1] * s[2] * s[4]), to.push_back(s[3] * s[5]);
    return {&b, b.reshape(b.permute(w.id, {0, 1, 2, 4, 3, 5}), to)};
  }
};

/// A convolution along the last axes, with the options behind the tensors.
template <int Axes>
struct convolution {
  template <class X, class Weight, class... Options>
    requires(is_option<Options> && ...)
  constexpr auto operator()(X const& x, Weight const& weight, Options const&...) const {
    return call_function<conv_function<Axes, Options...>>(x, weight);
  }
  template <class X, class Weight, class Bias, class... Options>
    requires(!is_option<Bias> && (is_option<Options> && ...))
  constexpr auto operator()(X const& x, Weight const& weight, Bias const& bias, Options const&...) const {
    return call_function<conv_function<Axes, Options...>>(x, weight, bias);
  }
};

}  // namespace detail

// Options of convolutions and pools, behind the tensors: one number for all axes, or one for each, as ct::stride<2, 1>.
template <int... Numbers>
inline constexpr detail::option<detail::window_option::stride, Numbers...> stride{};      ///< how far windows are apart: 1 in convolutions, the window in pools
template <int... Numbers>
inline constexpr detail::option<detail::window_option::padding, Numbers...> padding{};    ///< elements on both sides: 0, or -inf where the largest is taken
template <int... Numbers>
inline constexpr detail::option<detail::window_option::dilation, Numbers...> dilation{};  ///< how far the elements of a window are apart
template <int Number>
inline constexpr detail::option<detail::window_option::groups, Number> groups{};          ///< of channels that see nothing of each other

/// conv1d(x, weight, [bias], options…): x[N, C, L], weight[O, C / groups, K], bias[O] → [N, O, (L + 2 padding - dilation (K - 1) - 1) / stride + 1].
inline constexpr detail::convolution<1> conv1d{};
/// conv2d(x, weight, [bias], options…): x[N, C, H, W], weight[O, C / groups, KH, KW], bias[O] → [N, O, …], as for conv1d along both axes. Extents that a stride above 1 divides have to be known.
inline constexpr detail::convolution<2> conv2d{};
/// The largest of windows of `size` elements along the last axis, by default beside each other: `ct::max_pool1d(x, 3_c, ct::stride<2>, ct::padding<1>)`. Equal ones share the gradient.
template <class X, integer_constant Size, class... Options>
  requires(detail::is_option<Options> && ...)
constexpr auto max_pool1d(X const& x, Size, Options const&...) {
  return detail::call_function<detail::pool_function<1, true, Size, Options...>>(x);
}
/// The largest of windows of size x size elements along the last two axes.
template <class X, integer_constant Size, class... Options>
  requires(detail::is_option<Options> && ...)
constexpr auto max_pool2d(X const& x, Size, Options const&...) {
  return detail::call_function<detail::pool_function<2, true, Size, Options...>>(x);
}
/// The mean of windows of `size` elements along the last axis; padding counts as zeros.
template <class X, integer_constant Size, class... Options>
  requires(detail::is_option<Options> && ...)
constexpr auto avg_pool1d(X const& x, Size, Options const&...) {
  return detail::call_function<detail::pool_function<1, false, Size, Options...>>(x);
}
/// The mean of windows of size x size elements along the last two axes; padding counts as zeros.
template <class X, integer_constant Size, class... Options>
  requires(detail::is_option<Options> && ...)
constexpr auto avg_pool2d(X const& x, Size, Options const&...) {
  return detail::call_function<detail::pool_function<2, false, Size, Options...>>(x);
}

/// Windows of `size` elements along an axis, `step` apart, as torch.Tensor.unfold: places along the axis, and the elements of a window along a new last axis. They are read where they lie.
/// The extent of an axis that a step above 1 divides has to be known.
template <class X, integer_constant Axis, integer_constant Size, integer_constant Step>
constexpr auto unfold(X const& x, Axis, Size, Step) {
  return detail::call_function<detail::unfold_function<detail::axis_of<Axis>, detail::axis_of<Size>, detail::axis_of<Step>>>(x);
}
/// The windows of size x size elements of images x[N, C, H, W] as columns [N, C size^2, places], as torch.nn.functional.unfold, with the options of convolutions but groups.
template <class X, integer_constant Size, class... Options>
  requires(detail::is_option<Options> && ...)
constexpr auto im2col(X const& x, Size, Options const&...) {
  return detail::call_function<detail::im2col_function<Size, Options...>>(x);
}

}  // namespace ctgrad
