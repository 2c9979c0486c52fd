// Sums of products over the reals: the arithmetic of the normal form, in which equal formulas have equal terms.
// A product is rewritten by the rules of its atoms as it is made, so that there is one way to write it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "normal_terms.hpp"

#include <bit>

namespace ctgrad::detail {

struct polynomials {
  struct monomial_entry {
    product factors;
    index_set uses = 0;
    int height = 0;
    bool active = false, truth = false;  // of any factor
    rational degree = 0;
  };
  struct sum_entry {
    int begin = 0, count = 0;
    index_set uses = 0;
    int height = 0;
  };

  list<atom> atoms;
  list<monomial_entry> monomials;
  list<sum_entry> sums;
  list<term> pool;
  hash_index atom_index, monomial_index, sum_index;
  int work = 0;  ///< products so far; past the limit nothing is computed any more, and nothing shown
  int depth = 0;  ///< rewrites inside one another; compilers allow 512 calls
  bool failed = false;

  /// A product costs 400 to 1,000 of clang's steps, of which there are 1,048,576 (measured: 714 products of (x + y + z)^8 258,000 steps,
  /// 740 of a network's gradient 750,000). The limit is the same at run time, so that answers are.
  static constexpr int work_limit = 950, depth_limit = 60;

  constexpr polynomials() {
    atoms.reserve(128);
    monomials.reserve(256);
    monomial(product{});
  }

  constexpr bool spend() {
    failed = failed || ++work > work_limit;
    return !failed;
  }

  // Keeping.

  static constexpr std::uint64_t hash_of(rational const& r) { return static_cast<std::uint64_t>(r.numerator) * 64 + static_cast<std::uint64_t>(r.denominator); }
  /// The place of an atom, -1 where it is new and not to be kept.
  constexpr int keep(atom const& n, bool add = true) {
    std::uint64_t h = n.bits * 0xD6E8FEB86659FD93u + static_cast<std::uint64_t>(n.kind) * 64 + static_cast<std::uint64_t>(n.code);
    h = (h ^ h >> 29) * 0xBF58476D1CE4E5B9u + static_cast<std::uint64_t>(n.a);
    h = (h ^ h >> 29) * 0x94D049BB133111EBu + static_cast<std::uint64_t>(n.b) * 0xA0761D6478BD642Fu + static_cast<std::uint64_t>(n.c);
    int const id = atom_index.find(h, [&](int i) { return atoms[i].same(n); }, add);
    if (id == static_cast<int>(atoms.size())) atoms.push_back(n);
    return id;
  }
  constexpr int monomial(product const& p) {
    std::uint64_t h = static_cast<std::uint64_t>(p.count);
    for (int k = 0; k < p.count; ++k)
      h = (h ^ h >> 27) * 0xBF58476D1CE4E5B9u + static_cast<std::uint64_t>(p.items[k].atom) * 0x94D049BB133111EBu + hash_of(p.items[k].exponent);
    int const id = monomial_index.find(h, [&](int i) {
      product const& other = monomials[i].factors;
      if (other.count != p.count) return false;
      for (int k = 0; k < p.count; ++k)
        if (other.items[k].atom != p.items[k].atom || !(other.items[k].exponent == p.items[k].exponent)) return false;
      return true;
    });
    if (id == static_cast<int>(monomials.size())) {
      monomial_entry m{.factors = p};
      failed = failed || p.full;
      for (factor const& f : p) {
        atom const& a = atoms[f.atom];
        m.uses |= a.uses;
        m.height = a.height > m.height ? a.height : m.height;
        m.active = m.active || a.active;
        m.truth = m.truth || a.truth;
        m.degree = m.degree + f.exponent;
        failed = failed || f.exponent.lost();
      }
      failed = failed || m.degree.lost();
      monomials.push_back(m);
    }
    return id;
  }
  constexpr int sum(terms const& s) {
    std::uint64_t h = s.size();
    for (term const& t : s) h = (h ^ h >> 27) * 0xBF58476D1CE4E5B9u + static_cast<std::uint64_t>(t.monomial) * 0x94D049BB133111EBu + hash_of(t.coefficient);
    int const id = sum_index.find(h, [&](int i) {
      if (sums[i].count != static_cast<int>(s.size())) return false;
      for (int k = 0; k < sums[i].count; ++k)
        if (!(pool[sums[i].begin + k] == s[k])) return false;
      return true;
    });
    if (id == static_cast<int>(sums.size())) {
      sum_entry e{.begin = static_cast<int>(pool.size()), .count = static_cast<int>(s.size())};
      for (term const& t : s) {
        e.uses |= monomials[t.monomial].uses;
        e.height = monomials[t.monomial].height > e.height ? monomials[t.monomial].height : e.height;
        pool.push_back(t);
      }
      sums.push_back(e);
    }
    return id;
  }

  /// By value: the table moves as it grows.
  constexpr product factors_of(int monomial) const { return monomials[monomial].factors; }
  constexpr terms terms_of(int sum) const { return {pool.begin() + sums[sum].begin, pool.begin() + sums[sum].begin + sums[sum].count}; }

  // Sums.

  static constexpr terms one() { return {{unit_monomial, 1}}; }
  // (g++ 12 destroys the vectors of a conditional expression twice in constant expressions, hence statements here and below.)
  static constexpr terms constant(rational c) {
    if (c.is_zero()) return {};
    return {{unit_monomial, c}};
  }
  static constexpr product single(int id, rational exponent = 1) {
    product p;
    p.push_back({id, exponent});
    return p;
  }
  constexpr terms of_atom(int id, rational exponent = 1) { return {{monomial(single(id, exponent)), 1}}; }

  /// s += c * m
  constexpr void add(terms& s, rational c, int m) {
    failed = failed || c.lost();
    std::size_t low = 0, high = s.size();
    while (low < high) {
      std::size_t middle = (low + high) / 2;
      if (s[middle].monomial < m) low = middle + 1;
      else high = middle;
    }
    if (low < s.size() && s[low].monomial == m) {
      s[low].coefficient = s[low].coefficient + c;
      failed = failed || s[low].coefficient.lost();
      if (s[low].coefficient.is_zero()) s.erase(s.begin() + static_cast<std::ptrdiff_t>(low));
    } else if (!c.is_zero()) {
      s.insert(s.begin() + static_cast<std::ptrdiff_t>(low), {m, c});
    }
  }
  constexpr void add(terms& s, terms const& other, rational scale = 1) {
    for (term const& t : other) add(s, scale.is_one() ? t.coefficient : scale * t.coefficient, t.monomial);
  }
  constexpr terms plus(terms const& a, terms const& b, rational scale_b = 1) {
    terms s = a;
    add(s, b, scale_b);
    return s;
  }
  constexpr terms scaled(terms s, rational scale) {
    if (scale.is_zero()) return {};
    for (term& t : s) {
      t.coefficient = t.coefficient * scale;
      failed = failed || t.coefficient.lost();
    }
    return s;
  }

  // Products.

  /// p * m^exponent
  constexpr product times(product p, int m, rational exponent = 1) const {
    product const& other = monomials[m].factors;
    for (int k = 0; k < other.count; ++k) p.raise(other.items[k].atom, exponent.is_one() ? other.items[k].exponent : other.items[k].exponent * exponent);
    return p;
  }

  /// Whether `m` divides `p` with exponents that are not negative.
  constexpr bool divides(int m, product const& p) const {
    product const& d = monomials[m].factors;
    int i = 0;
    for (int k = 0; k < d.count; ++k) {
      while (i < p.count && p.items[i].atom < d.items[k].atom) ++i;
      if (i == p.count || p.items[i].atom != d.items[k].atom || p.items[i].exponent < d.items[k].exponent) return false;
    }
    return true;
  }

  constexpr rational constant_of(int sum) const {
    for (int k = sums[sum].begin; k < sums[sum].begin + sums[sum].count; ++k)
      if (pool[k].monomial == unit_monomial) return pool[k].coefficient;
    return 0;
  }
  /// The exponent of `atom` in `p`, where it is whole; else 0.
  static constexpr std::int64_t whole_power_of(product const& p, int atom) {
    for (factor const& f : p)
      if (f.atom == atom && f.exponent.is_integer()) return f.exponent.numerator;
    return 0;
  }
  /// Whether a factor of `m` stands in `p` with a negative exponent.
  constexpr bool meets_denominator(int m, product const& p) const {
    for (factor const& d : monomials[m].factors)
      for (factor const& f : p)
        if (f.atom == d.atom && f.exponent.negative()) return true;
    return false;
  }

  constexpr void add_product(terms& out, rational c, int a, int b) {
    if (a == unit_monomial || b == unit_monomial) return add(out, c, a == unit_monomial ? b : a);
    bool const active = monomials[a].active || monomials[b].active;
    product p = times(factors_of(a), b);
    if (active) add_reduced(out, c, p);
    else if (spend()) add(out, c, monomial(p));
  }

  /// out += c * p, by the rules of its atoms.
  constexpr void add_reduced(terms& out, rational const& c, product const& p) {
    if (!spend()) return;
    failed = failed || ++depth > depth_limit;
    if (!failed) add_rewritten(out, c, p);
    --depth;
  }
  constexpr void add_rewritten(terms& out, rational c, product p) {
    for (int i = 0; i < p.count; ++i) {
      factor const f = p[i];
      atom const a = atoms[f.atom];
      if (!a.active) continue;
      if (a.truth) {
        // t^2 = t; 1/t is 1 wherever it is defined
        if (f.exponent.negative()) return add_reduced(out, c, p.without(i));
        p[i].exponent = 1;
        // Of sums that differ by a number: (s > 0) (s + 1 > 0) = (s > 0), (s > 0) (s + 1 == 0) = 0
        if (a.kind == atom_kind::positive || a.kind == atom_kind::zero)
          for (int k = 0; k < p.count; ++k) {
            atom const& other = atoms[p[k].atom];
            if (k == i || other.tail != a.tail || (other.kind != atom_kind::positive && other.kind != atom_kind::zero)) continue;
            bool const zero = a.kind == atom_kind::zero, other_zero = other.kind == atom_kind::zero;
            rational const gap = constant_of(other.a) - constant_of(a.a);
            if (gap.lost()) continue;
            if (zero == other_zero && zero) return;
            if (zero == other_zero) return add_reduced(out, c, p.without(gap.negative() ? i : k));
            if (zero ? gap.negative() || gap.is_zero() : !gap.negative()) return;
            return add_reduced(out, c, p.without(zero ? k : i));
          }
      }
      if (a.kind == atom_kind::root) {
        // 2^(3/2) = 2 * 2^(1/2)
        if (std::int64_t const whole = f.exponent.floor(); whole != 0) {
          c = c * rational(static_cast<std::int64_t>(a.bits)).power(whole);
          p[i].exponent = f.exponent - whole;
          if (p[i].exponent.is_zero()) return add_reduced(out, c, p.without(i));
        }
      } else if (a.kind == atom_kind::application && a.code == op::sin) {
        // sin^2 = 1 - cos^2
        if (!(f.exponent < 2) && f.exponent.is_integer()) {
          p.raise(f.atom, -2);
          product squared = p;
          squared.raise(a.partner, 2);
          add_reduced(out, c, p);
          return add_reduced(out, -c, squared);
        }
      } else if (a.kind == atom_kind::base && a.partner >= 0 && f.exponent.is_even_root() && whole_power_of(p, a.partner) != 0) {
        // (-s)^k * s^(1/2) = (-1)^k s^(k + 1/2)
        std::int64_t const k = whole_power_of(p, a.partner);
        p.raise(a.partner, -k);
        p.raise(f.atom, k);
        return add_reduced(out, k % 2 ? -c : c, p);
      } else if (a.kind == atom_kind::base && !(f.exponent < 1)) {
        // s^(3/2) = s * s^(1/2)
        product rest = p;
        rest.raise(f.atom, -1);
        for (int k = sums[a.a].begin, end = k + sums[a.a].count; k < end; ++k) {
          term const t = pool[k];
          add_reduced(out, c * t.coefficient, times(rest, t.monomial));
        }
        return;
      } else if ((a.kind == atom_kind::zero || (a.kind == atom_kind::base && f.exponent.negative())) && a.lead >= 0 && divides(a.lead, p)) {
        // With s = lead + rest: lead * s^e = s^(e+1) - rest * s^e, and lead * (s == 0) = -rest * (s == 0)
        product const quotient = times(p, a.lead, -1);
        rational const scale = a.lead_sign < 0 ? -c : c;
        if (a.kind == atom_kind::base) {
          product raised = quotient;
          raised.raise(f.atom, 1);
          add_reduced(out, scale, raised);
        }
        for (int k = sums[a.a].begin, end = k + sums[a.a].count; k < end; ++k) {
          term const t = pool[k];
          if (t.monomial != a.lead) add_reduced(out, -(scale * t.coefficient), times(quotient, t.monomial));
        }
        return;
      } else if (a.kind == atom_kind::base && f.exponent.negative() && a.tail >= 0 && meets_denominator(a.tail, p)) {
        // Partial fractions: 1 / (x (c + x y)) = (1 / x - y / (c + x y)) / c
        product raised = p;
        raised.raise(f.atom, 1);
        rational scale = c;
        for (int k = sums[a.a].begin, end = k + sums[a.a].count; k < end; ++k)
          if (pool[k].monomial == unit_monomial) scale = c * pool[k].coefficient.inverse();
        add_reduced(out, scale, raised);
        for (int k = sums[a.a].begin, end = k + sums[a.a].count; k < end; ++k) {
          term const t = pool[k];
          if (t.monomial != unit_monomial) add_reduced(out, -(scale * t.coefficient), times(p, t.monomial));
        }
        return;
      }
    }
    add(out, c, monomial(p));
  }

  constexpr terms multiply(terms const& a, terms const& b) {
    if (a.size() == 1 && a[0].monomial == unit_monomial) return scaled(b, a[0].coefficient);
    if (b.size() == 1 && b[0].monomial == unit_monomial) return scaled(a, b[0].coefficient);
    terms out;
    for (term const& l : a)
      for (term const& r : b) {
        if (failed) return out;
        add_product(out, l.coefficient * r.coefficient, l.monomial, r.monomial);
      }
    return out;
  }

  // Order and signs.

  /// Whether `a` is smaller than `b`: by degree, then by the exponent of the first atom in which they differ. Products keep the order.
  constexpr bool before(int a, int b) const {
    monomial_entry const& l = monomials[a];
    monomial_entry const& r = monomials[b];
    if (!(l.degree == r.degree)) return l.degree < r.degree;
    product const& p = l.factors;
    product const& q = r.factors;
    for (int i = 0;; ++i) {
      if (i == p.count || i == q.count) return (i < q.count && !q[i].exponent.negative()) || (i < p.count && p[i].exponent.negative());
      if (p[i].atom != q[i].atom) return p[i].atom < q[i].atom ? p[i].exponent.negative() : !q[i].exponent.negative();
      if (!(p[i].exponent == q[i].exponent)) return p[i].exponent < q[i].exponent;
    }
  }
  constexpr term const& largest(terms const& s) const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < s.size(); ++i)
      if (before(s[best].monomial, s[i].monomial)) best = i;
    return s[best];
  }
  constexpr term const& smallest(terms const& s) const {
    std::size_t best = 0;
    for (std::size_t i = 1; i < s.size(); ++i)
      if (before(s[i].monomial, s[best].monomial)) best = i;
    return s[best];
  }
  constexpr sign_class sign_of(factor const& f) const {
    sign_class const s = atoms[f.atom].sign;
    if (s != sign_class::unknown) return s;
    return f.exponent.is_even_power() || f.exponent.is_even_root() ? sign_class::nonnegative : sign_class::unknown;
  }
  constexpr sign_class sign_of(int m) const {
    sign_class sign = sign_class::positive;
    for (factor const& f : monomials[m].factors) {
      sign_class const s = sign_of(f);
      sign = s < sign ? s : sign;
    }
    return sign;
  }
  constexpr sign_class sign_of(terms const& s) const {
    sign_class sign = sign_class::nonnegative;
    for (term const& t : s) {
      sign_class const one = t.coefficient.negative() ? sign_class::unknown : sign_of(t.monomial);
      if (one == sign_class::unknown) return one;
      sign = one > sign ? one : sign;
    }
    return sign;
  }
};

}  // namespace ctgrad::detail
