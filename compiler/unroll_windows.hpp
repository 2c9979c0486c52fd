// Sums, products and extremes over the few elements of a window: one element after the other, in one turn of the loop that goes along the windows.
// A loop over two or five elements costs more than they do, and keeps what it adds up in memory.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "rebuild.hpp"

namespace ctgrad::detail {

/// The most elements of a window that are written out, and the most operations that all of them may be computed with.
inline constexpr std::int64_t most_unrolled_elements = 8;
inline constexpr int most_unrolled_operations = 32;

/// The element of an expression at one place along an axis, by those of what it is computed from.
class window_reader {
 public:
  constexpr explicit window_reader(builder& into) : b(into) {}

  int operations = 0;    ///< of one element, where `reads` has gone through it
  bool windows = false;  ///< whether an array is read by windows

  /// Whether an element can be had without an array that is not there anyway.
  constexpr bool reads(node_id x, int axis) {
    node const& n = b.g[x];
    op_kind const kind = info(n.code).kind;
    if (n.is_constant() || n.code == op::symbol || kind == op_kind::view || takes_arrays(kind)) {
      windows = windows || info(n.code).overlaps;
      return true;
    }
    if (n.code == op::broadcast) return n.axes() >> axis & 1 || reads(n.operands[0], axis_under(n, axis));
    if (kind != op_kind::map || info(n.code).kept || ++operations > most_unrolled_operations) return false;
    for (int k = 0; k < n.arity; ++k)
      if (!reads(n.operands[k], axis)) return false;
    return true;
  }
  /// `x` at `place` of `axis`, which goes.
  constexpr node_id element(node_id x, int axis, std::int64_t place) {
    node const n = b.g[x];
    shape left = b.g[n.shape];
    for (int i = axis; i + 1 < left.rank; ++i) left[i] = left[i + 1];
    --left.rank;
    if (n.is_constant()) return b.broadcast(x, b.intern(left), 0);
    if (n.code == op::broadcast) {
      axis_mask const low = (axis_mask{1} << axis) - 1, inserted = (n.axes() & low) | (n.axes() >> 1 & ~low);
      node_id of = n.operands[0];
      if (!(n.axes() >> axis & 1)) {
        int const under = axis_under(n, axis);
        of = b.g.shape_of(of)[under].is_one() ? b.squeeze(of, axis_mask{1} << under) : element(of, under, place);
      }
      return b.broadcast(of, b.intern(left), inserted);
    }
    if (info(n.code).kind == op_kind::map) {
      node moved = n;
      moved.shape = b.intern(left);
      for (int k = 0; k < n.arity; ++k) moved.operands[k] = element(n.operands[k], axis, place);
      return b.add(moved);
    }
    return b.squeeze(b.slice(x, axis, place, 1, 1), axis_mask{1} << axis);
  }

 private:
  builder& b;

  /// The axis of a broadcast's operand that `axis` of its result is.
  static constexpr int axis_under(node const& n, int axis) {
    int under = 0;
    for (int i = 0; i < axis; ++i) under += n.axes() >> i & 1 ? 0 : 1;
    return under;
  }
};

/// How many elements a reduction puts together for each of its result, where that is known and few, and leaves the axis that vector loops go along; else 0.
constexpr std::int64_t few_elements(graph const& g, node const& n) {
  if (info(n.code).pairwise == op::copy || g[n.operands[0]].type != n.type) return 0;
  shape const& from = g.shape_of(n.operands[0]);
  if (n.axes() >> (from.rank - 1) & 1 || from[from.rank - 1].is_one()) return 0;
  std::int64_t elements = 1;
  for (int axis = 0; axis < from.rank; ++axis) {
    if (!(n.axes() >> axis & 1)) continue;
    if (!from[axis].is_static() || from[axis].constant < 1 || from[axis].constant > most_unrolled_elements) return 0;
    elements *= from[axis].constant;
  }
  return elements > 1 && elements <= most_unrolled_elements ? elements : 0;
}

/// `x` over `axes`, element by element: the last axis goes first.
constexpr node_id unrolled(builder& b, op code, node_id x, axis_mask axes) {
  int axis = max_rank - 1;
  while (!(axes >> axis & 1)) --axis;
  axis_mask const rest = axes & ~(axis_mask{1} << axis);
  std::int64_t const count = b.g.shape_of(x)[axis].constant;
  node_id result = node_id::none;
  for (std::int64_t place = 0; place < count; ++place) {
    node_id element = window_reader(b).element(x, axis, place);
    if (rest) element = unrolled(b, code, element, rest);
    result = place == 0 ? element : b.map(info(code).pairwise, result, element);
  }
  return result;
}

constexpr graph unroll_windows(graph from) {
  bool any = false;
  for (node const& n : from.nodes) any = any || (n.arity == 1 && few_elements(from, n) > 0);
  if (!any) return from;
  return rebuild(from, [&](builder& b, node const& n, node_id const* operands, node_id const*) {
    std::int64_t const elements = n.arity == 1 ? few_elements(from, n) : 0;
    if (elements == 0) return node_id::none;
    window_reader reader(b);
    for (int axis = 0; axis < from.shape_of(n.operands[0]).rank; ++axis)
      if (n.axes() >> axis & 1 && !reader.reads(operands[0], axis)) return node_id::none;
    if (!reader.windows || reader.operations * elements > most_unrolled_operations) return node_id::none;
    return unrolled(b, n.code, operands[0], n.axes());
  });
}

}  // namespace ctgrad::detail
