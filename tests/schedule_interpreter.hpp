// Runs a schedule instruction by instruction, as the loops that it stands for, on doubles and int64.
// It holds fusion to account without compiling anything: what it computes has to be what the graph says,
// and everything that it reads has to have been computed where it stands. Groups go through tiles of one turn.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../compiler/interpret.hpp"
#include "../compiler/partition.hpp"
#include "../compiler/schedule.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ctgrad::test {

using detail::action, detail::extent_binding, detail::graph, detail::instruction, detail::instruction_id, detail::scalar, detail::schedule, detail::tensor_value;

/// What the schedule computed, or the first thing that was wrong with it.
struct schedule_run {
  detail::list<tensor_value> outputs;
  std::string error;
};

/// Numbers as an output that is added to adds them: integers wrap.
constexpr scalar add(scalar a, scalar b) {
  return {a.real + b.real, static_cast<std::int64_t>(static_cast<std::uint64_t>(a.integer) + static_cast<std::uint64_t>(b.integer))};
}

class schedule_interpreter {
 public:
  schedule_interpreter(graph const& from, schedule const& what, detail::list<tensor_value> const& inputs, extent_binding const& extents, detail::list<tensor_value> const& before = {})
      : g(from), s(what), bound(extents), values(what.instructions.size()), sums(what.instructions.size()), at(what.loops.size(), -1) {
    for (auto const& b : s.buffers) {
      memory m{detail::extents_of(s.shapes[static_cast<std::size_t>(detail::index(b.s))], bound), {}, {}};
      if (b.kind == detail::buffer_kind::symbol) {
        for (auto const& e : inputs[static_cast<std::size_t>(b.number)].elements) m.elements.push_back(e);
      } else if (b.kind == detail::buffer_kind::view) {
        m.where = places_of(b, m.extents);
      } else {
        m.elements.resize(static_cast<std::size_t>(detail::product_of(m.extents)));
        if (adds_to(b))
          for (std::size_t i = 0; i < m.elements.size(); ++i) m.elements[i] = before[static_cast<std::size_t>(b.number)].elements[i];
      }
      arrays.push_back(m);
    }
  }

  schedule_run run() {
    run_range(0, static_cast<int>(s.instructions.size()));
    schedule_run r;
    for (std::size_t b = 0; b < arrays.size(); ++b) {
      if (s.buffers[b].kind != detail::buffer_kind::output) continue;
      tensor_value v{arrays[b].extents, {}};
      for (auto const& e : arrays[b].elements) {
        if (!e) fail("an element of output " + std::to_string(s.buffers[b].number) + " is never written", -1);
        v.elements.push_back(e.value_or(scalar{}));
      }
      r.outputs.push_back(v);
    }
    r.error = error;
    return r;
  }

 private:
  struct memory {
    detail::list<std::int64_t> extents;
    std::vector<std::optional<scalar>> elements;
    std::vector<std::size_t> where;  ///< of a view: the place of each of its elements in what it is of
  };
  graph const& g;
  schedule const& s;
  extent_binding const& bound;
  std::vector<memory> arrays;
  std::vector<std::optional<scalar>> values, sums;  // of each instruction, where it holds
  detail::list<std::int64_t> at;                     // of each loop: where it stands, or -1
  std::string error;

  /// For each element of a view its place in the array that it is of.
  std::vector<std::size_t> places_of(detail::buffer const& b, detail::list<std::int64_t> const& extents) {
    detail::node const& n = g[b.node];
    auto const& of = s.shapes[static_cast<std::size_t>(detail::index(s.buffers[static_cast<std::size_t>(b.number)].s))];
    auto const all = detail::extents_of(of, bound);
    std::vector<std::size_t> where;
    detail::odometer o(extents);
    for (std::int64_t e = 0, count = detail::product_of(extents); e < count; ++e, o.next()) {
      detail::list<std::int64_t> source(all.size(), 0);
      if (n.code == detail::op::concat)
        for (std::size_t axis = 0; axis < all.size(); ++axis)
          source[axis] = o.at[axis] + (b.part > 0 && static_cast<std::int64_t>(axis) == n.attribute ? g.shape_of(n.operands[0])[static_cast<int>(axis)].evaluate(bound) : 0);
      else if (n.code != detail::op::reshape) detail::viewed_place(g, n, bound, o.at, source);
      std::size_t place = 0;
      for (std::size_t axis = 0; axis < all.size() && n.code != detail::op::reshape; ++axis) {
        if (source[axis] < 0 || source[axis] >= all[axis]) return fail("a view goes beyond an axis", -1), where;
        place = place * static_cast<std::size_t>(all[axis]) + static_cast<std::size_t>(source[axis]);
      }
      where.push_back(n.code == detail::op::reshape ? static_cast<std::size_t>(e) : place);
    }
    return where;
  }
  /// An element, in the array whose memory it is in.
  std::optional<scalar>& element(int buffer, std::size_t place) {
    while (s.buffers[static_cast<std::size_t>(buffer)].kind == detail::buffer_kind::view) {
      place = arrays[static_cast<std::size_t>(buffer)].where[place];
      buffer = s.buffers[static_cast<std::size_t>(buffer)].number;
    }
    return arrays[static_cast<std::size_t>(buffer)].elements[place];
  }

  void fail(std::string const& what, int instruction) {
    if (error.empty()) error = instruction < 0 ? what : "instruction " + std::to_string(instruction) + ": " + what;
  }
  bool adds_to(detail::buffer const& b) const { return b.kind == detail::buffer_kind::output && b.number >= g.accumulate_from; }

  /// The places of an access: one, or, where `whole`, all along axes that no loop walks.
  std::vector<std::size_t> places(int access_number, int instruction, bool whole = false, instruction_id place = -1) {
    detail::access const& a = s.accesses[static_cast<std::size_t>(access_number)];
    if (a.buffer < 0) return fail("an access to no array", instruction), std::vector<std::size_t>{};
    memory const& m = arrays[static_cast<std::size_t>(a.buffer)];
    if (static_cast<int>(m.extents.size()) != a.rank) return fail("an access of another rank than its array", instruction), std::vector<std::size_t>{};
    std::vector<std::size_t> result{0};
    for (int axis = 0; axis < a.rank; ++axis) {
      std::int64_t const extent = m.extents[static_cast<std::size_t>(axis)];
      std::int64_t first = 0, count = 1;
      if (a.loops[axis] >= 0) {
        first = at[static_cast<std::size_t>(a.loops[axis])];
        if (first < 0) return fail("an access by a loop that is not open", instruction), std::vector<std::size_t>{};
        if (first >= extent) return fail("an access beyond an axis", instruction), std::vector<std::size_t>{};
      } else if (whole) {
        count = extent;
      } else if (a.loops[axis] == detail::looked_up) {
        if (extent < 1) return fail("a place along an empty axis", instruction), std::vector<std::size_t>{};
        first = detail::nearest_place(value_of(place, instruction).integer, extent);
      } else if (!s.shapes[static_cast<std::size_t>(detail::index(s.buffers[static_cast<std::size_t>(a.buffer)].s))][axis].is_one()) {
        return fail("an access that no loop moves along an axis of several elements", instruction), std::vector<std::size_t>{};
      }
      std::vector<std::size_t> longer;
      for (std::size_t r : result)
        for (std::int64_t i = 0; i < count; ++i) longer.push_back(r * static_cast<std::size_t>(extent) + static_cast<std::size_t>(first + i));
      result = longer;
    }
    return result;
  }
  scalar read(int buffer, std::size_t place, int instruction) {
    auto const& e = element(buffer, place);
    if (!e) fail("reads an element that nothing has written", instruction);
    return e.value_or(scalar{});
  }
  scalar value_of(instruction_id id, int instruction) {
    if (id < 0 || !values[static_cast<std::size_t>(id)]) return fail("uses the value of instruction " + std::to_string(id) + ", which does not hold here", instruction), scalar{};
    return *values[static_cast<std::size_t>(id)];
  }
  detail::node const& node_of(instruction const& i) const { return g[i.node]; }

  /// All units of a group on one turn, then on the next. Returns the last instruction of the group.
  int run_group(int first) {
    detail::list<int> units;
    detail::for_each_of_group(s, first, [&](int unit) { units.push_back(unit); });
    std::int64_t count = -1;
    for (int unit : units) {
      instruction const& n = s.instructions[static_cast<std::size_t>(unit)];
      std::int64_t own = -1;
      if (n.what == action::begin_loop) {
        own = s.loops[static_cast<std::size_t>(n.loop)].e.evaluate(bound);
      } else {
        auto const labels = detail::contraction::unpack(node_of(n).attribute);
        for (int k = 0; k < 2; ++k)
          if (int const axis = detail::contraction::axis_of(k ? labels.right : labels.left, n.loop); axis >= 0) own = g.shape_of(node_of(n).operands[k])[axis].evaluate(bound);
        int const buffer = s.accesses[static_cast<std::size_t>(n.access_number)].buffer;
        if (labels.role(n.loop) == detail::label_role::summed && !adds_to(s.buffers[static_cast<std::size_t>(buffer)]))
          for (std::size_t e = 0; e < arrays[static_cast<std::size_t>(buffer)].elements.size(); ++e) element(buffer, e) = scalar{};
      }
      if (count >= 0 && own != count) fail("a unit of a group that goes further than another", unit);
      count = own;
    }
    for (std::int64_t turn = 0; turn < count; ++turn)
      for (int unit : units)
        if (instruction const& n = s.instructions[static_cast<std::size_t>(unit)]; n.what == action::begin_loop) run_loop(unit, turn, turn + 1);
        else run_whole(n, unit, turn);
    instruction const& last = s.instructions[static_cast<std::size_t>(units.back())];
    return last.what == action::begin_loop ? last.end : units.back();
  }

  void run_range(int first, int last) {
    for (int i = first; i < last && error.empty(); ++i) {
      instruction const& n = s.instructions[static_cast<std::size_t>(i)];
      if (n.group >= 0) {
        i = run_group(i);
      } else if (n.what == action::begin_loop) {
        run_loop(i, 0, s.loops[static_cast<std::size_t>(n.loop)].e.evaluate(bound));
        i = n.end;
      } else {
        run_one(n, i);
      }
    }
  }
  void run_loop(int i, std::int64_t from, std::int64_t to) {
    instruction const& n = s.instructions[static_cast<std::size_t>(i)];
    auto forget = [&] {
      for (int k = i; k <= n.end; ++k) values[static_cast<std::size_t>(k)].reset(), sums[static_cast<std::size_t>(k)].reset();
    };
    auto const& l = s.loops[static_cast<std::size_t>(n.loop)];
    for (int k = i + 1; k < n.end; ++k)
      if (l.leaf && s.instructions[static_cast<std::size_t>(k)].what == action::begin_loop) fail("a loop inside a vector loop", k);
      else if (l.leaf && s.instructions[static_cast<std::size_t>(k)].what == action::store &&
               s.accesses[static_cast<std::size_t>(s.instructions[static_cast<std::size_t>(k)].access_number)].axis_of(n.loop) < 0)
        fail("a store in a vector loop that does not move it", k);
    for (std::int64_t k = from; k < to && error.empty(); ++k) {
      at[static_cast<std::size_t>(n.loop)] = k;
      forget();
      run_range(i + 1, n.end);
    }
    forget();
    at[static_cast<std::size_t>(n.loop)] = -1;
  }

  void run_one(instruction const& n, int i) {
    auto& value = values[static_cast<std::size_t>(i)];
    if (n.what == action::load) {
      auto const p = places(n.access_number, i, false, n.place());
      if (!p.empty()) value = read(s.accesses[static_cast<std::size_t>(n.access_number)].buffer, p[0], i);
    } else if (n.what == action::constant) {
      value = scalar::of(node_of(n));
    } else if (n.what == action::extent) {
      std::int64_t const number = detail::product_of(detail::extents_of(g[detail::shape_id{static_cast<int>(node_of(n).attribute)}], bound));
      value = is_floating(n.type) ? scalar::from(static_cast<double>(number), n.type) : scalar::from(number, n.type);
    } else if (n.what == action::position) {
      std::int64_t const number = n.loop < 0 ? 0 : at[static_cast<std::size_t>(n.loop)];
      if (number < 0) fail("the position of a loop that is not open", i);
      value = scalar{static_cast<double>(number), number};
    } else if (n.what == action::compute) {
      detail::node const& m = node_of(n);
      scalar operands[detail::max_operands];
      for (int k = 0; k < m.arity; ++k) operands[k] = value_of(n.operands[k], i);
      value = detail::evaluate_map(m.code, g[m.operands[m.arity - 1]].type, m.type, operands);
    } else if (n.what == action::initialize) {
      scalar const start = detail::reduction_of(node_of(n)).identity(n.type);
      if (n.access_number < 0) sums[static_cast<std::size_t>(i)] = start;
      else if (auto const& a = s.accesses[static_cast<std::size_t>(n.access_number)]; a.buffer >= 0 && !adds_to(s.buffers[static_cast<std::size_t>(a.buffer)]))
        for (std::size_t p : places(n.access_number, i, true)) element(a.buffer, p) = start;
    } else if (n.what == action::accumulate) {
      auto const combine = detail::reduction_of(node_of(n)).combine;
      dtype const wide = is_floating(n.type) ? dtype::float64 : n.type;
      scalar const x = value_of(n.operands[0], i);
      if (n.access_number >= 0) {
        auto const p = places(n.access_number, i, false, n.place());
        if (p.empty()) return;
        int const buffer = s.accesses[static_cast<std::size_t>(n.access_number)].buffer;
        scalar const before = read(buffer, p[0], i);
        scalar sum = combine(before, x, wide);
        if (is_floating(n.type)) sum = scalar::from(sum.real, n.type);  // memory is not wide
        element(buffer, p[0]) = sum;
      } else if (auto& sum = sums[static_cast<std::size_t>(n.end)]; sum) {
        sum = combine(*sum, x, wide);
      } else {
        fail("a reduction that has not started", i);
      }
    } else if (n.what == action::result) {
      if (!sums[static_cast<std::size_t>(n.end)]) return fail("the result of a reduction that has not started", i);
      scalar const sum = *sums[static_cast<std::size_t>(n.end)];
      value = is_floating(n.type) ? scalar::from(sum.real, n.type) : sum;
    } else if (n.what == action::store) {
      auto const p = places(n.access_number, i);
      if (p.empty()) return;
      auto const& a = s.accesses[static_cast<std::size_t>(n.access_number)];
      scalar x = value_of(n.operands[0], i);
      if (adds_to(s.buffers[static_cast<std::size_t>(a.buffer)])) {
        scalar const before = read(a.buffer, p[0], i);
        x = add(before, x);
      }
      if (s.buffers[static_cast<std::size_t>(detail::root_of(s.buffers, a.buffer))].kind == detail::buffer_kind::symbol) fail("a store into a symbol", i);
      element(a.buffer, p[0]) = x;
    } else if (detail::reads_arrays(n.what)) {
      run_whole(n, i);
    }
  }

  /// A product, or a call of a library operation; of a product in a group only one turn, where it is not -1.
  void run_whole(instruction const& n, int i, std::int64_t turn = -1) {
    detail::node const& m = node_of(n);
    detail::contraction const labels = turn < 0 ? detail::contraction{} : detail::contraction::unpack(m.attribute);
    bool const summed = turn >= 0 && labels.role(n.loop) == detail::label_role::summed;
    tensor_value sides[detail::max_operands];
    for (int k = 0; k < m.arity; ++k) {
      if (n.operands[k] < 0) return fail("an operand that is no access", i);
      detail::access const& a = s.accesses[static_cast<std::size_t>(n.operands[k])];
      if (a.buffer < 0) return fail("a product of no array", i);
      memory const& array = arrays[static_cast<std::size_t>(a.buffer)];
      // `loops` says which axis of the operand each axis of the array is; axes of extent 1 may be missing on either side.
      auto& extents = sides[k].extents;
      extents = detail::list<std::int64_t>(static_cast<std::size_t>(g.shape_of(m.operands[k]).rank), 1);
      if (array.extents.size() != static_cast<std::size_t>(a.rank)) return fail("a product of an array of another rank", i);
      std::vector<bool> seen(extents.size());
      for (int axis = 0; axis < a.rank; ++axis) {
        int const place = a.loops[axis];
        if (place < 0 ? array.extents[static_cast<std::size_t>(axis)] != 1 : static_cast<std::size_t>(place) >= extents.size() || seen[static_cast<std::size_t>(place)])
          return fail("a product of an array whose axes are not its operand's", i);
        if (place < 0) continue;
        seen[static_cast<std::size_t>(place)] = true;
        extents[static_cast<std::size_t>(place)] = array.extents[static_cast<std::size_t>(axis)];
      }
      detail::odometer o(extents);
      for (std::int64_t e = detail::product_of(extents); e > 0; --e, o.next()) {
        std::size_t offset = 0;
        for (int axis = 0; axis < a.rank; ++axis)
          offset = offset * static_cast<std::size_t>(array.extents[static_cast<std::size_t>(axis)]) + (a.loops[axis] < 0 ? 0 : static_cast<std::size_t>(o.at[static_cast<std::size_t>(a.loops[axis])]));
        int const axis = turn < 0 ? -1 : detail::contraction::axis_of(k ? labels.right : labels.left, n.loop);
        if (axis >= 0 && o.at[static_cast<std::size_t>(axis)] != turn) sides[k].elements.push_back(scalar{});  // not read
        else sides[k].elements.push_back(read(a.buffer, offset, i));
      }
    }
    int const buffer = s.accesses[static_cast<std::size_t>(n.access_number)].buffer;
    if (buffer < 0) return fail("a product into no array", i);
    memory& array = arrays[static_cast<std::size_t>(buffer)];
    auto const count = static_cast<std::size_t>(detail::product_of(array.extents));
    tensor_value result{array.extents, detail::list<scalar>(count)};
    tensor_value const* const operands[] = {&sides[0], &sides[1], &sides[2]};
    if (n.what == action::product) detail::interpret_contraction(m, sides[0], sides[1], m.type, result);
    else detail::interpret_library(m, g[m.operands[0]].type, operands, result);
    detail::odometer o(array.extents);
    for (std::size_t e = 0; e < count; ++e, o.next()) {
      if (turn >= 0 && !summed && o.at[static_cast<std::size_t>(detail::contraction::axis_of(labels.result, n.loop))] != turn) continue;
      if (summed || adds_to(s.buffers[static_cast<std::size_t>(buffer)])) result.elements[e] = add(read(buffer, e, i), result.elements[e]);
      element(buffer, e) = result.elements[e];
    }
  }
};

}  // namespace ctgrad::test
