// Extents as values: a number, a name that is bound at run time, or a small polynomial of names.
// Shape errors are found with them in the compiler, where no number is known yet.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "message.hpp"

#include <cstdint>
#include <string_view>

namespace ctgrad::detail {

/// The name of an extent: a string with static storage. Equal names have equal addresses (there is one array for each name type).
/// Small, since constant evaluation pays for every member of every copy.
struct extent_name {
  char const* characters = nullptr;

  /// Made up for a symbol without named axes (its name starts with a point): unifies with what it meets.
  constexpr bool is_anonymous() const { return characters && characters[0] == '.'; }
  constexpr std::string_view view() const { return characters ? std::string_view(characters + (is_anonymous() ? 1 : 0)) : std::string_view(); }
  friend constexpr bool operator==(extent_name a, extent_name b) { return a.characters == b.characters; }
};

inline constexpr int max_factors = 3;
inline constexpr int max_terms = 2;

/// coefficient * factors[0] * factors[1] * …, factors in the order of their names.
struct extent_term {
  std::int64_t coefficient = 0;
  int count = 0;
  extent_name factors[max_factors]{};

  constexpr bool same_factors(extent_term const& other) const {
    if (count != other.count) return false;
    for (int i = 0; i < count; ++i)
      if (factors[i] != other.factors[i]) return false;
    return true;
  }
  constexpr bool before(extent_term const& other) const {
    if (count != other.count) return count > other.count;
    for (int i = 0; i < count; ++i)
      if (factors[i] != other.factors[i]) return factors[i].view() < other.factors[i].view();
    return false;
  }
};

/// constant + terms[0] + terms[1] + …
struct extent {
  std::int64_t constant = 0;
  int count = 0;
  extent_term terms[max_terms]{};

  constexpr extent() = default;
  constexpr extent(std::int64_t number) : constant(number) {}
  constexpr explicit extent(extent_name name) : count(1) { terms[0] = {1, 1, {name}}; }

  constexpr bool is_static() const { return count == 0; }
  constexpr bool is_one() const { return count == 0 && constant == 1; }
  /// The name, where the extent is just one.
  constexpr extent_name name() const {
    return constant == 0 && count == 1 && terms[0].coefficient == 1 && terms[0].count == 1 ? terms[0].factors[0] : extent_name{};
  }
  constexpr bool is_anonymous() const { return name().is_anonymous(); }

  friend constexpr bool operator==(extent const& a, extent const& b) {
    if (a.constant != b.constant || a.count != b.count) return false;
    for (int i = 0; i < a.count; ++i)
      if (a.terms[i].coefficient != b.terms[i].coefficient || !a.terms[i].same_factors(b.terms[i])) return false;
    return true;
  }

  constexpr void add(extent_term const& term) {
    for (int i = 0; i < count; ++i)
      if (terms[i].same_factors(term)) {
        terms[i].coefficient += term.coefficient;
        if (terms[i].coefficient == 0) {
          for (--count; i < count; ++i) terms[i] = terms[i + 1];
          terms[count] = {};
        }
        return;
      }
    if (count == max_terms) throw "ctgrad: an extent of more than two terms and a constant";
    int place = count++;
    for (; place > 0 && term.before(terms[place - 1]); --place) terms[place] = terms[place - 1];
    terms[place] = term;
  }

  friend constexpr extent operator+(extent a, extent const& b) {
    a.constant += b.constant;
    for (int i = 0; i < b.count; ++i) a.add(b.terms[i]);
    return a;
  }
  friend constexpr extent operator*(extent const& a, extent const& b) {
    if (b.is_static()) return scaled(a, b.constant);
    if (a.is_static()) return scaled(b, a.constant);
    extent product = scaled(b, a.constant);
    for (int i = 0; i < a.count; ++i) {
      extent_term const& left = a.terms[i];
      if (b.constant) product.add({left.coefficient * b.constant, left.count, {left.factors[0], left.factors[1], left.factors[2]}});
      for (int j = 0; j < b.count; ++j) product.add(times(left, b.terms[j]));
    }
    product.constant = a.constant * b.constant;
    return product;
  }
  friend constexpr extent operator-(extent const& a, extent const& b) { return a + scaled(b, -1); }

  /// The number that comes out when `lookup(name)` gives each name's.
  template <class Lookup>
  constexpr std::int64_t evaluate(Lookup const& lookup) const {
    std::int64_t sum = constant;
    for (int i = 0; i < count; ++i) {
      std::int64_t product = terms[i].coefficient;
      for (int j = 0; j < terms[i].count; ++j) product *= lookup(terms[i].factors[j]);
      sum += product;
    }
    return sum;
  }

 private:
  static constexpr extent scaled(extent a, std::int64_t factor) {
    if (factor == 0) return {};
    a.constant *= factor;
    for (int i = 0; i < a.count; ++i) a.terms[i].coefficient *= factor;
    return a;
  }
  static constexpr extent_term times(extent_term a, extent_term const& b) {
    a.coefficient *= b.coefficient;
    for (int i = 0; i < b.count; ++i) {
      if (a.count == max_factors) throw "ctgrad: an extent of more than three factors";
      int place = a.count++;
      for (; place > 0 && b.factors[i].view() < a.factors[place - 1].view(); --place) a.factors[place] = a.factors[place - 1];
      a.factors[place] = b.factors[i];
    }
    return a;
  }
};

constexpr message& operator<<(message& out, extent const& e) {
  if (e.is_static()) return out << e.constant;
  for (int i = 0; i < e.count; ++i) {
    auto const& term = e.terms[i];
    std::int64_t size = term.coefficient < 0 ? -term.coefficient : term.coefficient;
    if (i) out << (term.coefficient < 0 ? " - " : " + ");
    else if (term.coefficient < 0) out << '-';
    if (size != 1) out << size << " * ";
    for (int j = 0; j < term.count; ++j) (j ? out << " * " : out) << term.factors[j].view();
  }
  if (e.constant) out << (e.constant < 0 ? " - " : " + ") << (e.constant < 0 ? -e.constant : e.constant);
  return out;
}

inline constexpr int max_rank = 8;

/// The extents of a tensor, outermost first.
struct shape {
  int rank = 0;
  extent extents[max_rank]{};

  constexpr extent& operator[](int axis) { return extents[axis]; }
  constexpr extent const& operator[](int axis) const { return extents[axis]; }
  constexpr void push_back(extent const& e) {
    if (rank == max_rank) throw "ctgrad: a tensor of more than eight axes";
    extents[rank++] = e;
  }
  friend constexpr bool operator==(shape const& a, shape const& b) {
    if (a.rank != b.rank) return false;
    for (int i = 0; i < a.rank; ++i)
      if (!(a.extents[i] == b.extents[i])) return false;
    return true;
  }
};

constexpr message& operator<<(message& out, shape const& s) {
  out << '[';
  for (int i = 0; i < s.rank; ++i) (i ? out << ", " : out) << s[i];
  return out << ']';
}

}  // namespace ctgrad::detail
