// Copies nodes of one graph into another through the builder.
// Every rewriting pass is this walk with a decision at each node.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ops.hpp"

namespace ctgrad::detail {

/// Which nodes an output needs.
constexpr list<char> live_nodes(graph const& g) {
  list<char> memory(g.nodes.size(), 0);
  char* const live = memory.data();
  node const* const nodes = g.nodes.data();
  for (node_id id : g.outputs) live[index(id)] = 1;
  for (int i = g.size() - 1; i >= 0; --i)
    if (live[i])
      for (int k = 0; k < nodes[i].arity; ++k) live[static_cast<int>(nodes[i].operands[k])] = 1;
  return memory;
}

/// `g` without the nodes that no output needs. Symbols and shapes keep their places, nodes their order: different nodes stay different, so that nothing is hashed.
constexpr graph without_dead_nodes(graph g) {
  list<char> const live_memory = live_nodes(g);
  char const* const live = live_memory.data();
  int const count = g.size();
  int kept = 0;
  while (kept < count && live[kept]) ++kept;
  if (kept == count) return g;
  list<node_id> map_memory(g.nodes.size());
  node_id* const map = map_memory.data();
  node* const nodes = g.nodes.data();
  for (int i = 0; i < kept; ++i) map[i] = node_id{i};
  for (int i = kept; i < count; ++i) {
    if (!live[i]) continue;
    node& n = nodes[kept];
    n = nodes[i];
    for (int k = 0; k < n.arity; ++k) n.operands[k] = map[static_cast<int>(n.operands[k])];
    map[i] = node_id{kept++};
  }
  g.nodes.resize(static_cast<std::size_t>(kept));
  for (node_id& id : g.outputs) id = map[index(id)];
  return g;
}

/// `from` with each node as `decide(builder, node, operands, map)` has it, or copied where that gives none. `operands` are the node's, and `map` has all before it, as they are now.
template <class Decide>
constexpr graph rebuild(graph const& from, Decide const& decide) {
  builder b(from);
  list<node_id> map(from.nodes.size(), node_id::none);
  for (int i = 0; i < from.size(); ++i) {
    node const& n = from.nodes[i];
    node_id operands[max_operands]{node_id::none, node_id::none, node_id::none};
    for (int k = 0; k < n.arity; ++k) operands[k] = map[index(n.operands[k])];
    node_id const decided = decide(b, n, operands, map.data());
    map[i] = decided != node_id::none ? decided : b.copy(n, operands);
  }
  for (node_id id : from.outputs) b.g.outputs.push_back(map[index(id)]);
  return without_dead_nodes(static_cast<graph&&>(b.g));
}

}  // namespace ctgrad::detail
