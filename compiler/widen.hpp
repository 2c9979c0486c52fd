// Arithmetic on float16 and bfloat16 becomes arithmetic on float32.
// Arrays of 16 bits are half of the memory that a loop waits for; what processors compute with is float. So 16 bits are left where elements are only moved, where a user casts to them, and
// in outputs: everything between stays float32, and is rounded where it is stored.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "rebuild.hpp"

namespace ctgrad::detail {

constexpr bool has_narrow(graph const& g) {
  for (node const& n : g.nodes)
    if (is_narrow(n.type)) return true;
  return false;
}

/// Whether the result has the elements of the first operand, each as it is.
constexpr bool only_moves(op code) {
  op_kind const kind = info(code).kind;
  return kind == op_kind::movement || kind == op_kind::view || kind == op_kind::lookup;
}

constexpr graph widen(graph from) {
  if (!has_narrow(from)) return from;
  list<dtype> wanted(from.outputs.size(), dtype::float32);
  for (std::size_t i = 0; i < from.outputs.size(); ++i) wanted[i] = from[from.outputs[i]].type;
  graph g = rebuild(from, [](builder& b, node const& n, node_id* operands, node_id const*) {
    if (n.code == op::symbol) return node_id::none;
    auto const wide = [&](node_id id) { return is_narrow(b.g[id].type) ? b.cast(id, dtype::float32) : id; };
    if (n.code == op::cast) {
      if (b.g[operands[0]].type == n.type) return operands[0];
      operands[0] = wide(operands[0]);
      return b.cast(operands[0], n.type);
    }
    node changed = n;
    if (only_moves(n.code)) {
      changed.type = b.g[operands[0]].type;
    } else {
      for (int k = 0; k < n.arity; ++k) operands[k] = wide(operands[k]);
      if (is_narrow(n.type)) changed.type = dtype::float32;
    }
    return b.copy(changed, operands);
  });
  builder b(g);
  b.g = g;
  for (std::size_t i = 0; i < g.outputs.size(); ++i) b.g.outputs[i] = b.cast(g.outputs[i], wanted[i]);
  return without_dead_nodes(static_cast<graph&&>(b.g));
}

}  // namespace ctgrad::detail
