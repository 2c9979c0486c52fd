// Sums of products of extents, of any length: what loops cost, before a call says how large they are.
// Apart from extents, which are in every shape and stay small.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "extent.hpp"
#include "list.hpp"

namespace ctgrad::detail {

/// A polynomial of extents' names with whole coefficients. One that is beyond 64 bits stays at the largest.
class polynomial {
 public:
  constexpr polynomial() = default;
  constexpr polynomial(std::int64_t number) { add({number, {}}); }
  constexpr explicit polynomial(extent const& e) {
    for (int i = 0; i < e.count; ++i) {
      term t{e.terms[i].coefficient, {}};
      for (int k = 0; k < e.terms[i].count; ++k) t.factors.push_back(e.terms[i].factors[k]);
      add(t);
    }
    add({e.constant, {}});
  }

  constexpr polynomial& operator+=(polynomial const& other) {
    for (auto const& t : other.terms) add(t);
    return *this;
  }
  friend constexpr polynomial operator*(polynomial const& a, polynomial const& b) {
    polynomial product;
    for (auto const& x : a.terms)
      for (auto const& y : b.terms) product.add(times(x, y));
    return product;
  }
  constexpr polynomial& operator*=(polynomial const& other) { return *this = *this * other; }
  friend constexpr bool operator==(polynomial const& a, polynomial const& b) { return a.terms == b.terms; }

  /// The number that comes out when `lookup(name)` gives each name's.
  template <class Lookup>
  constexpr double evaluate(Lookup const& lookup) const {
    double sum = 0;
    for (auto const& t : terms) {
      auto product = static_cast<double>(t.coefficient);
      for (extent_name name : t.factors) product *= static_cast<double>(lookup(name));
      sum += product;
    }
    return sum;
  }

  friend constexpr message& operator<<(message& out, polynomial const& p) {
    if (p.terms.empty()) return out << 0;
    bool first = true;
    for (auto const& t : p.terms) {
      std::int64_t const size = t.coefficient < 0 ? -t.coefficient : t.coefficient;
      if (!first) out << (t.coefficient < 0 ? " - " : " + ");
      else if (t.coefficient < 0) out << '-';
      if (size != 1 || t.factors.empty()) out << size;
      for (std::size_t k = 0; k < t.factors.size(); ++k) out << (k || size != 1 ? " * " : "") << t.factors[k].view();
      first = false;
    }
    return out;
  }

 private:
  /// Factors in the order of their names.
  struct term {
    std::int64_t coefficient = 0;
    list<extent_name> factors;

    friend constexpr bool operator==(term const& a, term const& b) { return a.coefficient == b.coefficient && a.factors == b.factors; }
    /// Higher degrees first, then by name.
    constexpr bool before(term const& other) const {
      if (factors.size() != other.factors.size()) return factors.size() > other.factors.size();
      for (std::size_t i = 0; i < factors.size(); ++i)
        if (factors[i] != other.factors[i]) return factors[i].view() < other.factors[i].view();
      return false;
    }
  };
  list<term> terms;

  static constexpr std::int64_t most = INT64_MAX;
  static constexpr term times(term const& a, term const& b) {
    term product = a;
    if (__builtin_mul_overflow(a.coefficient, b.coefficient, &product.coefficient)) product.coefficient = (a.coefficient < 0) == (b.coefficient < 0) ? most : -most;
    for (extent_name name : b.factors) {
      std::size_t place = 0;
      while (place < product.factors.size() && product.factors[place].view() < name.view()) ++place;
      product.factors.insert(product.factors.data() + place, name);
    }
    return product;
  }
  constexpr void add(term const& t) {
    if (t.coefficient == 0) return;
    std::size_t place = 0;
    while (place < terms.size() && terms[place].before(t)) ++place;
    if (place == terms.size() || !(terms[place].factors == t.factors)) return terms.insert(terms.data() + place, t);
    std::int64_t& sum = terms[place].coefficient;
    if (__builtin_add_overflow(sum, t.coefficient, &sum)) sum = t.coefficient < 0 ? -most : most;
    if (sum == 0) terms.erase(terms.data() + place);
  }
};

}  // namespace ctgrad::detail
