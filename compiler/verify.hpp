// Checks that a graph is one: what every pass may rely on, and has to leave behind.
// Tests run it after each pass, so that a broken node is found where it was made.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ops.hpp"

namespace ctgrad::detail {

/// What is wrong with one node of `g`, without its number; empty where nothing is.
struct node_verifier {
  graph const& g;
  node_id id;
  node const& n = g[id];
  op_info const& row = info(n.code);
  message m{};

  constexpr shape const& operand_shape(int which) const { return g.shape_of(n.operands[which]); }
  constexpr dtype operand_type(int which) const { return g[n.operands[which]].type; }

  /// Whether an extent may stand where `b` does: anonymous ones are unified later.
  static constexpr bool meets(extent const& a, extent const& b) { return a == b || a.is_anonymous() || b.is_anonymous(); }
  static constexpr bool meets(shape const& a, shape const& b) {
    bool all = a.rank == b.rank;
    for (int i = 0; all && i < a.rank; ++i) all = meets(a[i], b[i]);
    return all;
  }
  constexpr bool in_shapes(std::int64_t place) const { return place >= 0 && place < static_cast<std::int64_t>(g.shapes.size()); }
  /// Whether only axes of a tensor of `rank` axes are in the mask, and at least one.
  constexpr bool names_axes(int rank) const { return n.attribute > 0 && n.attribute >> rank == 0; }

  /// `from` without the axes of the mask, which is what has to stand in the node.
  constexpr void check_axes_gone(shape const& from) {
    shape left;
    for (int i = 0; i < from.rank; ++i)
      if (!(n.axes() >> i & 1)) left.push_back(from[i]);
    if (!meets(left, g[n.shape])) m << "its shape is " << g[n.shape] << ", and has to be " << left;
  }
  constexpr void check_same_type() {
    if (n.type != operand_type(0)) m << "it is " << to_string(n.type) << " of " << to_string(operand_type(0));
  }

  constexpr void check_leaf() {
    if (n.code == op::symbol) {
      if (n.attribute < 0 || n.attribute >= static_cast<std::int64_t>(g.symbols.size())) {
        m << "there is no symbol " << n.attribute;
        return;
      }
      symbol_entry const& s = g.symbols[static_cast<std::size_t>(n.attribute)];
      if (!s.name || !in_shapes(index(s.shape))) m << "its entry in the table is broken";
      else if (s.type != n.type || !(g[s.shape] == g[n.shape]))
        m << "it is " << to_string(n.type) << g[n.shape] << ", and its symbol is " << to_string(s.type) << g[s.shape];
    } else if (n.is_constant()) {
      bool const fits = n.type == dtype::bool_     ? n.attribute == 0 || n.attribute == 1
                        : n.type == dtype::int32   ? n.attribute == static_cast<std::int32_t>(n.attribute)
                        : n.type == dtype::float32 ? n.real() != n.real() || n.real() == scalar::from(n.real(), dtype::float32).real
                                                   : true;
      if (!fits) m << n.real() << " is no " << to_string(n.type);
    } else if (n.code == op::extent) {
      if (!in_shapes(n.attribute)) m << "there is no shape " << n.attribute;
      else if (g[n.shape].rank || n.type == dtype::bool_) m << "the size of a tensor is a number";
    } else if (n.code == op::iota) {
      if (g[n.shape].rank != 1 || n.type == dtype::bool_) m << "it counts along one axis";
    }
  }

  constexpr void check_movement() {
    check_same_type();
    shape const &from = operand_shape(0), &to = g[n.shape];
    if (!m.empty()) return;
    if (n.code == op::squeeze) {
      if (!names_axes(from.rank)) {
        m << "it drops axes that " << from << " has not";
        return;
      }
      for (int i = 0; i < from.rank; ++i)
        if (n.axes() >> i & 1 && !meets(from[i], 1)) m << "it drops axis " << i << " of " << from;
      if (m.empty()) check_axes_gone(from);
    } else if (n.code == op::permute) {
      axis_mask seen = 0;
      bool valid = from.rank == to.rank && n.attribute >= 0 && n.attribute >> (4 * from.rank) == 0;
      for (int i = 0; valid && i < from.rank; ++i) {
        int const axis = n.source_axis(i);
        valid = axis < from.rank && !(seen >> axis & 1) && meets(to[i], from[axis]);
        seen |= axis_mask{1} << axis;
      }
      if (!valid) m << "it makes " << to << " of " << from;
    } else {
      bool valid = n.attribute >= 0 && n.attribute >> to.rank == 0;
      int axis = 0;
      for (int i = 0; valid && i < to.rank; ++i)
        if (!(n.axes() >> i & 1)) {
          valid = axis < from.rank && (meets(from[axis], to[i]) || from[axis].is_one());
          ++axis;
        }
      if (!valid || axis != from.rank) m << "it makes " << to << " of " << from;
    }
  }

  constexpr void check_view() {
    check_same_type();
    shape const &from = operand_shape(0), &to = g[n.shape];
    if (!m.empty()) return;
    if (n.code == op::reshape) {
      if (n.attribute != 0 || !(element_number(from) == element_number(to))) m << "it makes " << to << " of " << from;
      return;
    }
    if (n.code == op::windows) {
      windowing const w = windowing::unpack(n.attribute);
      bool valid = w.axis < from.rank && to.rank == from.rank + 1 && w.step > 0 && w.dilation > 0;
      for (int i = 0; valid && i < from.rank; ++i) valid = i == w.axis ? to[i].is_static() : meets(from[i], to[i < w.axis ? i : i + 1]);
      if (!valid) m << "it makes " << to << " of " << from;
      else if (to[w.axis + 1].is_static() && from[w.axis].is_static() && to[w.axis + 1].constant > 0 &&
               (to[w.axis + 1].constant - 1) * w.step + (to[w.axis].constant - 1) * w.dilation >= from[w.axis].constant)
        m << "it takes windows beyond " << from[w.axis] << " elements";
      return;
    }
    slicing const s = slicing::unpack(n.attribute);
    if (n.code == op::skew && (s.axis < 1 || s.axis >= from.rank || !from[s.axis - 1].is_static())) {
      m << "it skews " << from << " in no way";
      return;
    }
    if (!in_shapes(index(s.start)) || g[s.start].rank != 1 || s.step == 0 || s.axis >= from.rank || from.rank != to.rank) {
      m << "it slices " << from << " in no way";
      return;
    }
    for (int i = 0; i < from.rank; ++i)
      if (i != s.axis && !meets(from[i], to[i])) m << "it makes " << to << " of " << from;
    extent const first = g[s.start][0], count = to[s.axis];
    if (!m.empty() || n.code == op::skew || !first.is_static() || !count.is_static() || !from[s.axis].is_static() || count.constant == 0) return;
    std::int64_t const last = first.constant + (count.constant - 1) * s.step, all = from[s.axis].constant;
    if (first.constant < 0 || first.constant >= all || last < 0 || last >= all) m << "it takes elements " << first.constant << " to " << last << " of " << all;
  }
  constexpr void check_assembly() {
    shape const &left = operand_shape(0), &right = operand_shape(1), &to = g[n.shape];
    check_same_type();
    if (m.empty() && operand_type(1) != n.type) m << "its parts are " << to_string(operand_type(0)) << " and " << to_string(operand_type(1));
    bool valid = left.rank == to.rank && right.rank == to.rank && n.attribute >= 0 && n.attribute < to.rank;
    for (int i = 0; valid && i < to.rank; ++i)
      valid = i == n.attribute ? meets(to[i], left[i] + right[i]) : meets(to[i], left[i]) && meets(to[i], right[i]);
    if (m.empty() && !valid) m << "it makes " << to << " of " << left << " and " << right;
  }

  constexpr void check_reduction() {
    dtype const expected = row.widens && !is_floating(n.type) ? dtype::int64 : n.type;
    check_same_type();
    if (m.empty() && n.type != expected) m << "it is " << to_string(n.type) << ", and has to be " << to_string(expected);
    if (m.empty() && !names_axes(operand_shape(0).rank)) m << "it reduces axes that " << operand_shape(0) << " has not";
    if (m.empty()) check_axes_gone(operand_shape(0));
  }

  /// Whether `whole` is `part` with one axis more, at `axis`, and the axes of `gone`, which are `part`'s only, left out.
  constexpr bool has_one_more(shape const& whole, shape const& part, int axis, axis_mask gone) {
    if (axis < 0 || axis >= whole.rank) return false;
    int place = 0;
    for (int i = 0; i < part.rank; ++i) {
      if (gone >> i & 1) continue;
      if (place == axis) ++place;
      if (place >= whole.rank || !meets(whole[place], part[i])) return false;
      ++place;
    }
    return place + (place == axis ? 1 : 0) == whole.rank;
  }
  constexpr void check_lookup() {
    check_same_type();
    if (!m.empty()) return;
    bool const scatter = row.scatters;
    int const axis = scatter ? scattered_axis(n) : static_cast<int>(n.attribute);
    shape const &whole = scatter ? g[n.shape] : operand_shape(0), &part = scatter ? operand_shape(0) : g[n.shape];
    axis_mask const gone = scatter ? n.axes() : 0;
    if (scatter && n.type == dtype::bool_) m << "it adds up bool";
    else if (!is_integer(operand_type(1))) m << "its places are " << to_string(operand_type(1));
    else if (!(operand_shape(1) == part)) m << "it has places " << operand_shape(1) << " for " << part;
    else if (gone >> part.rank || !has_one_more(whole, part, axis, gone)) m << "it makes " << g[n.shape] << " of " << operand_shape(0);
  }

  constexpr void check_product() {
    auto const labels = contraction::unpack(n.attribute);
    extent const* by_label[contraction::max_labels]{};
    for (int k = 0; k < 3 && m.empty(); ++k) {
      auto const& side = k == 0 ? labels.left : k == 1 ? labels.right : labels.result;
      shape const& s = k < 2 ? operand_shape(k) : g[n.shape];
      axis_mask seen = 0;
      for (int i = 0; i < contraction::max_axes; ++i) {
        int const label = side[static_cast<std::size_t>(i)];
        if ((label >= 0) != (i < s.rank) || (label >= 0 && (seen >> label & 1))) {
          m << "the labels of " << s << " are not its axes";
          break;
        }
        if (label < 0) continue;
        seen |= axis_mask{1} << label;
        if (!by_label[label] && k == 2) m << "axis " << i << " of its result is in no operand";
        else if (by_label[label] && !meets(*by_label[label], s[i])) m << "extents " << *by_label[label] << " and " << s[i] << " have one label";
        if (!by_label[label]) by_label[label] = &s[i];
        if (!m.empty()) break;
      }
    }
    if (m.empty() && (operand_type(0) != n.type || operand_type(1) != n.type || n.type == dtype::bool_))
      m << "it is " << to_string(n.type) << " of " << to_string(operand_type(0)) << " and " << to_string(operand_type(1));
  }

  constexpr void check_library() {
    library_rule const& rule = library_rules[static_cast<std::size_t>(n.code)];
    shape shapes[max_operands];
    for (int k = 0; k < n.arity; ++k) {
      shapes[k] = operand_shape(k);
      if (shapes[k].rank < row.whole) m << "operand " << k << " is " << shapes[k] << ", and " << row.whole << (row.whole == 1 ? " axis" : " axes") << " of it are wanted";
      else if (operand_type(k) != operand_type(0)) m << "its operands are " << to_string(operand_type(0)) << " and " << to_string(operand_type(k));
      else if (row.whole == 2 && !is_floating(operand_type(k))) m << "it is of " << to_string(operand_type(k));
      bool same = shapes[k].rank == shapes[0].rank;
      for (int axis = 0; same && axis + row.whole < shapes[k].rank; ++axis) same = meets(shapes[0][axis], shapes[k][axis]);
      if (m.empty() && !same) m << "operands " << shapes[0] << " and " << shapes[k] << " have other axes before those taken";
      if (!m.empty()) return;
    }
    bool known = n.attribute >> 3 == 0;
    for (int bit = 0; bit < 3; ++bit) known = known && !(n.attribute >> bit & 1 && row.flags[bit].empty());
    if (!known) m << "it has flags that mean nothing";
    else if (n.type != rule.type(operand_type(0)) || !meets(rule.result(shapes), g[n.shape])) m << "it makes " << to_string(n.type) << g[n.shape] << " of " << shapes[0];
  }

  constexpr void check_request() {
    if (operand_shape(0).rank) m << "only a scalar has a gradient";
    else if (!is_floating(operand_type(0)) || !is_floating(operand_type(1))) m << "only floating-point numbers have gradients";
    else if (n.type != operand_type(1) || !(g[n.shape] == operand_shape(1))) m << "a gradient has the dtype and the shape of what it is by";
  }

  constexpr void check_map() {
    for (int k = 0; k < n.arity; ++k)
      if (!(operand_shape(k) == g[n.shape])) {
        m << "operand " << k << " is " << operand_shape(k) << ", and has to be " << g[n.shape];
        return;
      }
    if (row.result == result_rule::attribute) {
      if (n.type == operand_type(0)) m << "it changes nothing";
      return;
    }
    int const first = row.result == result_rule::selected ? 1 : 0;
    dtype const type = operand_type(first);
    for (int k = 0; k < n.arity; ++k) {
      dtype const expected = k < first ? dtype::bool_ : type;
      if (operand_type(k) != expected) {
        m << "operand " << k << " is " << to_string(operand_type(k)) << ", and has to be " << to_string(expected);
        return;
      }
    }
    bool const truth = row.result == result_rule::boolean || row.result == result_rule::logical;
    dtype const result = truth ? dtype::bool_ : row.result == result_rule::word ? dtype::int32 : type;
    if (n.type != result) m << "it is " << to_string(n.type) << " of " << to_string(type);
    else if (row.result == result_rule::floating && !is_floating(type)) m << "its operands are " << to_string(type) << ", and have to be floating-point";
    else if (row.result == result_rule::logical && type != dtype::bool_) m << "its operands are " << to_string(type) << ", and have to be bool";
    else if (row.result == result_rule::word && type != dtype::int64) m << "its operands are " << to_string(type) << ", and have to be int64";
    else if (!row.takes_bool && type == dtype::bool_) m << "it takes no bool";
  }

  constexpr void check() {
    if (n.arity != row.arity) {
      m << "it has " << int{n.arity} << " operands, and needs " << row.arity;
      return;
    }
    for (int k = 0; k < max_operands; ++k) {
      int const operand = index(n.operands[k]);
      if (k < n.arity ? operand < 0 || operand >= index(id) : operand >= 0) {
        m << "operand " << k << " is node " << operand;
        return;
      }
    }
    if (n.weak && !n.is_constant()) m << "only constants are weak";
    else if (row.kind == op_kind::leaf) check_leaf();
    else if (row.kind == op_kind::movement) check_movement();
    else if (row.kind == op_kind::view) check_view();
    else if (row.kind == op_kind::assembly) check_assembly();
    else if (row.kind == op_kind::lookup || row.scatters) check_lookup();
    else if (row.kind == op_kind::reduction) check_reduction();
    else if (row.kind == op_kind::product) check_product();
    else if (row.kind == op_kind::library) check_library();
    else if (row.kind == op_kind::request) check_request();
    else check_map();
  }
};

/// What is wrong with `g`: the first broken node or output; empty where nothing is. With `differentiated`, requests for gradients are wrong too.
constexpr message verify(graph const& g, bool differentiated = false) {
  if (g.shapes.empty() || g.shapes[0].rank) return message() << "shape 0 is not that of scalars";
  for (int i = 0; i < g.size(); ++i) {
    node const& n = g.nodes[static_cast<std::size_t>(i)];
    message m;
    if (n.code >= op::count_ || static_cast<int>(n.type) >= dtype_count) m << "it has no operation or no dtype";
    else if (index(n.shape) < 0 || index(n.shape) >= static_cast<int>(g.shapes.size())) m << "there is no shape " << index(n.shape);
    else if (differentiated && info(n.code).kind == op_kind::request) m << "a request for a gradient is left";
    else {
      node_verifier v{g, node_id{i}};
      v.check();
      m = v.m;
    }
    if (!m.empty()) {
      message where;
      where << "node " << i;
      if (n.code < op::count_) where << " (" << info(n.code).name << ')';
      return where << ": " << m;
    }
  }
  for (std::size_t i = 0; i < g.outputs.size(); ++i)
    if (index(g.outputs[i]) < 0 || index(g.outputs[i]) >= g.size()) return message() << "output " << static_cast<int>(i) << ": there is no node " << index(g.outputs[i]);
  if (g.accumulate_from < 0) return message() << "outputs are added from " << g.accumulate_from << " on";
  return {};
}

}  // namespace ctgrad::detail
