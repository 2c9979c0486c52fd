// A sigmoid and that of the negative, as slopes have it, are had of one exponential and one division.
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
  list<char> const pairs = find_sigmoid_pairs(from, any);
  if (!any) return from;
  // (No builder, which would look for each node: that is half of the steps of this pass. What is there already is found by the rules'.)
  int const count = from.size();
  int added = 0;
  for (char pair : pairs) added += pair == 3 ? 3 : 0;
  graph g = from;
  g.nodes.resize(static_cast<std::size_t>(count + added));
  list<node_id> map_memory(from.nodes.size(), node_id::none);
  node_id* const map = map_memory.data();
  node const* const nodes = from.nodes.data();
  node* to = g.nodes.data();
  int place = 0;
  for (int i = 0; i < count; ++i) {
    node& n = *to++ = nodes[i];
    for (int k = 0; k < n.arity; ++k) n.operands[k] = map[static_cast<int>(n.operands[k])];
    map[i] = node_id{place++};
    if (pairs[static_cast<std::size_t>(i)] != 3) continue;
    for (op code : {op::abs, op::negative, op::sigmoid})
      *to++ = {.code = code, .type = n.type, .arity = 1, .shape = n.shape, .operands = {node_id{place - 1}, node_id::none, node_id::none}}, ++place;
  }
  for (node_id& id : g.outputs) id = map[index(id)];
  return simplify<&write_sigmoid_pair_rules, Needed>(static_cast<graph&&>(g));
}

}  // namespace ctgrad::detail
