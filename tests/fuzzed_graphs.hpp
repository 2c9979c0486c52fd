// Random graphs for the passes: of every operation, with the numbers that they are tried with, and what may be compared of them.
// Unlike random_graphs.hpp's they reach infinities, NaN and patterns of the rules, since nothing is compiled from them.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "fuzzed_values.hpp"

#include <vector>

namespace ctgrad::test::passes {

struct generator : growing {
  using growing::growing;

  void add_map() {
    auto const code = static_cast<op>(below(op_count));
    op_info const& row = info(code);
    if (row.kind != op_kind::map) return;
    f.used.insert(code);
    if (code == op::cast) {
      value x = any();
      bool const exactly = exact.count(index(x.id)) != 0;
      static constexpr dtype all[] = {dtype::bool_, dtype::int32, dtype::int64, dtype::float32, dtype::float64};
      dtype const to = all[below(5)];
      if (is_floating(x.type()) && !is_floating(to) && !exactly) return;  // a jump
      value y = keep(detail::cast(x, to), bound_of(x));
      if (exactly && to != dtype::float32) exact.insert(index(y.id));
      return;
    }
    if (row.result == result_rule::word) {
      auto const is_exact_integer = [&](value v) { return exact.count(index(v.id)) && is_integer(v.type()); };
      auto const whole = [&] { return detail::cast(any_that(is_exact_integer, pool[0].constant(below(9))), dtype::int64); };
      value const a = whole(), c = whole();
      if (!meets(a, c)) return;
      value const word{&f.b, f.b.map(code, a.id, a.constant(below(3)).id, c.id)};
      value const y = keep(detail::cast(word, dtype::float64) * 0x1p-31, 1);
      exact.insert(index(word.id)), exact.insert(index(y.id));
      return;
    }
    bool const jumps = row.result == result_rule::boolean || row.result == result_rule::logical || code == op::floor || code == op::ceil || code == op::round || code == op::sign;
    value x = jumps ? exact_value() : any();
    value y = row.arity > 1 ? partner(x, jumps) : value{};
    if (!row.takes_bool && x.type() == dtype::bool_) x = x + 1;
    if (row.arity > 1 && !row.takes_bool && y.type() == dtype::bool_) y = y + 1;
    double const a = bound_of(x), c = y.b ? bound_of(y) : 0;
    double size = 2;
    switch (code) {
      case op::log: case op::log1p: case op::sqrt: case op::rsqrt: case op::reciprocal: case op::cbrt: x = positive(); break;
      case op::log1p_unit: x = ctgrad::sin(x) * 0.5 + 0.5; break;
      case op::erf_by_exp: x = floating(), y = ctgrad::exp(-(x * x)); break;
      case op::asin: case op::acos: x = ctgrad::tanh(x) * 0.9; break;
      case op::tan: x = ctgrad::tanh(x); break;
      case op::divide: case op::atan2: case op::hypot: y = chance(80) ? ctgrad::sin(y) + 1.5 : ctgrad::sin(y) - 1.5; size = 2 * a; break;
      case op::power:
        if (chance(60)) {
          static constexpr double exponents[] = {0, 1, 2, 3, 4, -1, -2, 0.5, 1.5};
          double const n = exponents[below(9)];
          x = n >= 0 && n == std::floor(n) ? floating() : positive();
          keep(ctgrad::pow(x, n), std::pow(std::max(bound_of(x), 2.5), std::fabs(n)));
          return;
        }
        x = positive(), y = ctgrad::sin(partner(x)), size = 3;
        break;
      case op::exp: case op::expm1: case op::sinh: case op::cosh: size = a < 4 ? std::exp(a) : 1e9; break;
      case op::add: case op::subtract: size = a + c; break;
      case op::multiply: size = a * c; break;
      default: size = std::max({a, c, 2.0}); break;
    }
    bool const kept_exact = (jumps || code == op::copy || code == op::minimum || code == op::maximum || code == op::abs || code == op::negative) && exact.count(index(x.id)) &&
                            (row.arity == 1 || exact.count(index(y.id)));
    value result;
    if (code == op::where) {
      value p = condition();
      if (!meets(p, x) || !meets(p, y) || p.rank() > 3) return;
      result = ctgrad::where(p, x, y);
      if (f.b.ok() && result.rank() > 3) return;
    } else if (code == op::clamp) {
      result = ctgrad::clamp(x, x.constant(between(-1.5, 0)), x.constant(between(0, 1.5)));
    } else if (row.arity == 1) {
      result = {&f.b, f.b.map(code, x.id)};
    } else {
      if (!jumps && chance(25)) y = number_or(y);
      if (y.get().is_constant() && code == op::divide) y = y.constant(1.25);
      result = {&f.b, chance(50) || code == op::divide || code == op::power || code == op::atan2 ? f.b.map(code, x.id, y.id) : f.b.map(code, y.id, x.id)};
    }
    if (result.rank() > 3) return;
    keep(result, size);
    if (kept_exact) exact.insert(index(result.id));
  }

  /// The left side of a rewrite rule, of values in [0.5, 2.5], so that rules do apply.
  template <class Rules>
  void add_pattern(Rules const& rules) {
    auto const& rule = rules.rules[static_cast<std::size_t>(below(rules.rule_count))];
    std::vector<value> bound_to(static_cast<std::size_t>(rules.symbol_count));
    value const like = positive();
    for (std::size_t k = 0; k < bound_to.size(); ++k) {
      if (rules.symbols[k].type == dtype::bool_) {
        bound_to[k] = condition();
        if (!meets(bound_to[k], like)) bound_to[k] = exact_value() < 0.25;
        if (!meets(bound_to[k], like)) return;
      } else if (rules.symbols[k].view() == "c" || rules.symbols[k].view() == "d") {
        bound_to[k] = like.constant(between(0.5, 2));
      } else {
        value other = chance(50) ? ctgrad::sin(partner(like)) + 1.5 : like;
        if (!is_floating(other.type()) || !meets(other, like)) return;
        bound_to[k] = k == 0 ? like : other;
      }
    }
    auto build = [&](auto self, node_id id) -> value {
      detail::node const& n = rules.nodes[static_cast<std::size_t>(index(id))];
      if (n.code == op::symbol) return bound_to[static_cast<std::size_t>(n.attribute)];
      if (n.is_constant()) return like.constant(n.real());
      node_id operands[3]{node_id::none, node_id::none, node_id::none};
      for (int k = 0; k < n.arity; ++k) {
        value v = self(self, n.operands[k]);
        operands[k] = v.id;
        for (int j = 0; j < k; ++j)
          if (!meets({&f.b, operands[j]}, v)) return like;
      }
      if (info(n.code).kind == op_kind::reduction) {
        value const x{&f.b, operands[0]};
        return x.rank() == 0 ? x : detail::reduce(n.code, x, static_cast<axis_mask>((1 << x.rank()) - 1));
      }
      return {&f.b, f.b.map(n.code, operands[0], operands[1], operands[2])};
    };
    value result = build(build, rule.before);
    if (f.b.ok() && result.rank() <= 3 && result.type() != dtype::bool_) keep(result, 60);
  }

  void add_reduction() {
    value x = any_that([](value v) { return v.rank() > 0; }, {});
    if (!x.b) return;
    static constexpr op codes[] = {op::sum, op::sum, op::prod, op::max, op::min};
    op const code = codes[below(5)];
    auto mask = static_cast<axis_mask>(1 + below((1 << x.rank()) - 1));
    // (Near 1, so that a sine of the product has a digit left in float32.)
    if (code == op::prod) x = is_floating(x.type()) ? ctgrad::sin(x) * 0.125 + 1 : x;
    std::int64_t count = 1;
    for (int i = 0; i < x.rank(); ++i)
      if (mask >> i & 1) count *= number_of(x.shape()[i]);
    f.used.insert(code);
    keep(detail::reduce(code, x, mask), code == op::sum ? bound_of(x) * static_cast<double>(count) : code == op::prod ? 1e9 : bound_of(x));
  }
  void add_movement() {
    value x = any();
    double const size = bound_of(x);
    if (chance(50) && x.rank() > 1) {
      std::array<int, detail::max_rank> order{};
      for (int i = 0; i < x.rank(); ++i) order[static_cast<std::size_t>(i)] = i;
      std::shuffle(order.begin(), order.begin() + x.rank(), random);
      bool const exactly = exact.count(index(x.id)) != 0;
      value y = keep({&f.b, f.b.permute(x.id, order)}, size);
      if (exactly) exact.insert(index(y.id));
      return;
    }
    axis_mask ones = 0;
    for (int i = 0; i < x.rank(); ++i)
      if (x.shape()[i].is_one()) ones |= axis_mask{1} << i;
    if (ones && chance(60)) {
      keep({&f.b, f.b.squeeze(x.id, ones)}, size);
    } else if (x.rank() < 3) {
      shape to;
      int const place = below(x.rank() + 1);
      for (int i = 0; i <= x.rank(); ++i) {
        if (i == place) to.push_back(random_extent());
        if (i < x.rank()) to.push_back(x.shape()[i].is_one() && chance(50) ? extent(3) : x.shape()[i]);
      }
      keep({&f.b, f.b.broadcast(x.id, f.b.intern(to), axis_mask{1} << place)}, size);
    }
  }
  void add_product() {
    value x = any_that([](value v) { return v.rank() > 0 && v.rank() < 4 && v.type() != dtype::bool_; }, {});
    if (!x.b) return;
    extent const summed = x.shape()[x.rank() - 1];
    value y = any_that(
        [&](value v) {
          bool const meets = v.rank() > 0 && v.rank() < 4 && v.shape()[v.rank() > 1 ? v.rank() - 2 : 0] == summed;
          return meets && (x.rank() < 3 || v.rank() < 3 || x.shape()[0] == v.shape()[0] || x.shape()[0].is_one() || v.shape()[0].is_one());
        },
        {});
    if (!y.b) {
      if (x.rank() == 1) y = x;
      else {
        std::array<int, detail::max_rank> order{0, 1, 2};
        std::swap(order[static_cast<std::size_t>(x.rank() - 1)], order[static_cast<std::size_t>(x.rank() - 2)]);
        y = {&f.b, f.b.permute(x.id, order)};
      }
    }
    f.used.insert(op::contract);
    keep({&f.b, f.b.matmul(x.id, y.id)}, bound_of(x) * bound_of(y) * static_cast<double>(number_of(summed)));
  }

  /// Slices forwards and backwards, other shapes, and parts put together.
  void add_view() {
    value x = any_that([](value v) { return v.rank() > 0 && v.rank() < 4; }, {});
    if (!x.b) return;
    int const axis = below(x.rank());
    extent const all = x.shape()[axis];
    bool const plain = all.is_static() || all.name().characters != nullptr, exactly = exact.count(index(x.id)) != 0;
    value y;
    op code = op::slice;
    if (int const kind = below(6); kind == 4 && all.is_static()) {
      int const size = 1 + below(2), dilation = 1 + below(2), step = 1 + below(2);
      std::int64_t const rest = all.constant - (size - 1) * dilation;
      if (rest >= 1) y = {&f.b, f.b.windows(x.id, axis, (rest - 1) / step + 1, size, step, dilation)}, code = op::windows;
    } else if (kind == 5) {
      if (axis == 0 || !x.shape()[axis - 1].is_static() || !all.is_static() || all.constant < x.shape()[axis - 1].constant) return;
      std::int64_t const width = x.shape()[axis - 1].constant, count = all.constant - width + 1;
      code = op::skew;
      y = chance(50) ? value{&f.b, f.b.skew(x.id, axis, 0, count, 1)} : value{&f.b, f.b.skew(x.id, axis, width - 1, count, -1)};
    } else if (kind == 0) {
      y = {&f.b, f.b.slice(x.id, axis, all - 1, all, -1)};
    } else if (kind == 1 && all.is_static() && all.constant > 1) {
      std::int64_t const first = below(static_cast<int>(all.constant));
      int const step = 1 + below(3);
      y = chance(50) ? value{&f.b, f.b.slice(x.id, axis, first, (all.constant - first + step - 1) / step, step)} : value{&f.b, f.b.slice(x.id, axis, first, first / step + 1, -step)};
    } else if (kind == 2 && plain) {
      value other = any_that([&](value v) { return v.shape() == x.shape() && v.type() == x.type(); }, x);
      y = {&f.b, f.b.concat(x.id, other.id, axis)}, code = op::concat;
      note(y, std::max(bound_of(x), bound_of(other)));
      f.used.insert(code);
      keep(y, std::max(bound_of(x), bound_of(other)));
      return;
    } else if (axis + 1 < x.rank() && plain && (x.shape()[axis + 1].is_static() || x.shape()[axis + 1].name().characters != nullptr)) {
      shape to;
      for (int i = 0; i < x.rank(); ++i)
        if (i == axis + 1) to[axis] = to[axis] * x.shape()[i];
        else to.push_back(x.shape()[i]);
      y = {&f.b, f.b.reshape(x.id, to)}, code = op::reshape;
    }
    if (!y.b) return;
    f.used.insert(code);
    keep(y, bound_of(x));
    if (exactly) exact.insert(index(y.id));
  }

  /// Elements at places, and sums by places; some are none, and the nearest are taken for them.
  void add_lookup() {
    value x = any_that([](value v) { return v.rank() > 0 && v.rank() < 4; }, {});
    if (!x.b) return;
    auto places_like = [&](shape s) {  // (a copy: interning moves shapes)
      if (s.rank == 0) return value{&f.b, f.b.integer(below(4) - 1, dtype::int32)};
      int const along = below(s.rank);
      value const number{&f.b, f.b.broadcast(f.b.iota(s[along], dtype::int32), f.b.intern(s), ((detail::axis_mask{1} << s.rank) - 1) & ~(detail::axis_mask{1} << along))};
      return number * (1 + below(2)) - below(3);
    };
    if (chance(50)) {
      int axis = below(x.rank());
      if (!x.shape()[axis].is_static() || x.shape()[axis].constant < 1) return;
      value from = x;
      if (x.rank() < 3 && chance(50)) {  // one table for several rows of places
        shape all;
        all.push_back(3);
        for (int i = 0; i < x.rank(); ++i) all.push_back(x.shape()[i]);
        from = {&f.b, f.b.broadcast(x.id, f.b.intern(all), 1)};
        ++axis;
      }
      shape result;
      for (int i = 0; i < from.rank(); ++i)
        if (i != axis) result.push_back(from.shape()[i]);
      bool const exactly = exact.count(index(x.id)) != 0;
      value const y{&f.b, f.b.gather(from.id, places_like(result).id, axis)};
      f.used.insert(op::gather);
      keep(y, bound_of(x));
      if (exactly) exact.insert(index(y.id));
    } else if (x.type() != dtype::bool_) {
      auto const gone = static_cast<detail::axis_mask>(below(1 << x.rank()));
      double count = 1;
      int kept = 0;
      for (int i = 0; i < x.rank(); ++i)
        if (gone >> i & 1) count *= static_cast<double>(number_of(x.shape()[i]));
        else ++kept;
      f.used.insert(op::scatter);
      keep({&f.b, f.b.scatter(x.id, places_like(x.shape()).id, below(kept + 1), 2 + below(3), gone)}, bound_of(x) * std::max(count, 1.0));
    }
  }

  /// Places in order, and running totals. (Other library operations need matrices that have a root or an inverse: tests/include/ctgrad/linalg.cpp.)
  void add_call() {
    bool const ordered = chance(30);
    value x = ordered ? exact_value() : any_that([](value v) { return v.type() != dtype::bool_; }, pool[0]);
    if (x.rank() == 0) return;
    double const size = bound_of(x);
    if (x.rank() == 2 && chance(50)) x = detail::matrix_transpose(x);  // (an axis has four elements at most)
    op const code = ordered ? op::argsort : chance(60) ? op::cumsum : op::cumprod;
    f.used.insert(code);
    if (code == op::argsort) exact.insert(index(keep(detail::call_library<op::argsort>(below(2), x), 4).id));
    else if (code == op::cumsum) keep(detail::call_library<op::cumsum>(below(2), x), 4 * size);
    else keep(detail::call_library<op::cumprod>(0, x), std::pow(std::max(size, 1.0), 4));
  }

  fuzzed make() {
    make_symbols();
    int const target = 5 + below(56);
    for (int tries = 0; tries < 200 && f.b.g.size() < target && f.b.ok(); ++tries) {
      int const kind = below(100);
      if (kind < 60) add_map();
      else if (kind < 70) add_pattern(detail::rules_of<&detail::write_default_rules>);
      else if (kind < 73) add_pattern(detail::rules_of<&detail::write_loop_rules>);
      else if (kind < 83) add_reduction();
      else if (kind < 90) add_movement();
      else if (kind < 94) add_view();
      else if (kind < 96) add_lookup();
      else if (kind < 98) add_call();
      else add_product();
    }
    int const outputs = 1 + below(3);
    for (int k = 0; k < outputs; ++k) f.outputs.push_back(pool[pool.size() - 1 - static_cast<std::size_t>(below(std::min(6, static_cast<int>(pool.size()))))]);
    f.loss = ctgrad::sin(f.b.ok() ? value{&f.b, f.b.cast(floating().id, dtype::float64)} : pool[0]);
    f.loss = sum_of(f.loss * ctgrad::cos(f.b.ok() && meets(f.loss, pool.back()) && is_floating(pool.back().type()) ? detail::cast(pool.back(), dtype::float64) : f.loss));
    graph of_loss = f.b.g;
    of_loss.outputs = {f.loss.id};
    auto const live = detail::live_nodes(of_loss);
    for (int tries = 0; tries < 12; ++tries) {
      value v = any();
      if (!live[static_cast<std::size_t>(index(v.id))]) continue;
      // Not by what rules make of others, nor by what is not in the function: where two nodes become one, the gradient by one becomes that by both.
      static constexpr op codes[] = {op::sin, op::cos, op::tanh, op::exp, op::power, op::permute, op::broadcast, op::squeeze, op::slice, op::reshape, op::windows, op::skew, op::concat, op::max, op::min, op::prod};
      if (is_floating(v.type()) && std::find(std::begin(codes), std::end(codes), v.get().code) != std::end(codes)) f.by_parts.push_back(v);
    }
    return std::move(f);
  }
};

}  // namespace ctgrad::test::passes
