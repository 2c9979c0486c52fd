// Normal forms of tensors: axes as indices, renaming them, and sums over them.
// Broadcasting, permuting and products of matrices are then only ways to write indices: matmul(X, w) is the sum over k of X[i,k] w[k].
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "normal_functions.hpp"

#include <algorithm>
#include <array>

namespace ctgrad::detail {

/// What indices become, all at once.
struct renaming {
  index_set affected = 0;
  std::array<std::int8_t, 64> to{};

  constexpr void add(int from, int target) {
    if (from != target) affected |= index_set{1} << from;
    to[static_cast<std::size_t>(from)] = static_cast<std::int8_t>(target);
  }
  constexpr int operator()(int index) const { return affected >> index & 1 ? to[static_cast<std::size_t>(index)] : index; }
};

/// An index that is summed over, and the place of its extent.
struct bound_index {
  int index = 0, extent = 0;
};

struct normal_axes : normal_functions {
  list<extent> extents;
  list<extent_name> names;
  int next_temporary = first_temporary;

  constexpr int extent_place(extent const& e) {
    for (std::size_t i = 0; i < extents.size(); ++i)
      if (extents[i] == e) return static_cast<int>(i);
    extents.push_back(e);
    return static_cast<int>(extents.size()) - 1;
  }
  /// The number of elements along an axis.
  constexpr terms terms_of_extent(extent const& e) {
    terms s = constant(e.constant);
    for (int i = 0; i < e.count; ++i) {
      product p;
      for (int k = 0; k < e.terms[i].count; ++k) {
        std::size_t place = 0;
        while (place < names.size() && !(names[place] == e.terms[i].factors[k])) ++place;
        if (place == names.size()) names.push_back(e.terms[i].factors[k]);
        p.raise(keep({.kind = atom_kind::extent, .a = static_cast<int>(place), .sign = sign_class::nonnegative}), 1);
      }
      add(s, e.terms[i].coefficient, monomial(p));
    }
    return s;
  }
  constexpr int temporary() {
    failed = failed || next_temporary == only_index;
    return failed ? first_temporary : next_temporary++;
  }

  // Renaming.

  constexpr terms renamed(terms const& s, renaming const& r) {
    terms result;
    for (term const& t : s)
      if (monomials[t.monomial].uses & r.affected) add(result, renamed_monomial(t.monomial, r), t.coefficient);
      else add(result, t.coefficient, t.monomial);
    return result;
  }
  constexpr terms renamed_monomial(int m, renaming const& r) {
    product p;
    terms rest = one();
    if (!spend()) return rest;
    for (factor const& f : factors_of(m)) {
      if (!(atoms[f.atom].uses & r.affected)) {
        p.raise(f.atom, f.exponent);
        continue;
      }
      terms const x = renamed_atom(f.atom, r);
      product first;
      if (x.size() == 1 && x[0].coefficient.is_one()) first = factors_of(x[0].monomial);
      if (first.count == 1 && first[0].exponent.is_one()) p.raise(first[0].atom, f.exponent);
      else rest = multiply(rest, power(x, f.exponent));
    }
    terms result;
    add_reduced(result, 1, p);
    return multiply(result, rest);
  }
  constexpr terms renamed_atom(int id, renaming const& r) {
    atom a = atoms[id];
    switch (a.kind) {
      case atom_kind::symbol:
      case atom_kind::position: {
        std::uint64_t const old = a.bits;
        a.bits = 0, a.uses = 0;
        for (int i = 0; i < max_rank; ++i) {
          int const to = r(static_cast<int>(old >> (8 * i) & 255));
          a.bits |= static_cast<std::uint64_t>(to) << (8 * i);
          if (to != only_index) a.uses |= index_set{1} << to;
        }
        return of_atom(keep(a));
      }
      case atom_kind::exponential: return exponential(renamed_monomial(a.a, r));
      case atom_kind::base: return renamed(terms_of(a.a), r);
      case atom_kind::positive: return positive(renamed(terms_of(a.a), r));
      case atom_kind::zero: return zero(renamed(terms_of(a.a), r));
      case atom_kind::application: {
        terms const x = renamed(terms_of(a.a), r);
        if (a.b < 0 && !a.truth && a.code != op::cast) return function(a.code, x);
        atom n{.kind = a.kind, .code = a.code, .truth = a.truth, .active = a.active, .a = sum(x), .bits = a.bits, .sign = a.sign};
        if (a.b >= 0) n.b = sum(renamed(terms_of(a.b), r));
        if (a.c >= 0) n.c = sum(renamed(terms_of(a.c), r));
        return of_atom(keep(with_sums(n)));
      }
      case atom_kind::total:
      case atom_kind::reduction: {
        int const before = next_temporary;
        renaming inside = r;
        list<bound_index> const own = own_indices(a, inside);
        terms result;
        if (a.kind == atom_kind::total) result = total(renamed_monomial(a.a, inside), own);
        else result = reduction(a.code, renamed(terms_of(a.a), inside), own);
        next_temporary = before;
        return result;
      }
      default: return of_atom(id);
    }
  }
  /// The own indices of `a` as new temporary ones, and their renaming.
  constexpr list<bound_index> own_indices(atom const& a, renaming& r) {
    list<bound_index> own;
    for (int i = 0; a.bits >> (8 * i) & 255; ++i) {
      own.push_back({temporary(), static_cast<int>(a.bits >> (8 * i) & 255) - 1});
      r.add(a.b + i, own.back().index);
    }
    return own;
  }

  // Sums over indices.

  constexpr terms total(terms const& s, list<bound_index> const& own) {
    terms result;
    for (term const& t : s) {
      if (!spend()) break;
      add(result, total_of(t.monomial, own), t.coefficient);
    }
    return result;
  }
  /// What does not depend on an index moves out, sums of sums become one, and a sum of products of independent factors is a product of sums.
  constexpr terms total_of(int m, list<bound_index> own) {
    index_set bound = 0;
    for (bound_index const& b : own) bound |= index_set{1} << b.index;
    product const p = factors_of(m);
    for (factor const& f : p)
      if (atom const a = atoms[f.atom]; a.kind == atom_kind::total && f.exponent.is_one() && a.uses & bound) {
        int const before = next_temporary;
        product rest = p;
        rest.raise(f.atom, -1);
        renaming r;
        for (bound_index const& b : own_indices(a, r)) own.push_back(b);
        terms const body = renamed_monomial(a.a, r);
        terms flat;
        for (term const& t : body) add_reduced(flat, t.coefficient, times(rest, t.monomial));
        terms const result = total(flat, own);
        next_temporary = before;
        return result;
      }
    product outside;
    for (factor const& f : p)
      if (!(atoms[f.atom].uses & bound)) outside.push_back(f);
    terms result;
    add_reduced(result, 1, outside);
    while (bound) {
      // The factors that the lowest index is tied to, by way of other indices too.
      index_set tied = bound & (~bound + 1);
      for (bool more = true; more;) {
        more = false;
        for (factor const& f : p) {
          index_set const uses = atoms[f.atom].uses & bound;
          if (uses & tied && (uses | tied) != tied) tied |= uses, more = true;
        }
      }
      product inside;
      list<bound_index> mine;
      for (factor const& f : p)
        if (atoms[f.atom].uses & tied) inside.push_back(f);
      for (bound_index const& b : own)
        if (tied >> b.index & 1) mine.push_back(b);
      if (inside.empty()) result = multiply(result, terms_of_extent(extents[static_cast<std::size_t>(mine[0].extent)]));
      else result = multiply(result, closed(monomial(inside), mine));
      bound &= ~tied;
    }
    return result;
  }
  /// The sum of `m` over all of `own` as an atom. Of all orders of the indices the one whose monomial was met first stands for the sum.
  constexpr terms closed(int m, list<bound_index> own) {
    sort_by_extent(own);
    int const first = first_bound + monomials[m].height, count = static_cast<int>(own.size());
    failed = failed || first + count > first_temporary || count > max_rank;
    if (failed) return {};
    list<std::size_t> order;
    for (std::size_t i = 0; i < own.size(); ++i) order.push_back(i);
    terms body;
    do {
      bool sorted = true;
      renaming r;
      for (std::size_t i = 0; i < own.size(); ++i) {
        sorted = sorted && own[order[i]].extent == own[i].extent;
        r.add(own[order[i]].index, first + static_cast<int>(i));
      }
      if (!sorted) continue;
      terms const other = renamed_monomial(m, r);
      if (body.empty() || (other.size() == 1 && body.size() == 1 && other[0].monomial < body[0].monomial)) body = other;
    } while (count > 1 && count < 5 && std::next_permutation(order.begin(), order.end()));
    atom a{.kind = atom_kind::total, .b = first, .bits = packed_extents(own), .height = first - first_bound + count};
    bool some = true;
    for (bound_index const& b : own) {
      extent const& e = extents[static_cast<std::size_t>(b.extent)];
      some = some && e.is_static() && e.constant > 0;
    }
    terms result;
    for (term const& t : body) {
      a.a = t.monomial;
      a.uses = monomials[t.monomial].uses & ~(((index_set{1} << count) - 1) << first);
      a.sign = sign_of(t.monomial);
      if (a.sign == sign_class::positive && !some) a.sign = sign_class::nonnegative;
      add(result, t.coefficient, monomial(single(keep(a))));
    }
    return result;
  }
  static constexpr void sort_by_extent(list<bound_index>& own) {
    for (std::size_t i = 1; i < own.size(); ++i)
      for (std::size_t k = i; k > 0 && own[k].extent < own[k - 1].extent; --k) std::swap(own[k], own[k - 1]);
  }
  constexpr std::uint64_t packed_extents(list<bound_index> const& own) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < own.size(); ++i) {
      failed = failed || own[i].extent > 253;
      bits |= static_cast<std::uint64_t>(own[i].extent + 1) << (8 * i);
    }
    return bits;
  }

  /// max or prod over indices: no more is known of them than what they are taken of.
  constexpr terms reduction(op code, terms const& s, list<bound_index> own) {
    int const place = sum(s);
    if (code == op::max) {
      list<bound_index> used;
      for (bound_index const& b : own)
        if (sums[place].uses >> b.index & 1) used.push_back(b);
      if (used.empty()) return s;
      own = used;
    }
    sort_by_extent(own);
    int const first = first_bound + sums[place].height, count = static_cast<int>(own.size());
    failed = failed || first + count > first_temporary || count > max_rank;
    if (failed) return {};
    renaming r;
    for (int i = 0; i < count; ++i) r.add(own[static_cast<std::size_t>(i)].index, first + i);
    atom a{.kind = atom_kind::reduction, .code = code, .a = sum(renamed(s, r)), .b = first, .bits = packed_extents(own)};
    a.uses = sums[a.a].uses & ~(((index_set{1} << count) - 1) << first);
    a.height = first - first_bound + count;
    return of_atom(keep(a));
  }
};

}  // namespace ctgrad::detail
