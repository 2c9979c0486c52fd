// Copies nodes of one graph into another through the builder.
// Every rewriting pass is this walk with a decision at each node.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ops.hpp"

namespace ctgrad::detail {

/// Which nodes an output needs.
constexpr list<char> live_nodes(graph const& g) {
  list<char> live(g.nodes.size(), 0);
  for (node_id id : g.outputs) live[index(id)] = 1;
  for (int i = g.size() - 1; i >= 0; --i)
    if (live[i])
      for (int k = 0; k < g.nodes[i].arity; ++k) live[index(g.nodes[i].operands[k])] = 1;
  return live;
}

/// `g` without the nodes that no output needs. Symbols and shapes keep their places.
constexpr graph without_dead_nodes(graph const& g) {
  list<char> live = live_nodes(g);
  builder b(g);
  list<node_id> map(g.nodes.size(), node_id::none);
  for (int i = 0; i < g.size(); ++i)
    if (live[i]) {
      node const& n = g.nodes[i];
      node_id operands[max_operands];
      for (int k = 0; k < n.arity; ++k) operands[k] = map[index(n.operands[k])];
      map[i] = b.copy(n, operands);
    }
  for (node_id id : g.outputs) b.g.outputs.push_back(map[index(id)]);
  return b.g;
}

}  // namespace ctgrad::detail
