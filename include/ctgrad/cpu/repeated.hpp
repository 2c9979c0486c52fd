// Nests of a program, each compiled once: what is equal but for its arrays and numbers runs as one function on those of each.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../compiler/repeated_nests.hpp"
#include "nest.hpp"

namespace ctgrad::detail {

/// The nest of `P` that begins at `Begin`, as a program of its own.
template <class P, int Begin>
struct nest_program {
  using whole = P;  ///< whose shapes and extents these are
  static constexpr auto const& graph = P::graph;
  static constexpr schedule_size size = [] {
    nest_piece const p = nest_cutter(P::graph, P::schedule, Begin).run();
    return size_of(p.s);
  }();
  static constexpr frozen_schedule<size.instructions, size.loops, size.accesses, size.buffers, 0> schedule{nest_cutter(P::graph, P::schedule, Begin).run().s, size};
  static constexpr int buffer_count = size.buffers;
  static constexpr int number_count = size.instructions - (instruction_at<P, Begin>.end - Begin + 1);  ///< from outside: they stand before the nest
  template <int Buffer>
  static constexpr shape buffer_shape = P::schedule.shapes[static_cast<std::size_t>(index(schedule.buffers[Buffer].s))];
  static constexpr int dim_number(extent_name name) { return P::dim_number(name); }
  static constexpr bool accumulates(int buffer) { return schedule.buffers[buffer].kind == buffer_kind::output && schedule.buffers[buffer].number >= graph.accumulate_from; }
};

/// The nests of a program.
template <class P>
struct nests_of {
  static constexpr int count = [] {
    int n = 0;
    for (int i = 0; i < P::size.instructions; ++i)
      if (P::schedule.instructions[i].what == action::begin_loop) ++n, i = P::schedule.instructions[i].end;
    return n;
  }();
  static constexpr auto table = [] {
    if constexpr (count < 2) {
      nest_table alone;
      for (int i = 0; i < P::size.instructions; ++i)
        if (P::schedule.instructions[i].what == action::begin_loop) alone.nests.push_back({i});
      return frozen_nest_table<count, 0, 0>(alone);
    } else {
      constexpr nest_table_size size = size_of(find_repeated_nests(P::graph, P::schedule));
      return frozen_nest_table<size.nests, size.buffers, size.numbers>(find_repeated_nests(P::graph, P::schedule));
    }
  }();
  static constexpr int number_at(instruction_id begin) {
    int number = 0;
    while (table.nests[number].begin != begin) ++number;
    return number;
  }

  /// Calls `f` with the code of each nest, equal ones once.
  template <class F>
  static constexpr void for_each_code(F const& f) {
    for_each_constant<0, count>([&](auto number) {
      constexpr nest_entry n = table.nests[number];
      if constexpr (n.like < 0) f(nest_code<P, n.begin>{});
      else if constexpr (n.like == n.begin) f(nest_code<nest_program<P, n.begin>, nest_program<P, n.begin>::number_count>{});
    });
  }
};

/// The nest that begins at `Like`, on the arrays and numbers of the one whose entry this is: all of it, or turns [from, to) where `to` is not -1.
template <class P, int Like>
CTGRAD_NOINLINE void run_repeated(frame<P>& f, nest_entry const& entry, std::int64_t from, std::int64_t to) {
  using own = nest_program<P, Like>;
  constexpr auto const& table = nests_of<P>::table;
  array_ref arrays[own::buffer_count + 1];
  for (int k = 0; k < own::buffer_count; ++k) arrays[k] = f.arrays[table.buffers[static_cast<std::size_t>(entry.buffers + k)]];
  frame<own> mine;
  mine.arrays = arrays, mine.dims = f.dims, mine.sizes = f.sizes, mine.memory = f.memory, mine.scratch = f.scratch;
  auto each_number = [&]<int... K>(std::integer_sequence<int, K...>, [[maybe_unused]] auto move) {
    ([&] {
      if constexpr (numbers_of<own>::places[K] >= 0) {
        constexpr instruction i = instruction_at<own, K>;
        using T = std::conditional_t<i.what == action::initialize, wide_t<element_t<i.type>>, element_t<i.type>>;
        auto const at = static_cast<std::size_t>(table.numbers[static_cast<std::size_t>(entry.numbers + K)]);
        move(std::bool_constant<i.what == action::initialize>{}, mine.template number<T, K>(), f.template numbers<T>()[static_cast<std::size_t>(numbers_of<P>::places[at])]);
      }
    }(), ...);
  };
  constexpr auto numbers = std::make_integer_sequence<int, own::number_count>{};
  each_number(numbers, [](auto, auto& inside, auto const& outside) { inside = outside; });
  if (to < 0) nest_code<own, own::number_count>::run(mine);
  else nest_code<own, own::number_count>::run_tile(mine, from, to);
  each_number(numbers, [](auto is_sum, auto const& inside, auto& outside) {
    if constexpr (is_sum) outside = inside;
  });
}

/// The nest that begins at `Begin`; of a group, turns [from, to) of it, where `to` is not -1.
template <class P, int Begin>
void run_nest(frame<P>& f, std::int64_t from = 0, std::int64_t to = -1) {
  constexpr int number = nests_of<P>::number_at(Begin);
  if constexpr (constexpr int like = nests_of<P>::table.nests[number].like; like >= 0) run_repeated<P, like>(f, nests_of<P>::table.nests[number], from, to);
  else if (to < 0) nest_code<P, Begin>::run(f);
  else if constexpr (instruction_at<P, Begin>.group >= 0) nest_code<P, Begin>::run_tile(f, from, to);
}

}  // namespace ctgrad::detail
