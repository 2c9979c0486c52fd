// Rewrites a graph by the rules until none applies.
// Gradients come out of the differentiate pass as the textbook's products; this makes them what a person would write.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "rebuild.hpp"
#include "rules.hpp"

namespace ctgrad::detail {

/// Matches one pattern against a node.
struct matcher {
  rule_set const& rules;
  builder& b;
  list<char> const& opaque;  ///< nodes of `b` into which no pattern may look: somebody asked for the gradient by them
  struct bindings {
    node_id of[rule_set::most_variables]{node_id::none, node_id::none, node_id::none, node_id::none, node_id::none};
  } bound{};

  constexpr matcher(rule_set const& r, builder& to, list<char> const& closed) : rules(r), b(to), opaque(closed) {}

  /// `shared`: bits of operands into which the pattern may not look.
  constexpr bool match(node_id pattern, node_id id, unsigned shared = 0) {
    node const& p = rules.nodes[static_cast<int>(pattern)];
    if (p.code == op::symbol) {
      node_id& place = bound.of[p.attribute];
      if (place != node_id::none) return place == id;
      place = id;
      return is_of_kind(rules.symbols[p.attribute].name, b.g[id]);
    }
    node const& n = b.g[id];
    if (p.is_constant()) return n.is_constant(p.real()) && cmath::signbit(n.real()) == cmath::signbit(p.real());  // x - 0 is x, x - -0 is not
    if (n.code != p.code || (index(id) < static_cast<int>(opaque.size()) && opaque[index(id)])) return false;
    bindings const before = bound;
    if (match_operands(p, n, false, shared)) return true;
    if (!info(n.code).commutative) return false;
    bound = before;
    return match_operands(p, n, true, shared);
  }
  static constexpr bool is_of_kind(char const* name, node const& n) {
    return name == pattern_c ? is_large(n) : name == pattern_d ? is_moderate(n) : true;
  }
  constexpr bool match_operands(node const& p, node const& n, bool swapped, unsigned shared) {
    for (int k = 0; k < n.arity; ++k) {
      int const at = swapped ? 1 - k : k;
      if (shared >> at & 1 && rules.nodes[static_cast<int>(p.operands[k])].arity) return false;
      if (!match(p.operands[k], n.operands[at])) return false;
    }
    return true;
  }
  /// The node that computes `pattern`, if there is one: `b` makes none. (Patterns that are looked for have no constants.)
  constexpr node_id find(node_id pattern) {
    node const& p = rules.nodes[index(pattern)];
    if (p.code == op::symbol) return bound.of[p.attribute];
    node_id operands[max_operands]{node_id::none, node_id::none, node_id::none};
    for (int k = 0; k < p.arity; ++k)
      if (operands[k] = find(p.operands[k]); operands[k] == node_id::none) return node_id::none;
    return b.map(p.code, operands[0], operands[1], operands[2]);
  }
};

/// The nodes of a graph by what they are, and how often each is used; found out where a rule asks for it.
struct graph_index {
  builder* b = nullptr;
  list<int> uses;
  constexpr graph_index() = default;
  graph_index(graph_index const&) = delete;
  constexpr ~graph_index() { delete b; }
  constexpr builder& nodes_of(graph const& of) {
    if (!b) b = new builder(of), b->find_only(of.nodes);
    return *b;
  }
  /// The operands of `n` that something else uses as well, as bits.
  constexpr unsigned shared_operands(graph const& of, node const& n) {
    if (uses.empty()) {
      uses.resize(of.nodes.size());
      int* const count = uses.data();
      node const* const nodes = of.nodes.data();
      for (int i = 0, end = of.size(); i < end; ++i)
        for (int k = 0; k < nodes[i].arity; ++k) ++count[static_cast<int>(nodes[i].operands[k])];
      for (node_id id : of.outputs) ++count[index(id)];
    }
    unsigned bits = 0;
    for (int k = 0; k < n.arity; ++k) bits |= static_cast<unsigned>(uses[static_cast<std::size_t>(index(n.operands[k]))] > 1) << k;
    return bits;
  }
};

/// A node by what its operands are, where no pattern of plain maps can say it.
constexpr node_id simplify_structure(builder& b, node_id id, list<char> const& opaque) {
  node const n = b.g[id];
  if (!n.arity || (index(n.operands[0]) < static_cast<int>(opaque.size()) && opaque[index(n.operands[0])])) return id;
  node const x = b.g[n.operands[0]];
  if (n.code == op::where && x.is_constant()) return n.operands[x.attribute ? 1 : 2];
  if (n.code == op::broadcast && x.code == op::broadcast && n.attribute == 0 && x.attribute == 0) return b.broadcast(x.operands[0], n.shape, 0);
  return id;
}

/// Applies rules at the nodes of `to`, which is made of `from`.
struct rewriter {
  rule_set const& rules;
  graph const& from;
  node_id const* map;  ///< where the nodes of `from` are in `to`
  builder to{from};
  graph_index was{};
  list<char> opaque{}, open{};

  constexpr rewriter(rule_set const& r, graph const& g, node_id const* places) : rules(r), from(g), map(places) {}

  /// What a rule makes of `id`, or `id`. `old`: the node of `from` of which it is a copy, or -1.
  constexpr node_id step(node_id id, int old) {
    node const* const made = to.g.nodes.data();
    std::uint64_t left = rules.candidates(made[static_cast<int>(id)], made);
    if (rules.conditional) left = allowed(left, made[static_cast<int>(id)], old);
    for (; left; left &= left - 1) {
      rule const& tried = rules.rules[std::countr_zero(left)];
      matcher m(rules, to, opaque);
      if (tried.present != node_id::none) {
        // What else is computed is asked of the graph as it was: what stands behind a node is not made yet, and what stands before it may be something else by now.
        matcher before(rules, was.nodes_of(from), open);
        if (!before.match(tried.before, node_id{old}) || before.find(tried.present) == node_id::none) continue;
        for (int v = 0; v < rule_set::most_variables; ++v)
          if (before.bound.of[v] != node_id::none) m.bound.of[v] = map[static_cast<int>(before.bound.of[v])];
      } else if (!m.match(tried.before, id, tried.once ? was.shared_operands(from, from.nodes[old]) : 0)) {
        continue;
      }
      node const at = to.g[id];
      node_id const built = build(tried.after, m, at);
      if (to.g[built].type == at.type && to.g[built].shape == at.shape) return built;
    }
    return id;
  }
  /// Those of the candidates at `n` that its place allows, and those that ask what else is computed.
  constexpr std::uint64_t allowed(std::uint64_t candidates, node const& n, int old) const {
    candidates &= ~rules.beside;
    if (old < 0) candidates &= ~rules.once;
    else if (rules.beside & rules.of_code[static_cast<int>(from.nodes[old].code)]) candidates |= rules.candidates(from.nodes[old], from.nodes.data()) & rules.beside;
    // What leaves a reduction over outer axes alone would have to wait for all of it, in a nest of its own.
    if (candidates & rules.reductions && !goes_over_last_axis(n)) candidates &= ~rules.reductions;
    return candidates;
  }
  /// The nodes of a right-hand side, in the dtype and shape of the node that they replace.
  constexpr node_id build(node_id pattern, matcher const& m, node const& replaced) {
    node const& p = rules.nodes[index(pattern)];
    if (p.code == op::symbol) {
      node_id const bound = m.bound.of[p.attribute];
      return to.g[bound].is_constant() ? to.broadcast(bound, replaced.shape, 0) : bound;
    }
    if (p.is_constant()) return to.broadcast(to.real(p.real(), dtype::float64, shape_id::scalar, true), replaced.shape, 0);
    node_id operands[max_operands]{node_id::none, node_id::none, node_id::none};
    if (info(p.code).kind == op_kind::reduction) {
      // Of a symbol, or of what has no constants, of whose shape nothing is known. The rules may go on with it.
      node const& of = rules.nodes[index(p.operands[0])];
      return settled(to.reduce(p.code, of.code == op::symbol ? m.bound.of[of.attribute] : build(p.operands[0], m, replaced), replaced.axes()));
    }
    for (int k = 0; k < p.arity; ++k) operands[k] = build(p.operands[k], m, replaced);
    return to.map(p.code, operands[0], operands[1], operands[2]);
  }
  constexpr bool goes_over_last_axis(node const& n) const {
    int const rank = to.g[to.g[n.operands[0]].shape].rank;
    return rank == 0 || n.axes() >> (rank - 1) & 1;
  }
  constexpr node_id settled(node_id id) {
    for (int round = 0; round < most_rounds; ++round) {
      node_id const next = step(id, -1);
      if (next == id) break;
      id = next;
    }
    return id;
  }
  static constexpr int most_rounds = 16;
};

/// `from` with the rules that `Write` writes applied at every node, operands first, again and again where a result matches in turn.
/// (Loops run over raw pointers: each call of an operator is a step of the compilers' limits.)
template <auto Write, class = void>
constexpr graph simplify(graph from) {
  rule_set const& rules = rules_of<Write>;
  constexpr bool structure = Write == &write_default_rules;
  node const* const nodes = from.nodes.data();
  int const count = from.size();
  bool any = structure;
  for (int i = 0; i < count && !any; ++i) any = rules.candidates(nodes[i], nodes) != 0;
  if (!any) return from;
  bool changed = false;
  list<node_id> map_memory(from.nodes.size(), node_id::none);
  list<char> wanted_memory(from.nodes.size(), 0);
  node_id* const map = map_memory.data();
  char* const wanted = wanted_memory.data();
  rewriter r(rules, from, map);
  builder& b = r.to;
  for (int i = 0; i < count; ++i)
    if (nodes[i].code == op::gradient) wanted[index(nodes[i].operands[1])] = 1;
  for (int i = 0; i < count; ++i) {
    node const& n = nodes[i];
    node_id operands[max_operands]{node_id::none, node_id::none, node_id::none};
    // Only what lost an operand to a constant can fold. What a gradient is by stays as it is: another node, or a number, has another gradient.
    bool constants = n.arity > 0 && !wanted[i];
    node const* const made = b.g.nodes.data();
    for (int k = 0; k < n.arity; ++k) operands[k] = map[static_cast<int>(n.operands[k])], constants = constants && made[static_cast<int>(operands[k])].code == op::constant;
    node_id id = node_id::none;
    if (constants) {
      op_info const& row = info(n.code);
      if (row.kind == op_kind::movement || row.kind == op_kind::view) id = b.broadcast(operands[0], n.shape, 0);
      else if (row.kind == op_kind::map && !row.kept)
        id = row.result == result_rule::attribute ? b.cast(operands[0], n.type) : b.map(n.code, operands[0], operands[1], operands[2]);
    }
    if (id == node_id::none) id = b.copy(n, operands);
    for (int round = 0; round < rewriter::most_rounds && !wanted[i]; ++round) {
      node_id next = id;
      node const& found = b.g.nodes.data()[static_cast<int>(id)];
      if constexpr (structure)
        if (found.code == op::where || found.code == op::broadcast) next = simplify_structure(b, id, r.opaque);
      if (next == id && (is_floating(found.type) || found.type == dtype::bool_)) next = r.step(id, round == 0 ? i : -1);
      if (next == id) break;
      changed = true;
      id = next;
    }
    map[i] = id;
    if (wanted[i]) {
      if (static_cast<int>(r.opaque.size()) <= index(id)) r.opaque.resize(static_cast<std::size_t>(index(id)) + 1, 0);
      r.opaque[index(id)] = 1;
    }
  }
  if (!changed) return from;
  for (node_id id : from.outputs) b.g.outputs.push_back(map[index(id)]);
  return without_dead_nodes(static_cast<graph&&>(b.g));
}

}  // namespace ctgrad::detail
