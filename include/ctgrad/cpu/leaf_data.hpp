// The plan of a vector loop (compiler/plan.hpp) as constants, and the sizes that its code goes by.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../compiler/plan.hpp"
#include "frame.hpp"
#include "steps.hpp"

#include <cstdint>

namespace ctgrad::detail {

/// Registers that a pack of the narrowest dtype fills: two hide the latency of one (measured: 1.2 times faster on exp than one, four spill).
inline constexpr int registers_per_pack = 2;
/// Elements between two roundings into a wide sum.
inline constexpr std::int64_t block_elements = 8192;
/// Elements of a tile, which long bodies and strided arrays go through. The padding keeps tiles off each other's cache sets.
inline constexpr int most_tile_elements = 256, fewest_tile_elements = 128, tile_padding_bytes = 64;
/// What all tiles of a loop take together, where tiles do not get too short for it: half of L1. (Shorter than 128 elements, chunks are mostly beginnings.)
inline constexpr int tiles_bytes = 24 * 1024;

/// The plan of the loop at `Begin`, in arrays with room to spare.
template <class P, int Begin, int Steps, int Others>
inline constexpr auto roomy_leaf_plan = [] {
  leaf_plan const p = leaf_planner(P::graph.nodes, P::schedule, Begin, P::graph.accumulate_from).run();
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

}  // namespace ctgrad::detail
