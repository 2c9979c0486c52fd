// Outermost loops: in one piece where there is little to do, else in parts that threads take.
// The parts, and the order in which their sums are added, follow from the extents alone: results are equal to the bit on any number of threads.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../compiler/partition.hpp"
#include "layout.hpp"
#include "part_sums.hpp"
#include "rows.hpp"
#include "threads.hpp"

#include <algorithm>
#include <cstring>

/// What a part has to be worth, in additions of one element (some 7 microseconds): a thread that wakes up takes 2 to 5. Less only for tests.
#ifndef CTGRAD_PART_WORK
#define CTGRAD_PART_WORK (1 << 19)
#endif

namespace ctgrad::detail {

inline constexpr double part_work = CTGRAD_PART_WORK;
/// The most parts of a nest; fewer where each has arrays of its own, which are added up afterwards.
inline constexpr int most_parts = 32, most_parts_with_arrays = 16;
/// What the arrays of one part may take. Larger sums are left to one thread.
inline constexpr std::int64_t most_part_bytes = 1 << 20;
/// Parts of a vector loop begin at multiples of this many elements.
inline constexpr std::int64_t part_granularity = 1024;

/// What the nest at `First`, or all of the group that it begins, keeps apart for parts of the outermost loop. Parts run at the same time, each on sums of its own.
template <class P, int First, bool Group>
struct parts {
  static constexpr nest_partition find() {
    if constexpr (Group) return partition_group(P::graph, P::schedule, First);
    else return partition_nest(P::graph, P::schedule, First);
  }
  static constexpr nest_partition_size size = size_of(find());
  static constexpr frozen_nest_partition<size.numbers, size.arrays, size.rows, size.loops> partition{find()};
  static constexpr int most = size.arrays ? most_parts_with_arrays : most_parts;

  template <int K>
  using number_type = wide_t<element_t<instruction_at<P, partition.numbers[K]>.type>>;
  template <int K>
  static constexpr op number_code = node_at<P, static_cast<int>(instruction_at<P, partition.numbers[K]>.node)>.code;
  static constexpr auto array_sums = []<int... K>(std::integer_sequence<int, K...>) {
    return std::array<array_sum, size.arrays>{sums_of_arrays<element_t<P::schedule.buffers[partition.arrays[K].buffer].type>, partition.arrays[K].code>...};
  }(std::make_integer_sequence<int, size.arrays>{});

  /// What all turns cost.
  static double work(std::int64_t const* dims) {
    double turns[size.loops + 1], total = 0;
    [&]<int... K>(std::integer_sequence<int, K...>) {
      ((turns[K] = static_cast<double>(trip_count<P, partition.loops[K].loop>(dims)) * (partition.loops[K].outer < 0 ? 1.0 : turns[std::max<int>(0, partition.loops[K].outer)]),
        total += turns[K] * partition.loops[K].cost),
       ...);
    }(std::make_integer_sequence<int, size.loops>{});
    return total;
  }
  /// Bytes of a buffer of its own for a part or a thread, a cache line apart from the next.
  static std::int64_t own_bytes(std::int64_t const* dims, int buffer) {
    array_ref a;
    return checked_sum(lay_out<P>(a, dims, buffer), 64);
  }
  static std::int64_t array_bytes(std::int64_t const* dims) {
    std::int64_t total = 0;
    for (shared_array const& x : partition.arrays) total = checked_sum(total, own_bytes(dims, x.buffer));
    return total;
  }
  static std::int64_t row_bytes(std::int64_t const* dims) {
    std::int64_t total = 0;
    for (std::int16_t buffer : partition.rows) total = checked_sum(total, own_bytes(dims, buffer));
    return total;
  }
  /// What a call needs besides its temporaries: for the arrays of all parts, and for the rows of each thread but the first. Never more for smaller extents.
  static void reserve(std::int64_t const* dims, bool large, std::int64_t& arrays, std::int64_t& rows) {
    if constexpr (size.arrays > 0 || size.rows > 0)
      if (large) {
        arrays = std::max(arrays, most * std::min(array_bytes(dims), most_part_bytes));
        rows = std::max(rows, row_bytes(dims));
      }
  }

  /// How many of n turns that cost `all` each part has, a multiple of `granularity`; 0 where there would be fewer than `fewest`, or where they are better done in one piece.
  static std::int64_t turns_of_part(std::int64_t const* dims, std::int64_t n, double all, std::int64_t granularity, int fewest) {
    std::int64_t const wanted = static_cast<std::int64_t>(std::min<double>(most, all / part_work)), own = array_bytes(dims);
    // To fill and to add up the arrays of all parts has to be little beside the work.
    if (own > most_part_bytes || static_cast<double>(own) * most > all) return 0;
    std::int64_t const turns = ((n + wanted - 1) / wanted + granularity - 1) / granularity * granularity;
    return n > (fewest - 1) * turns ? turns : 0;
  }
  /// Calls `run_turns(frame, from, to, thread)` for parts of so many of n turns.
  template <class F>
  CTGRAD_NOINLINE static void run_in_parts(frame<P>& f, std::int64_t n, std::int64_t turns, F const& run_turns) {
    std::int64_t const own = array_bytes(f.dims), rows = row_bytes(f.dims);
    int const parts = static_cast<int>((n + turns - 1) / turns);
    alignas(64) std::byte totals[size.numbers + 1][most * part_number_bytes];
    auto run_part = [&](int part, int thread) {
      frame<P> mine;
      std::memcpy(static_cast<void*>(&mine), &f, sizeof f);
      array_ref arrays[P::buffer_count + 1];
      if constexpr (size.arrays > 0 || size.rows > 0) {
        std::memcpy(arrays, f.arrays, sizeof arrays);
        mine.arrays = arrays;
      }
      std::byte* at = f.scratch.arrays + part * own;
      for (std::size_t k = 0; k < size.arrays; ++k) {
        array_ref& a = arrays[partition.arrays[k].buffer];
        array_sums[k].start(at, lay_out<P>(a, f.dims, partition.arrays[k].buffer));
        a.data = at, at += own_bytes(f.dims, partition.arrays[k].buffer);
      }
      if (thread > 0) {
        at = f.scratch.rows + (thread - 1) * rows;
        for (std::int16_t buffer : partition.rows) arrays[buffer].data = at, at += own_bytes(f.dims, buffer);
      }
      [&]<int... K>(std::integer_sequence<int, K...>) {
        ((mine.template number<number_type<K>, partition.numbers[K]>() = row<number_code<K>>::template identity<number_type<K>>()), ...);
        run_turns(mine, part * turns, std::min(n, (part + 1) * turns), thread);
        (std::memcpy(totals[K] + part * part_number_bytes, &mine.template number<number_type<K>, partition.numbers[K]>(), sizeof(number_type<K>)), ...);
      }(std::make_integer_sequence<int, size.numbers>{});
    };
    share_parts(parts, std::min(size.rows > 0 ? f.scratch.threads : thread_count(), parts), run_part);

    [&]<int... K>(std::integer_sequence<int, K...>) {
      (add_numbers<number_type<K>, number_code<K>>(f.template number<number_type<K>, partition.numbers[K]>(), totals[K], parts), ...);
    }(std::make_integer_sequence<int, size.numbers>{});
    std::byte* at = f.scratch.arrays;
    for (std::size_t k = 0; k < size.arrays; ++k) {
      int const buffer = partition.arrays[k].buffer;
      array_ref layout;
      std::int64_t const bytes = lay_out<P>(layout, f.dims, buffer);
      array_sums[k].add({at, own, bytes}, parts, f.arrays[buffer], layout, P::whole::schedule.shapes[static_cast<std::size_t>(index(P::schedule.buffers[buffer].s))].rank);
      at += own_bytes(f.dims, buffer);
    }
  }
};

/// The outermost loop that begins at instruction `I`.
template <class P, int I>
struct nest_code {
  static constexpr instruction begin = instruction_at<P, I>;
  static constexpr bool leaf = P::schedule.loops[begin.loop].leaf;
  using in_parts = parts<P, I, false>;
  static constexpr nest_partition_size size = in_parts::size;
  static constexpr auto const& partition = in_parts::partition;
  static constexpr int collapsible = collapsible_loops(P::schedule, I);

  static bool is_large(std::int64_t const* dims) { return partition.divisible && in_parts::work(dims) >= 2 * part_work; }
  static void reserve(std::int64_t const* dims, std::int64_t& arrays, std::int64_t& rows) { in_parts::reserve(dims, is_large(dims), arrays, rows); }

  /// Turns [from, to) of the outermost loop; of all elements, where the nest is walked as one loop.
  static void run_turns(frame<P>& f, std::int64_t from, std::int64_t to, bool collapsed) {
    if constexpr (leaf) {
      leaf_code<P, I>::run(f, from, to);
    } else {
      if constexpr (collapsible > 1)
        if (collapsed) return leaf_code<P, I + collapsible - 1>::run(f, from, to);
      run_rows<P, I>(f, from, to);
    }
  }
  /// Turns [from, to), where the nest is one of a group.
  static void run_tile(frame<P>& f, std::int64_t from, std::int64_t to) {
    if constexpr (collapsible > 1)
      if (is_one_walk(f, std::make_integer_sequence<int, collapsible>{})) {
        std::int64_t const all = all_turns(f, std::make_integer_sequence<int, collapsible>{}), each = all / std::max<std::int64_t>(trip_count<P, begin.loop>(f.dims), 1);
        return run_turns(f, from * each, to * each, true);
      }
    run_turns(f, from, to, false);
  }
  static void run(frame<P>& f) {
    std::int64_t n = trip_count<P, begin.loop>(f.dims);
    bool collapsed = false;
    if constexpr (collapsible > 1) {
      collapsed = is_one_walk(f, std::make_integer_sequence<int, collapsible>{});
      if (collapsed) n = all_turns(f, std::make_integer_sequence<int, collapsible>{});
    }
    if constexpr (partition.divisible)
      if (double const all = in_parts::work(f.dims); all >= 2 * part_work) [[unlikely]]
        if (std::int64_t const turns = in_parts::turns_of_part(f.dims, n, all, leaf || collapsed ? part_granularity : 1, 2); turns > 0)
          return in_parts::run_in_parts(f, n, turns, [&](frame<P>& mine, std::int64_t from, std::int64_t to, int) { run_turns(mine, from, to, collapsed); });
    run_turns(f, 0, n, collapsed);
  }

 private:
  template <int K>
  static constexpr int chain_loop = instruction_at<P, I + K>.loop;
  /// Two axes of an array that loop `loop` of the chain and the next one walk.
  struct neighbours {
    std::int16_t buffer = 0;
    std::int8_t loop = 0, outer = 0, inner = 0;
  };
  static constexpr auto in_nest = [](std::int16_t access_number) {
    for (int at = I; at < begin.end; ++at)
      if (P::schedule.instructions[at].access_number == access_number) return true;
    return false;
  };
  template <class F>
  static constexpr void for_each_neighbours(F f) {
    for (int number = 0; number < static_cast<int>(P::schedule.accesses.size()); ++number)
      for (int k = 0; k + 1 < collapsible; ++k) {
        access const& a = P::schedule.accesses[number];
        int const outer = a.axis_of(P::schedule.instructions[I + k].loop), inner = a.axis_of(P::schedule.instructions[I + k + 1].loop);
        if (outer >= 0 && inner >= 0 && in_nest(static_cast<std::int16_t>(number))) f(neighbours{a.buffer, static_cast<std::int8_t>(k), static_cast<std::int8_t>(outer), static_cast<std::int8_t>(inner)});
      }
  }
  static constexpr auto all_neighbours = [] {
    constexpr int count = [] {
      int n = 0;
      for_each_neighbours([&](neighbours) { ++n; });
      return n;
    }();
    std::array<neighbours, count> table{};
    int n = 0;
    for_each_neighbours([&](neighbours x) { table[n++] = x; });
    return table;
  };
  /// Whether each step of a loop is as long as all of the next inner one, in every array that they walk.
  template <int... K>
  static bool is_one_walk(frame<P> const& f, std::integer_sequence<int, K...>) {
    std::int64_t const trips[] = {trip_count<P, chain_loop<K>>(f.dims)...};
    static constexpr auto table = all_neighbours();
    for (neighbours const& x : table)
      if (f.arrays[x.buffer].strides[x.outer] != f.arrays[x.buffer].strides[x.inner] * trips[x.loop + 1]) return false;
    return true;
  }
  template <int... K>
  static std::int64_t all_turns(frame<P>& f, std::integer_sequence<int, K...>) {
    ((f.at[chain_loop<K>] = 0), ...);
    return (std::int64_t{1} * ... * trip_count<P, chain_loop<K>>(f.dims));
  }
};

}  // namespace ctgrad::detail
