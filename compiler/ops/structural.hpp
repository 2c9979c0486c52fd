// Rows: leaves, movement, reductions and products. Linear ones state their transpose.
// Which elements meet is the nodes' attributes; what happens to them is here.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../row.hpp"
#include "arithmetic.hpp"

namespace ctgrad::detail {

// clang-format off
template <> struct row<op::symbol>   { static constexpr op_info info{.name = "symbol", .kind = op_kind::leaf, .arity = 0}; };
template <> struct row<op::constant> { static constexpr op_info info{.name = "constant", .kind = op_kind::leaf, .arity = 0, .cost = 0}; };
template <> struct row<op::extent>   { static constexpr op_info info{.name = "extent", .kind = op_kind::leaf, .arity = 0, .cost = 0}; };
template <> struct row<op::iota>     { static constexpr op_info info{.name = "iota", .kind = op_kind::leaf, .arity = 0, .positional = true}; };
template <> struct row<op::gradient> {
  static constexpr op_info info{.name = "grad", .kind = op_kind::request, .arity = 2};
  static constexpr latex::form in_latex{"\\nabla_{#1} #0", latex::factor, {latex::application}};
};

template <> struct row<op::broadcast> {
  static constexpr op_info info{.name = "broadcast", .kind = op_kind::movement, .cost = 0};
  static constexpr value d0(value g, value x, value y) {
    axis_mask const inserted = y.get().axes();
    shape const from = x.shape(), to = y.shape();
    axis_mask repeated = 0, kept = 0;  // axes of extent 1 that were repeated: in y's and in x's order
    for (int i = 0, j = 0; i < to.rank; ++i)
      if (!(inserted >> i & 1)) {
        if (from[j].is_one() && !to[i].is_one()) repeated |= axis_mask{1} << i, kept |= axis_mask{1} << j;
        ++j;
      }
    return broadcast_like(reduce(op::sum, g, inserted | repeated), x, kept);
  }
};
template <> struct row<op::permute> {
  static constexpr op_info info{.name = "permute", .kind = op_kind::movement, .cost = 0};
  static constexpr value d0(value g, value, value y) {
    std::array<int, max_rank> inverse{};
    for (int i = 0; i < y.rank(); ++i) inverse[y.get().source_axis(i)] = i;
    return {g.b, g.b->permute(g.id, inverse)};
  }
};

template <> struct row<op::squeeze> {
  static constexpr op_info info{.name = "squeeze", .kind = op_kind::movement, .cost = 0};
  static constexpr value d0(value g, value x, value y) { return broadcast_like(g, x, y.get().axes()); }
};

/// Zeros as `like` has them, `count` along an axis.
constexpr value zeros_along(value like, int axis, extent const& count) {
  shape to = like.shape();
  to[axis] = count;
  return {like.b, like.b->real(0, like.type(), like.b->intern(to))};
}
constexpr value joined(value a, value b, int axis) { return {a.b, a.b->concat(a.id, b.id, axis)}; }
/// Elements of `x` along an axis, step - 1 zeros after each.
constexpr value spread(value x, int axis, std::int64_t step) {
  if (step == 1) return x;
  shape apart, flat = x.shape();
  for (int i = 0; i < flat.rank; ++i) {
    apart.push_back(flat[i]);
    if (i == axis) apart.push_back(1);
  }
  flat[axis] = flat[axis] * extent(step);
  value const single{x.b, x.b->broadcast(x.id, x.b->intern(apart), axis_mask{1} << (axis + 1))};
  return {x.b, x.b->reshape(joined(single, zeros_along(single, axis + 1, step - 1), axis + 1).id, flat)};
}

template <> struct row<op::slice> {
  static constexpr op_info info{.name = "slice", .kind = op_kind::view, .cost = 0};
  static constexpr viewed_axis along(node const& n, shape const* shapes, int axis) {
    slicing const s = slicing::unpack(n.attribute);
    return axis == s.axis ? viewed_axis{shapes[index(s.start)][0], {axis, -1}, {s.step}} : viewed_axis{{}, {axis, -1}, {1}};
  }
  /// g at the places that were taken, zeros elsewhere.
  static constexpr value d0(value g, value x, value y) {
    slicing const s = slicing::unpack(y.get().attribute);
    builder& b = *g.b;
    extent const taken = y.shape()[s.axis], all = x.shape()[s.axis];
    extent first = b.g[s.start][0], step = s.step;
    if (s.step < 0) {
      g = {&b, b.slice(g.id, s.axis, taken - 1, taken, -1)};
      first = first + (taken - 1) * step, step = -s.step;
    }
    g = joined(zeros_along(g, s.axis, first), spread(g, s.axis, step.constant), s.axis);
    g = joined(g, zeros_along(g, s.axis, all - first - (taken - 1) * step - 1), s.axis);
    return {&b, b.slice(g.id, s.axis, 0, all, 1)};
  }
};
template <> struct row<op::windows> {
  static constexpr op_info info{.name = "windows", .kind = op_kind::view, .cost = 0, .overlaps = true};
  static constexpr viewed_axis along(node const& n, shape const*, int axis) {
    windowing const w = windowing::unpack(n.attribute);
    return axis == w.axis ? viewed_axis{{}, {axis, axis + 1}, {w.dilation, w.step}} : viewed_axis{{}, {axis < w.axis ? axis : axis + 1, -1}, {1}};
  }
  /// What each element is seen as, added up: the rows of g, one for each k, moved by k dilation. Windows beside each other see each once.
  static constexpr value d0(value g, value x, value y) {
    windowing const w = windowing::unpack(y.get().attribute);
    builder& b = *g.b;
    int const places_axis = w.axis + 1;
    extent const size = y.shape()[w.axis], places = y.shape()[places_axis], all = x.shape()[w.axis];
    if (w.dilation == 1 && size == extent(w.step)) {
      std::array<int, max_rank> order{};
      for (int i = 0; i < y.rank(); ++i) order[static_cast<std::size_t>(i)] = i == w.axis ? i + 1 : i == places_axis ? i - 1 : i;
      shape seen = x.shape();
      seen[w.axis] = places * size;
      g = {&b, b.reshape(b.permute(g.id, order), seen)};
      return joined(g, zeros_along(g, w.axis, all - places * size), w.axis);
    }
    extent const reach = (size - 1) * extent(w.dilation);
    g = joined(zeros_along(g, places_axis, reach), spread(g, places_axis, w.step), places_axis);
    g = joined(g, zeros_along(g, places_axis, all - (places - 1) * extent(w.step) - 1), places_axis);
    return reduce(op::sum, {&b, b.skew(g.id, places_axis, reach, all, -w.dilation)}, axis_mask{1} << w.axis);
  }
};
template <> struct row<op::skew> {
  static constexpr op_info info{.name = "skew", .kind = op_kind::view, .cost = 0, .overlaps = true};
  static constexpr viewed_axis along(node const& n, shape const* shapes, int axis) {
    skewing const s = skewing::unpack(n.attribute);
    return axis == s.axis ? viewed_axis{shapes[index(s.start)][0], {axis, axis - 1}, {1, s.step}} : viewed_axis{{}, {axis, -1}, {1}};
  }
  /// Moved back, with zeros where nothing was taken.
  static constexpr value d0(value g, value x, value y) {
    skewing const s = skewing::unpack(y.get().attribute);
    builder& b = *g.b;
    extent const taken = y.shape()[s.axis], all = x.shape()[s.axis], first = b.g[s.start][0];
    extent const other = first + (y.shape()[s.axis - 1] - 1) * extent(s.step);
    extent const &high = s.step < 0 ? first : other, &low = s.step < 0 ? other : first;
    g = joined(joined(zeros_along(g, s.axis, high), g, s.axis), zeros_along(g, s.axis, all - taken - low), s.axis);
    return {&b, b.skew(g.id, s.axis, high - first, all, -s.step)};
  }
};
template <> struct row<op::reshape> {
  static constexpr op_info info{.name = "reshape", .kind = op_kind::view, .cost = 0};
  static constexpr value d0(value g, value x, value) { return {g.b, g.b->reshape(g.id, x.shape())}; }
};
/// What a view reads along an axis of its operand, from its row. (A reshape has no such statement: it keeps the order of elements.)
constexpr viewed_axis viewed_along(node const& n, shape const* shapes, int axis) {
  return n.code == op::slice ? row<op::slice>::along(n, shapes, axis) : n.code == op::windows ? row<op::windows>::along(n, shapes, axis) : row<op::skew>::along(n, shapes, axis);
}

template <> struct row<op::concat> {
  static constexpr op_info info{.name = "concat", .kind = op_kind::assembly, .arity = 2, .cost = 0};
  static constexpr value part(value g, extent const& first, extent const& count, value y) { return {g.b, g.b->slice(g.id, static_cast<int>(y.get().attribute), first, count, 1)}; }
  static constexpr value d0(value g, value left, value, value y) { return part(g, 0, left.shape()[static_cast<int>(y.get().attribute)], y); }
  static constexpr value d1(value g, value left, value right, value y) {
    int const axis = static_cast<int>(y.get().attribute);
    return part(g, left.shape()[axis], right.shape()[axis], y);
  }
};

template <> struct row<op::gather> {
  static constexpr op_info info{.name = "gather", .kind = op_kind::lookup, .arity = 2, .cost = 4};
  static constexpr value d0(value g, value x, value places, value y) {
    int const axis = static_cast<int>(y.get().attribute);
    return {g.b, g.b->scatter(g.id, places.id, axis, x.shape()[axis], 0)};
  }
};
template <> struct row<op::scatter> {
  static constexpr op_info info{.name = "scatter", .kind = op_kind::reduction, .arity = 2, .cost = 4, .scatters = true, .additive = true};
  template <class T> static constexpr T identity() { return T(0); }
  static constexpr auto combine(auto a, auto b) { return a + b; }
  static constexpr value d0(value g, value x, value places, value y) {
    // The result has the axes of x that stay, and one more: put it among those of x.
    int const axis = scattered_axis(y.get());
    axis_mask const gone = y.get().axes();
    shape all;
    axis_mask inserted = 0;
    int place = x.rank();
    for (int i = 0, left = 0; i < x.rank(); ++i) {
      if (place == x.rank() && left == axis) place = i, all.push_back(y.shape()[axis]);
      if (gone >> i & 1) inserted |= axis_mask{1} << all.rank;
      else ++left;
      all.push_back(x.shape()[i]);
    }
    if (place == x.rank()) all.push_back(y.shape()[axis]);
    return {g.b, g.b->gather(g.b->broadcast(g.id, g.b->intern(all), inserted), places.id, place)};
  }
};

template <> struct row<op::sum> {
  static constexpr op_info info{.name = "sum", .kind = op_kind::reduction, .widens = true, .additive = true, .pairwise = op::add};
  static constexpr latex::form in_latex{"\\sum", latex::series, {latex::factor}};
  template <class T> static constexpr T identity() { return T(0); }
  static constexpr auto combine(auto a, auto b) { return a + b; }
  static constexpr value d0(value g, value x, value y) { return broadcast_like(g, x, y.get().axes()); }
};
template <> struct row<op::prod> {
  static constexpr op_info info{.name = "prod", .kind = op_kind::reduction, .widens = true, .pairwise = op::multiply};
  static constexpr latex::form in_latex{"\\prod", latex::series, {latex::factor}};
  template <class T> static constexpr T identity() { return T(1); }
  static constexpr auto combine(auto a, auto b) { return a * b; }
  // The product of the other elements. Where one or two of those are zero, they stand in it as the symbols they are, so that the second derivative is right there too.
  static constexpr value d0(value g, value x, value y) {
    axis_mask const axes = y.get().axes();
    value zero = x == 0, nonzero = where(zero, 1, x);
    value zeros = reduce(op::sum, cast(zero, x.type()), axes);
    value others = g * reduce(op::prod, nonzero, axes);
    value the_zero = reduce(op::sum, where(zero, x, 0), axes);  // 0, with a derivative
    value by_zero = where(zeros == 1, others, where(zeros == 2, others * the_zero, 0)), less = where(zeros == 2, others, 0);
    value by_nonzero = where(zeros == 0, others, where(zeros == 1, others * the_zero, 0));
    return where(zero, broadcast_like(by_zero, x, axes) - broadcast_like(less, x, axes) * x, broadcast_like(by_nonzero, x, axes) / nonzero);
  }
};
template <> struct row<op::max> {
  static constexpr op_info info{.name = "max", .kind = op_kind::reduction, .pairwise = op::maximum};
  static constexpr latex::form in_latex{"\\max", latex::application};
  template <class T> static constexpr T identity() {
    if constexpr (std::numeric_limits<T>::has_infinity) return -std::numeric_limits<T>::infinity();
    else return std::numeric_limits<T>::lowest();
  }
  static constexpr auto combine(auto a, auto b) { return row<op::maximum>::eval(a, b); }
  // The largest elements share the gradient evenly, as in torch.amax.
  static constexpr value d0(value g, value x, value y) {
    axis_mask const axes = y.get().axes();
    value largest = cast(x == broadcast_like(y, x, axes), x.type());
    return largest * broadcast_like(g / reduce(op::sum, largest, axes), x, axes);
  }
};
template <> struct row<op::min> {
  static constexpr op_info info{.name = "min", .kind = op_kind::reduction, .pairwise = op::minimum};
  static constexpr latex::form in_latex{"\\min", latex::application};
  template <class T> static constexpr T identity() {
    if constexpr (std::numeric_limits<T>::has_infinity) return std::numeric_limits<T>::infinity();
    else return std::numeric_limits<T>::max();
  }
  static constexpr auto combine(auto a, auto b) { return row<op::minimum>::eval(a, b); }
  static constexpr value d0(value g, value x, value y) { return row<op::max>::d0(g, x, y); }
};

template <> struct row<op::contract> {
  static constexpr op_info info{.name = "matmul", .kind = op_kind::product, .arity = 2};
  // The labels of the result stand for g: dL/dleft[…] sums g * right over what left lacks, and the same for right.
  static constexpr value d0(value g, value, value right, value y) {
    auto labels = contraction::unpack(y.get().attribute);
    return {g.b, g.b->contract(g.id, right.id, {labels.result, labels.right, labels.left})};
  }
  static constexpr value d1(value g, value left, value, value y) {
    auto labels = contraction::unpack(y.get().attribute);
    return {g.b, g.b->contract(left.id, g.id, {labels.left, labels.result, labels.right})};
  }
};
// clang-format on

}  // namespace ctgrad::detail
