// Grows a graph at random, at run time or in the compiler: which operations, of which values.
// Values stay small, and only inputs are compared with anything, so that rounding never decides which way a choice goes.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../compiler/differentiate.hpp"
#include "../compiler/interpret.hpp"

#include <cstdint>
#include <vector>

namespace ctgrad::test {

using detail::axis_mask, detail::builder, detail::extent, detail::extent_binding, detail::extent_name, detail::graph, detail::node_id, detail::op, detail::scalar, detail::shape,
    detail::tensor_value, detail::value;

/// splitmix64 (Steele, Lea, Flood 2014): the same numbers everywhere.
struct random_bits {
  std::uint64_t state;
  constexpr std::uint64_t next() {
    std::uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  constexpr int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
  constexpr bool chance(int percent) { return below(100) < percent; }
  /// In [-2, 2).
  constexpr double real() { return static_cast<double>(next() >> 11) * 0x1p-51 - 2; }
};

struct graph_options {
  bool gradients = false;   ///< some outputs are gradients of a sum of the others
  bool accumulate = false;  ///< some outputs are added to what their arrays hold
  int products = 1;         ///< how often matrix products are drawn
  int max_rank = 4;
  int views = 2;            ///< how often slices, other shapes and concatenations are drawn
};

class graph_grower {
 public:
  constexpr graph_grower(builder& into, std::uint64_t seed, graph_options o) : b(into), r{seed}, options(o) {}

  /// What later operations may use; `size` bounds the magnitude of its elements.
  constexpr void keep(value v, double size, bool exact = false) {
    if (!b.ok()) return;
    if (is_floating(v.type()) && size > 20) v = ctgrad::tanh(v * 0.125), size = 1, exact = false;
    pool.push_back({v, size, exact});
  }
  constexpr void grow(int operations) {
    for (int made = 0, tries = 0; made < operations && tries < 20 * operations && b.ok(); ++tries) {
      auto const before = pool.size();
      one();
      if (pool.size() > before) ++made;
    }
  }
  /// One of the later values.
  constexpr value output() {
    int const count = static_cast<int>(pool.size());
    int const back = r.below(count < 4 ? count : 4);
    return pool[static_cast<std::size_t>(count - 1 - back)].v;
  }
  /// A scalar of float that hangs on `v`.
  constexpr value loss_of(value v) {
    if (!is_floating(v.type())) v = detail::cast(v, dtype::float64);
    v = ctgrad::sin(v) * v;
    return detail::reduce(op::sum, v, (axis_mask{1} << v.rank()) - 1);
  }
  /// A scalar of float that hangs on all the later values.
  constexpr value loss_of_all() {
    value loss = loss_of(output());
    int const count = static_cast<int>(pool.size());
    for (int i = count > 6 ? count - 6 : 0; i < count; ++i)
      if (is_floating(pool[static_cast<std::size_t>(i)].v.type())) loss = loss + loss_of(pool[static_cast<std::size_t>(i)].v);
    return loss;
  }
  constexpr int below(int n) { return r.below(n); }
  constexpr bool chance(int percent) { return r.chance(percent); }

 private:
  struct entry {
    value v;
    double size;
    bool exact;  ///< an input, or made of inputs without rounding
  };
  builder& b;
  random_bits r;
  graph_options options;
  std::vector<entry> pool;

  constexpr entry any() { return pool[static_cast<std::size_t>(r.below(static_cast<int>(pool.size())))]; }
  /// A value that is likely to be a late one.
  constexpr entry late() {
    int const count = static_cast<int>(pool.size());
    return r.chance(60) ? pool[static_cast<std::size_t>(count - 1 - r.below(count < 4 ? count : 4))] : any();
  }
  constexpr entry floating() {
    for (int tries = 0; tries < 8; ++tries)
      if (entry e = late(); is_floating(e.v.type())) return e;
    for (auto const& e : pool)
      if (is_floating(e.v.type())) return e;
    return pool[0];
  }
  constexpr entry exact() {
    for (int tries = 0; tries < 8; ++tries)
      if (entry e = any(); e.exact) return e;
    return pool[0];
  }
  /// Whether shapes meet without the builder noting an error, in at most four axes.
  static constexpr bool meets(shape const& x, shape const& y) {
    for (int i = 1; i <= x.rank && i <= y.rank; ++i) {
      extent const &a = x[x.rank - i], &c = y[y.rank - i];
      if (!(a == c || a.is_one() || c.is_one())) return false;
    }
    return true;
  }
  constexpr entry partner(shape const& s) {
    for (int tries = 0; tries < 12; ++tries)
      if (entry e = any(); is_floating(e.v.type()) && meets(s, e.v.shape())) return e;
    for (auto const& e : pool)
      if (is_floating(e.v.type()) && e.v.rank() == 0) return e;
    return {value{&b, b.real(0.75, dtype::float64)}, 1, false};
  }
  constexpr value broadcast(value v, shape const& s, axis_mask inserted) { return {&b, b.broadcast(v.id, b.intern(s), inserted)}; }
  constexpr value keep_axes(value v, axis_mask mask) {
    shape s;
    int const rank = v.rank();
    for (int i = 0, j = 0; j < rank || mask >> i; ++i)
      if (mask >> i & 1) s.push_back(1);
      else s.push_back(v.shape()[j++]);
    return mask ? broadcast(v, s, mask) : v;
  }
  constexpr axis_mask some_axes(value v) {
    axis_mask const all = (axis_mask{1} << v.rank()) - 1;
    if (v.rank() == 1 || r.chance(20)) return all;
    return static_cast<axis_mask>(1 + r.below(static_cast<int>(all)));
  }

  constexpr void one() {
    int const kind = r.below(24 + options.products + options.views);
    if (kind < 5) unary();
    else if (kind < 12) binary();
    else if (kind < 16) reduction();
    else if (kind < 18) softmax();
    else if (kind < 20) move();
    else if (kind < 22) choose();
    else if (kind == 22) whole();
    else if (kind == 23) centre();
    else if (kind < 24 + options.products) product();
    else view();
  }
  constexpr void unary() {
    entry const e = floating();
    value const x = e.v;
    switch (r.below(9)) {
      case 0: return keep(ctgrad::tanh(x), 1);
      case 1: return keep(ctgrad::sin(x), 1);
      case 2: return keep(ctgrad::sigmoid(x), 1);
      case 3: return keep(ctgrad::exp(ctgrad::sin(x)), 3);
      case 4: return keep(ctgrad::relu(x), e.size);
      case 5: return keep(ctgrad::softplus(x), e.size + 1);
      case 6: return keep(x * x, e.size * e.size);
      case 7: return keep(ctgrad::log(x * x + 1.5), e.size);
      default: return keep(ctgrad::sqrt(ctgrad::abs(x) + 0.5), e.size);
    }
  }
  constexpr void binary() {
    entry const e = floating(), f = r.chance(10) ? e : partner(e.v.shape());
    value const x = e.v, y = f.v;
    if (x.rank() > options.max_rank || y.rank() > options.max_rank) return;
    switch (r.below(8)) {
      case 0: case 1: return keep(x + y, e.size + f.size);
      case 2: return keep(x - y, e.size + f.size);
      case 3: case 4: return keep(x * y, e.size * f.size);
      case 5: return keep(x / (ctgrad::sin(y) + 2), e.size);
      case 6: return keep(ctgrad::maximum(x, y), e.size + f.size);
      default: return keep(ctgrad::hypot(x, y * 0.5 + 3), e.size + f.size);
    }
  }
  constexpr void reduction() {
    entry const e = late();
    if (e.v.rank() == 0) return;
    axis_mask const mask = some_axes(e.v);
    int const which = r.below(8);
    op const code = which < 5 ? op::sum : which == 5 ? op::max : which == 6 ? op::min : op::prod;
    if (e.v.type() == dtype::bool_ && code != op::sum) return;
    value x = e.v;
    if (code == op::prod) x = is_floating(x.type()) ? ctgrad::sin(x) : x;
    value y = detail::reduce(code, x, mask);
    if (r.chance(50)) y = keep_axes(y, mask);
    keep(y, code == op::sum ? 8 * e.size : e.size);
  }
  constexpr void softmax() {
    entry const e = floating();
    if (e.v.rank() == 0) return;
    axis_mask const mask = some_axes(e.v);
    value const x = e.v, shift = ctgrad::detach(keep_axes(detail::reduce(op::max, x, mask), mask));
    value const exponential = ctgrad::exp(x - shift), sum = keep_axes(detail::reduce(op::sum, exponential, mask), mask);
    if (r.chance(60)) keep(exponential / sum, 1);
    else keep(ctgrad::log(sum) + shift, e.size + 2);
  }
  constexpr void centre() {
    entry const e = floating();
    if (e.v.rank() == 0) return;
    axis_mask const mask = some_axes(e.v);
    value const x = e.v;
    shape counted;
    for (int i = 0; i < x.rank(); ++i)
      if (mask >> i & 1) counted.push_back(x.shape()[i]);
    value const count{&b, b.size_of(counted, x.type())};
    value const d = x - keep_axes(detail::reduce(op::sum, x, mask) / count, mask);
    value const variance = keep_axes(detail::reduce(op::sum, d * d, mask) / count, mask);
    keep(d / ctgrad::sqrt(variance + 0.5), e.size);
  }
  constexpr void move() {
    entry const e = late();
    value const x = e.v;
    if (x.rank() > 1 && r.chance(60)) {
      std::array<int, detail::max_rank> order{};
      for (int i = 0; i < x.rank(); ++i) order[static_cast<std::size_t>(i)] = i;
      for (int i = x.rank() - 1; i > 0; --i) std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(r.below(i + 1))]);
      return keep({&b, b.permute(x.id, order)}, e.size, e.exact);
    }
    if (x.rank() > 2 || x.rank() >= options.max_rank) return;
    // A new axis, of one element or repeated.
    int const place = r.below(x.rank() + 1);
    entry const like = any();
    extent const repeated = like.v.rank() && r.chance(60) ? like.v.shape()[r.below(like.v.rank())] : extent(1);
    shape s;
    for (int i = 0, j = 0; i <= x.rank(); ++i) s.push_back(i == place ? repeated : x.shape()[j++]);
    keep(broadcast(x, s, axis_mask{1} << place), e.size, e.exact);
  }
  constexpr void choose() {
    entry const condition = exact();
    value const p = condition.v.type() == dtype::bool_ ? condition.v : condition.v < condition.v.constant(r.chance(50) ? 0 : 1);
    if (r.chance(15)) return keep(p, 1, true);
    entry const e = partner(p.shape()), f = partner(e.v.shape());
    if (!meets(p.shape(), f.v.shape()) || e.v.rank() > options.max_rank || f.v.rank() > options.max_rank || p.rank() > options.max_rank) return;
    keep(ctgrad::where(p, e.v, r.chance(50) ? f.v : f.v.constant(0)), e.size + f.size);
  }
  constexpr void whole() {
    entry const e = exact();
    if (e.v.type() == dtype::bool_ || r.chance(30)) return keep(detail::cast(e.v, dtype::float64), e.size, e.exact);
    if (is_floating(e.v.type())) {
      // The place along an axis, or a random word of each place.
      if (e.v.rank() == 0) return;
      value number{&b, b.iota(e.v.shape()[e.v.rank() - 1], dtype::int32)};
      if (r.chance(50)) {
        value const word{&b, b.map(op::philox, number.constant(7).id, number.constant(r.below(3)).id, number.id)};
        return keep(detail::cast(word, dtype::float64) * 0x1p-31, 1, true);
      }
      return keep(detail::cast(number, dtype::float64) * 0.25, 4);
    }
    keep(e.v * e.v + 1, 10, true);
  }
  /// Views that are valid whatever the extents are, and assemblies.
  constexpr void view() {
    entry const e = late();
    value const x = e.v;
    if (x.rank() == 0) return;
    int const axis = r.below(x.rank());
    extent const all = x.shape()[axis];
    auto plain = [](extent const& n) { return n.is_static() || n.name().characters != nullptr; };
    bool const twice = all.count == 1 && all.constant == 0 && all.terms[0].coefficient == 2 && all.terms[0].count == 1;
    switch (r.below(8)) {
      case 5:
        if (all.is_static() && all.constant >= 2 && x.rank() < options.max_rank) {
          int const size = 1 + r.below(2), dilation = 1 + r.below(2), step = 1 + r.below(2);
          std::int64_t const places = (all.constant - (size - 1) * dilation - 1) / step + 1;
          if (all.constant - (size - 1) * dilation >= 1) return keep({&b, b.windows(x.id, axis, places, size, step, dilation)}, e.size, e.exact);
        }
        return;
      case 6:
        if (x.rank() < options.max_rank && plain(all) && !all.is_static()) {
          // All places of two elements each, of twice as many as there are.
          value const two{&b, b.concat(x.id, x.id, axis)};
          return keep({&b, b.windows(two.id, axis, all, 2, r.chance(50) ? 1 : 2, 1)}, e.size, e.exact);
        }
        return;
      case 7:
        if (axis > 0 && x.shape()[axis - 1].is_static() && all.is_static() && all.constant > x.shape()[axis - 1].constant) {
          int const width = static_cast<int>(x.shape()[axis - 1].constant), count = static_cast<int>(all.constant) - width + 1;
          return r.chance(50) ? keep({&b, b.skew(x.id, axis, 0, count, 1)}, e.size, e.exact) : keep({&b, b.skew(x.id, axis, width - 1, count, -1)}, e.size, e.exact);
        }
        return;
      case 0: return keep({&b, b.slice(x.id, axis, all - 1, all, -1)}, e.size, e.exact);
      case 1: {
        entry f = partner(x.shape());
        if (!plain(all)) return;
        if (!(f.v.shape() == x.shape()) || f.v.type() != x.type()) f = e;
        return keep({&b, b.concat(x.id, f.v.id, axis)}, e.size > f.size ? e.size : f.size, e.exact && f.exact);
      }
      case 2:
        if (twice) {
          extent const half(all.terms[0].factors[0]);
          return r.chance(50) ? keep({&b, b.slice(x.id, axis, r.chance(50) ? half : extent(0), half, 1)}, e.size, e.exact) : keep({&b, b.slice(x.id, axis, r.below(2), half, 2)}, e.size, e.exact);
        }
        if (all.is_static() && all.constant > 1) {
          std::int64_t const first = r.below(static_cast<int>(all.constant)), count = r.below(static_cast<int>(all.constant - first) + 1);
          return keep({&b, b.slice(x.id, axis, first, count, 1)}, e.size, e.exact);
        }
        return;
      case 3: {
        if (axis + 1 == x.rank() || !plain(all) || !plain(x.shape()[axis + 1])) return;
        shape to;
        for (int i = 0; i < x.rank(); ++i)
          if (i == axis + 1) to[axis] = to[axis] * x.shape()[i];
          else to.push_back(x.shape()[i]);
        return keep({&b, b.reshape(x.id, to)}, e.size, e.exact);
      }
      case 4: {
        if (x.rank() >= options.max_rank || all.constant != 0 || all.count != 1 || all.terms[0].count > 2) return;
        shape to;
        for (int i = 0; i < x.rank(); ++i)
          if (i != axis) to.push_back(x.shape()[i]);
          else if (all.terms[0].count == 2) to.push_back(extent(all.terms[0].factors[0])), to.push_back(extent(all.terms[0].coefficient) * extent(all.terms[0].factors[1]));
          else to.push_back(extent(all.terms[0].factors[0])), to.push_back(all.terms[0].coefficient);
        return keep({&b, b.reshape(x.id, to)}, e.size, e.exact);
      }
      default: {
        if (!plain(all)) return;
        shape s = x.shape();
        s[axis] = 1 + r.below(3);
        node_id const zeros = is_floating(x.type()) ? b.real(0.5, x.type(), b.intern(s)) : b.integer(1, x.type(), b.intern(s));
        return keep({&b, r.chance(50) ? b.concat(x.id, zeros, axis) : b.concat(zeros, x.id, axis)}, e.size + 1, e.exact);
      }
    }
  }
  constexpr void product() {
    entry const e = floating();
    if (e.v.rank() < 1 || e.v.rank() > 3) return;
    if (e.v.rank() == 3 && r.chance(50)) {
      // A batch, with itself: of rows or of columns.
      value const other{&b, b.permute(e.v.id, {0, 2, 1})};
      return r.chance(50) ? keep({&b, b.matmul(e.v.id, other.id)}, 6 * e.size * e.size) : keep({&b, b.matmul(other.id, e.v.id)}, 6 * e.size * e.size);
    }
    extent const summed = e.v.shape()[e.v.rank() - 1];
    for (int tries = 0; tries < 16; ++tries) {
      entry const f = any();
      if (!is_floating(f.v.type()) || f.v.type() != e.v.type() || f.v.rank() < 1 || f.v.rank() > std::min(3, options.max_rank)) continue;
      value right = f.v;
      if (right.rank() == 2 && !(right.shape()[0] == summed) && right.shape()[1] == summed) right = {&b, b.permute(right.id, {1, 0})};
      if (!(right.shape()[right.rank() > 1 ? right.rank() - 2 : 0] == summed)) continue;
      if (e.v.rank() == 3 && right.rank() == 3 && !(e.v.shape()[0] == right.shape()[0] || e.v.shape()[0].is_one() || right.shape()[0].is_one())) continue;
      return keep({&b, b.matmul(e.v.id, right.id)}, 6 * e.size * f.size);
    }
  }
};

}  // namespace ctgrad::test
