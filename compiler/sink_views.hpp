// Moves views towards the arrays that they read, so that what is computed is computed once it is taken, in the loop of its reader.
// A view of what several values read stays where it is: it would be computed twice.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "axis_classes.hpp"

namespace ctgrad::detail {

/// Builds views in a graph of which it is known which nodes have one reader only.
class view_sinker {
 public:
  constexpr explicit view_sinker(builder& into) : b(into) {}

  /// Notes that a node of the new graph has one reader, or more.
  constexpr void note(node_id id, bool single) {
    if (static_cast<int>(readers.size()) <= index(id)) readers.resize(static_cast<std::size_t>(index(id)) + 1, 0);
    char& known = readers[index(id)];
    known = known == 0 && single ? 1 : 2;
  }

  /// The view `n` of a graph with the same shapes, of a node of the new one.
  constexpr node_id view(graph const& from, node const& n, node_id of) {
    if (n.code == op::reshape) return reshape(of, from[n.shape]);
    if (n.code != op::slice) return b.copy(n, &of);  // what it reads several times is computed once
    slicing const s = slicing::unpack(n.attribute);
    return slice(of, s.axis, from[s.start][0], from[n.shape][s.axis], s.step);
  }

 private:
  builder& b;
  list<char> readers;  // by node: 1 for one, 2 for several

  constexpr bool is_single(node_id id) const { return index(id) < static_cast<int>(readers.size()) && readers[index(id)] == 1; }

  constexpr node_id slice(node_id a, int axis, extent const& first, extent const& count, std::int32_t step) {
    node n = b.g[a];
    shape to = b.g[n.shape];
    to[axis] = count;
    op_kind const kind = info(n.code).kind;
    if (n.code == op::permute) {
      std::array<int, max_rank> source{};
      for (int i = 0; i < to.rank; ++i) source[static_cast<std::size_t>(i)] = n.source_axis(i);
      return b.permute(slice(n.operands[0], n.source_axis(axis), first, count, step), source);
    }
    if (n.code == op::squeeze || (kind == op_kind::reduction && !info(n.code).scatters && is_single(a))) {
      int from = 0;
      for (int left = axis;; ++from)
        if (!(n.axes() >> from & 1) && left-- == 0) break;
      node_id const taken = slice(n.operands[0], from, first, count, step);
      return n.code == op::squeeze ? b.squeeze(taken, n.axes()) : b.reduce(n.code, taken, n.axes());
    }
    if (n.code == op::broadcast) {
      int from = 0;
      for (int i = 0; i < axis; ++i) from += n.axes() >> i & 1 ? 0 : 1;
      bool const repeated = n.axes() >> axis & 1 || (b.g.shape_of(n.operands[0])[from].is_one() && !b.g[n.shape][axis].is_one());
      return b.broadcast(repeated ? n.operands[0] : slice(n.operands[0], from, first, count, step), b.intern(to), n.axes());
    }
    if (n.code == op::slice)
      if (slicing const inner = slicing::unpack(n.attribute); inner.axis == axis)
        return slice(n.operands[0], axis, b.g[inner.start][0] + first * extent(inner.step), count, inner.step * step);
    if (n.code == op::gather && is_single(a)) {
      int const looked = static_cast<int>(n.attribute);
      return b.gather(slice(n.operands[0], axis < looked ? axis : axis + 1, first, count, step), slice(n.operands[1], axis, first, count, step), looked);
    }
    if (kind == op_kind::map && is_single(a)) {
      node_id operands[max_operands]{};
      for (int k = 0; k < n.arity; ++k) operands[k] = slice(n.operands[k], axis, first, count, step);
      n.shape = b.intern(to);
      return b.copy(n, operands);
    }
    return b.slice(a, axis, first, count, step);
  }

  constexpr node_id reshape(node_id a, shape const& to) {
    node n = b.g[a];
    if (b.g[n.shape] == to || n.is_constant()) return b.reshape(a, to);
    if (n.code == op::reshape || n.code == op::squeeze) return reshape(n.operands[0], to);
    // (Where only axes of extent 1 came, the elements are in the same order.)
    if (n.code == op::broadcast && element_number(b.g.shape_of(n.operands[0])) == element_number(b.g[n.shape])) return reshape(n.operands[0], to);
    if (n.code == op::broadcast && b.g.shape_of(n.operands[0]).rank == 0) return b.broadcast(n.operands[0], b.intern(to), (axis_mask{1} << to.rank) - 1);
    node_id const moved = b.reshape(a, to);
    if (b.g[moved].code != op::reshape) return moved;  // axes of extent 1 only
    if (info(n.code).kind == op_kind::map && is_single(a)) {
      // Not where an operand is repeated along some axes: that is no array in another shape.
      bool sinks = true;
      for (int k = 0; k < n.arity; ++k) {
        node const& x = b.g[n.operands[k]];
        bool const repeated = x.code == op::broadcast && b.g.shape_of(x.operands[0]).rank == 0;
        sinks = sinks && (x.is_constant() || repeated || info(x.code).kind != op_kind::movement);
      }
      if (sinks) {
        node_id operands[max_operands]{};
        for (int k = 0; k < n.arity; ++k) operands[k] = reshape(n.operands[k], to);
        n.shape = b.intern(to);
        return b.copy(n, operands);
      }
    }
    // A view of rows that lie apart, or of axes in another order, has no strides in the new shape.
    bool const apart = info(n.code).kind == op_kind::view || info(n.code).kind == op_kind::movement;
    return apart ? b.reshape(b.add({.code = op::copy, .type = n.type, .arity = 1, .shape = n.shape, .operands = {a, node_id::none, node_id::none}}), to) : moved;
  }
};

}  // namespace ctgrad::detail
