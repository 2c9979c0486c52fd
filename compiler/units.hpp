// The units of a schedule, nests, products and calls: what each reads, writes and costs, and which later one waits for it.
// What people are told about a program is told by unit: pseudo-code, profiles, pages.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "partition.hpp"
#include "polynomial.hpp"
#include "program.hpp"

namespace ctgrad::detail {

/// Why the next unit is another one: `buffer`, or the number that instruction `number` starts, has to be whole before unit `reader`.
struct unit_end {
  int reader = -1;
  int buffer = -1;
  instruction_id number = -1;
};

/// A nest, a product or a call of a library operation: instructions [first, last) of a schedule.
struct unit {
  action what = action::begin_loop;  ///< that, product or call
  bool parallel = false;
  int number = 0;  ///< among those of its kind
  instruction_id first = 0, last = 0;
  int loops = 0, stages = 0;     ///< of a nest: all of its loops, and those that stand directly in the outermost
  list<int> reads, writes;       ///< arrays, by buffer, that it does not fill itself, and that it fills; rows are its own
  list<instruction_id> numbers;  ///< sums that it adds to, by their initialize
  list<unit_end> ends;           ///< empty where nothing later reads what it makes
  work<polynomial> cost;

  constexpr bool is_nest() const { return what == action::begin_loop; }
  constexpr std::string_view kind() const { return is_nest() ? "nest" : what == action::product ? "product" : "call"; }
};

/// Finds the units of a schedule.
struct unit_finder {
  graph const& g;
  schedule const& s;
  list<unit> units{};

  static constexpr void add(auto& to, auto what) {
    for (auto const& known : to)
      if (known == what) return;
    to.push_back(what);
  }
  static constexpr bool has(auto const& in, auto what) {
    for (auto const& known : in)
      if (known == what) return true;
    return false;
  }
  constexpr void read(unit& u, int access_number) const {
    int const b = root_of(s.buffers, s.accesses[static_cast<std::size_t>(access_number)].buffer);
    if (s.buffers[static_cast<std::size_t>(b)].kind != buffer_kind::row && !has(u.writes, b)) add(u.reads, b);
  }
  constexpr void write(unit& u, int access_number) const {
    int const b = root_of(s.buffers, s.accesses[static_cast<std::size_t>(access_number)].buffer);
    if (s.buffers[static_cast<std::size_t>(b)].kind != buffer_kind::row) add(u.writes, b);
  }
  constexpr void look_at(unit& u, instruction_id at) const {
    instruction const& i = s.instructions[static_cast<std::size_t>(at)];
    if (i.what == action::begin_loop) {
      ++u.loops;
      if (at > u.first && s.loops[static_cast<std::size_t>(i.loop)].parent == s.instructions[static_cast<std::size_t>(u.first)].loop) ++u.stages;
    } else if (i.what == action::load) read(u, i.access_number);
    else if (i.what == action::store) write(u, i.access_number);
    else if (i.what == action::accumulate && i.access_number >= 0) write(u, i.access_number);
    else if (i.what == action::accumulate && i.end < u.first) add(u.numbers, i.end);
    if (!reads_arrays(i.what)) return;
    for (auto operand : i.operands)
      if (operand >= 0) read(u, operand);
    write(u, i.access_number);
  }
  constexpr unit make(instruction_id first, int number) const {
    unit u;
    u.what = s.instructions[static_cast<std::size_t>(first)].what;
    u.number = number, u.first = first, u.last = !u.is_nest() ? first + 1 : s.instructions[static_cast<std::size_t>(first)].end + 1;
    for (instruction_id at = u.first; at < u.last; ++at) look_at(u, at);
    u.parallel = u.is_nest() && partition_nest(g, s, first).divisible;
    u.cost = measure<polynomial>(g, s, u.first, u.last, [](extent const& e) { return polynomial(e); });
    return u;
  }
  /// Whether each instruction outside of units holds what follows from the number that `start` initializes.
  constexpr list<char> follow(instruction_id start) const {
    list<char> follows(s.instructions.size(), 0);
    for (std::size_t at = 0; at < s.instructions.size(); ++at) {
      instruction const& i = s.instructions[at];
      if (i.what == action::begin_loop) at = static_cast<std::size_t>(i.end);
      else if (i.what == action::result) follows[at] = i.end == start;
      else if (i.what == action::compute)
        for (auto operand : i.operands)
          if (operand >= 0 && follows[static_cast<std::size_t>(operand)]) follows[at] = 1;
    }
    return follows;
  }
  constexpr void find_ends(std::size_t place) {
    unit& u = units[place];
    for (int b : u.writes)
      for (std::size_t later = place + 1; later < units.size(); ++later)
        if (has(units[later].reads, b)) {
          u.ends.push_back({static_cast<int>(later), b, -1});
          break;
        }
    for (instruction_id start : u.numbers) {
      auto const follows = follow(start);
      for (std::size_t later = place + 1; later < units.size(); ++later) {
        bool reads = false;
        for (instruction_id at = units[later].first; at < units[later].last && units[later].is_nest(); ++at)
          for (auto operand : s.instructions[static_cast<std::size_t>(at)].operands) reads = reads || (operand >= 0 && follows[static_cast<std::size_t>(operand)]);
        if (!reads) continue;
        u.ends.push_back({static_cast<int>(later), -1, start});
        break;
      }
    }
  }
  constexpr list<unit> run() {
    int nests = 0, products = 0, calls = 0;
    for (instruction_id at = 0; at < static_cast<instruction_id>(s.instructions.size()); ++at) {
      action const what = s.instructions[static_cast<std::size_t>(at)].what;
      if (what == action::product) units.push_back(make(at, products++));
      if (what == action::call) units.push_back(make(at, calls++));
      if (what != action::begin_loop) continue;
      units.push_back(make(at, nests++));
      at = units.back().last - 1;
    }
    for (std::size_t place = 0; place < units.size(); ++place) find_ends(place);
    return units;
  }
};
constexpr list<unit> find_units(graph const& g, schedule const& s) { return unit_finder{g, s}.run(); }

constexpr void print_name(message& out, unit const& u) { out << u.kind() << ' ' << u.number; }

}  // namespace ctgrad::detail
