// What can be had from what is computed anyway: the sharing rules, and what they need to be there.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "simplify.hpp"

namespace ctgrad::detail {

/// The nodes of which both the sigmoid and that of their negative are computed, as a sigmoid and its slope are.
constexpr list<char> find_sigmoid_pairs(graph const& g, bool& any) {
  list<char> memory(g.nodes.size(), 0);
  char* const seen = memory.data();  // 1: the sigmoid, 2: that of the negative
  node const* const nodes = g.nodes.data();
  for (int i = 0, count = g.size(); i < count; ++i) {
    if (nodes[i].code != op::sigmoid) continue;
    int const x = static_cast<int>(nodes[i].operands[0]);
    seen[x] |= 1;
    if (nodes[x].code == op::negative) seen[static_cast<int>(nodes[x].operands[0])] |= 2;
    any = any || seen[x] == 3 || (nodes[x].code == op::negative && seen[static_cast<int>(nodes[x].operands[0])] == 3);
  }
  return memory;
}

/// Both sigmoids of such pairs, made of the smaller one: sigmoid(-|x|) goes beside each x of one, and the rules find it there.
template <class Needed = void>
constexpr graph share_sigmoids(graph from) {
  bool any = false;
  for (node const& n : from.nodes) any = any || n.code == op::sigmoid;
  if (!any) return from;
  any = false;
  list<char> const pairs = find_sigmoid_pairs(from, any);
  if (!any) return from;
  builder b(from);
  list<node_id> map(from.nodes.size(), node_id::none);
  for (int i = 0; i < from.size(); ++i) {
    node const& n = from.nodes[i];
    node_id operands[max_operands]{node_id::none, node_id::none, node_id::none};
    for (int k = 0; k < n.arity; ++k) operands[k] = map[index(n.operands[k])];
    map[i] = b.copy(n, operands);
    if (pairs[i] == 3) b.map(op::sigmoid, b.map(op::negative, b.map(op::abs, map[i])));
  }
  for (node_id id : from.outputs) b.g.outputs.push_back(map[index(id)]);
  return simplify<&write_sigmoid_pair_rules, Needed>(static_cast<graph&&>(b.g));
}

template <class Needed = void>
constexpr graph share(graph from) {
  return share_sigmoids<Needed>(simplify<&write_sharing_rules, Needed>(static_cast<graph&&>(from)));
}

}  // namespace ctgrad::detail
