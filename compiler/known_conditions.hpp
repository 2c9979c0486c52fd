// Choices whose condition is known where they are used: inside where(c, x, y), x is computed as if c held, and y as if it did not.
// What guards a formula, 1 / where(c, r, 1), is then gone from it and from its gradient, where all of it is chosen by the same c in the end.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "rebuild.hpp"

namespace ctgrad::detail {

/// Finds, from the outputs backwards, the conditions under which each element of a node is used at all.
/// They are a tree: a set is a condition, what it is, and the set around it. Of two uses the conditions count that both have, as far out as both have the same.
class condition_finder {
 public:
  constexpr explicit condition_finder(graph const& from) : g(from), sets_of(from.nodes.size(), unused), first_by(from.nodes.size(), -1) {
    add(0, 0, false, 0, 0);  // the empty set
    for (node_id id : g.outputs) sets_of[index(id)] = 0;
    for (int i = g.size() - 1; i >= 0; --i)
      if (sets_of[i] != unused) pass_on(g.nodes[i], sets_of[i]);
  }
  /// The operand that where node `i` gives in all that use it, or -1.
  constexpr int choice(int i) const {
    node const& n = g.nodes[i];
    if (sets_of[i] == unused || !is_choice(n)) return -1;
    for (int set = sets_of[i]; set != 0; set = around[set])
      if (condition[set] == index(n.operands[0])) return holds[set] ? 1 : 2;
    return -1;
  }
  /// Whether a node may be left out. (Integers keep their guards.)
  static constexpr bool is_choice(node const& n) { return info(n.code).result == result_rule::selected && is_floating(n.type); }

 private:
  static constexpr std::int32_t unused = -1;
  graph const& g;
  list<std::int32_t> sets_of;   // of each node
  list<std::int32_t> first_by;  // of each condition: the first of its sets
  // Of each set: the set around it, the condition, whether it holds, how many are around it, the next set of the condition.
  list<std::int32_t> around, condition, holds, depth, next;

  constexpr void add(int set_around, int by, bool held, int how_deep, int next_of_condition) {
    around.push_back(set_around), condition.push_back(by), holds.push_back(held), depth.push_back(how_deep), next.push_back(next_of_condition);
  }
  constexpr int with(int set, int by, bool held) {
    for (int known = first_by[by]; known >= 0; known = next[known])
      if (around[known] == set && holds[known] == held) return known;
    add(set, by, held, depth[set] + 1, first_by[by]);
    return first_by[by] = static_cast<int>(around.size()) - 1;
  }
  constexpr int common(int a, int b) const {
    while (a != b)
      if (depth[a] >= depth[b]) a = around[a];
      else b = around[b];
    return a;
  }
  constexpr void pass_on(node const& n, int set) {
    for (int k = 0; k < n.arity; ++k) {
      // Element by element, or not: what one element of a sum or of another shape is used for says nothing of the others.
      bool const same = info(n.code).kind == op_kind::map && g[n.operands[k]].shape == n.shape;
      int const here = !same ? 0 : is_choice(n) && k > 0 ? with(set, index(n.operands[0]), k == 1) : set;
      std::int32_t& known = sets_of[index(n.operands[k])];
      known = known == unused ? here : common(known, here);
    }
  }
};

/// `from` without the choices that are known where they are used. Each element of each output stays what it was, NaN and infinite ones too; what is not chosen may be infinite or NaN where it was guarded.
constexpr graph use_known_conditions(graph from) {
  int choices = 0;
  node const* const nodes = from.nodes.data();
  for (int i = 0, count = from.size(); i < count; ++i) choices += condition_finder::is_choice(nodes[i]);
  if (choices < 2) return from;
  condition_finder const found(from);
  return rebuild(from, [&](builder&, node const& n, node_id const* operands, node_id const*) {
    int const chosen = found.choice(static_cast<int>(&n - from.nodes.data()));
    return chosen < 0 ? node_id::none : operands[chosen];
  });
}

}  // namespace ctgrad::detail
