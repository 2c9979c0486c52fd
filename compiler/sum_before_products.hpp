// Sums over the rows or columns of a product: those of the operand, and then the product, which has an axis less.
// The gradient by a mean is such a sum: of residuals times a matrix, where the residuals' sum times the matrix is enough.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "rebuild.hpp"

namespace ctgrad::detail {

/// The sum over `axes` of the contraction `product`, whose `operands` are given, by sums over what only one of them has; none where an axis is of both.
constexpr node_id sum_of_contraction(builder& b, node const& product, node_id const* operands, axis_mask axes) {
  auto const labels = contraction::unpack(product.attribute);
  int const rank = b.g[product.shape].rank;
  axis_mask gone[2]{};
  contraction rest = labels;
  auto remove = [](contraction::side& side, int axis) {
    for (; axis + 1 < contraction::max_axes; ++axis) side[axis] = side[axis + 1];
    side[contraction::max_axes - 1] = -1;
  };
  for (int axis = rank - 1; axis >= 0; --axis) {
    if (!(axes >> axis & 1)) continue;
    int const label = labels.result[axis];
    label_role const role = labels.role(label);
    if (role != label_role::rows && role != label_role::columns) return node_id::none;
    bool const by_right = role == label_role::columns;
    gone[by_right] |= axis_mask{1} << contraction::axis_of(by_right ? labels.right : labels.left, label);
    remove(rest.result, axis);
    auto& side = by_right ? rest.right : rest.left;
    remove(side, contraction::axis_of(side, label));
  }
  for (int k = 0; k < 2; ++k)
    for (int axis = 0; axis < b.g.shape_of(operands[k]).rank; ++axis)
      if (gone[k] >> axis & 1 && b.g.shape_of(operands[k])[axis].is_one()) return node_id::none;  // nothing to sum
  return b.contract(gone[0] ? b.reduce(op::sum, operands[0], gone[0]) : operands[0], gone[1] ? b.reduce(op::sum, operands[1], gone[1]) : operands[1], rest);
}

constexpr graph sum_before_products(graph from) {
  list<int> readers(from.nodes.size(), 0);
  auto const live = live_nodes(from);
  for (int i = 0; i < from.size(); ++i)
    for (int k = 0; live[i] && k < from.nodes[i].arity; ++k) ++readers[index(from.nodes[i].operands[k])];
  for (node_id id : from.outputs) ++readers[index(id)];
  /// The product that a node is a sum of, or of the negative of which it is; none where somebody else reads it.
  auto summed_product = [&](node const& n) {
    if (n.code != op::sum || !is_floating(n.type)) return node_id::none;
    node_id x = n.operands[0];
    if (from[x].code == op::negative && readers[index(x)] == 1) x = from[x].operands[0];
    return from[x].code == op::contract && readers[index(x)] == 1 ? x : node_id::none;
  };
  bool any = false;
  for (node const& n : from.nodes) any = any || summed_product(n) != node_id::none;
  if (!any) return from;
  return rebuild(from, [&](builder& b, node const& n, node_id const*, node_id const* map) {
    node_id const id = summed_product(n);
    if (id == node_id::none) return id;
    node const& product = from[id];
    node_id const of[2]{map[index(product.operands[0])], map[index(product.operands[1])]};
    node_id const sum = sum_of_contraction(b, product, of, n.axes());
    return sum == node_id::none || from[n.operands[0]].code != op::negative ? sum : (0 - value{&b, sum}).id;
  });
}

}  // namespace ctgrad::detail
