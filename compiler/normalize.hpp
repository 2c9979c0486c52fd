// Whether two outputs of a graph are the same function over the reals: both are brought into one normal form.
// A formula that a person differentiated is checked with it against the compiler's, with no numbers involved.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "normal_axes.hpp"
#include "prepare.hpp"
#include "real_rules.hpp"

namespace ctgrad::detail {

/// Two functions are the same where they agree wherever all elements of both are defined, as real numbers: x / x is 1, exp(log(x)) is x,
/// and log(x * y) is log(x) + log(y), since the latter is defined for positive x and y only; but sqrt(x^2) is |x|, not x.
/// NaN, infinity, overflow (of integers too), rounding and extents of zero are no matter. What is shown equal is equal; what is not may be all the same.
struct normalizer : normal_axes {
  graph const& g;
  list<terms> values;
  list<char> strict;       ///< nodes without whose value neither output would have one
  list<char> nonnegative;  ///< symbols that cannot be negative where both outputs are defined

  constexpr explicit normalizer(graph const& from) : g(from), values(from.nodes.size()), strict(from.nodes.size(), 0), nonnegative(from.symbols.size(), 0) {
    note_domains();
    for (int i = 0; i < g.size() && !failed; ++i) {
      op_kind const kind = info(g.nodes[i].code).kind;
      // (Not with ?:, after which g++ 12 has destroyed the result.)
      if (kind == op_kind::view || kind == op_kind::assembly || kind == op_kind::lookup || kind == op_kind::library || info(g.nodes[i].code).scatters) values[i] = opaque_tensor(node_id{i});
      else values[i] = value_of(g.nodes[i]);
    }
  }

  constexpr terms const& operand(node const& n, int k) const { return values[index(n.operands[k])]; }

  /// A symbol under log or a root of even order, in an output that is undefined where that is, is not negative.
  constexpr void note_domains() {
    for (node_id id : g.outputs) strict[index(id)] = 1;
    for (int i = g.size() - 1; i >= 0; --i) {
      if (!strict[i]) continue;
      node const& n = g.nodes[i];
      if (n.type == dtype::bool_) continue;  // a comparison with NaN has a value
      for (int k = 0; k < n.arity; ++k)
        if (n.code != op::where) strict[index(n.operands[k])] = 1;
      bool root = n.code == op::log;
      if (n.code == op::power && g[n.operands[1]].is_constant()) {
        rational const exponent = exact(g[n.operands[1]]);
        root = !exponent.lost() && exponent.is_even_root();
      }
      if (!root) continue;
      node const* x = &g[n.operands[0]];
      while (info(x->code).kind == op_kind::movement || x->code == op::copy || x->code == op::detach || (x->code == op::cast && is_floating(x->type))) x = &g[x->operands[0]];
      if (x->code == op::symbol) nonnegative[x->attribute] = 1;
    }
  }

  /// The fraction that a constant stands for; lost where it is none.
  static constexpr rational exact(node const& n) {
    constexpr std::int64_t limit = std::int64_t{1} << 61;
    if (!is_floating(n.type)) return n.attribute > -limit && n.attribute < limit ? rational(n.attribute) : rational::nothing();
    double const number = n.real();
    if (number == 0) return 0;
    if (!(number - number == 0)) return rational::nothing();
    exact_number const e = exact_number_of(number < 0 ? -number : number, n.type == dtype::float32);
    if (!e.named.is_one()) return rational::nothing();
    return number < 0 ? -e.coefficient : e.coefficient;
  }
  constexpr terms constant_value(node const& n) {
    if (!is_floating(n.type)) {
      rational const r = exact(n);
      if (r.lost()) return number(n.real());
      return constant(r);
    }
    double const number = n.real();
    if (number == 0) return {};
    if (number != number) return undefined();
    if (!(number - number == 0)) return this->number(number);
    exact_number const e = exact_number_of(number < 0 ? -number : number, n.type == dtype::float32);
    if (e.coefficient.lost()) return this->number(number);
    terms result = constant(number < 0 ? -e.coefficient : e.coefficient);
    if (!e.named.two.is_zero()) result = multiply(result, power_of(2, e.named.two));
    if (!e.named.pi.is_zero()) result = multiply(result, of_atom(keep({.kind = atom_kind::pi, .sign = sign_class::positive}), e.named.pi));
    if (!e.named.e.is_zero()) result = multiply(result, exponential(constant(e.named.e)));
    if (e.named.of) result = multiply(result, power(logarithm(constant(e.named.of)), e.named.log));
    return result;
  }

  /// A view or an assembly: a symbol of its own, of which no more is known than that it is this node.
  constexpr terms opaque_tensor(node_id id) {
    node const& n = g[id];
    atom a{.kind = atom_kind::symbol, .a = static_cast<int>(g.symbols.size()) + index(id)};
    note_axes(a, g[n.shape]);
    a.truth = a.active = n.type == dtype::bool_;
    if (a.truth) a.sign = sign_class::nonnegative;
    return of_atom(keep(a));
  }
  constexpr terms symbol_value(node const& n) {
    atom a{.kind = atom_kind::symbol, .a = static_cast<int>(n.attribute)};
    if (n.code == op::iota) a.kind = atom_kind::position, a.a = -1;
    shape const& s = g[n.shape];
    if (n.code == op::iota && s[0].is_one()) return {};
    note_axes(a, s);
    a.truth = a.active = n.type == dtype::bool_;
    if (n.code == op::iota || n.type == dtype::bool_ || nonnegative[n.attribute]) a.sign = sign_class::nonnegative;
    return of_atom(keep(a));
  }
  /// The indices that the elements of a tensor of shape `s` are read by.
  static constexpr void note_axes(atom& a, shape const& s) {
    for (int i = 0; i < max_rank; ++i) {
      bool const read = i < s.rank && !s[i].is_one();
      a.bits |= static_cast<std::uint64_t>(read ? i : only_index) << (8 * i);
      if (read) a.uses |= index_set{1} << i;
    }
  }

  /// A function of which no more is known than its arguments.
  constexpr terms opaque(node const& n) {
    atom a{.kind = atom_kind::application, .code = n.code, .truth = n.type == dtype::bool_, .active = n.type == dtype::bool_};
    if (a.truth) a.sign = sign_class::nonnegative;
    if (n.code == op::cast || !is_floating(n.type)) a.bits = static_cast<std::uint64_t>(n.type) + 1;
    int* places[] = {&a.a, &a.b, &a.c};
    for (int k = 0; k < n.arity; ++k) *places[k] = sum(operand(n, k));
    if (info(n.code).commutative && a.b < a.a) std::swap(a.a, a.b);
    return of_atom(keep(with_sums(a)));
  }

  constexpr terms movement(node const& n) {
    terms const& x = operand(n, 0);
    shape const& from = g.shape_of(n.operands[0]);
    renaming r;
    for (int i = 0, j = 0; i < max_rank; ++i) {
      if (n.code == op::broadcast && i < g[n.shape].rank && !(n.axes() >> i & 1)) r.add(j++, i);
      if (n.code == op::permute && i < g[n.shape].rank) r.add(n.source_axis(i), i);
      if (n.code == op::squeeze && i < from.rank && !(n.axes() >> i & 1)) r.add(i, j++);
    }
    if (!r.affected) return x;
    return renamed(x, r);
  }
  constexpr terms reduced(node const& n) {
    next_temporary = first_temporary;
    shape const& from = g.shape_of(n.operands[0]);
    renaming r;
    list<bound_index> own;
    for (int i = 0, j = 0; i < from.rank; ++i)
      if (n.axes() >> i & 1) own.push_back({temporary(), extent_place(from[i])}), r.add(i, own.back().index);
      else r.add(i, j++);
    terms const x = renamed(operand(n, 0), r);
    if (n.code == op::sum) return total(x, own);
    if (n.code == op::min) return scaled(reduction(op::max, scaled(x, -1), own), -1);
    return reduction(n.code, x, own);
  }
  constexpr terms contracted(node const& n) {
    next_temporary = first_temporary;
    auto const labels = contraction::unpack(n.attribute);
    int index_of[contraction::max_labels];
    for (int& i : index_of) i = -1;
    for (int i = 0; i < g[n.shape].rank; ++i) index_of[labels.result[static_cast<std::size_t>(i)]] = i;
    list<bound_index> own;
    terms sides[2];
    for (int k = 0; k < 2; ++k) {
      renaming r;
      shape const& s = g.shape_of(n.operands[k]);
      for (int i = 0; i < s.rank; ++i) {
        int& place = index_of[(k ? labels.right : labels.left)[static_cast<std::size_t>(i)]];
        if (place < 0) own.push_back({temporary(), extent_place(s[i])}), place = own.back().index;
        r.add(i, place);
      }
      sides[k] = renamed(operand(n, k), r);
    }
    return total(multiply(sides[0], sides[1]), own);
  }

  constexpr terms powered(node const& n) {
    terms const& x = operand(n, 0);
    terms const& y = operand(n, 1);
    bool const is_constant = y.empty() || (y.size() == 1 && y[0].monomial == unit_monomial);
    rational const exponent = y.empty() ? rational(0) : y[0].coefficient;
    // Integers have other powers below zero, and a big one is no polynomial to write out.
    bool const small = exponent < 17 && rational(-17) < exponent && exponent.denominator < 17;
    if (is_constant && small && (is_floating(n.type) || !exponent.negative())) return power(x, exponent);
    if (is_floating(n.type) && sign_of(x) != sign_class::unknown && !x.empty()) return exponential(multiply(y, logarithm(x)));
    return opaque(n);
  }

  constexpr terms value_of(node const& n) {
    switch (n.code) {
      case op::symbol:
      case op::iota: return symbol_value(n);
      case op::constant: return constant_value(n);
      case op::extent: {
        terms size = one();
        shape const& s = g[shape_id{static_cast<int>(n.attribute)}];
        for (int i = 0; i < s.rank; ++i) size = multiply(size, terms_of_extent(s[i]));
        return size;
      }
      case op::broadcast:
      case op::permute:
      case op::squeeze: return movement(n);
      case op::sum:
      case op::prod:
      case op::max:
      case op::min: return reduced(n);
      case op::contract: return contracted(n);
      case op::copy:
      case op::detach: return operand(n, 0);
      case op::cast: {
        dtype const from = g[n.operands[0]].type;
        if (n.type == dtype::bool_ && from != dtype::bool_) return plus(one(), zero(operand(n, 0)), -1);
        if (is_floating(n.type) || from <= n.type) return operand(n, 0);
        return opaque(n);  // cuts off or wraps
      }
      case op::add:
        if (n.type == dtype::bool_) return opaque(n);
        return plus(operand(n, 0), operand(n, 1));
      case op::subtract: return plus(operand(n, 0), operand(n, 1), -1);
      case op::negative: return scaled(operand(n, 0), -1);
      case op::multiply: return multiply(operand(n, 0), operand(n, 1));
      case op::divide: return multiply(operand(n, 0), power(operand(n, 1), -1));
      case op::power: return powered(n);
      case op::where: return plus(operand(n, 2), multiply(operand(n, 0), plus(operand(n, 1), operand(n, 2), -1)));
      case op::greater: return positive(plus(operand(n, 0), operand(n, 1), -1));
      case op::less: return positive(plus(operand(n, 1), operand(n, 0), -1));
      case op::greater_equal: return plus(one(), positive(plus(operand(n, 1), operand(n, 0), -1)), -1);
      case op::less_equal: return plus(one(), positive(plus(operand(n, 0), operand(n, 1), -1)), -1);
      case op::equal: return zero(plus(operand(n, 0), operand(n, 1), -1));
      case op::not_equal: return plus(one(), zero(plus(operand(n, 0), operand(n, 1), -1)), -1);
      case op::logical_and: return multiply(operand(n, 0), operand(n, 1));
      case op::logical_or: return plus(plus(operand(n, 0), operand(n, 1)), multiply(operand(n, 0), operand(n, 1)), -1);
      case op::logical_xor: return plus(plus(operand(n, 0), operand(n, 1)), multiply(operand(n, 0), operand(n, 1)), -2);
      case op::logical_not: return plus(one(), operand(n, 0), -1);
      case op::exp:
      case op::log:
      case op::sin:
      case op::cos:
      case op::asin:
      case op::atan:
      case op::erf: return function(n.code, operand(n, 0));
      case op::floor:
      case op::round:
        if (!is_floating(n.type)) return operand(n, 0);
        return function(n.code, operand(n, 0));
      default: return opaque(n);
    }
  }

  // The end.

  constexpr bool has(product const& p, int atom) const {
    for (factor const& f : p)
      if (f.atom == atom) return true;
    return false;
  }
  constexpr bool has_power_or_log(product const& p, int atom) {
    for (factor const& f : p) {
      auto const& a = atoms[f.atom];
      if (f.atom == atom) return true;
      if (a.kind == atom_kind::application && a.code == op::log && a.a == sum(of_atom(atom))) return true;
    }
    return false;
  }
  /// `s` where `zero` is 1. Where its sum is a product, one of the factors is zero: what has powers or logs of all of them is zero itself,
  /// or has no value, and then neither output can have it.
  constexpr terms where_zero(terms const& s, int zero) {
    terms const inside = multiply(s, of_atom(zero));
    terms const sum = terms_of(atoms[zero].a);
    product const nothing = factors_of(sum[0].monomial);
    terms kept;
    for (term const& t : inside) {
      bool dropped = sum.size() == 1;
      for (factor const& d : nothing) dropped = dropped && has_power_or_log(factors_of(t.monomial), d.atom);
      if (!dropped) add(kept, t.coefficient, t.monomial);
    }
    return where_truth(kept, zero, true);
  }
  /// `s` times its denominators.
  constexpr terms without_denominators(terms const& s) {
    product denominators;
    for (term const& t : s)
      for (factor const& f : factors_of(t.monomial))
        if (f.exponent.negative()) {
          rational known = 0;
          for (factor const& d : denominators)
            if (d.atom == f.atom) known = d.exponent;
          if (f.exponent < known) denominators.raise(f.atom, f.exponent - known);
        }
    if (denominators.empty()) return s;
    int const d = monomial(denominators);
    terms numerator;
    for (term const& t : s) add_reduced(numerator, t.coefficient, times(factors_of(t.monomial), d, -1));
    return numerator;
  }
  /// Whether `s`, a difference of the outputs, is zero wherever both are defined.
  constexpr bool vanishes(terms s, int depth = 0) {
    if (failed || depth > 12) return false;
    int const missing = undefined_atom();
    terms defined;
    for (term const& t : s)
      if (!has(factors_of(t.monomial), missing)) add(defined, t.coefficient, t.monomial);
    s = defined;
    if (s.empty()) return !failed;
    if (int const truth = find_truth(s); truth >= 0) {
      bool const zero = atoms[truth].kind == atom_kind::zero;
      terms where_true;
      // As a fraction, since it is the numerator that `zero` may make zero.
      if (zero) where_true = where_zero(without_denominators(where_zero(s, truth)), truth);
      else where_true = where_truth(s, truth, true);
      if (!vanishes(where_true, depth + 1)) return false;
      return vanishes(where_truth(s, truth, false), depth + 1);
    }
    terms const numerator = without_denominators(s);
    if (numerator == s) return false;
    return vanishes(numerator, depth + 1);
  }
  constexpr bool outputs_agree() {
    if (failed) return false;
    terms difference = plus(values[index(g.outputs[0])], values[index(g.outputs[1])], -1);
    // Cases in which something is divided by zero do not count.
    for (int i = 0; i < g.size() && find_truth(difference) >= 0; ++i)
      if (node const& n = g.nodes[i]; strict[i] && n.code == op::divide) difference = multiply(difference, plus(one(), zero(operand(n, 1)), -1));
    return !failed && vanishes(difference);
  }
};

/// The same graph in fewer functions (real_rules.hpp), with one name for extents that have to be equal: what the normal form is made from.
/// A template, so that the rules cost nothing where nothing is compared.
template <auto Rules = &write_real_rules>
constexpr graph expand_definitions(graph g) {
  unify_extents(g);
  return without_dead_nodes(simplify<Rules>(g));
}

enum class agreement { unknown, shown, too_large };

/// Whether the two outputs of an expanded graph without requests for gradients are shown to be the same function.
constexpr agreement compare_normal_forms(graph const& g) {
  if (g.outputs.size() != 2) return agreement::unknown;
  if (g.outputs[0] == g.outputs[1]) return agreement::shown;
  node const& a = g[g.outputs[0]];
  node const& b = g[g.outputs[1]];
  // A constant has the shape of what it meets.
  bool const same_shape = g[a.shape] == g[b.shape] || (a.is_constant() && g[a.shape].rank == 0) || (b.is_constant() && g[b.shape].rank == 0);
  if (!same_shape || (a.type == dtype::bool_) != (b.type == dtype::bool_)) return agreement::unknown;
  normalizer forms(g);
  bool const agree = forms.outputs_agree();
  return forms.failed ? agreement::too_large : agree ? agreement::shown : agreement::unknown;
}

}  // namespace ctgrad::detail
