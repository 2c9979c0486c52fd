// What an outermost loop has to keep apart for its parts to run at the same time: sums that go across the parts, and row buffers.
// Parts follow from the extents alone, never from the number of threads, so that results are the same on any number.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ops.hpp"
#include "schedule.hpp"

namespace ctgrad::detail {

/// A reduction into an array that every turn of the outermost loop adds to.
struct shared_array {
  std::int16_t buffer = -1;
  op code{};
};

/// A loop of a nest, and what one turn of it costs besides the loops inside, in additions of one element.
struct loop_cost {
  std::int16_t loop = -1;
  std::int16_t outer = -1;  ///< its place in the list; -1: the outermost
  std::int32_t cost = 0;
};

/// How the nest that begins at `begin` may be divided along its outermost loop.
struct nest_partition {
  bool divisible = true;
  list<instruction_id> numbers;  ///< reductions to numbers that go across the parts: their initialize
  list<shared_array> arrays;     ///< reductions into arrays that do
  list<std::int16_t> rows;       ///< row buffers, of which each thread needs its own
  list<loop_cost> loops;         ///< outer ones first
};

/// What a load or store costs, in additions: memory is what most loops wait for.
inline constexpr int transfer_cost = 4;

template <class Graph, class Schedule>
constexpr nest_partition partition_nest(Graph const& g, Schedule const& s, instruction_id begin) {
  nest_partition p;
  // (Raw pointers, because each call of an operator is a step of the compilers' limits.)
  auto const* const instructions = s.instructions.data();
  auto const* const accesses = s.accesses.data();
  auto const* const buffers = s.buffers.data();
  int const outermost = instructions[begin].loop;
  list<int> open;  // places in p.loops
  auto touch_row = [&](int buffer) {
    for (auto known : p.rows)
      if (known == buffer) return;
    p.rows.push_back(static_cast<std::int16_t>(buffer));
  };
  for (instruction_id at = begin; at < instructions[begin].end; ++at) {
    instruction const& i = instructions[at];
    if (i.what == action::begin_loop) {
      p.loops.push_back({i.loop, static_cast<std::int16_t>(open.empty() ? -1 : open.back()), 0});
      open.push_back(static_cast<int>(p.loops.size()) - 1);
      continue;
    }
    if (i.what == action::end_loop) {
      open.pop_back();
      continue;
    }
    std::int32_t& cost = p.loops[open.back()].cost;
    bool const moves = i.access_number >= 0 && accesses[i.access_number].axis_of(outermost) >= 0;
    bool const row = i.access_number >= 0 && buffers[accesses[i.access_number].buffer].kind == buffer_kind::row;
    if (row) touch_row(accesses[i.access_number].buffer);
    if (i.what == action::compute) {
      cost += info(g.nodes[static_cast<std::size_t>(index(i.node))].code).cost;
    } else if (i.what == action::load) {
      cost += transfer_cost;
    } else if (i.what == action::store) {
      cost += transfer_cost;
      if (!moves && !row) p.divisible = false;
    } else if (i.what == action::accumulate) {
      ++cost;
      op const code = g.nodes[static_cast<std::size_t>(index(i.node))].code;
      if (i.end >= begin) continue;  // started in this turn
      if (i.access_number < 0) {
        bool known = false;
        for (auto number : p.numbers) known = known || number == i.end;
        if (!known) p.numbers.push_back(i.end);
      } else if (!moves && !row) {
        cost += transfer_cost;
        std::int16_t const buffer = accesses[i.access_number].buffer;
        bool known = false;
        for (auto const& a : p.arrays) known = known || a.buffer == buffer;
        if (!known) p.arrays.push_back({buffer, code});
      }
    } else if (reads_arrays(i.what)) {
      p.divisible = false;
    }
  }
  return p;
}

/// The units of a group, from the first on: f(instruction).
template <class Schedule, class F>
constexpr void for_each_of_group(Schedule const& s, instruction_id first, F const& f) {
  std::int16_t const group = s.instructions[first].group;
  for (instruction_id at = first, length = static_cast<instruction_id>(s.instructions.size()); at < length && s.instructions[at].group == group;) {
    f(at);
    at = s.instructions[at].what == action::begin_loop ? s.instructions[at].end + 1 : at + 1;
  }
}
/// What all nests and products of a group keep apart, along the axis of its tiles.
template <class Graph, class Schedule>
constexpr nest_partition partition_group(Graph const& g, Schedule const& s, instruction_id first) {
  nest_partition p;
  for_each_of_group(s, first, [&](instruction_id at) {
    instruction const& i = s.instructions[at];
    if (i.what == action::product) {
      auto const labels = contraction::unpack(g.nodes[static_cast<std::size_t>(index(i.node))].attribute);
      if (labels.role(i.loop) == label_role::summed) p.arrays.push_back(shared_array{s.accesses[i.access_number].buffer, op::sum});
      return;
    }
    nest_partition const own = partition_nest(g, s, at);
    auto const before = static_cast<std::int16_t>(p.loops.size());
    for (loop_cost l : own.loops) {
      if (l.outer >= 0) l.outer = static_cast<std::int16_t>(l.outer + before);
      p.loops.push_back(l);
    }
    p.numbers.append(own.numbers.begin(), own.numbers.end()), p.arrays.append(own.arrays.begin(), own.arrays.end()), p.rows.append(own.rows.begin(), own.rows.end());
  });
  return p;
}

/// How many loops, from the outermost on, stand each alone inside the one before, down to a vector loop, such that every array of its body moves
/// with all of them, outer axes first, or with none: where strides allow it, they are one loop over all elements. 1 where there is no such nest.
template <class Schedule>
constexpr int collapsible_loops(Schedule const& s, instruction_id begin) {
  int depth = 1;
  while (!s.loops[s.instructions[begin + depth - 1].loop].leaf)
    if (s.instructions[begin + depth].what != action::begin_loop || s.instructions[begin + depth].end + 1 != s.instructions[begin + depth - 1].end) return 1;
    else ++depth;
  for (instruction_id at = begin + depth; at < s.instructions[begin + depth - 1].end; ++at) {
    instruction const& i = s.instructions[at];
    if (i.what == action::position || i.place() >= 0) return 1;
    if (i.access_number < 0) continue;
    access const& a = s.accesses[i.access_number];
    int walked = 0, latest = -1;
    for (int k = 0; k < depth; ++k) {
      int const axis = a.axis_of(s.instructions[begin + k].loop);
      if (axis < 0) continue;
      int const place = s.buffers[a.buffer].order.place_of(axis);
      if (place < latest || walked != k) return 1;
      latest = place, ++walked;
    }
    if (walked != depth && (walked > 0 || i.what != action::load)) return 1;
  }
  return depth;
}

/// From this cost on (op_info::cost) what a row computes with single numbers is worth the lane of a pack.
inline constexpr int dear_number = 8;

/// Whether the turns of a loop, whose body is vector loops and numbers, may go through each part of it together, and gain by it:
/// no turn reads what another writes, sums apart, which are added up turn by turn all the same.
template <class Graph, class Schedule>
constexpr bool rows_go_together(Graph const& g, Schedule const& s, instruction_id begin) {
  instruction const& row = s.instructions[begin];
  auto is_written = [&](int buffer) {
    for (instruction_id at = begin + 1; at < row.end; ++at) {
      instruction const& i = s.instructions[at];
      if (i.access_number >= 0 && i.what != action::load && root_of(s.buffers, s.accesses[i.access_number].buffer) == root_of(s.buffers, buffer)) return true;
    }
    return false;
  };
  // (An array that all turns add to is read when it is whole, in another loop.)
  auto apart = [&](instruction const& i) {
    if (i.access_number < 0 || i.what == action::accumulate) return true;
    access const& a = s.accesses[i.access_number];
    return a.axis_of(row.loop) >= 0 || (i.what == action::load && !is_written(a.buffer));
  };
  bool dear = false;
  instruction_id leaf_end = -1;
  for (instruction_id at = begin + 1; at < row.end; ++at) {
    instruction const& i = s.instructions[at];
    if (!apart(i)) return false;
    if (i.what == action::begin_loop) {
      if (!s.loops[i.loop].leaf) return false;
      leaf_end = i.end;
    }
    if (at <= leaf_end) continue;
    bool const array_sum = i.what == action::initialize || i.what == action::accumulate ? i.access_number >= 0 : false;
    if (array_sum || (i.what == action::accumulate && i.end > begin)) return false;
    if (i.what == action::compute) dear = dear || info(g.nodes[static_cast<std::size_t>(index(i.node))].code).cost >= dear_number;
  }
  return dear;
}

struct nest_partition_size {
  int numbers = 0, arrays = 0, rows = 0, loops = 0;
};
constexpr nest_partition_size size_of(nest_partition const& p) {
  return {static_cast<int>(p.numbers.size()), static_cast<int>(p.arrays.size()), static_cast<int>(p.rows.size()), static_cast<int>(p.loops.size())};
}

/// A partition that a constexpr variable can hold.
template <int Numbers, int Arrays, int Rows, int Loops>
struct frozen_nest_partition {
  bool divisible = true;
  std::array<instruction_id, Numbers> numbers{};
  std::array<shared_array, Arrays> arrays{};
  std::array<std::int16_t, Rows> rows{};
  std::array<loop_cost, Loops> loops{};

  constexpr explicit frozen_nest_partition(nest_partition const& p) : divisible(p.divisible) {
    auto copy = [](auto& to, auto const& from) {
      auto* target = to.data();
      for (std::size_t i = 0; i < from.size(); ++i) target[i] = from[i];
    };
    copy(numbers, p.numbers), copy(arrays, p.arrays), copy(rows, p.rows), copy(loops, p.loops);
  }
};

}  // namespace ctgrad::detail
