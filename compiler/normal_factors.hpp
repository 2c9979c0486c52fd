// What functions of normal forms need to know of their arguments: cases, and factors.
// A function is taken of each case by itself; roots and logarithms are taken of factors.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "normal_form.hpp"

#include <limits>

namespace ctgrad::detail {

struct normal_factors : polynomials {
  // Atoms.

  constexpr atom with_sums(atom n) const {
    for (int s : {n.a, n.b, n.c})
      if (s >= 0) n.uses |= sums[s].uses, n.height = sums[s].height > n.height ? sums[s].height : n.height;
    return n;
  }
  constexpr void set_lead(atom& n, terms const& s) const {
    term const& lead = largest(s);
    bool positive_powers = !monomials[lead.monomial].factors.empty() && (lead.coefficient.is_one() || (-lead.coefficient).is_one());
    for (factor const& f : factors_of(lead.monomial)) positive_powers = positive_powers && !f.exponent.negative();
    if (positive_powers) n.lead = lead.monomial;
    n.lead_sign = lead.coefficient.negative() ? -1 : 1;
  }
  constexpr int base_atom(terms const& s) {
    if (s.empty()) return undefined_atom();  // past the limit of work
    atom n = with_sums({.kind = atom_kind::base, .active = true, .a = sum(s), .sign = sign_of(s)});
    set_lead(n, s);
    bool constant = false;
    for (term const& t : s) constant = constant || t.monomial == unit_monomial;
    if (constant && s.size() > 1)
      if (product const tail = common_factor(s, true); !tail.empty()) {
        bool positive_powers = true;
        for (factor const& f : tail) positive_powers = positive_powers && !f.exponent.negative() && !atoms[f.atom].truth;
        if (positive_powers) n.tail = monomial(tail);
      }
    int const id = keep(n);
    // Where both have been met, 1/(1 - x^2) joins sqrt(x^2 - 1).
    if (atoms[id].partner < 0) {
      n.a = sum(scaled(s, -1));
      int const opposite = keep(n, false);
      if (opposite >= 0) atoms[id].partner = opposite, atoms[opposite].partner = id;
    }
    return id;
  }
  constexpr terms application(op code, terms const& s) {
    atom n = with_sums({.kind = atom_kind::application, .code = code, .a = sum(s)});
    if (code == op::sin) {
      n.active = true;
      atom cosine = n;
      cosine.code = op::cos;
      cosine.active = false;
      n.partner = keep(cosine);
    }
    return of_atom(keep(n));
  }
  constexpr terms number(double value) {
    rational scale = value < 0 ? -1 : 1;
    double size = value < 0 ? -value : value;
    for (int i = 0; i < 40 && size >= 2; ++i) size /= 2, scale = scale * 2;
    for (int i = 0; i < 40 && size < 1; ++i) size *= 2, scale = scale * rational(1, 2);
    return scaled(of_atom(keep({.kind = atom_kind::number, .bits = std::bit_cast<std::uint64_t>(size), .sign = sign_class::positive})), scale);
  }
  /// What has no value: 1 / 0, log 0.
  constexpr terms undefined() { return of_atom(undefined_atom()); }
  constexpr int undefined_atom() { return keep({.kind = atom_kind::number, .bits = std::bit_cast<std::uint64_t>(std::numeric_limits<double>::quiet_NaN())}); }
  constexpr bool is_undefined(terms const& s) { return s == undefined(); }

  // Cases. f(where(p, a, b)) is where(p, f(a), f(b)): a function is taken of each case.

  /// A truth atom of `s`, or -1.
  constexpr int find_truth(terms const& s) const {
    for (term const& t : s)
      if (monomials[t.monomial].truth)
        for (factor const& f : factors_of(t.monomial))
          if (atoms[f.atom].truth) return f.atom;
    return -1;
  }
  /// `s` where the truth atom `id` is `value`. That it is 1 makes its partner 0.
  constexpr terms where_truth(terms const& s, int id, bool value) {
    int const partner = atoms[id].partner;
    terms result;
    for (term const& t : s) {
      if (!monomials[t.monomial].truth) {
        add(result, t.coefficient, t.monomial);
        continue;
      }
      product p = factors_of(t.monomial);
      bool gone = false;
      for (int i = 0; i < p.count;) {
        if (p[i].atom == id && value) p.remove(i);
        else if (p[i].atom == id || (value && p[i].atom == partner)) gone = true, ++i;
        else ++i;
      }
      if (!gone) add_reduced(result, t.coefficient, p);
    }
    return result;
  }
  template <class Function>
  constexpr terms by_cases(terms const& s, Function const& f) {
    int const truth = find_truth(s);
    if (truth < 0 || failed) return f(s);
    terms const where_true = by_cases(where_truth(s, truth, true), f), where_false = by_cases(where_truth(s, truth, false), f);
    terms const chosen = of_atom(truth);
    // Where a case has no value, any will do.
    terms result;
    if (!is_undefined(where_false)) result = plus(where_false, multiply(chosen, where_false), -1);
    if (!is_undefined(where_true)) add(result, multiply(chosen, where_true));
    return result;
  }

  // Factors.

  /// The largest monomial of which all of `s` are multiples by positive powers; the constant term, where it is to be left out, does not count.
  constexpr product common_factor(terms const& s, bool without_constant = false) const {
    product common;
    bool first = true;
    for (term const& t : s) {
      if (without_constant && t.monomial == unit_monomial) continue;
      product const p = factors_of(t.monomial);
      if (first) {
        common = p, first = false;
        continue;
      }
      product met;
      int i = 0, j = 0;
      while (i < common.size() || j < p.size()) {
        bool const left = j == p.size() || (i < common.size() && common[i].atom < p[j].atom), both = !left && i < common.size() && common[i].atom == p[j].atom;
        factor f = left ? common[i] : p[j];
        if (both && common[i].exponent < f.exponent) f.exponent = common[i].exponent;
        if (both || f.exponent.negative()) met.push_back(f);
        if (left || both) ++i;
        if (!left) ++j;
      }
      common = met;
    }
    return common;
  }

  /// The sum of which `s` is the square: term by term from the largest, as square roots are taken by hand. Empty where there is none.
  constexpr terms square_root(terms const& s) {
    auto const even = [&](int m) {
      for (factor const& f : monomials[m].factors)
        if (!f.exponent.is_even_power()) return false;
      return true;
    };
    if (s.size() < 3 || !largest(s).coefficient.is_one() || !even(largest(s).monomial) || !even(smallest(s).monomial)) return {};
    int const lead = monomial(times({}, largest(s).monomial, {1, 2}));
    terms root{{lead, 1}};
    for (std::size_t k = 0; k < s.size() && !failed; ++k) {
      terms const rest = plus(s, multiply(root, root), -1);
      if (rest.empty()) {
        if (smallest(root).coefficient.negative()) root = scaled(root, -1);
        return root;
      }
      term const next = largest(rest);
      int const quotient = monomial(times(factors_of(next.monomial), lead, -1));
      if (!before(quotient, lead)) return {};
      add(root, next.coefficient * rational(1, 2), quotient);
    }
    return {};
  }

  /// A sum as sign * scale * common * rest: scale > 0, rest with lead coefficient ±1 and a positive smallest term; 1 where there was one term.
  struct factored {
    int sign = 1;
    rational scale = 1;
    product common;
    terms rest;
  };
  constexpr factored factor_out(terms s) {
    factored result;
    // Sums with denominators become one fraction: 1 - 1/(1 + e) is e/(1 + e).
    product denominators;
    if (s.size() > 1) {
      for (term const& t : s)
        if (monomials[t.monomial].active)
          for (factor const& f : factors_of(t.monomial))
            if (atoms[f.atom].kind == atom_kind::base && f.exponent.negative()) {
              rational known = 0;
              for (factor const& d : denominators)
                if (d.atom == f.atom) known = d.exponent;
              if (f.exponent < known) denominators.raise(f.atom, f.exponent - known);
            }
      if (!denominators.empty()) {
        int const d = monomial(denominators);
        terms numerator;
        for (term const& t : s) add_reduced(numerator, t.coefficient, times(factors_of(t.monomial), d, -1));
        s = numerator;
      }
    }
    if (s.empty()) return result;
    product const common = common_factor(s);
    result.common = common;
    if (s.size() == 1) {
      result.rest = one();
      result.scale = s[0].coefficient.size();
      result.sign = s[0].coefficient.negative() ? -1 : 1;
    } else {
      if (!common.empty()) {
        int const m = monomial(common);
        terms divided;
        for (term const& t : s) add_reduced(divided, t.coefficient, times(factors_of(t.monomial), m, -1));
        s = divided;
      }
      if (s.empty()) return result;  // past the limit of work
      result.scale = largest(s).coefficient.size();
      result.sign = smallest(s).coefficient.negative() ? -1 : 1;
      rational const scale = result.scale.inverse();
      result.rest = scaled(s, result.sign < 0 ? -scale : scale);
      if (terms const root = square_root(result.rest); !root.empty()) {
        result.common.raise(base_atom(root), 2);
        result.rest = one();
      }
    }
    for (factor const& f : denominators) result.common.raise(f.atom, f.exponent);
    return result;
  }
  /// scale^exponent, exactly: 8^(1/2) is 2 * 2^(1/2).
  constexpr terms power_of(rational scale, rational exponent) {
    if (exponent.is_integer()) return constant(scale.power(exponent.numerator));
    product roots;
    for (bool above : {true, false}) {
      std::int64_t rest = above ? scale.numerator : scale.denominator;
      for (std::int64_t prime = 2; rest > 1; ++prime) {
        if (prime > 100) prime = rest;
        int count = 0;
        for (; rest % prime == 0; rest /= prime) ++count;
        if (count == 0) continue;
        int const root = keep({.kind = atom_kind::root, .active = true, .bits = static_cast<std::uint64_t>(prime), .sign = sign_class::positive});
        roots.raise(root, exponent * (above ? count : -count));
      }
    }
    terms result;
    add_reduced(result, 1, roots);
    return result;
  }
};

}  // namespace ctgrad::detail
