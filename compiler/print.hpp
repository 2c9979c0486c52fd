// Graphs as text: formulas, one line for each node, Graphviz, Mermaid.
// What a pass did is seen by printing the graph before and after it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ops.hpp"

namespace ctgrad::detail {

constexpr void print_axes(message& out, node const& n) {
  for (int axis = 0, first = 1; axis < max_rank; ++axis)
    if (n.axes() >> axis & 1) out << (first ? "" : ", ") << axis, first = 0;
}

/// What a view takes, behind the name of its operand: `, axis 0 from N - 1 by -1`, `, [N, 4]`.
constexpr void print_view(message& out, graph const& g, node const& n) {
  if (n.code == op::reshape) {
    out << ", " << g[n.shape];
    return;
  }
  if (n.code == op::windows) {
    windowing const w = windowing::unpack(n.attribute);
    out << ", axis " << w.axis << ", " << g[n.shape][w.axis];
    if (w.step != 1) out << ", step " << int{w.step};
    if (w.dilation != 1) out << ", dilation " << int{w.dilation};
    return;
  }
  slicing const s = slicing::unpack(n.attribute);
  extent const first = g[s.start][0], count = g[n.shape][s.axis];
  out << ", axis " << s.axis << ", " << first << ':';
  if (n.code == op::skew) {
    out << first + count << ", slope " << int{s.step};
    return;
  }
  if (s.step > 0) out << first + count * extent(s.step);
  if (s.step != 1) out << ':' << int{s.step};
}

/// What a library operation's attribute says: `, upper, transposed`.
constexpr void print_flags(message& out, node const& n) {
  for (int bit = 0; bit < 3; ++bit)
    if (info(n.code).kind == op_kind::library && n.attribute >> bit & 1) out << ", " << info(n.code).flags[bit];
}

/// What `id` repeats.
constexpr node const& source_of(graph const& g, node_id id) {
  while (g[id].code == op::broadcast || g[id].code == op::squeeze || g[id].code == op::copy) id = g[id].operands[0];
  return g[id];
}

/// The number of a constant as it was written: a float32 is the shortest decimal that rounds to it.
constexpr double written_number(node const& n) {
  double const exact = n.real(), size = exact < 0 ? -exact : exact;
  if (n.type != dtype::float32 || !(size > 1e-20 && size < 1e20)) return exact;
  auto power = [](int e) {
    double p = 1;
    for (; e > 0; --e) p *= 10;
    return p;
  };
  int first = 0;  // the place of the first digit
  while (size >= power(first + 1)) ++first;
  while (size * power(-first) < 1) --first;
  for (int last = first; last > first - 9; --last) {
    double const unit = power(last < 0 ? -last : last);
    auto const digits = static_cast<double>(static_cast<std::int64_t>((last < 0 ? size * unit : size / unit) + 0.5));
    double const decimal = last < 0 ? digits / unit : digits * unit;
    if (static_cast<double>(static_cast<float>(decimal)) == size) return exact < 0 ? -decimal : decimal;
  }
  return exact;
}

/// The formula of `id`, as a user would write it, down to `depth` operations: three points stand for what is below. Repetition to a larger shape is not shown.
constexpr void print_formula(message& out, graph const& g, node_id id, int around = 0, int depth = 1 << 20) {
  node const& n = g[id];
  op_info const& row = info(n.code);
  bool const shown = n.code == op::broadcast || n.code == op::squeeze || n.code == op::copy;  // as their operand is
  if (depth == 0 && n.arity > 0 && !shown) return void(out << "...");
  auto operand = [&](int k, int precedence) { print_formula(out, g, n.operands[k], precedence, depth - (shown ? 0 : 1)); };
  if (n.code == op::symbol) {
    out << g.symbols[static_cast<std::size_t>(n.attribute)].view();
  } else if (n.is_constant()) {
    if (n.type == dtype::bool_) out << (n.attribute ? "true" : "false");
    else if (n.real() < 0 && around > 0) out << '(' << written_number(n) << ')';
    else out << written_number(n);
  } else if (shown) {
    operand(0, around);
  } else if (n.code == op::extent) {
    shape const& s = g[shape_id{static_cast<int>(n.attribute)}];
    auto is_sum = [&](extent const& e) { return e.count + (e.constant != 0) > 1; };
    bool const product = s.rank > 1 || (s.rank == 1 && s[0].count == 1 && !s[0].name().characters);
    bool const parenthesis = around > (s.rank == 1 && is_sum(s[0]) ? 4 : product ? 5 : 10);
    if (parenthesis) out << '(';
    for (int i = 0; i < s.rank; ++i) {
      if (i) out << " * ";
      if (s.rank > 1 && is_sum(s[i])) out << '(' << s[i] << ')';
      else out << s[i];
    }
    if (parenthesis) out << ')';
  } else if (n.code == op::cast) {
    out << "cast<" << to_string(n.type) << ">(";
    operand(0, 0);
    out << ')';
  } else if (!row.infix.empty()) {
    bool const parenthesis = row.precedence < around;
    if (parenthesis) out << '(';
    if (row.arity == 1) {
      out << row.infix;
      operand(0, row.precedence);
    } else {
      // A constant stands first in a product and last in a sum, as people write them.
      bool const swap = row.commutative && row.precedence != 5 && g[n.operands[0]].is_constant();
      bool const minus = swap && row.precedence == 4 && n.code == op::add && g[n.operands[0]].real() < 0;
      operand(swap ? 1 : 0, row.precedence);
      if (minus) out << " - " << -written_number(g[n.operands[0]]);
      else {
        out << row.infix;
        // A sum of sums needs no parentheses; a product with a quotient does, since it was rounded in another order.
        bool const chain = row.commutative && source_of(g, n.operands[swap ? 0 : 1]).code == n.code;
        operand(swap ? 0 : 1, row.precedence + (chain ? 0 : 1));
      }
    }
    if (parenthesis) out << ')';
  } else {
    out << row.name << '(';
    for (int k = 0; k < n.arity; ++k) {
      if (k) out << ", ";
      operand(k, 0);
    }
    if (row.scatters) out << ", axis " << scattered_axis(n);
    if (row.kind == op_kind::lookup) out << ", axis " << n.attribute;
    if (row.kind == op_kind::reduction) {
      shape const& from = g.shape_of(n.operands[0]);
      if (n.axes() != (axis_mask{1} << from.rank) - 1) out << ", ", print_axes(out, n);
    }
    if (row.kind == op_kind::view) print_view(out, g, n);
    if (row.kind == op_kind::assembly) out << ", axis " << n.attribute;
    print_flags(out, n);
    out << ')';
  }
}

/// The formula of `id` in about `width` characters: as deep as it fits.
constexpr void print_short_formula(message& out, graph const& g, node_id id, std::size_t width, int around = 0) {
  message fits;
  for (int depth = 1;; ++depth) {
    message deeper;
    print_formula(deeper, g, id, around, depth);
    bool const more = deeper.size() != fits.size() || depth == 1;
    if (depth == 1 || deeper.size() <= width) fits = deeper;
    if (!more || deeper.size() > width) break;
  }
  out << fits;
}

/// What a node is, without its operands: for lists and pictures.
constexpr void print_label(message& out, graph const& g, node_id id) {
  node const& n = g[id];
  if (n.code == op::symbol || n.is_constant() || n.code == op::extent) print_formula(out, g, id);
  else {
    out << info(n.code).name;
    if (info(n.code).kind == op_kind::reduction) out << " over ", print_axes(out, n);
    if (info(n.code).kind == op_kind::view) print_view(out, g, n);
    if (info(n.code).kind == op_kind::assembly || info(n.code).kind == op_kind::lookup) out << " along " << n.attribute;
    if (info(n.code).scatters) out << " along " << scattered_axis(n);
    print_flags(out, n);
    if (n.code == op::permute)
      for (int i = 0; i < g[n.shape].rank; ++i) out << (i ? ", " : " ") << n.source_axis(i);
  }
}

/// One line for each node: `%3 = multiply %1 %2 : float32[N]`.
constexpr message print_graph(graph const& g) {
  message out;
  for (int i = 0; i < g.size(); ++i) {
    node const& n = g.nodes[i];
    out << '%' << i << " = ";
    print_label(out, g, node_id{i});
    for (int k = 0; k < n.arity; ++k) out << " %" << index(n.operands[k]);
    out << " : " << to_string(n.type) << g[n.shape] << '\n';
  }
  out << "outputs";
  for (node_id id : g.outputs) out << " %" << index(id);
  out << '\n';
  return out;
}

/// Graphviz's language.
constexpr message print_dot(graph const& g) {
  message out;
  out << "digraph ctgrad {\n  rankdir=TB;\n  node [shape=box, style=\"rounded,filled\", fillcolor=\"#f4f4f8\", fontname=\"Helvetica\"];\n";
  for (int i = 0; i < g.size(); ++i) {
    node const& n = g.nodes[i];
    out << "  n" << i << " [label=\"";
    print_label(out, g, node_id{i});
    if (g[n.shape].rank) out << "\\n" << g[n.shape];
    out << '"';
    if (n.code == op::symbol) out << ", fillcolor=\"#cfe8ff\"";
    if (info(n.code).kind == op_kind::reduction || info(n.code).kind == op_kind::product) out << ", fillcolor=\"#ffe3b8\"";
    out << "];\n";
    for (int k = 0; k < n.arity; ++k) out << "  n" << index(n.operands[k]) << " -> n" << i << ";\n";
  }
  for (int k = 0; k < static_cast<int>(g.outputs.size()); ++k)
    out << "  o" << k << " [label=\"output " << k << "\", shape=plaintext, fillcolor=\"white\"];\n  n" << index(g.outputs[static_cast<std::size_t>(k)]) << " -> o" << k
        << ";\n";
  return out << "}\n";
}

/// Mermaid's language, which GitHub draws.
constexpr message print_mermaid(graph const& g) {
  message out;
  out << "graph TD\n";
  for (int i = 0; i < g.size(); ++i) {
    node const& n = g.nodes[i];
    out << "  n" << i << "[\"";
    print_label(out, g, node_id{i});
    if (g[n.shape].rank) out << "<br/>" << g[n.shape];
    out << "\"]\n";
    for (int k = 0; k < n.arity; ++k) out << "  n" << index(n.operands[k]) << " --> n" << i << '\n';
  }
  for (int k = 0; k < static_cast<int>(g.outputs.size()); ++k) out << "  n" << index(g.outputs[static_cast<std::size_t>(k)]) << " --> o" << k << "((output " << k << "))\n";
  return out;
}

}  // namespace ctgrad::detail
