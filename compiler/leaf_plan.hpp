// A vector loop as steps on registers: what the planner makes of its body (plan.hpp), and emission turns into code.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ops.hpp"
#include "schedule.hpp"

#include <algorithm>
#include <array>

namespace ctgrad::detail {

enum class place : std::uint8_t {
  none,
  reg,        ///< a register of the chunk
  invariant,  ///< a number from outside the loop, repeated over the lanes
};

/// Where a value of the loop lives: the `number`th of its dtype.
struct value_place {
  place where = place::none;
  std::int16_t number = 0;
  dtype type = dtype::float32;

  /// The same in one number: steps are instantiated by these, so that equal ones are one function (measured: most of a long body's compile time).
  constexpr std::int32_t key() const { return number * 32 + static_cast<int>(type) * 4 + static_cast<int>(where); }
  static constexpr value_place of(std::int32_t key) { return {static_cast<place>(key & 3), static_cast<std::int16_t>(key / 32), static_cast<dtype>(key / 4 % 8)}; }
};

enum class step_kind : std::uint8_t {
  load,            ///< from an array
  gather,          ///< from an array, where operands[0] says; operands[1]: the array of the chunk's first gather by the same places, its own where it is that
  uniform,         ///< from an array in which the loop does not move
  take,            ///< from a tile
  compute,
  here,            ///< whether the index of this loop is that in operands[0], which is the same in all lanes; or is not, for not_equal
  position,        ///< the index of this loop
  outer_position,  ///< the index of a loop around it: `pointer`
  keep,            ///< into a tile
  store,           ///< into an array
  accumulate,      ///< into lanes that are summed up after the loop: `target`
  add_to,          ///< into an array, element by element
  store_added,     ///< into an array, on top of what it holds
};

struct leaf_step {
  step_kind kind = step_kind::compute;
  op code = op::copy;
  std::int32_t target = 0, operands[max_operands]{};  ///< keys of places
  std::int16_t pointer = -1;  ///< load, uniform, store, store_added, add_to: the array; take, keep: the tile
};

/// One array that the loop reads or writes.
struct leaf_array {
  std::int16_t access_number = -1;
  dtype type = dtype::float32;
  bool read = false, written = false, moves = true;
  instruction_id place = -1;  ///< of an access that looks up: the number outside the loop that says where, or looked_up, where each lane does
};

/// A reduction whose lanes the loop fills.
struct leaf_accumulator {
  instruction_id start = -1;           ///< its initialize
  std::int16_t access_number = -1;     ///< the element that it goes into, or -1: a number
  std::int16_t number = 0;             ///< among those of its dtype
  std::int16_t chunk = 0;              ///< the one that fills it
  dtype type = dtype::float32;
  instruction_id place = -1;           ///< of an element that is looked up: the number that says where
};

/// A number from outside that a chunk reads.
struct leaf_invariant {
  instruction_id id = -1;
  std::int16_t number = 0;             ///< among those of its dtype in the chunk
  dtype type = dtype::float32;
};

/// Where a chunk ends in the lists of steps and invariants.
struct leaf_chunk {
  std::int32_t steps = 0, invariants = 0;
};

struct leaf_plan {
  list<leaf_step> steps;
  list<leaf_chunk> chunks;
  list<leaf_array> arrays;
  list<leaf_invariant> invariants;          ///< of one chunk after the other
  list<leaf_accumulator> accumulators;
  list<dtype> tiles;
  int registers[dtype_count]{};             ///< of each dtype, in the chunk that needs most
  int invariant_counts[dtype_count]{};      ///< the same
  int accumulator_counts[dtype_count]{};
  int lane_bytes = 8;                       ///< the smallest element: it decides how many elements go at once
};

struct leaf_plan_size {
  int steps = 0, chunks = 0, arrays = 0, invariants = 0, accumulators = 0, tiles = 0;
};
constexpr leaf_plan_size size_of(leaf_plan const& p) {
  return {static_cast<int>(p.steps.size()),      static_cast<int>(p.chunks.size()),         static_cast<int>(p.arrays.size()),
          static_cast<int>(p.invariants.size()), static_cast<int>(p.accumulators.size()), static_cast<int>(p.tiles.size())};
}

/// A plan that a constexpr variable can hold.
template <int Steps, int Chunks, int Arrays, int Invariants, int Accumulators, int Tiles>
struct frozen_leaf_plan {
  std::array<leaf_step, Steps> steps{};
  std::array<leaf_chunk, Chunks> chunks{};
  std::array<leaf_array, Arrays> arrays{};
  std::array<leaf_invariant, Invariants> invariants{};
  std::array<leaf_accumulator, Accumulators> accumulators{};
  std::array<dtype, Tiles> tiles{};
  int registers[dtype_count]{}, invariant_counts[dtype_count]{}, accumulator_counts[dtype_count]{};
  int lane_bytes = 8;
  leaf_plan_size size{};  ///< what the plan has, where the arrays have room to spare
  bool fits = true;

  /// The first elements of the arrays of `p`, which may be a plan or a frozen one.
  template <class Plan>
  constexpr frozen_leaf_plan(Plan const& p, leaf_plan_size has) : lane_bytes(p.lane_bytes), size(has) {
    auto copy = [](auto& to, auto const& from) {
      auto const* source = from.data();
      auto* target = to.data();
      for (int i = 0, count = static_cast<int>(std::min(to.size(), from.size())); i < count; ++i) target[i] = source[i];
    };
    copy(steps, p.steps), copy(chunks, p.chunks), copy(arrays, p.arrays), copy(invariants, p.invariants), copy(accumulators, p.accumulators), copy(tiles, p.tiles);
    for (int i = 0; i < dtype_count; ++i)
      registers[i] = p.registers[i], invariant_counts[i] = p.invariant_counts[i], accumulator_counts[i] = p.accumulator_counts[i];
    fits = has.steps <= Steps && has.chunks <= Chunks && has.arrays <= Arrays && has.invariants <= Invariants && has.accumulators <= Accumulators && has.tiles <= Tiles;
  }
};

}  // namespace ctgrad::detail
