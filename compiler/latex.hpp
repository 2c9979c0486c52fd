// Graphs as LaTeX: formulas as people write them by hand, shared parts named and said after "where".
// How an operation is written stands in a table (latex_forms.hpp); here is where parentheses go, and what gets a name.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "axis_classes.hpp"
#include "latex_forms.hpp"
#include "print.hpp"

namespace ctgrad::detail::latex {

struct printer {
  graph const& g;
  message out{};
  list<int> names{};  // by node: the number of its name, or -1
  list<int> sizes{};  // by node: operations of its formula, shared parts counted each time

  static constexpr int large = 24;         // a formula of more operations names what it shares
  static constexpr int worth_a_name = 2;  // operations of a part that gets a name

  /// What is written for `id`: repetition is not shown.
  constexpr node_id shown(node_id id) const {
    while (g[id].code == op::broadcast || g[id].code == op::squeeze || g[id].code == op::copy) id = g[id].operands[0];
    return id;
  }
  constexpr void find_names() {
    list<int> uses(g.nodes.size(), 0);
    sizes = list<int>(g.nodes.size(), 0), names = list<int>(g.nodes.size(), -1);
    for (int i = 0; i < g.size(); ++i) {
      node const& n = g.nodes[i];
      if (shown(node_id{i}) != node_id{i}) continue;
      sizes[i] = n.arity ? 1 : 0;
      for (int k = 0; k < n.arity; ++k) {
        auto const from = index(shown(n.operands[k]));
        ++uses[from];
        sizes[i] = std::min(sizes[i] + sizes[from], 1 << 20);
      }
    }
    int total = 0, count = 0;
    for (node_id id : g.outputs) total = std::min(total + sizes[index(shown(id))], 1 << 20);
    for (int i = 0; i < g.size() && total > large; ++i)
      if (uses[i] > 1 && sizes[i] >= worth_a_name) names[i] = ++count;
  }

  constexpr void print_extent(extent const& e) {
    for (int i = 0; i < e.count; ++i) {
      auto const& term = e.terms[i];
      std::int64_t const size = term.coefficient < 0 ? -term.coefficient : term.coefficient;
      if (term.coefficient < 0) out << (i ? " - " : "-");
      else if (i) out << " + ";
      if (size != 1) out << size << " \\, ";
      for (int k = 0; k < term.count; ++k) {
        if (k) out << " \\, ";
        print_name(out, term.factors[k].view());
      }
    }
    if (!e.count) out << e.constant;
    else if (e.constant) out << (e.constant < 0 ? " - " : " + ") << (e.constant < 0 ? -e.constant : e.constant);
  }
  constexpr void print_size(shape const& s, int around) {
    auto is_sum = [](extent const& e) { return e.count + (e.constant != 0) > 1; };
    bool const product = s.rank > 1 || (s.rank == 1 && s[0].count == 1 && !s[0].name().characters);
    parenthesised(s.rank == 1 && is_sum(s[0]) ? addition : product ? factor : atom, around, [&] {
      for (int i = 0; i < s.rank; ++i) {
        if (i) out << (s[i].is_static() ? " \\cdot " : " \\, ");
        parenthesised(is_sum(s[i]) ? addition : atom, s.rank > 1 ? factor : bare, [&] { print_extent(s[i]); });
      }
    });
  }
  template <class Print>
  constexpr void parenthesised(int level, int around, Print print) {
    if (level < around) out << "\\left(";
    print();
    if (level < around) out << "\\right)";
  }
  constexpr void print_number(node const& n, int around) {
    if (n.type == dtype::bool_) return void(out << (n.attribute ? "\\text{true}" : "\\text{false}"));
    double const number = written_number(n);
    if (number != number) return void(out << "\\text{NaN}");
    message digits;
    digits << (number < 0 ? -number : number);
    std::string_view const text = digits.view();
    std::size_t const e = text.find('e');
    bool const power = e != std::string_view::npos;
    parenthesised(std::bit_cast<std::uint64_t>(number) >> 63 ? negation : power ? factor : atom, around, [&] {
      if (std::bit_cast<std::uint64_t>(number) >> 63) out << '-';
      if (text == "inf") out << "\\infty";
      else if (!power) out << text;
      else out << text.substr(0, e) << " \\cdot 10^{" << text.substr(e + 1) << '}';
    });
  }
  static constexpr bool has_own_name(shape const& s, int axis) {
    bool named = s[axis].name().characters && !s[axis].is_anonymous();
    for (int other = 0; other < s.rank; ++other) named = named && (other == axis || !(s[other] == s[axis]));
    return named;
  }
  /// Axes that go, by the names of their extents where those are names of one axis only.
  constexpr void print_axes_of(shape const& s, axis_mask mask) {
    for (int axis = 0, first = 1; axis < s.rank; ++axis) {
      if (!(mask >> axis & 1)) continue;
      if (!first) out << ", ";
      first = 0;
      if (has_own_name(s, axis)) print_extent(s[axis]);
      else out << "\\text{axis } " << axis;
    }
  }
  /// `\operatorname{name}_{index}\left(operands\right)`.
  template <class Index>
  constexpr void call(node const& n, std::string_view name, Index index) {
    out << "\\operatorname{";
    for (char c : name) (c == '_' ? out << "\\_" : out << c);
    out << '}';
    message inner = static_cast<message&&>(out);
    out = {};
    index();
    message const below = static_cast<message&&>(out);
    out = static_cast<message&&>(inner);
    if (!below.empty()) out << "_{" << below << '}';
    out << "\\left(";
    for (int k = 0; k < n.arity; ++k) {
      if (k) out << ", ";
      print(n.operands[k], bare);
    }
    out << "\\right)";
  }
  constexpr void transposed(node_id id, bool turn) {
    print(id, turn ? base : info(g[shown(id)].code).kind == op_kind::product ? factor : fraction);
    if (turn) out << "^{\\top}";
  }
  /// Products of matrices and vectors as such, others with the labels of their axes.
  constexpr void contract(node const& n, int around) {
    auto const labels = contraction::unpack(n.attribute);
    int const left = g.shape_of(n.operands[0]).rank, right = g.shape_of(n.operands[1]).rank, result = g[n.shape].rank;
    int summed = 0;
    bool plain = left <= 2 && right <= 2 && left > 0 && right > 0 && !labels.has(label_role::batch) && !labels.has(label_role::lone);
    for (int label = 0; label < contraction::max_labels; ++label) summed += labels.role(label) == label_role::summed;
    plain = plain && summed <= 1 && left + right == result + 2 * summed;
    if (!plain)
      return call(n, "einsum", [&] {
        auto letters = [&](contraction::side const& side, int rank) {
          for (int axis = 0; axis < rank; ++axis) out << static_cast<char>('a' + side[static_cast<std::size_t>(axis)]);
        };
        letters(labels.left, left), out << ", ", letters(labels.right, right), out << " \\to ", letters(labels.result, result);
      });
    // The operand that has the first axis of the result stands first; a matrix before a vector that it is summed with.
    bool const swapped = result > 0 && labels.role(labels.result[0]) == label_role::columns;
    parenthesised(factor, around, [&] {
      for (int place = 0; place < 2; ++place) {
        int const k = swapped ? 1 - place : place, rank = k ? right : left;
        if (place) out << " \\, ";
        label_role const first = labels.role((k ? labels.right : labels.left)[0]);
        bool const sums_first = first == label_role::summed;
        transposed(n.operands[k], rank == 2 ? sums_first == (place == 0) : place == 0 ? sums_first : !sums_first);
      }
    });
  }
  constexpr void print_places(node const& n) {
    slicing const s = slicing::unpack(n.attribute);
    extent const first = g[s.start][0], count = g[n.shape][s.axis];
    out << "_{[";
    for (int axis = 0; axis < g[n.shape].rank; ++axis) {
      if (axis) out << ", ";
      if (axis == s.axis) print_extent(first);
      out << ':';
      if (axis != s.axis) continue;
      if (s.step > 0) print_extent(first + count * extent(s.step));
      if (s.step != 1) out << ':' << int{s.step};
    }
    out << "]}";
  }
  /// A table's form, operands put in.
  constexpr void fill(node const& n, form const& written, int around) {
    bool const commutes = info(n.code).commutative && g[shown(n.operands[0])].is_constant();
    if (n.code == op::add && commutes) {  // a constant stands last in a sum
      node const& number = g[shown(n.operands[0])];
      return parenthesised(addition, around, [&] {
        print(n.operands[1], negation);
        if (number.real() < 0) {
          node positive = number;
          positive.attribute = is_floating(number.type) ? std::bit_cast<std::int64_t>(-number.real()) : -number.attribute;
          out << " - ", print_number(positive, addition);
        } else out << " + ", print_number(number, addition);
      });
    }
    if (n.code == op::multiply) return multiply(n, written, around);
    if (node_id const right = shown(n.operands[n.arity - 1]); n.code == op::add && g[right].code == op::negative && names[index(right)] < 0)
      return parenthesised(addition, around, [&] { print(n.operands[0], negation), out << " - ", print(g[right].operands[0], series); });
    parenthesised(written.binds, around, [&] {
      for (std::size_t i = 0; i < written.text.size(); ++i)
        if (written.text[i] == '#') {
          int const k = written.text[++i] - '0';
          print(n.operands[k], written.operands[k]);
        } else out << written.text[i];
    });
  }
  /// Of an outer product of vectors: which operand has its second axis; -1 where it is none. The two stand in any order.
  constexpr int outer_row(node const& n) const {
    if (n.code != op::multiply || g[n.shape].rank != 2) return -1;
    auto along = [&](int k, int axis) {
      source const s = resolve(g, n.operands[k]);
      return g.shape_of(s.base).rank == 1 && s.axes[0] == axis;
    };
    for (int row = 0; row < 2; ++row)
      if (along(row, 1) && along(1 - row, 0)) return row;
    return -1;
  }
  /// Products of matrices and vectors stand in parentheses in one of elements.
  constexpr int level_of_factor(node_id id, bool elements) const { return elements && (info(g[id].code).kind == op_kind::product || outer_row(g[id]) >= 0) ? fraction : factor; }
  /// A square, an outer product, a product of elements of tensors, or a plain one.
  constexpr void multiply(node const& n, form const& written, int around) {
    int const row = outer_row(n);
    bool const outer = row >= 0;
    node_id const left = shown(n.operands[outer ? 1 - row : 0]), right = shown(n.operands[outer ? row : 1]);
    if (left == right && !outer) return parenthesised(exponent, around, [&] { print(left, base), out << "^{2}"; });
    // What is multiplied by 1 / x is a fraction.
    for (int k = 1; k >= 0; --k) {
      node_id const below = k ? right : left;
      bool const root = g[below].code == op::rsqrt, quotient = g[below].code == op::divide && g[shown(g[below].operands[0])].is_constant(1);
      if (outer || names[index(below)] >= 0 || (g[below].code != op::reciprocal && !root && !quotient)) continue;
      return parenthesised(fraction, around, [&] {
        out << "\\frac{", print(k ? left : right, bare), out << (root ? "}{\\sqrt{" : "}{"), print(g[below].operands[quotient ? 1 : 0], bare), out << (root ? "}}" : "}");
      });
    }
    auto is_tensor = [&](node_id id) { return g.shape_of(id).rank > 0 && !g[id].is_constant(); };
    bool const elements = !outer && is_tensor(left) && is_tensor(right);
    parenthesised(written.binds, around, [&] {
      print(left, level_of_factor(left, elements));
      out << (elements ? " \\odot " : starts_with_digit(right) ? " \\cdot " : " \\, ");
      print(right, outer ? base : level_of_factor(right, elements));
      if (outer) out << "^{\\top}";
    });
  }
  constexpr bool starts_with_digit(node_id id) const {
    node const& n = g[shown(id)];
    return n.is_constant() || (n.code == op::extent && g[shape_id{static_cast<int>(n.attribute)}][0].is_static());
  }
  constexpr void reduction(node const& n, form const& written, int around) {
    shape const& from = g.shape_of(n.operands[0]);
    bool const all = n.axes() == (axis_mask{1} << from.rank) - 1;
    bool named = from.rank > 0;
    for (int axis = 0; axis < from.rank; ++axis) named = named && has_own_name(from, axis);
    parenthesised(written.binds, around, [&] {
      out << written.text;
      if (!all || named) out << "_{", print_axes_of(from, n.axes()), out << '}';
      if (written.operands[0] == bare) out << "\\left(";
      else out << ' ';
      print(n.operands[0], written.operands[0]);
      if (written.operands[0] == bare) out << "\\right)";
    });
  }

  /// The axis along which a node counts 0, 1, 2, …, one of several; or -1.
  constexpr int counted_axis(node const& n) const {
    if (n.code != op::broadcast || g[n.operands[0]].code != op::iota || g[n.shape].rank < 2) return -1;
    int axis = 0;
    while (n.axes() >> axis & 1) ++axis;
    return axis;
  }
  /// The formula of `id` inside of what binds as `around`.
  constexpr void print(node_id id, int around) {
    if (int const axis = counted_axis(g[id]); axis >= 0) return void(out << "\\text{place on axis } " << axis);
    id = shown(id);
    if (int const name = names[index(id)]; name >= 0) return void(out << "v_{" << name << '}');
    define(id, around);
  }
  /// The same, of a part that has a name.
  constexpr void define(node_id id, int around) {
    node const& n = g[shown(id)];
    form const* const written = form_of(n.code);
    op_info const& row = info(n.code);
    if (n.code == op::symbol) print_name(out, g.symbols[static_cast<std::size_t>(n.attribute)].view());
    else if (n.is_constant()) print_number(n, around);
    else if (n.code == op::extent) print_size(g[shape_id{static_cast<int>(n.attribute)}], around);
    else if (n.code == op::iota) out << "\\left(0, 1, \\dots, ", print_extent(g[n.shape][0] - 1), out << "\\right)";
    else if (written && row.kind == op_kind::reduction) reduction(n, *written, around);
    else if (written) fill(n, *written, around);
    else if (row.kind == op_kind::product) contract(n, around);
    else if (n.code == op::permute && g[n.shape].rank == 2) parenthesised(exponent, around, [&] { transposed(n.operands[0], true); });
    else if (n.code == op::slice) parenthesised(exponent, around, [&] { print(n.operands[0], atom), print_places(n); });
    else
      parenthesised(application, around, [&] {
        call(n, n.code == op::cast ? to_string(n.type) : row.name, [&] {
          if (n.code == op::permute)
            for (int i = 0; i < g[n.shape].rank; ++i) out << (i ? ", " : "") << n.source_axis(i);
          if (row.scatters) out << scattered_axis(n);
          for (int k = 0, first = 1; row.kind == op_kind::library && k < 3; ++k)
            if (n.attribute >> k & 1 && !row.flags[k].empty()) out << (first ? "" : ", ") << "\\text{" << row.flags[k] << '}', first = 0;
          if (row.kind == op_kind::lookup || row.kind == op_kind::assembly) out << n.attribute;
          if (n.code == op::reshape)
            for (int i = 0; i < g[n.shape].rank; ++i) (i ? out << " \\times " : out), print_extent(g[n.shape][i]);
        });
      });
  }

  /// All outputs; one alone has no name.
  constexpr message run() {
    find_names();
    bool where = false;
    for (int name : names) where = where || name >= 0;
    bool const several = where || g.outputs.size() > 1;
    if (several) out << "\\begin{aligned}\n";
    for (int k = 0; k < static_cast<int>(g.outputs.size()); ++k) {
      if (k) out << " \\\\\n";
      if (g.outputs.size() > 1) out << "y_{" << k << "} &= ";
      else if (several) out << "& ";
      print(g.outputs[k], bare);
    }
    bool first = true;
    for (int i = 0; i < g.size(); ++i) {
      if (names[i] < 0) continue;
      out << " \\\\\n" << (first ? "\\text{where } " : "") << "v_{" << names[i] << "} &= ";
      define(node_id{i}, bare);
      first = false;
    }
    if (several) out << "\n\\end{aligned}";
    return static_cast<message&&>(out);
  }
};

}  // namespace ctgrad::detail::latex

namespace ctgrad::detail {
/// The outputs of `g`.
constexpr message print_latex(graph const& g) { return latex::printer{g}.run(); }
}  // namespace ctgrad::detail
