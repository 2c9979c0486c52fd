// Slices, other shapes, and parts put together: nodes that address arrays in another way.
// What a shape holds is compared as a product of names, so that a reshape of unknown extents is checked while compiling.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "builder.hpp"

namespace ctgrad::detail {

/// The number of elements of a shape: a constant, names, and what else there is.
struct element_number {
  std::int64_t constant = 1;
  list<extent> factors;

  constexpr element_number() = default;
  constexpr explicit element_number(shape const& s) {
    for (int i = 0; i < s.rank; ++i) multiply(s[i]);
  }
  constexpr void multiply(extent const& e) {
    if (e.is_static()) {
      constant *= e.constant;
    } else if (e.constant == 0 && e.count == 1) {
      constant *= e.terms[0].coefficient;
      for (int k = 0; k < e.terms[0].count; ++k) factors.push_back(extent(e.terms[0].factors[k]));
    } else {
      factors.push_back(e);
    }
  }
  /// Divides by another number; false, and something else, where that does not go.
  constexpr bool divide(element_number const& by) {
    if (by.constant == 0 || constant % by.constant != 0) return false;
    constant /= by.constant;
    for (extent const& e : by.factors) {
      std::size_t place = 0;
      while (place < factors.size() && !(factors[place] == e)) ++place;
      if (place == factors.size()) return false;
      factors.erase(factors.data() + place);
    }
    return true;
  }
  constexpr extent product() const {
    extent all = constant;
    for (extent const& e : factors) all = all * e;
    return all;
  }
  friend constexpr bool operator==(element_number const& a, element_number const& b) {
    element_number rest = a;
    return (a.constant == 0 && b.constant == 0) || (rest.divide(b) && rest.constant == 1 && rest.factors.empty());
  }
};

constexpr node_id builder::slice(node_id a, int axis, extent const& first, extent const& count, std::int32_t step) {
  node const n = g[a];
  shape to = g[n.shape];
  if (count.is_one()) step = 1;
  if (step == 1 && first == extent(0) && count == to[axis]) return a;
  if (n.code == op::concat && n.attribute == axis && step == 1 && first.is_static() && count.is_static()) {  // a part of one part
    extent const border = g.shape_of(n.operands[0])[axis];
    if (border.is_static() && first.constant + count.constant <= border.constant) return slice(n.operands[0], axis, first, count, step);
    if (border.is_static() && first.constant >= border.constant) return slice(n.operands[1], axis, first - border, count, step);
  }
  to[axis] = count;
  if (n.is_constant()) return broadcast(a, intern(to), 0);
  shape start;
  start.push_back(first);
  return add({.code = op::slice,
              .type = n.type,
              .arity = 1,
              .shape = intern(to),
              .operands = {a, node_id::none, node_id::none},
              .attribute = slicing{axis, step, intern(start)}.pack()});
}

constexpr node_id builder::windows(node_id a, int axis, extent const& places, std::int64_t size, std::int32_t step, std::int32_t dilation) {
  node const n = g[a];
  shape const from = g[n.shape];
  shape to;
  for (int i = 0; i < from.rank; ++i) {
    if (i == axis) to.push_back(size);
    to.push_back(i == axis ? places : from[i]);
  }
  if (n.is_constant()) return broadcast(a, intern(to), 0);
  return add({.code = op::windows,
              .type = n.type,
              .arity = 1,
              .shape = intern(to),
              .operands = {a, node_id::none, node_id::none},
              .attribute = windowing{axis, step, dilation}.pack()});
}

constexpr node_id builder::skew(node_id a, int axis, extent const& first, extent const& count, std::int32_t slope) {
  node const n = g[a];
  shape to = g[n.shape];
  to[axis] = count;
  if (n.is_constant()) return broadcast(a, intern(to), 0);
  shape start;
  start.push_back(first);
  return add({.code = op::skew,
              .type = n.type,
              .arity = 1,
              .shape = intern(to),
              .operands = {a, node_id::none, node_id::none},
              .attribute = skewing{axis, slope, intern(start)}.pack()});
}

constexpr node_id builder::reshape(node_id a, shape const& to) {
  node const n = g[a];
  shape const from = g[n.shape];
  if (from == to) return a;
  if (!(element_number(from) == element_number(to)))
    return fail(message() << "ctgrad: reshape of " << describe(a) << " to " << to << ": that is another number of elements");
  shape_id const result = intern(to);
  if (n.is_constant()) return broadcast(a, result, 0);
  // Where only axes of extent 1 come and go, nothing moves.
  axis_mask gone = 0, come = 0;
  shape left, wanted;
  for (int i = 0; i < from.rank; ++i)
    if (from[i].is_one()) gone |= axis_mask{1} << i;
    else left.push_back(from[i]);
  for (int i = 0; i < to.rank; ++i)
    if (to[i].is_one()) come |= axis_mask{1} << i;
    else wanted.push_back(to[i]);
  if (left == wanted) return broadcast(squeeze(a, gone), result, come);
  return add({.code = op::reshape, .type = n.type, .arity = 1, .shape = result, .operands = {a, node_id::none, node_id::none}});
}

constexpr node_id builder::concat(node_id a, node_id b, int axis) {
  shape to = g.shape_of(a);
  shape const other = g.shape_of(b);
  bool fits = to.rank == other.rank;
  for (int i = 0; fits && i < to.rank; ++i) fits = i == axis || unify(to[i], other[i]);
  if (!fits)
    return fail(message() << "ctgrad: concat of " << describe(a) << " and " << describe(b) << " along axis " << axis << ": their other extents have to be equal");
  dtype const type = promote(g[a].type, g[b].type);
  a = cast(a, type), b = cast(b, type);
  if (other[axis] == extent(0)) return a;
  if (to[axis] == extent(0)) return b;
  to[axis] = to[axis] + other[axis];
  return add({.code = op::concat, .type = type, .arity = 2, .shape = intern(to), .operands = {a, b, node_id::none}, .attribute = axis});
}

constexpr node_id builder::gather(node_id a, node_id places, int axis) {
  node const n = g[a];
  shape_id const result = g[places].shape;
  if (n.is_constant()) return broadcast(a, result, 0);
  if (n.code == op::broadcast && n.axes() >> axis & 1) {  // the same everywhere
    axis_mask const low = (axis_mask{1} << axis) - 1;
    return broadcast(n.operands[0], result, (n.axes() & low) | (n.axes() >> 1 & ~low));
  }
  return add({.code = op::gather, .type = n.type, .arity = 2, .shape = result, .operands = {a, places, node_id::none}, .attribute = axis});
}

constexpr node_id builder::scatter(node_id a, node_id places, int axis, extent const& count, axis_mask gone) {
  shape const from = g.shape_of(a);
  shape to;
  axis_mask single = 0, summed = 0;  // of what goes: axes of one element, and the others as they are without those
  for (int i = 0, left = 0; i < from.rank; ++i) {
    bool const goes = gone >> i & 1;
    if (goes && from[i].is_one()) {
      single |= axis_mask{1} << i;
      continue;
    }
    if (goes) summed |= axis_mask{1} << left;
    ++left;
  }
  for (int i = 0, left = 0; i <= from.rank; ++i) {
    if (i < from.rank && gone >> i & 1) continue;
    if (left++ == axis) to.push_back(count);
    if (i < from.rank) to.push_back(from[i]);
  }
  if (a == node_id::none || (g[a].is_constant() && g[a].real() == 0)) return integer(0, g[a].type, intern(to));
  a = squeeze(a, single), places = squeeze(places, single);
  return add({.code = op::scatter,
              .type = g[a].type,
              .arity = 2,
              .shape = intern(to),
              .operands = {a, places, node_id::none},
              .attribute = static_cast<std::int64_t>(summed) | std::int64_t{axis} << 32});
}

constexpr node_id builder::sum_of_scatter(node const& n, axis_mask axes) {
  int const axis = scattered_axis(n);
  axis_mask gone = n.axes();
  int before = 0;
  for (int i = 0, left = 0; i < g.shape_of(n.operands[0]).rank; ++i) {
    if (n.axes() >> i & 1) continue;
    int const place = left < axis ? left : left + 1;
    if (axes >> place & 1) gone |= axis_mask{1} << i, before += place < axis ? 1 : 0;
    ++left;
  }
  if (axes >> axis & 1) return reduce(op::sum, n.operands[0], gone);  // each goes somewhere
  return scatter(n.operands[0], n.operands[1], axis - before, g[n.shape][axis], gone);
}

}  // namespace ctgrad::detail
