// Sums over one axis that are sums over another: of values that exchanging two axes leaves as they are, or only turns the sign of.
// Forces between pairs are such: what both ends of a pair feel is computed for each pair, but has to be added up for one of them only.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "axis_classes.hpp"
#include "rebuild.hpp"

namespace ctgrad::detail {

/// What one value may be of another with two axes exchanged: it, or its negative; both for zeros.
struct mirror_signs {
  bool same = false, opposite = false;

  constexpr bool any() const { return same || opposite; }
  constexpr mirror_signs turned() const { return {opposite, same}; }
  friend constexpr mirror_signs operator&(mirror_signs a, mirror_signs b) { return {a.same && b.same, a.opposite && b.opposite}; }
  friend constexpr mirror_signs operator|(mirror_signs a, mirror_signs b) { return {a.same || b.same, a.opposite || b.opposite}; }
  friend constexpr mirror_signs operator*(mirror_signs a, mirror_signs b) {
    return {(a.same && b.same) || (a.opposite && b.opposite), (a.same && b.opposite) || (a.opposite && b.same)};
  }
};

/// Compares values with their mirror images, exchanging axes `first` and `second`. Structure alone decides: what is not found is not there.
class mirror {
 public:
  constexpr mirror(graph const& from, int first_axis, int second_axis) : g(from), first(first_axis), second(second_axis) {}

  /// What `b` is of `a`.
  constexpr mirror_signs compare(node_id a, node_id b) {
    for (comparison const& c : known)
      if (c.a == a && c.b == b) return c.signs;
    mirror_signs const signs = work_out(a, b);
    known.push_back({a, b, signs});
    return signs;
  }

 private:
  struct comparison {
    node_id a, b;
    mirror_signs signs;
  };
  graph const& g;
  int first, second;
  list<comparison> known;

  constexpr int exchanged(int axis) const { return axis == first ? second : axis == second ? first : axis; }
  constexpr mirror_signs work_out(node_id a, node_id b) {
    source const from = resolve(g, a), to = resolve(g, b);
    if (from.base == to.base) {
      if (node const& n = g[from.base]; n.is_constant()) return {true, n.real() == 0};
      bool turned = true;
      for (int axis = 0; turned && axis < g.shape_of(from.base).rank; ++axis) turned = to.axes[axis] == exchanged(from.axes[axis]);
      if (turned) return {true, false};
    }
    node const &x = g[a], &y = g[b];
    if (x.code != y.code || x.type != y.type || x.attribute != y.attribute || info(x.code).kind != op_kind::map || info(x.code).kept) return {};
    mirror_signs const straight = combine(x, y, false);
    if (straight.any() || x.arity != 2) return straight;
    if (info(x.code).anticommutative) return combine(x, y, true).turned();
    return info(x.code).commutative ? combine(x, y, true) : mirror_signs{};
  }
  /// By the operands, those of `y` in the other order where `swapped`.
  constexpr mirror_signs combine(node const& x, node const& y, bool swapped) {
    mirror_signs all[max_operands]{};
    for (int k = 0; k < x.arity; ++k) {
      all[k] = compare(x.operands[k], y.operands[swapped ? 1 - k : k]);
      if (!all[k].any()) return {};
    }
    op_info const& row = info(x.code);
    if (row.linear == linearity::together) return x.arity == 1 ? all[0] : all[0] & all[1];
    if (row.sign == symmetry::odd) return x.arity == 1 ? all[0] : all[0] * all[1];
    if (row.sign == symmetry::even) return {true, false};
    if (row.result == result_rule::selected) return all[0].same ? all[1] & all[2] : mirror_signs{};
    for (int k = 0; k < x.arity; ++k)
      if (!all[k].same) return {};
    return {true, false};
  }
};

/// Sums over an axis go over the next one where they may: that is the later in memory, and the sum that is mostly there already.
constexpr graph sum_mirrored(graph from) {
  /// The one axis that a sum is over, where the next is as long; or -1.
  auto turnable = [&](node const& n) {
    if (n.code != op::sum || !is_floating(n.type)) return -1;
    shape const& s = from.shape_of(n.operands[0]);
    for (int axis = 0; axis + 1 < s.rank; ++axis)
      if (n.axes() == axis_mask{1} << axis && s[axis] == s[axis + 1]) return axis;
    return -1;
  };
  bool any = false;
  for (node const& n : from.nodes) any = any || turnable(n) >= 0;
  if (!any) return from;
  return rebuild(from, [&](builder& b, node const& n, node_id const* operands, node_id const*) {
    int const axis = turnable(n);
    if (axis < 0) return node_id::none;
    node const summed = b.g[operands[0]];
    bool const negative = summed.code == op::negative;
    node_id const x = negative ? summed.operands[0] : operands[0];
    mirror_signs const signs = mirror(b.g, axis, axis + 1).compare(x, x);
    if (!signs.any()) return node_id::none;
    value const sum{&b, b.reduce(op::sum, x, axis_mask{2} << axis)};
    return signs.same != negative ? sum.id : (0 - sum).id;
  });
}

}  // namespace ctgrad::detail
