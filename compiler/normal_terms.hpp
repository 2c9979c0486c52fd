// What the normal form of a formula is made of: atoms, products and sums of them.
// Everything is kept once and known by a number, so comparing two terms is comparing two numbers.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "extent.hpp"
#include "list.hpp"
#include "op.hpp"
#include "rational.hpp"


namespace ctgrad::detail {

/// What products are made of. Atoms with axes say by which indices they are read (see `index_set`).
enum class atom_kind : std::uint8_t {
  symbol,       ///< a: place in the table; bits: indices
  position,     ///< the index `bits` itself (iota)
  extent,       ///< a: place of the name
  number,       ///< bits of a double that is no simple number
  pi,
  root,         ///< the positive integer bits, with exponents between 0 and 1
  exponential,  ///< a: the monomial m of exp(m)
  base,         ///< a: a sum, with exponents that are not natural numbers
  positive,     ///< 1 where the sum a > 0, else 0; partner: its `zero`
  zero,         ///< 1 where the sum a == 0, else 0; partner: its `positive`
  application,  ///< code of the sums a, b, c; a sine's partner is its cosine
  total,        ///< sum of the monomial a over its own indices, from b on; bits: their extents, 8 bits each
  reduction,    ///< max or prod (code) of the sum a over its own indices, from b on; bits: their extents
};

/// What is known of an atom's sign.
enum class sign_class : std::uint8_t { unknown, nonnegative, positive };

/// Indices are numbers below 64. 0 to 7 are the axes of the value at hand; those of a total's own are numbered from `first_bound`
/// by how deep totals nest, so that equal totals are equal atoms; those from `first_temporary` exist while a total is made.
using index_set = std::uint64_t;
inline constexpr int first_bound = 8, first_temporary = 32, only_index = 63;  // only_index: of an axis of one element

struct atom {
  atom_kind kind{};
  op code{};
  bool truth = false;   ///< 0 or 1
  bool active = false;  ///< products with it are to be rewritten
  int a = -1, b = -1, c = -1;
  std::uint64_t bits = 0;
  // what follows from these
  sign_class sign = sign_class::unknown;
  index_set uses = 0;  ///< indices that are not its own
  int height = 0;      ///< how deep totals nest in it
  int lead = -1;       ///< base, zero: the largest monomial of the sum, where that is a product of positive powers
  int lead_sign = 1;   ///< and its coefficient
  int tail = -1;       ///< base: what divides all terms but a constant one, where that is a product of positive powers; positive, zero: the sum without the constant
  int partner = -1;    ///< truth: the other one of the same sum; base: that of the opposite sum

  constexpr bool same(atom const& other) const {
    return kind == other.kind && code == other.code && a == other.a && b == other.b && c == other.c && bits == other.bits;
  }
};

struct factor {
  int atom;
  rational exponent;
  friend constexpr bool operator==(factor const&, factor const&) = default;
};

/// A monomial: factors in the order of their atoms. (An array in place: copying it is one step for clang, a vector's copy is hundreds.)
struct product {
  static constexpr int capacity = 16;
  int count = 0;
  bool full = false;  ///< a factor found no place: the product means nothing
  factor items[capacity]{};

  constexpr int size() const { return count; }
  constexpr bool empty() const { return count == 0; }
  constexpr factor& operator[](int i) { return items[i]; }
  constexpr factor const& operator[](int i) const { return items[i]; }
  constexpr factor const* begin() const { return items; }
  constexpr factor const* end() const { return items + count; }
  constexpr void push_back(factor const& f) {
    if (count == capacity) full = true;
    else items[count++] = f;
  }
  constexpr void remove(int i) {
    for (--count; i < count; ++i) items[i] = items[i + 1];
  }
  /// Multiplies by atom^exponent.
  constexpr void raise(int atom, rational const& exponent) {
    int i = count;
    while (i > 0 && items[i - 1].atom > atom) --i;
    if (i > 0 && items[i - 1].atom == atom) {
      items[i - 1].exponent = items[i - 1].exponent + exponent;
      if (items[i - 1].exponent.is_zero()) remove(i - 1);
    } else if (!exponent.is_zero()) {
      if (count == capacity) {
        full = true;
        return;
      }
      for (int k = count++; k > i; --k) items[k] = items[k - 1];
      items[i] = {atom, exponent};
    }
  }
  constexpr product without(int i) const {
    product rest = *this;
    rest.remove(i);
    return rest;
  }
};

struct term {
  int monomial;
  rational coefficient;
  friend constexpr bool operator==(term const&, term const&) = default;
};
using terms = list<term>;  // by monomial, no coefficient zero

inline constexpr int unit_monomial = 0;

/// Finds numbers by hash. A linear scan would break clang's limit of steps.
struct hash_index {
  list<std::int32_t> slots = list<std::int32_t>(256, -1);
  list<std::uint64_t> hashes;

  /// The number of what has this hash and is `same`; where there is none the next new one, or -1.
  template <class Same>
  constexpr int find(std::uint64_t hash, Same same, bool add = true) {
    hash ^= hash >> 31;
    hash *= 0x9E3779B97F4A7C15u;
    hash ^= hash >> 29;
    std::uint64_t mask = slots.size() - 1, place = hash & mask;
    for (; slots[place] >= 0; place = (place + 1) & mask)
      if (hashes[slots[place]] == hash && same(slots[place])) return slots[place];
    if (!add) return -1;
    int const number = static_cast<int>(hashes.size());
    slots[place] = number;
    hashes.push_back(hash);
    if (2 * hashes.size() > slots.size()) {
      mask = 4 * slots.size() - 1;
      slots.assign(mask + 1, -1);
      for (int i = 0; i <= number; ++i) {
        for (place = hashes[i] & mask; slots[place] >= 0;) place = (place + 1) & mask;
        slots[place] = i;
      }
    }
    return number;
  }
};

}  // namespace ctgrad::detail
