// Whether a value is a sum over the rows of some extent, so that it can be added up from tiles of rows.
// A fact of the data flow: rows are walked alone until a sum, and what comes after is linear in it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ops.hpp"

namespace ctgrad::detail {

/// How a value hangs on the rows.
enum class row_dependence : std::uint8_t {
  none,   ///< it does not
  rows,   ///< it has one element, or one row of elements, for each, made from that row alone
  total,  ///< a sum over the rows of such, or linear in sums
  other,
};

struct row_dependences {
  list<row_dependence> of;              ///< by node
  node_id culprit = node_id::none;      ///< the first that is `other` by itself
};

/// The axes of a shape whose extent is `n`; `mixed` where some extent is a polynomial in it.
struct named_axes {
  axis_mask mask = 0;
  bool mixed = false;

  constexpr named_axes(shape const& s, extent_name n) {
    for (int axis = 0; axis < s.rank; ++axis) {
      extent const& e = s[axis];
      if (e.name() == n) mask |= axis_mask{1} << axis;
      else
        for (int t = 0; t < e.count; ++t)
          for (int k = 0; k < e.terms[t].count; ++k) mixed = mixed || e.terms[t].factors[k] == n;
    }
  }
  constexpr bool single() const { return mask != 0 && (mask & (mask - 1)) == 0 && !mixed; }
  constexpr bool any() const { return mask != 0 || mixed; }
};

constexpr row_dependences find_row_dependences(graph const& g, extent_name name) {
  using enum row_dependence;
  row_dependences found;
  found.of = list<row_dependence>(g.nodes.size(), none);
  for (int i = 0; i < g.size(); ++i) {
    node const& n = g.nodes[i];
    op_info const& facts = info(n.code);
    named_axes const axes(g[n.shape], name);
    int counts[4]{};
    for (int k = 0; k < n.arity; ++k) ++counts[static_cast<int>(found.of[static_cast<std::size_t>(index(n.operands[k]))])];
    bool const inherited = counts[static_cast<int>(other)] > 0;
    int const of_rows = counts[static_cast<int>(rows)], totals = counts[static_cast<int>(total)];
    row_dependence d = other;
    if (inherited) d = other;
    else if (n.arity == 0) d = !axes.any() ? none : axes.single() && !facts.positional ? rows : other;
    else if (of_rows + totals == 0) d = !axes.any() ? none : axes.single() ? rows : other;
    else if (facts.kind == op_kind::map && totals == 0) d = axes.single() ? rows : other;
    else if (facts.kind == op_kind::map && of_rows == 0 && is_floating(n.type))
      d = facts.linear == linearity::together                                    ? (totals == n.arity ? total : other)
          : facts.linear == linearity::each                                      ? (totals == 1 ? total : other)
          : facts.linear == linearity::first && totals == 1 && found.of[static_cast<std::size_t>(index(n.operands[0]))] == total ? total
                                                                                  : other;
    else if (facts.kind == op_kind::library && totals == 0) {
      bool apart = axes.single();  // a call for each row
      for (int k = 0; k < n.arity; ++k) {
        named_axes const taken(g.shape_of(n.operands[k]), name);
        apart = apart && !taken.mixed && taken.mask >> (g.shape_of(n.operands[k]).rank - facts.whole) == 0;
      }
      d = apart ? rows : other;
    }
    else if (facts.kind == op_kind::movement) d = totals ? (axes.any() ? other : total) : axes.single() ? rows : other;
    else if (facts.kind == op_kind::reduction) {
      named_axes const before(g.shape_of(n.operands[0]), name);
      bool const over_rows = (before.mask & n.axes()) != 0;
      d = totals ? (facts.additive && !axes.any() ? total : other) : over_rows ? (facts.additive && is_floating(n.type) ? total : other) : axes.single() ? rows : other;
    } else if (facts.kind == op_kind::product && totals + of_rows > 0) {
      if (totals) d = totals == 1 && of_rows == 0 ? total : other;
      else if (axes.any()) d = axes.single() ? rows : other;
      else d = is_floating(n.type) ? total : other;  // the rows were the axis summed over
    }
    if (d == other && !inherited && found.culprit == node_id::none) found.culprit = node_id{i};
    found.of[static_cast<std::size_t>(i)] = d;
  }
  return found;
}

}  // namespace ctgrad::detail
