// Decides where each value of a vector loop lives: a register, a broadcast, or a tile in L1.
// Long bodies are cut into chunks over tiles; the figures behind the cuts are in design 4.3.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ops.hpp"
#include "schedule.hpp"

namespace ctgrad::detail {

/// A body of up to this many operations runs in registers; longer ones are cut (measured: design 4.3).
inline constexpr int whole_body_limit = 32;
/// What a cut costs, in values that have to be kept across it.
inline constexpr int cut_cost = 2;

enum class place : std::uint8_t {
  none,
  reg,        ///< a register of the chunk
  invariant,  ///< a number from outside the loop, repeated over the lanes
  immediate,  ///< a constant of the graph
};

struct value_place {
  place where = place::none;
  std::int16_t number = 0;  ///< register or invariant; of an immediate the instruction
  dtype type = dtype::float32;
};

enum class step_kind : std::uint8_t {
  load,        ///< from an array
  uniform,     ///< from an array in which the loop does not move
  take,        ///< from a tile
  compute,
  position,    ///< the index of this loop
  keep,        ///< into a tile
  store,       ///< into an array
  accumulate,  ///< into lanes that are summed up after the loop
  add_to,      ///< into an array, element by element
};

struct leaf_step {
  step_kind kind = step_kind::compute;
  instruction_id id = -1;
  value_place target{};
  value_place operands[max_operands]{};
  std::int16_t pointer = -1;  ///< load, uniform, store, add_to: the array; take, keep: the tile; accumulate: the accumulator
};

/// One array that the loop reads or writes.
struct leaf_array {
  std::int16_t access_number = -1;
  dtype type = dtype::float32;
  bool read = false, written = false, moves = true;
};

/// A reduction whose lanes the loop fills.
struct leaf_accumulator {
  instruction_id start = -1;           ///< its initialize
  std::int16_t access_number = -1;     ///< the element that it goes into, or -1: a number
  dtype type = dtype::float32;
};

struct leaf_plan {
  std::vector<leaf_step> steps;
  std::vector<std::int32_t> ends;           ///< of each chunk, in `steps`
  std::vector<leaf_array> arrays;
  std::vector<instruction_id> invariants;
  std::vector<leaf_accumulator> accumulators;
  std::vector<dtype> tiles;
  int registers[dtype_count]{};             ///< of each dtype, in the chunk that needs most
  int lane_bytes = 8;                       ///< the smallest element: it decides how many elements go at once
};

struct leaf_plan_size {
  int steps = 0, chunks = 0, arrays = 0, invariants = 0, accumulators = 0, tiles = 0;
};
constexpr leaf_plan_size size_of(leaf_plan const& p) {
  return {static_cast<int>(p.steps.size()),      static_cast<int>(p.ends.size()),         static_cast<int>(p.arrays.size()),
          static_cast<int>(p.invariants.size()), static_cast<int>(p.accumulators.size()), static_cast<int>(p.tiles.size())};
}

template <leaf_plan_size const& Size>
struct frozen_leaf_plan {
  std::array<leaf_step, Size.steps> steps{};
  std::array<std::int32_t, Size.chunks> ends{};
  std::array<leaf_array, Size.arrays> arrays{};
  std::array<instruction_id, Size.invariants> invariants{};
  std::array<leaf_accumulator, Size.accumulators> accumulators{};
  std::array<dtype, Size.tiles> tiles{};
  int registers[dtype_count]{};
  int lane_bytes = 8;

  constexpr explicit frozen_leaf_plan(leaf_plan const& p) : lane_bytes(p.lane_bytes) {
    for (int i = 0; i < Size.steps; ++i) steps[i] = p.steps[i];
    for (int i = 0; i < Size.chunks; ++i) ends[i] = p.ends[i];
    for (int i = 0; i < Size.arrays; ++i) arrays[i] = p.arrays[i];
    for (int i = 0; i < Size.invariants; ++i) invariants[i] = p.invariants[i];
    for (int i = 0; i < Size.accumulators; ++i) accumulators[i] = p.accumulators[i];
    for (int i = 0; i < Size.tiles; ++i) tiles[i] = p.tiles[i];
    for (int i = 0; i < dtype_count; ++i) registers[i] = p.registers[i];
  }
};

/// What the planner reads of a program: constexpr arrays, whatever holds them.
template <class Nodes, class Schedule>
class leaf_planner {
 public:
  constexpr leaf_planner(Nodes const& graph_nodes, Schedule const& from, instruction_id begin_loop)
      : nodes(graph_nodes), s(from), begin(begin_loop + 1), end(from.instructions[begin_loop].end), loop(from.instructions[begin_loop].loop) {}

  constexpr leaf_plan run() {
    int const count = end - begin;
    last_use = std::vector<std::int32_t>(static_cast<std::size_t>(count), -1);
    place_of = std::vector<value_place>(static_cast<std::size_t>(count), value_place{});
    tile_of = std::vector<std::int16_t>(static_cast<std::size_t>(count), -1);
    int computed = 0;
    int smallest = 8;
    for (int at = 0; at < count; ++at) {
      instruction const& i = s.instructions[begin + at];
      if (i.what == action::compute) ++computed;
      if (i.type != dtype::bool_ && i.what != action::constant && static_cast<int>(size_of(i.type)) < smallest) smallest = static_cast<int>(size_of(i.type));
    }
    p.lane_bytes = smallest;
    cut(count, computed);
    int from = 0;
    for (int to : cuts) {
      chunk(from, to);
      from = to;
    }
    return p;
  }

 private:
  Nodes const& nodes;
  Schedule const& s;
  int begin, end, loop;
  leaf_plan p{};
  std::vector<std::int32_t> cuts, last_use;  // last_use: in the loop
  std::vector<value_place> place_of;         // of each instruction, in the chunk at work
  std::vector<std::int16_t> tile_of;

  constexpr bool is_inside(instruction_id id) const { return id >= begin && id < end; }
  /// Read again rather than kept in a tile.
  constexpr bool is_cheap(instruction_id id) const {
    action const what = s.instructions[id].what;
    return what == action::load || what == action::constant || what == action::extent || what == action::position;
  }

  /// Cuts the body where few values live: best[to] = min over from in [to - K, to) of best[from] + live(to) + cost.
  constexpr void cut(int count, int computed) {
    for (int at = 0; at < count; ++at)
      for (auto operand : s.instructions[begin + at].operands)
        if (operand >= 0 && is_inside(operand) && is_value(at)) last_use[operand - begin] = at;
    if (computed <= whole_body_limit) {
      cuts.push_back(count);
      return;
    }
    std::vector<std::int32_t> live(static_cast<std::size_t>(count) + 1, 0), best(static_cast<std::size_t>(count) + 1, 0), before(static_cast<std::size_t>(count) + 1, 0);
    // live[at]: values made before `at` and used at or after it.
    std::vector<std::int32_t> ends(static_cast<std::size_t>(count) + 1, 0);
    std::int32_t alive = 0;
    for (int at = 0; at <= count; ++at) {
      alive -= ends[at];
      live[at] = alive;
      if (at < count && last_use[at] > at && !is_cheap(begin + at)) ++alive, ++ends[last_use[at] + 1 <= count ? last_use[at] + 1 : count];
    }
    for (int to = 1; to <= count; ++to) {
      best[to] = 1 << 30;
      for (int from = to > whole_body_limit ? to - whole_body_limit : 0; from < to; ++from)
        if (best[from] + live[to] + cut_cost < best[to]) best[to] = best[from] + live[to] + cut_cost, before[to] = from;
    }
    for (int at = count; at > 0; at = before[at]) cuts.insert(cuts.begin(), at);
  }
  constexpr bool is_value(int at) const {
    action const what = s.instructions[begin + at].what;
    return what == action::compute || what == action::store || what == action::accumulate;
  }

  constexpr std::int16_t array_of(int access_number, dtype type, bool read, bool written) {
    int place = 0;
    while (place < static_cast<int>(p.arrays.size()) && p.arrays[place].access_number != access_number) ++place;
    if (place == static_cast<int>(p.arrays.size())) p.arrays.push_back({static_cast<std::int16_t>(access_number), type, false, false, s.accesses[access_number].axis_of(loop) >= 0});
    p.arrays[place].read = p.arrays[place].read || read;
    p.arrays[place].written = p.arrays[place].written || written;
    return static_cast<std::int16_t>(place);
  }

  // Registers of the chunk: the lowest free one of the dtype.
  std::vector<char> taken[dtype_count];
  constexpr value_place take_register(dtype type) {
    auto& of_type = taken[static_cast<int>(type)];
    std::size_t number = 0;
    while (number < of_type.size() && of_type[number]) ++number;
    if (number == of_type.size()) of_type.push_back(1);
    of_type[number] = 1;
    int& most = p.registers[static_cast<int>(type)];
    if (most < static_cast<int>(of_type.size())) most = static_cast<int>(of_type.size());
    return {place::reg, static_cast<std::int16_t>(number), type};
  }

  constexpr value_place invariant(instruction_id id) {
    instruction const& i = s.instructions[id];
    if (i.what == action::constant) return {place::immediate, static_cast<std::int16_t>(index(i.node)), i.type};
    int place_number = 0;
    while (place_number < static_cast<int>(p.invariants.size()) && p.invariants[place_number] != id) ++place_number;
    if (place_number == static_cast<int>(p.invariants.size())) p.invariants.push_back(id);
    return {place::invariant, static_cast<std::int16_t>(place_number), i.type};
  }

  /// Where the chunk [from, to) finds the value of `id`, which it may have to fetch first.
  constexpr value_place fetch(instruction_id id) {
    if (!is_inside(id)) return invariant(id);
    int const at = id - begin;
    instruction const& i = s.instructions[id];
    if (i.what == action::constant) return invariant(id);
    if (place_of[at].where != place::none) return place_of[at];
    leaf_step step{.id = id, .target = take_register(i.type)};
    if (i.what == action::load) {
      bool const moves = s.accesses[i.access_number].axis_of(loop) >= 0;
      step.kind = moves ? step_kind::load : step_kind::uniform;
      step.pointer = array_of(i.access_number, i.type, true, false);
    } else if (i.what == action::position) {
      step.kind = step_kind::position;
    } else {
      step.kind = step_kind::take;
      step.pointer = tile_of[at];
    }
    p.steps.push_back(step);
    place_of[at] = step.target;
    fetched.push_back(at);
    return step.target;
  }
  std::vector<int> fetched;

  constexpr void chunk(int from, int to) {
    for (auto& of_type : taken) of_type.clear();
    fetched.clear();
    // Last uses inside the chunk.
    std::vector<std::int32_t> last(static_cast<std::size_t>(end - begin), -1);
    for (int at = from; at < to; ++at)
      if (is_value(at))
        for (auto operand : s.instructions[begin + at].operands)
          if (operand >= 0 && is_inside(operand)) last[operand - begin] = at;
    for (int at = from; at < to; ++at) {
      instruction const& i = s.instructions[begin + at];
      if (!is_value(at)) continue;
      leaf_step step{.id = static_cast<instruction_id>(begin + at)};
      for (int k = 0; k < max_operands; ++k)
        if (i.operands[k] >= 0) step.operands[k] = fetch(i.operands[k]);
      for (auto operand : i.operands)
        if (operand >= 0 && is_inside(operand) && last[operand - begin] == at && place_of[operand - begin].where == place::reg)
          taken[static_cast<int>(place_of[operand - begin].type)][place_of[operand - begin].number] = 0;
      if (i.what == action::store) {
        step.kind = step_kind::store;
        step.pointer = array_of(i.access_number, i.type, false, true);
      } else if (i.what == action::accumulate) {
        bool const moves = i.access_number >= 0 && s.accesses[i.access_number].axis_of(loop) >= 0;
        step.kind = moves ? step_kind::add_to : step_kind::accumulate;
        if (moves) step.pointer = array_of(i.access_number, i.type, true, true);
        else {
          step.pointer = static_cast<std::int16_t>(p.accumulators.size());
          p.accumulators.push_back({i.end, i.access_number, i.type});
        }
      } else {
        step.kind = step_kind::compute;
        step.target = take_register(i.type);
        place_of[at] = step.target;
        fetched.push_back(at);
      }
      p.steps.push_back(step);
      if (i.what == action::compute && last_use[at] >= to) {
        tile_of[at] = static_cast<std::int16_t>(take_tile(i.type, at));
        p.steps.push_back({step_kind::keep, static_cast<instruction_id>(begin + at), {}, {step.target, {}, {}}, tile_of[at]});
      }
      if (i.what == action::compute && last[at] < 0) taken[static_cast<int>(i.type)][step.target.number] = 0;
    }
    for (int at : fetched) place_of[at] = {};
    p.ends.push_back(static_cast<std::int32_t>(p.steps.size()));
  }

  // Tiles are shared by values that do not live at the same time.
  std::vector<std::int32_t> tile_free_from;
  constexpr int take_tile(dtype type, int at) {
    for (int t = 0; t < static_cast<int>(p.tiles.size()); ++t)
      if (p.tiles[t] == type && tile_free_from[t] <= at) {
        tile_free_from[t] = last_use[at] + 1;
        return t;
      }
    p.tiles.push_back(type);
    tile_free_from.push_back(last_use[at] + 1);
    return static_cast<int>(p.tiles.size()) - 1;
  }
};

}  // namespace ctgrad::detail
