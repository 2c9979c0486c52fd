// Finds the first node of a graph that makes a NaN or an infinity of finite numbers, or takes a place that is none.
// Node by node, as the interpreter computes; what a person wants to know of a program that gives NaN.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "interpret.hpp"
#include "print.hpp"

namespace ctgrad::detail {

enum class fault_kind : std::uint8_t {
  none,
  not_a_number,  ///< NaN, of operands that have none
  infinite,      ///< of finite operands
  no_place,      ///< a lookup or a scatter at a place beyond the axis
  beyond,        ///< a view that goes beyond its axis
};

/// The first fault of a graph for some inputs, and what its message needs.
struct fault {
  fault_kind kind = fault_kind::none;
  node_id node = node_id::none;
  list<std::int64_t> at;  ///< where in the node's value (of a place: in the places)
  scalar value{};         ///< what stands there
  list<scalar> operands;  ///< of a map: the elements that it is made of
  list<scalar> lowest, highest;  ///< of others: the range of each operand
  list<int> outputs;      ///< that are NaN or infinite somewhere
};

class fault_finder {
 public:
  constexpr fault_finder(graph const& graph_at_work, list<tensor_value> const& symbols, extent_binding const& extents) : g(graph_at_work), inputs(symbols), bound(extents) {}

  /// Evaluates all nodes; later ones are looked at for what reaches the outputs only.
  constexpr fault run() {
    values = list<tensor_value>(g.nodes.size());
    list<int> last_use(g.nodes.size(), -1);
    for (int i = 0; i < g.size(); ++i)
      for (int k = 0; k < g.nodes[i].arity; ++k) last_use[index(g.nodes[i].operands[k])] = i;
    for (node_id id : g.outputs) last_use[index(id)] = g.size();
    for (int i = 0; i < g.size(); ++i) {
      node const& n = g.nodes[i];
      if (found.kind == fault_kind::none) find_places(i);
      if (found.kind == fault_kind::none && goes_beyond(n)) return found = {fault_kind::beyond, node_id{i}, {}, {}, {}, {}, {}, {}};
      values[i] = interpret_node(g, i, values, inputs, bound);
      if (found.kind == fault_kind::none && is_floating(n.type)) look_at(i);
      for (int k = 0; k < n.arity; ++k)
        if (auto const operand = index(n.operands[k]); last_use[operand] == i) values[operand] = {};
    }
    for (std::size_t k = 0; k < g.outputs.size(); ++k)
      if (is_floating(g[g.outputs[k]].type) && has(values[index(g.outputs[k])], [](double x) { return !is_finite(x); })) found.outputs.push_back(static_cast<int>(k));
    return found;
  }

 private:
  graph const& g;
  list<tensor_value> const& inputs;
  extent_binding const& bound;
  list<tensor_value> values{};
  fault found{};

  static constexpr bool is_nan(double x) { return x != x; }
  static constexpr bool is_finite(double x) { return x - x == 0; }
  template <class Is>
  static constexpr bool has(tensor_value const& t, Is is) {
    for (scalar const& e : t.elements)
      if (is(e.real)) return true;
    return false;
  }
  constexpr bool is_real(node_id id) const { return is_floating(g[id].type); }
  static constexpr list<std::int64_t> place_of(std::size_t e, list<std::int64_t> const& extents) {
    list<std::int64_t> at(extents.size(), 0);
    for (std::size_t axis = extents.size(); axis-- > 0;) at[axis] = static_cast<std::int64_t>(e) % extents[axis], e /= static_cast<std::size_t>(extents[axis]);
    return at;
  }

  /// A lookup's or scatter's places, before they are taken.
  constexpr void find_places(int i) {
    node const& n = g.nodes[i];
    bool const lookup = info(n.code).kind == op_kind::lookup;
    if (!lookup && !info(n.code).scatters) return;
    extent const& along = lookup ? g.shape_of(n.operands[0])[static_cast<int>(n.attribute)] : g[n.shape][scattered_axis(n)];
    std::int64_t const count = along.evaluate(bound);
    tensor_value const& places = values[index(n.operands[1])];
    for (std::size_t e = 0; e < places.elements.size(); ++e) {
      if (places.elements[e].integer >= 0 && places.elements[e].integer < count) continue;
      found = {fault_kind::no_place, node_id{i}, place_of(e, places.extents), places.elements[e], {}, {}, {}, {}};
      found.highest.push_back({0, count - 1});
      return;
    }
  }
  /// Whether a view takes what is not there.
  constexpr bool goes_beyond(node const& n) const {
    if (info(n.code).kind != op_kind::view || n.code == op::reshape) return false;
    auto const taken = extents_of(g[n.shape], bound), from = extents_of(g.shape_of(n.operands[0]), bound);
    for (auto e : taken)
      if (e <= 0) return e < 0;
    for (std::size_t axis = 0; axis < from.size(); ++axis) {
      viewed_axis const v = viewed_along(n, g.shapes.data(), static_cast<int>(axis));
      std::int64_t low = v.first.evaluate(bound), high = low;
      for (int k = 0; k < 2; ++k) {
        if (v.axes[k] < 0) continue;
        std::int64_t const last = v.steps[k] * (taken[static_cast<std::size_t>(v.axes[k])] - 1);
        (last < 0 ? low : high) += last;
      }
      if (low < 0 || high >= from[axis]) return true;
    }
    return false;
  }
  /// Infinities of a user's own, as constants and arrays, are taken as meant; a NaN is not.
  constexpr void look_at(int i) {
    node const& n = g.nodes[i];
    if (n.is_constant()) return;
    if (info(n.code).kind == op_kind::map) return look_at_map(i);
    bool nan = false, infinite = n.arity == 0;
    for (int k = 0; k < n.arity; ++k)
      if (is_real(n.operands[k])) {
        nan = nan || has(values[index(n.operands[k])], is_nan);
        infinite = infinite || has(values[index(n.operands[k])], [](double x) { return !is_finite(x); });
      }
    for (std::size_t e = 0; e < values[i].elements.size(); ++e) {
      double const x = values[i].elements[e].real;
      bool const made_nan = is_nan(x) && !nan;
      if (!made_nan && (is_nan(x) || is_finite(x) || infinite)) continue;
      found = {made_nan ? fault_kind::not_a_number : fault_kind::infinite, node_id{i}, place_of(e, values[i].extents), values[i].elements[e], {}, {}, {}, {}};
      for (int k = 0; k < n.arity; ++k) note_range(n.operands[k]);
      return;
    }
  }
  constexpr void look_at_map(int i) {
    node const& n = g.nodes[i];
    for (std::size_t e = 0; e < values[i].elements.size(); ++e) {
      double const x = values[i].elements[e].real;
      if (is_finite(x)) continue;
      bool nan = false, infinite = false;
      for (int k = 0; k < n.arity; ++k) {
        if (!is_real(n.operands[k])) continue;
        double const operand = values[index(n.operands[k])].elements[e].real;
        nan = nan || is_nan(operand), infinite = infinite || !is_finite(operand);
      }
      bool const made_nan = is_nan(x) && !nan, made_infinite = !is_nan(x) && !infinite;
      if (!made_nan && !made_infinite) continue;
      found = {made_nan ? fault_kind::not_a_number : fault_kind::infinite, node_id{i}, place_of(e, values[i].extents), values[i].elements[e], {}, {}, {}, {}};
      for (int k = 0; k < n.arity; ++k) found.operands.push_back(values[index(n.operands[k])].elements[e]);
      return;
    }
  }
  constexpr void note_range(node_id id) {
    scalar low{}, high{};
    bool first = true;
    for (scalar const& e : values[index(id)].elements) {
      if (first || e.real < low.real || e.integer < low.integer) low = e;
      if (first || e.real > high.real || e.integer > high.integer) high = e;
      first = false;
    }
    found.lowest.push_back(low), found.highest.push_back(high);
  }
};

constexpr fault find_fault(graph const& g, list<tensor_value> const& inputs, extent_binding const& bound) { return fault_finder(g, inputs, bound).run(); }

}  // namespace ctgrad::detail
