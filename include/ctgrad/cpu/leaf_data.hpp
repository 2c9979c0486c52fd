// The plan of a vector loop (compiler/plan.hpp) as constants, and the sizes that its code goes by.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../compiler/partition.hpp"
#include "../../../compiler/plan.hpp"
#include "arrays.hpp"
#include "steps.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace ctgrad::detail {

/// Registers that a pack of the narrowest dtype fills: two hide the latency of one (measured: 1.2 times faster on exp than one, four spill).
inline constexpr int registers_per_pack = 2;
/// Elements between two roundings into a wide sum.
inline constexpr std::int64_t block_elements = 8192;
/// More elements than this are copied by a call of memmove, where that is all.
inline constexpr std::int64_t most_copied = 256;
/// Elements of a tile, which long bodies and strided arrays go through. The padding keeps tiles off each other's cache sets.
inline constexpr int most_tile_elements = 256, fewest_tile_elements = 128, tile_padding_bytes = 64;
/// What all tiles of a loop take together, where tiles do not get too short for it: half of L1. (Shorter than 128 elements, chunks are mostly beginnings.)
inline constexpr int tiles_bytes = 24 * 1024;

/// Whether the loop at `Begin` never has more turns than a pack of floats has lanes.
template <class P, int Begin>
inline constexpr bool is_one_pack = [] {
  constexpr extent e = P::schedule.loops[instruction_at<P, Begin>.loop].e;
  return e.is_static() && e.constant <= simd::lanes<float>;
}();
/// The plan of the loop at `Begin`, in arrays with room to spare.
template <class P, int Begin, int Steps, int Others>
inline constexpr auto roomy_leaf_plan = [] {
  leaf_plan const p = leaf_planner(P::graph.nodes, P::schedule, Begin, P::graph.accumulate_from, simd::vector_registers, is_one_pack<P, Begin>).run();
  return frozen_leaf_plan<Steps, Others, Others, Others, Others, Others>(p, size_of(p));
}();
template <class P, int Begin>
struct leaf_data {
  static constexpr int length = instruction_at<P, Begin>.end - Begin;
  // Evaluated once, where the usual room is enough: room costs compile time as well.
  static constexpr auto const& tried = roomy_leaf_plan<P, Begin, 3 * length + 64, length + 64>;
  static constexpr auto const& roomy = []() -> auto const& {
    if constexpr (tried.fits) return tried;
    else return roomy_leaf_plan<P, Begin, 5 * length + 1, max_operands * length + 1>;
  }();
  static_assert(roomy.fits, "ctgrad: the plan of a loop is longer than its body allows for");
  static constexpr leaf_plan_size size = roomy.size;
  static constexpr frozen_leaf_plan<size.steps, size.chunks, size.arrays, size.invariants, size.accumulators, size.tiles> plan{roomy, size};
};
/// What follows from a plan, the width of packs first.
template <class P, int Begin>
struct leaf_facts {
  static constexpr auto const& plan = leaf_data<P, Begin>::plan;
  static constexpr leaf_plan_size size = leaf_data<P, Begin>::size;
  static constexpr int loop = instruction_at<P, Begin>.loop;
  static constexpr int lane_bytes = plan.lane_bytes;
  static constexpr bool tiled = size.chunks > 1;
  static constexpr bool looks_up = [] {
    bool any = false;
    for (auto const& a : plan.arrays) any = any || a.place == looked_up;
    return any;
  }();
  /// Whether elements of one array go to another, and that is all: no packs are needed for that.
  static constexpr bool copies_only = [] {
    auto const& steps = plan.steps;
    int const last = size.steps - 1;
    if (size.arrays != 2 || size.accumulators > 0 || last < 1 || last > 2) return false;
    bool const plain = last == 1 || (steps[1].kind == step_kind::compute && steps[1].code == op::copy && steps[1].operands[0] == steps[0].target);
    return plain && steps[0].kind == step_kind::load && steps[last].kind == step_kind::store && steps[last].operands[0] == steps[last - 1].target && plan.arrays[0].moves &&
           plan.arrays[1].moves && plan.arrays[0].type == plan.arrays[1].type;
  }();
  static constexpr int whole_width = registers_per_pack * simd::lanes<simd::lane_type<lane_bytes>>;
  /// Whether parts of packs can be read and written.
  static constexpr bool masks = [] {
    bool all = !looks_up && simd::pack<float, whole_width>::masked;
    for (auto const& a : plan.arrays) all = all && !(a.moves && size_of(a.type) < 4);
    return all;
  }();
  /// Whether the loops around it and this one may be walked as one (nest.hpp).
  static constexpr bool collapses = [] {
    int begin = Begin;
    while (P::schedule.instructions[begin].what == action::begin_loop && P::schedule.loops[P::schedule.instructions[begin].loop].parent >= 0) --begin;
    return P::schedule.instructions[begin].what == action::begin_loop && collapsible_loops(P::schedule, begin) > 1;
  }();
  /// The turns where they are known, and this loop is never walked as one with others; else as many as there may be.
  static constexpr std::int64_t most_turns = !collapses && loop_extent<P, loop>.is_static() ? loop_extent<P, loop>.constant : std::numeric_limits<std::int64_t>::max();
  static constexpr int width = masks && most_turns <= simd::lanes<float> ? simd::lanes<float> : whole_width;
  /// Whether columns that lie side by side may be written.
  static constexpr bool writes_columns = [] {
    int columns = 0;
    for (auto const& a : plan.arrays) columns += a.moves && a.written && size_of(a.type) >= 4;
    return columns >= 4;
  }();
  /// Whether there is never more than a part of a pack.
  static constexpr bool few = masks && most_turns < width;
  /// Whether what is left of a loop at its end goes through the body as the part that it is; not where each chunk of the body would be compiled twice for that.
  static constexpr bool in_parts = few || (masks && !tiled);
  /// Whether the body runs in registers, ends too.
  static constexpr bool whole_body = masks && !tiled;
  /// What is left of a loop at its end, where that is known. A loop inside another runs to its end; an outermost one is cut into parts of whole packs,
  /// but by a group, of which nests that share their code know nothing.
  static constexpr bool runs_to_end = P::schedule.loops[loop].parent >= 0 || (std::is_same_v<P, typename P::whole> && instruction_at<P, Begin>.group < 0);
  static constexpr int known_end = most_turns < std::numeric_limits<std::int64_t>::max() && runs_to_end ? static_cast<int>(most_turns % width) : 0;
  /// Elements of a tile: whole packs, and no more than the loop may have.
  static constexpr int tile = [] {
    int const fitting = tiles_bytes / ((size.tiles + 1) * lane_bytes);
    int const most = std::max(std::clamp(fitting, fewest_tile_elements, most_tile_elements) / width, 1) * width;
    return most_turns < most ? std::max((static_cast<int>(most_turns) + width - 1) / width, 1) * width : most;
  }();

  /// By how many there are of each dtype; rounded up, so that loops share them.
  static constexpr int room(int count) { return count == 0 ? 0 : static_cast<int>(std::bit_ceil(static_cast<unsigned>(count + 1))) - 1; }
  template <auto const& Counts>
  using packs = registers<lane_bytes, width, room(Counts[0]), room(Counts[1]), room(Counts[2]), room(Counts[3]), room(Counts[4]), room(Counts[5]), room(Counts[6])>;
  using state = packs<plan.registers>;
  using invariants = packs<plan.invariant_counts>;
  using accumulators = packs<plan.accumulator_counts>;

  /// The widest element that the loop handles.
  static constexpr int tile_bytes = [] {
    int most = 1;
    for (auto const& a : plan.arrays) most = std::max(most, static_cast<int>(size_of(a.type)));
    for (auto const& t : plan.tiles) most = std::max(most, static_cast<int>(size_of(t)));
    return most;
  }();
  /// Room for one tile of any dtype.
  struct tile_memory {
    alignas(64) std::byte bytes[tile * tile_bytes + tile_padding_bytes];
  };
};

}  // namespace ctgrad::detail
