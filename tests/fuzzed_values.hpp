// A random graph as it grows: its inputs, and values of it by what they are.
// What is added to it is fuzzed_graphs.hpp's.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../compiler/pipeline.hpp"
#include "interpreted.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>
#include <vector>

namespace ctgrad::test::passes {

using detail::extent, detail::extent_binding, detail::extent_name, detail::info, detail::op_count, detail::op_info, detail::op_kind, detail::result_rule;

inline constexpr char const* symbol_names[] = {"s0", "s1", "s2", "s3", "s4", "s5"};
inline constexpr char n_name[] = "N", m_name[] = "M", anonymous_name[] = ".s";

struct fuzzed {
  builder b;
  detail::list<tensor_value> inputs;
  std::vector<value> outputs;
  value loss;                    ///< a scalar of float64, whose gradients by `by` are outputs as well
  std::vector<value> by;
  std::vector<std::size_t> by_symbol;  ///< the places of `by` in the table of symbols
  std::vector<value> by_parts;         ///< parts of it, by which there are gradients too
  std::set<op> used;
  bool special = false;          ///< inputs hold infinities, NaN, zeros and huge numbers
};

/// Extents that are named, and what they stand for.
struct names {
  extent n{extent_name{n_name}}, m{extent_name{m_name}}, anonymous{extent_name{anonymous_name}};
  extent_binding bound;
};

/// A growing graph, and values of it to go on from.
struct growing {
  std::mt19937_64 random;
  names extents;
  fuzzed f;
  std::vector<value> pool;
  std::vector<double> bound;       ///< of the magnitudes of a node's elements, roughly
  std::set<int> exact;             ///< nodes that no rounding reaches: what may be compared and rounded

  explicit growing(std::uint64_t seed) : random(seed) {}

  int below(int n) { return static_cast<int>(random() % static_cast<std::uint64_t>(n)); }
  bool chance(int percent) { return below(100) < percent; }
  double between(double low, double high) { return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53; }

  double bound_of(value v) {
    auto const i = static_cast<std::size_t>(index(v.id));
    return i < bound.size() ? bound[i] : 2;
  }
  value note(value v, double size) {
    auto const i = static_cast<std::size_t>(index(v.id));
    if (bound.size() <= i) bound.resize(i + 1, 2);
    bound[i] = std::max(size, 0.5);
    return v;
  }
  /// Adds `v` to what later nodes may use, tamed where it may be large.
  value keep(value v, double size) {
    if (!f.b.ok()) return v;
    if (is_floating(v.type()) && !(size < 30)) v = note(ctgrad::sin(v * 0.1), 1);
    else note(v, size);
    pool.push_back(v);
    return v;
  }

  extent random_extent() {
    static constexpr int sizes[] = {1, 2, 3, 4};
    int const choice = below(10);
    if (choice == 0) return extents.n;
    if (choice == 1) return extents.m;
    if (choice == 2) return extents.anonymous;
    return sizes[below(4)];
  }
  std::int64_t number_of(extent const& e) const { return e.evaluate(extents.bound); }

  void make_symbols() {
    extents.bound.entries = {{extents.n.name(), 1 + below(4)}, {extents.m.name(), 1 + below(4)}, {extents.anonymous.name(), 0}};
    // What the anonymous extent meets is N.
    extents.bound.entries[2].number = extents.bound.entries[0].number;
    int const count = 2 + below(4);
    f.special = chance(15);
    static constexpr double special_numbers[] = {infinity, -infinity, not_a_number, 0.0, -0.0, 1, 1e300, 1e-310};
    for (int k = 0; k < count; ++k) {
      int const kind = k == 0 ? 4 : below(8);
      dtype const type = kind == 1 ? dtype::bool_ : kind == 2 ? dtype::int32 : kind == 3 ? dtype::float32 : kind == 5 ? dtype::int64 : dtype::float64;
      shape s;
      for (int axis = below(4); axis > 0; --axis) s.push_back(random_extent());
      value v{&f.b, f.b.symbol(symbol_names[k], type, s)};
      tensor_value t;
      for (int axis = 0; axis < s.rank; ++axis) t.extents.push_back(number_of(s[axis]));
      for (auto e = detail::product_of(t.extents); e > 0; --e) {
        double const x = type == dtype::bool_ ? below(2) : is_floating(type) ? (f.special && chance(40) ? special_numbers[below(8)] : between(-2, 2)) : below(7) - 3;
        t.elements.push_back(scalar::from(x, dtype::float64).cast(dtype::float64, type));
      }
      f.inputs.push_back(t);
      if (is_floating(type)) f.by.push_back(v), f.by_symbol.push_back(static_cast<std::size_t>(k));
      exact.insert(index(v.id));
      keep(v, is_floating(type) ? 2 : 3);
    }
  }

  value any() { return pool[static_cast<std::size_t>(below(static_cast<int>(pool.size())))]; }
  template <class Condition>
  value any_that(Condition condition, value otherwise) {
    for (int tries = 0; tries < 12; ++tries)
      if (value v = any(); condition(v)) return v;
    return otherwise;
  }
  value floating() { return any_that([](value v) { return is_floating(v.type()); }, pool[0]); }
  /// A value in [0.5, 2.5].
  value positive() { return ctgrad::sin(floating()) + 1.5; }
  value exact_value() { return any_that([&](value v) { return exact.count(index(v.id)) != 0; }, pool[0]); }
  value condition() {
    value v = any_that([](value c) { return c.type() == dtype::bool_; }, {});
    return v.b && chance(60) ? v : exact_value() < between(-1, 1);
  }
  /// Whether shapes meet: otherwise the builder notes an error.
  bool meets(value a, value b) {
    for (int i = 1; i <= a.rank() && i <= b.rank(); ++i) {
      extent const &x = a.shape()[a.rank() - i], &y = b.shape()[b.rank() - i];
      if (!(x == y || x.is_one() || y.is_one() || (x.is_anonymous() && y == extents.n) || (y.is_anonymous() && x == extents.n))) return false;
    }
    return true;
  }
  value partner(value a, bool exact_one = false) {
    return any_that([&](value v) { return (!exact_one || exact.count(index(v.id))) && meets(a, v) && v.rank() + a.rank() <= 6; }, a);
  }
  value number_or(value v) { return chance(25) ? v.constant(below(2) ? double(below(5)) - 2 : between(-2, 2)) : v; }
};

}  // namespace ctgrad::test::passes
