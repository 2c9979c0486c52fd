// Functions of normal forms: powers, exp, log, comparisons and the rest. Each gives what its arguments' form makes of it.
// A result may be defined where the function is not, never the other way round: so two functions of one form agree wherever both are defined.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "normal_factors.hpp"

namespace ctgrad::detail {

struct normal_functions : normal_factors {
  // Powers.

  /// s^exponent. Exponents of odd denominator are real roots of any number, those of even denominator of numbers that are not negative.
  constexpr terms power(terms const& s, rational exponent) {
    if (exponent.is_zero()) return one();
    if (exponent.is_one()) return s;
    if (exponent.is_integer() && !exponent.negative()) {
      if (s.size() == 1 && !monomials[s[0].monomial].active)
        return {{monomial(times({}, s[0].monomial, exponent)), s[0].coefficient.power(exponent.numerator)}};
      terms result = s;
      for (std::int64_t i = 1; i < exponent.numerator && !failed; ++i) result = multiply(result, s);
      return result;
    }
    return by_cases(s, [&](terms const& x) { return power_of_case(x, exponent); });
  }
  constexpr terms power_of_case(terms const& s, rational exponent) {
    if (s.empty()) return power_of_zero(exponent);
    factored const f = factor_out(s);
    if (f.rest.empty()) return power_of_zero(exponent);
    bool const single = f.rest == one();
    terms result = power_of(f.scale, exponent);
    product p;
    if (!exponent.is_even_root()) {
      for (factor const& c : f.common) p.raise(c.atom, c.exponent * exponent);
      if (!single) p.raise(base_atom(f.rest), exponent);
      terms powers;
      add_reduced(powers, f.sign < 0 && exponent.numerator % 2 != 0 ? -1 : 1, p);
      return multiply(result, powers);
    }
    // What is not negative has a root of its own; the rest has one together.
    product together;
    for (factor const& c : f.common) {
      rational const raised = c.exponent * exponent;
      if (atoms[c.atom].sign != sign_class::unknown || c.exponent.is_even_root()) {
        p.raise(c.atom, raised);
      } else if (c.exponent.is_even_power()) {
        // sqrt(x^2) = |x|
        if (raised.is_even_root()) {
          result = multiply(result, power(absolute(value_of_atom(c.atom)), raised));
        } else {
          p.raise(c.atom, raised.is_even_power() ? raised : raised - 1);
          if (!raised.is_even_power()) result = multiply(result, absolute(value_of_atom(c.atom)));
        }
      } else {
        together.push_back(c);
      }
    }
    if (!single && sign_of(f.rest) != sign_class::unknown) p.raise(base_atom(f.rest), exponent);
    else if (!single) together.raise(base_atom(f.rest), 1);
    if (together.empty() && f.sign < 0) {
      if (p.empty()) return undefined();
      return power_of_zero(exponent);  // sqrt(-x^2) is 0, or nothing
    }
    if (together.count == 1) {
      // x^3 > 0 where x > 0
      rational const raised = together[0].exponent * exponent;
      if (f.sign > 0) p.raise(together[0].atom, raised);
      else p.raise(base_atom(scaled(value_of_atom(together[0].atom), -1)), raised);
    } else if (!together.empty()) {
      bool const below = inverted(together);
      p.raise(base_atom(value_of(f.sign, together)), below ? -exponent : exponent);
    }
    terms powers;
    add_reduced(powers, 1, p);
    return multiply(result, powers);
  }
  /// Makes the first exponent positive: of p and 1/p one is used. Whether it was the other.
  static constexpr bool inverted(product& p) {
    if (!p[0].exponent.negative()) return false;
    for (int i = 0; i < p.count; ++i) p[i].exponent = -p[i].exponent;
    return true;
  }
  constexpr terms value_of(int sign, product const& p) {
    terms result;
    add_reduced(result, sign, p);
    return result;
  }
  constexpr terms power_of_zero(rational exponent) {
    if (exponent.negative()) return undefined();
    return {};
  }
  constexpr terms absolute(terms const& s) { return plus(scaled(multiply(s, positive(s)), 2), s, -1); }

  // Exponentials and logarithms.

  /// exp(2 a + b) = exp(a)^2 exp(b), and exp(c log a) = a^c.
  constexpr terms exponential(terms const& s) {
    return by_cases(s, [&](terms const& x) {
      product p;
      terms powers = one();
      for (term const& t : x) {
        monomial_entry const m = monomials[t.monomial];
        factor const f = m.factors[0];
        if (m.factors.count == 1 && f.exponent.is_one() && atoms[f.atom].kind == atom_kind::application && atoms[f.atom].code == op::log)
          powers = multiply(powers, power(terms_of(atoms[f.atom].a), t.coefficient));
        else
          p.raise(keep({.kind = atom_kind::exponential, .a = t.monomial, .sign = sign_class::positive, .uses = m.uses, .height = m.height}), t.coefficient);
      }
      terms result;
      add_reduced(result, 1, p);
      return multiply(result, powers);
    });
  }
  constexpr terms value_of_atom(int id) {
    if (atoms[id].kind == atom_kind::base) return terms_of(atoms[id].a);
    return of_atom(id);
  }
  constexpr terms log_of_atom(int id) {
    atom const a = atoms[id];
    if (a.kind == atom_kind::exponential) return {{a.a, 1}};
    if (a.kind == atom_kind::base) return application(op::log, terms_of(a.a));
    if (a.kind == atom_kind::root) return application(op::log, constant(static_cast<std::int64_t>(a.bits)));
    return application(op::log, of_atom(id));
  }
  /// log(c e y) = log c + log e + log y for positive c and e. Factors of unknown sign stay together: log(x y) may be where log x is not.
  constexpr terms logarithm(terms const& s) {
    return by_cases(s, [&](terms const& x) {
      factored const f = factor_out(x);
      if (f.rest.empty()) return undefined();
      terms result;
      for (bool above : {true, false}) {
        std::int64_t rest = above ? f.scale.numerator : f.scale.denominator;
        for (std::int64_t prime = 2; rest > 1; ++prime) {
          if (prime > 100) prime = rest;
          for (; rest % prime == 0; rest /= prime) add(result, application(op::log, constant(prime)), above ? 1 : -1);
        }
      }
      product together;
      for (factor const& c : f.common) {
        if (atoms[c.atom].sign != sign_class::unknown || c.exponent.is_even_root()) add(result, log_of_atom(c.atom), c.exponent);
        else if (c.exponent.is_even_power()) add(result, logarithm(absolute(value_of_atom(c.atom))), c.exponent);
        else together.push_back(c);
      }
      if (bool const single = f.rest == one(); !single && sign_of(f.rest) != sign_class::unknown) add(result, application(op::log, f.rest));
      else if (!single) together.raise(base_atom(f.rest), 1);
      if (together.empty() && f.sign < 0) return undefined();
      if (together.count == 1) {
        // log(-x^3) = 3 log(-x)
        if (f.sign > 0) add(result, log_of_atom(together[0].atom), together[0].exponent);
        else add(result, application(op::log, scaled(value_of_atom(together[0].atom), -1)), together[0].exponent);
      } else if (!together.empty()) {
        bool const below = inverted(together);
        add(result, application(op::log, value_of(f.sign, together)), below ? -1 : 1);
      }
      return result;
    });
  }

  // Comparisons.

  constexpr terms positive(terms const& s) { return compare(s, true); }
  constexpr terms zero(terms const& s) { return compare(s, false); }
  /// 1, 0 or -1: (s > 0) - (s < 0).
  constexpr terms sign_value(terms const& s) { return plus(plus(scaled(positive(s), 2), one(), -1), zero(s)); }
  /// 1 where s > 0 (or s == 0), else 0. Both are of `s` scaled to lead coefficient 1: s < 0 is 1 - (s > 0) - (s == 0).
  constexpr terms compare(terms const& s, bool greater) {
    return by_cases(s, [&](terms const& x) -> terms {
      auto const truth = [](bool b) { return constant(b ? 1 : 0); };
      factored const f = factor_out(x);
      if (f.rest.empty()) return truth(!greater);
      // Positive factors change no sign, and of a power it matters whether it is even: x / y > 0 is x * y > 0 wherever it is defined.
      product common;
      sign_class sign = f.rest == one() ? sign_class::positive : sign_of(f.rest);
      for (factor c : f.common) {
        if (atoms[c.atom].sign == sign_class::positive) continue;
        if (!c.exponent.is_even_root()) c.exponent = !c.exponent.is_even_power() ? 1 : c.exponent.negative() ? 0 : 2;
        if (c.exponent.is_zero()) continue;
        common.push_back(c);
        sign_class const one = sign_of(c);
        sign = one < sign ? one : sign;
      }
      if (sign == sign_class::positive) return truth(greater && f.sign > 0);
      if (sign == sign_class::nonnegative && f.sign < 0 && greater) return {};
      // The sign of a product is the product of signs.
      if (int const parts = common.count + (f.rest == one() ? 0 : 1); parts == 2 || parts == 3) {
        terms signs = constant(f.sign);
        for (factor const& c : common) signs = multiply(signs, sign_value(power(value_of_atom(c.atom), c.exponent)));
        if (!(f.rest == one())) signs = multiply(signs, sign_value(f.rest));
        terms const squared = multiply(signs, signs);
        if (!greater) return plus(one(), squared, -1);
        return scaled(plus(signs, squared), {1, 2});
      }
      terms scaled_sum;
      for (term const& t : f.rest) add_reduced(scaled_sum, t.coefficient, times(common, t.monomial));
      if (scaled_sum.empty()) return truth(!greater);
      rational lead = largest(scaled_sum).coefficient;
      scaled_sum = scaled(scaled_sum, lead.inverse());
      if (f.sign < 0) lead = -lead;
      atom above = with_sums({.kind = atom_kind::positive, .truth = true, .active = true, .a = sum(scaled_sum), .sign = sign_class::nonnegative});
      terms variable = scaled_sum;
      if (!variable.empty() && variable[0].monomial == unit_monomial) variable.erase(variable.begin());
      above.tail = sum(variable);
      atom equal = above;
      equal.kind = atom_kind::zero;
      set_lead(equal, scaled_sum);
      int const p = keep(above), z = keep(equal);
      atoms[p].partner = z, atoms[z].partner = p;
      if (!greater) return of_atom(z);
      if (sign == sign_class::nonnegative) return plus(one(), of_atom(z), -1);  // and f.sign > 0
      if (!lead.negative()) return of_atom(p);
      return plus(plus(one(), of_atom(p), -1), of_atom(z), -1);
    });
  }

  // Everything else.

  /// f(-x) as a multiple of f(x): -1, 1, or 0 where it is none.
  static constexpr int parity(op code) {
    switch (code) {
      case op::sin: case op::asin: case op::atan: case op::erf: case op::round: return -1;
      case op::cos: return 1;
      default: return 0;
    }
  }
  constexpr terms function(op code, terms const& s) {
    if (code == op::exp) return exponential(s);
    if (code == op::log) return logarithm(s);
    return by_cases(s, [&](terms const& x) -> terms {
      int const p = parity(code);
      if (x.empty() && p) return constant(p < 0 ? 0 : 1);
      bool const flip = p && largest(x).coefficient.negative();
      terms const argument = scaled(x, flip ? -1 : 1);
      if (code == op::cos) {  // made beside its sine, so that there is one cosine
        application(op::sin, argument);
        return application(op::cos, argument);
      }
      return scaled(application(code, argument), flip ? p : 1);
    });
  }
};

}  // namespace ctgrad::detail
