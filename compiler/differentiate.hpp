// Replaces each request for a gradient by the nodes that compute it.
// Reverse mode: one sweep over the graph serves all variables of one function. The rules are the rows'.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "adjoints.hpp"
#include "rebuild.hpp"

namespace ctgrad::detail {

/// The gradients of the scalar `of` by each of `by`, appended to `b`. Zero where `of` does not depend on a variable.
template <class Needed>
constexpr list<node_id> reverse_sweep(builder& b, node_id of, list<node_id> const& by) {
  int const last = index(of);
  // Only nodes that depend on a variable take part.
  list<char> depends_memory(static_cast<std::size_t>(last) + 1, 0);
  char* const depends = depends_memory.data();
  for (node_id id : by)
    if (index(id) <= last) depends[index(id)] = 1;
  node const* const nodes = b.g.nodes.data();
  for (int i = 0; i <= last; ++i)
    for (int k = 0; k < nodes[i].arity; ++k) depends[i] |= depends[static_cast<int>(nodes[i].operands[k])];
  adjoints<Needed> sums(static_cast<std::size_t>(last) + 1);
  sums.add(last, {&b, b.real(1, b.g[of].type)});
  for (int i = last; i >= 0; --i) {
    if (!depends[i]) continue;
    value const g = sums.total(i);
    if (!g.b) continue;
    node const n = b.g.nodes[i];
    value const operands[max_operands]{{&b, n.operands[0]}, {&b, n.operands[1]}, {&b, n.operands[2]}};
    value first{};  // what the first of two equal operands has: x * x is one 2 g x, which meets what x has already once
    for (int k = 0; k < n.arity; ++k) {
      int const source = static_cast<int>(n.operands[k]);
      if (!depends[source] || !is_floating(b.g.nodes[source].type)) continue;
      value part = derivatives<Needed>[static_cast<std::size_t>(n.code)](k, g, operands, {&b, node_id{i}});
      if (k == 1 && first.b) part = part.b ? first + part : first;
      if (k == 0 && n.operands[0] == n.operands[1]) first = part;
      else if (part.b) sums.add(source, part);
    }
  }
  list<node_id> gradients;
  for (node_id id : by) {
    value x{&b, id};
    value const sum = index(id) <= last ? sums.total(index(id)) : value{};
    gradients.push_back(sum.b ? broadcast_like(sum, x, 0).id : zeros_like(x).id);
  }
  return gradients;
}

/// `from` with every request for a gradient worked out, those of gradients too.
template <class Needed = void>
constexpr graph differentiate(graph from) {
  bool any = false;
  for (node const& n : from.nodes) any = any || n.code == op::gradient;
  if (!any) return from;
  builder b(from);
  list<node_id> map_memory(from.nodes.size(), node_id::none);
  node_id* const map = map_memory.data();
  for (int i = 0, count = from.size(); i < count; ++i) {
    node const& n = from.nodes[i];
    if (map[i] != node_id::none) continue;  // a gradient that an earlier sweep gave
    if (n.code != op::gradient) {
      node_id operands[max_operands];
      for (int k = 0; k < n.arity; ++k) operands[k] = map[static_cast<int>(n.operands[k])];
      map[i] = b.copy(n, operands);
      continue;
    }
    // All requests of the same function, whose variables are there already. (One that is not cannot be part of the function.)
    list<int> requests;
    list<node_id> by;
    for (int j = i; j < from.size(); ++j) {
      node const& other = from.nodes[j];
      if (other.code == op::gradient && other.operands[0] == n.operands[0] && index(map[index(other.operands[1])]) >= 0) {
        requests.push_back(j);
        by.push_back(map[index(other.operands[1])]);
      }
    }
    auto gradients = reverse_sweep<Needed>(b, map[index(n.operands[0])], by);
    for (std::size_t k = 0; k < requests.size(); ++k) map[requests[k]] = gradients[k];
  }
  for (node_id id : from.outputs) b.g.outputs.push_back(map[index(id)]);
  return without_dead_nodes(static_cast<graph&&>(b.g));
}

}  // namespace ctgrad::detail
