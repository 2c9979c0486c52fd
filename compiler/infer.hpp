// How shapes and dtypes meet: the parts of the builder that need the op table.
// One place decides it, for expressions, traced functions and derivatives alike.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "builder.hpp"
#include "scalar.hpp"
#include "shapes.hpp"

namespace ctgrad::detail {

/// Makes `a` the extent in which `a` and `b` meet, where they may.
constexpr bool builder::unify(extent& a, extent const& b) {
  if (a == b) return true;
  if (!a.is_anonymous() && !b.is_anonymous()) return false;
  bool known = false;
  for (auto const& e : g.equalities) known = known || (e.left == a && e.right == b) || (e.left == b && e.right == a);
  if (!known) g.equalities.push_back({a, b});
  if (a.is_anonymous()) a = b;
  return true;
}

constexpr int builder::meet(shape const& left, shape const& right, shape& result) {
  result = left.rank >= right.rank ? left : right;
  for (int i = 1; i <= left.rank && i <= right.rank; ++i) {
    extent& e = result[result.rank - i];
    extent const& r = right[right.rank - i];
    e = left[left.rank - i];
    if (e.is_one()) e = r;
    else if (!r.is_one() && !unify(e, r)) return i;
  }
  return 0;
}
constexpr shape builder::meet(node_id a, node_id b) {
  shape const left = g.shape_of(a), right = g.shape_of(b);
  if (left == right) return left;
  shape result;
  if (int const i = meet(left, right, result))
    fail(message() << "ctgrad: extent " << left[left.rank - i] << " (axis " << left.rank - i << " of " << describe(a) << ") and extent " << right[right.rank - i] << " (axis " << right.rank - i
                   << " of " << describe(b) << ") differ, and neither is 1");
  return result;
}

constexpr node_id builder::fold(op code, dtype type, bool weak, node_id const* operands, int count) {
  scalar arguments[max_operands];
  for (int i = 0; i < count; ++i) arguments[i] = scalar::of(g[operands[i]]);
  auto const wide = [](dtype t) { return is_narrow(t) ? dtype::float32 : t; };  // as loops compute, of which only results are rounded to 16 bits
  scalar result = evaluate_map(code, wide(g[operands[count - 1]].type), wide(type), arguments);
  shape_id s = g[operands[0]].shape;
  return is_floating(type) ? real(result.real, type, s, weak) : integer(result.integer, type, s, weak);
}

/// Whether the operands of a map, of which `where` has its condition first, meet as they are: in one shape and one floating-point dtype, and not all of them constants.
constexpr bool meet_as_they_are(result_rule rule, node const& a, node const& b, node const& c) {
  return (rule == result_rule::promoted || rule == result_rule::floating || rule == result_rule::boolean || rule == result_rule::selected) && is_floating(c.type) && b.type == c.type &&
         a.type == (rule == result_rule::selected ? dtype::bool_ : c.type) && a.shape == b.shape && b.shape == c.shape && !(a.weak || b.weak || c.weak) &&
         (a.code != op::constant || b.code != op::constant || c.code != op::constant);
}

constexpr node_id builder::map(op code, node_id a, node_id b, node_id c) {
  op_info const& row = info(code);
  node_id operands[max_operands]{a, b, c};
  int const count = row.arity;
  node const* const nodes = g.nodes.data();
  node const& left = nodes[static_cast<int>(a)];
  node const& right = count > 1 ? nodes[static_cast<int>(b)] : left;
  // Most maps of a large graph: all that follows would leave them as they are, and costs constant evaluation several times as much.
  if (meet_as_they_are(row.result, left, right, count > 2 ? nodes[static_cast<int>(c)] : right)) {
    node n{.code = code,
           .type = row.result == result_rule::boolean ? dtype::bool_ : right.type,
           .arity = static_cast<std::uint8_t>(count),
           .shape = left.shape,
           .operands = {a, b, c}};
    if (row.commutative) order(n);
    return add(n);
  }
  int const first = row.result == result_rule::selected ? 1 : 0;  // the condition of `where` has a dtype of its own

  // The dtype in which the operands meet: constants follow the others.
  bool constant = true, weak = true, strong = false, weak_real = false;
  dtype type = dtype::bool_;
  for (int i = 0; i < count; ++i) constant = constant && g[operands[i]].is_constant();
  for (int i = first; i < count; ++i) {
    node const& n = g[operands[i]];
    weak = weak && n.weak;
    if (n.weak) weak_real = weak_real || is_floating(n.type);
    else type = promote(type, n.type), strong = true;
  }
  if (!strong) type = weak_real ? dtype::float64 : dtype::int64;
  else if (weak_real && !is_floating(type)) type = dtype::float32;
  else if (!is_floating(type) && type == dtype::bool_)
    for (int i = first; i < count; ++i)
      if (g[operands[i]].weak) type = dtype::int64;
  if (row.result == result_rule::floating && !is_floating(type)) type = weak ? dtype::float64 : dtype::float32;
  if (row.result == result_rule::logical) type = dtype::bool_;
  if (row.result == result_rule::word && is_floating(type)) {
    int which = 0;
    while (!is_floating(g[operands[which]].type)) ++which;
    return fail(message() << "ctgrad: " << row.name << " of " << describe(operands[which]) << ": it is " << to_string(g[operands[which]].type) << ", and has to be an integer");
  }
  if (row.result == result_rule::word && type == dtype::int32) type = dtype::int64;
  if (!row.takes_bool && type == dtype::bool_)
    return fail(message() << "ctgrad: " << row.name << " of " << describe(a) << ": it is bool, and has no " << row.name << "; cast it first");
  if (first && g[a].type != dtype::bool_)
    return fail(message() << "ctgrad: " << row.name << ": the condition " << describe(a) << " is " << to_string(g[a].type) << ", and has to be bool");

  // One shape for all. Where the others are scalars, it is known without looking at extents.
  shape_id common = g[operands[0]].shape;
  bool same = true, scalars = true;
  for (int i = 1; i < count; ++i) {
    shape_id const s = g[operands[i]].shape;
    same = same && s == common;
    if (common == shape_id::scalar) common = s;
    scalars = scalars && (s == common || s == shape_id::scalar);
  }
  for (int i = 0; i < count; ++i) scalars = scalars && (g[operands[i]].shape == common || g[operands[i]].shape == shape_id::scalar);
  if (!same && scalars) {
    for (int i = 0; i < count; ++i)
      if (g[operands[i]].shape != common) operands[i] = broadcast(operands[i], common, (axis_mask{1} << g[common].rank) - 1);
  } else if (!same) {
    node_id widest = operands[0];
    shape s = g.shape_of(widest);
    for (int i = 1; i < count; ++i) {
      shape met = meet(widest, operands[i]);
      if (!ok()) return add({.code = op::constant, .type = dtype::float32});
      if (!(met == s)) {
        s = met;
        widest = broadcast_to(widest, s);
        if (g.shape_of(operands[i]) == s) widest = operands[i];
      }
    }
    for (int i = 0; i < count; ++i) operands[i] = broadcast_to(operands[i], s);
  }

  dtype const result = row.result == result_rule::boolean || row.result == result_rule::logical ? dtype::bool_ : row.result == result_rule::word ? dtype::int32 : type;
  for (int i = first; i < count; ++i) operands[i] = cast(operands[i], type);
  if (constant) return fold(code, result, weak && result != dtype::bool_ && row.result != result_rule::word, operands, count);
  node n{.code = code,
         .type = result,
         .arity = static_cast<std::uint8_t>(count),
         .shape = g[operands[0]].shape,
         .operands = {operands[0], operands[1], operands[2]}};
  if (row.commutative) order(n);
  return add(n);
}

/// Sum over the labels that the result lacks of left * right. Extents that share a label have to be equal.
constexpr node_id builder::contract(node_id a, node_id b, contraction const& labels, std::string_view name) {
  shape const left = g.shape_of(a), right = g.shape_of(b);
  extent by_label[contraction::max_labels];
  bool seen[contraction::max_labels]{};
  for (int i = 0; i < left.rank; ++i) by_label[labels.left[i]] = left[i], seen[labels.left[i]] = true;
  for (int i = 0; i < right.rank; ++i) {
    int label = labels.right[i];
    if (seen[label] && !unify(by_label[label], right[i])) {
      int axis = 0;
      while (labels.left[axis] != label) ++axis;
      return fail(message() << "ctgrad: " << name << ": extent " << left[axis] << " (axis " << axis << " of " << describe(a) << ") and extent " << right[i] << " (axis " << i
                            << " of " << describe(b) << ") differ");
    }
    if (!seen[label]) by_label[label] = right[i], seen[label] = true;
  }
  shape result;
  for (int i = 0; i < contraction::max_axes && labels.result[i] >= 0; ++i) result.push_back(by_label[labels.result[i]]);
  dtype type = promote(g[a].type, g[b].type);
  if (type == dtype::bool_) return fail(message() << "ctgrad: " << name << " of " << describe(a) << " and " << describe(b) << ": both are bool; cast one first");
  return add({.code = op::contract,
              .type = type,
              .arity = 2,
              .shape = intern(result),
              .operands = {cast(a, type), cast(b, type), node_id::none},
              .attribute = labels.pack()});
}

constexpr node_id builder::matmul(node_id a, node_id b) {
  int const most = contraction::max_axes;
  if (int const left = g.shape_of(a).rank, right = g.shape_of(b).rank; left < 1 || left > most || right < 1 || right > most)
    return fail(message() << "ctgrad: matmul of " << describe(a) << " and " << describe(b) << ": both have to have one to " << most << " axes");
  // An axis of extent 1 that meets more in the other operand is repeated: a label less.
  auto drop_repeated = [&](node_id x, node_id other) {
    shape const has = g.shape_of(x), meets = g.shape_of(other);
    axis_mask repeated = 0;
    for (int i = 3; i <= has.rank && i <= meets.rank; ++i)
      if (has[has.rank - i].is_one() && !meets[meets.rank - i].is_one()) repeated |= axis_mask{1} << (has.rank - i);
    return repeated;
  };
  axis_mask const dropped_left = drop_repeated(a, b), dropped_right = drop_repeated(b, a);
  // Labels: 0 rows, 1 summed, 2 columns, then the axes before them, counted from the last.
  contraction labels;
  auto label_side = [](contraction::side& side, int rank, axis_mask dropped, std::int8_t before_last, std::int8_t last) {
    for (int i = 0, place = 0; i < rank; ++i)
      if (!(dropped >> i & 1)) side[place++] = i == rank - 1 ? last : i == rank - 2 ? before_last : static_cast<std::int8_t>(rank - i);
  };
  int const left = g.shape_of(a).rank, right = g.shape_of(b).rank;
  label_side(labels.left, left, dropped_left, 0, 1);
  if (right == 1) labels.right[0] = 1;
  else label_side(labels.right, right, dropped_right, 1, 2);
  int place = 0;
  for (int label = left > right ? left : right; label > 2; --label) labels.result[place++] = static_cast<std::int8_t>(label);
  if (left > 1) labels.result[place++] = 0;
  if (right > 1) labels.result[place++] = 2;
  return contract(squeeze(a, dropped_left), squeeze(b, dropped_right), labels);
}

}  // namespace ctgrad::detail
