// Decides where each value of a vector loop lives: a register, a broadcast, or a tile in L1.
// Long bodies are cut into chunks over tiles; the figures behind the cuts are in design 4.3.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "leaf_plan.hpp"

namespace ctgrad::detail {

/// A body of up to this many operations runs in registers; longer ones are cut (measured: design 4.3), but where the operations are cheap and few values live
/// at a time: a processor looks far enough ahead to work on several turns (measured: Lennard-Jones forces, 35 operations, 1.2 times faster whole).
inline constexpr int whole_body_limit = 32, whole_body_cost = 64, whole_body_values = 10;
/// The most operations of a chunk. (Measured on butterflies of 96 and 192 operations, on Zen 5: 2 times faster than by 32; Black-Scholes with its greeks 1.2 times.)
inline constexpr int chunk_limit = 128;
/// The same where the loop has one turn of packs at most: there cuts are for the compiler only (measured on an LSTM of 14 elements: 1.2 times faster than with 32).
inline constexpr int one_turn_chunk_limit = 256;
/// Below this many operations for each one of the longest path a body is a chain, whose operations wait for one another: there a loop over more elements hides the
/// latency, and a chunk has as many operations as the processor has vector registers (measured on chains of 80 to 320: 1.5 to 2 times faster than by 128).
inline constexpr int chain_parallelism = 3;
/// What a cut costs, in values that have to be kept across it.
inline constexpr int cut_cost = 2;

/// What the planner reads of a program: constexpr arrays, whatever holds them.
template <class Nodes, class Schedule>
class leaf_planner {
 public:
  /// Results of `accumulate_from` and above are added to what their arrays hold.
  constexpr leaf_planner(Nodes const& graph_nodes, Schedule const& from, instruction_id begin_loop, int accumulate_from, int vector_registers = 16, bool one_turn_of_packs = false)
      : nodes(graph_nodes), s(from), first_added(accumulate_from), registers(vector_registers), one_turn(one_turn_of_packs), begin(begin_loop + 1), end(from.instructions[begin_loop].end), loop(from.instructions[begin_loop].loop) {}

  constexpr leaf_plan run() {
    int const count = end - begin;
    memory = list<value_state>(static_cast<std::size_t>(count) + 1, value_state{});
    values = memory.data();
    body = s.instructions.data() + begin;
    int computed = 0;
    bool seen[dtype_count]{};
    for (int at = 0; at < count; ++at) computed += body[at].what == action::compute, seen[static_cast<int>(body[at].type)] |= body[at].what != action::constant;
    for (int t = 0; t < dtype_count; ++t)
      if (seen[t] && static_cast<dtype>(t) != dtype::bool_ && (is_narrow(static_cast<dtype>(t)) || size_of(static_cast<dtype>(t)) < 8)) p.lane_bytes = 4;
    p.steps.reserve(2 * static_cast<std::size_t>(count) + 16);
    cut(count, computed);
    int from = 0;
    for (int to : cuts) {
      chunk(from, to);
      from = to;
    }
    return static_cast<leaf_plan&&>(p);
  }

 private:
  Nodes const& nodes;
  Schedule const& s;
  int first_added, registers;
  bool one_turn;
  int begin, end, loop;
  leaf_plan p{};
  /// Of each instruction of the loop.
  struct value_state {
    std::int32_t last_use = -1;       // in the loop
    std::int32_t last_in_chunk = -1;  // in the chunk `chunk_number`
    std::int32_t chunk_number = -1;
    value_place place{};              // in the chunk at work
    std::int16_t tile = -1;
    bool is_value = false;            // computed, looked up or written, not fetched where it is needed
    // Values that tiles keep, by their last use, which is here: the first, and the next that has this one's.
    std::int32_t first_to_end = -1, next_to_end = -1;
  };
  // Raw pointers, because each call of an operator is a step of the compilers' limits.
  list<value_state> memory;
  value_state* values = nullptr;
  instruction const* body = nullptr;
  list<std::int32_t> cuts;

  constexpr bool is_inside(instruction_id id) const { return id >= begin && id < end; }
  /// Read again rather than kept in a tile.
  constexpr bool is_cheap(instruction_id id) const {
    action const what = s.instructions[id].what;
    return (what == action::load && s.instructions[id].place() < 0) || what == action::constant || what == action::extent || what == action::position;
  }

  /// Cuts the body where few values live: best[to] = min over from in [to - K, to) of best[from] + live(to) + cost.
  constexpr void cut(int count, int computed) {
    for (int at = 0; at < count; ++at) {
      action const what = body[at].what;
      values[at].is_value = what == action::compute || what == action::store || what == action::accumulate || (what == action::load && body[at].place() >= 0);
      if (!values[at].is_value) continue;
      for (int k = 0; k < max_operands && body[at].operands[k] >= 0; ++k)
        if (int const operand = body[at].operands[k]; operand >= begin && operand < end) values[operand - begin].last_use = at;
    }
    if (computed <= whole_body_limit) {
      cuts.push_back(count);
      return;
    }
    list<std::int32_t> numbers(5 * (static_cast<std::size_t>(count) + 1), 0);
    std::int32_t *const live = numbers.data(), *const best = live + count + 1, *const before = best + count + 1, *const ends = before + count + 1, *const window = ends + count + 1;
    // live[at]: values made before `at` and used at or after it.
    std::int32_t alive = 0, most = 0;
    for (int at = 0; at <= count; ++at) {
      alive -= ends[at];
      live[at] = alive;
      if (most < alive) most = alive;
      std::int32_t const last = values[at].last_use;
      if (at < count && last > at && !is_cheap(begin + at)) ++alive, ++ends[last < count ? last + 1 : count];
    }
    if (most <= whole_body_values && cost_of(count) <= whole_body_cost) {
      cuts.push_back(count);
      return;
    }
    int const limit = one_turn ? one_turn_chunk_limit : longest_path(count) * chain_parallelism > computed ? registers : chunk_limit;
    // window: places from which the best may still be, rising, and what is best at them too.
    for (int to = 1, first = 0, last = 0; to <= count; ++to) {
      while (last > first && best[window[last - 1]] > best[to - 1]) --last;
      window[last++] = to - 1;
      if (window[first] < to - limit) ++first;
      before[to] = window[first], best[to] = best[window[first]] + live[to] + cut_cost;
    }
    for (int at = count; at > 0; at = before[at]) cuts.push_back(at);
    for (std::size_t low = 0, high = cuts.size(); low + 1 < high; ++low) std::swap(cuts[low], cuts[--high]);
  }
  constexpr int cost_of(int count) const {
    int cost = 0;
    for (int at = 0; at < count; ++at)
      if (body[at].what == action::compute) cost += info(nodes[static_cast<std::size_t>(index(body[at].node))].code).cost;
    return cost;
  }
  /// The number of operations of which each needs the one before.
  constexpr int longest_path(int count) const {
    list<std::int32_t> depths(static_cast<std::size_t>(count) + 1, 0);
    std::int32_t* const depth = depths.data();
    std::int32_t longest = 0;
    for (int at = 0; at < count; ++at) {
      if (body[at].what != action::compute) continue;
      for (auto operand : body[at].operands)
        if (operand >= begin && operand < end && depth[operand - begin] > depth[at]) depth[at] = depth[operand - begin];
      if (++depth[at] > longest) longest = depth[at];
    }
    return longest;
  }

  /// What `i`, which asks whether two are equal or are not, compares the position of this loop with, where that is one number for all lanes: from outside, or the position of another loop. Else -1.
  constexpr instruction_id compared_with_position(instruction const& i) const {
    if (i.what != action::compute) return -1;
    for (int k = 0; k < 2; ++k) {
      instruction const &position = s.instructions[i.operands[k]], &other = s.instructions[i.operands[1 - k]];
      bool const uniform = !is_inside(i.operands[1 - k]) || other.what == action::constant || (other.what == action::position && other.loop != loop);
      if (position.what == action::position && position.loop == loop && !is_floating(position.type) && uniform) return i.operands[1 - k];
    }
    return -1;
  }

  constexpr std::int16_t array_of(int access_number, dtype type, bool read, bool written, instruction_id place_from = -1) {
    bool const inside = place_from >= 0 && is_inside(place_from);
    if (inside) place_from = looked_up;
    int place = 0;
    while (place < static_cast<int>(p.arrays.size()) && (p.arrays[place].access_number != access_number || p.arrays[place].place != place_from)) ++place;
    if (place == static_cast<int>(p.arrays.size()))
      p.arrays.push_back({static_cast<std::int16_t>(access_number), type, false, false, !inside && s.accesses[access_number].axis_of(loop) >= 0, place_from});
    p.arrays[place].read = p.arrays[place].read || read;
    p.arrays[place].written = p.arrays[place].written || written;
    return static_cast<std::int16_t>(place);
  }

  // Registers of the chunk: the lowest free one of the dtype.
  list<char> taken[dtype_count];
  constexpr value_place take_register(dtype type) {
    auto& of_type = taken[static_cast<int>(type)];
    int const count = static_cast<int>(of_type.size());
    int number = 0;
    for (char const* is_taken = of_type.data(); number < count && is_taken[number];) ++number;
    if (number == count) of_type.push_back(1);
    else of_type[static_cast<std::size_t>(number)] = 1;
    if (int& most = p.registers[static_cast<int>(type)]; most <= number) most = number + 1;
    return {place::reg, static_cast<std::int16_t>(number), type};
  }

  constexpr value_place invariant(instruction_id id) {
    auto const type = s.instructions[id].type;
    std::int16_t number = 0;
    for (std::size_t i = first_invariant; i < p.invariants.size(); ++i) {
      if (p.invariants[i].id == id) return {place::invariant, p.invariants[i].number, type};
      if (p.invariants[i].type == type) ++number;
    }
    p.invariants.push_back({id, number, type});
    if (int& most = p.invariant_counts[static_cast<int>(type)]; most <= number) most = number + 1;
    return {place::invariant, number, type};
  }
  std::size_t first_invariant = 0;  // of the chunk at work

  /// Where the chunk [from, to) finds the value of `id`, which it may have to fetch first.
  constexpr value_place fetch(instruction_id id) {
    int const at = id - begin;
    if (id < begin || id >= end) return invariant(id);
    if (values[at].place.where != place::none) return values[at].place;
    instruction const& i = s.instructions[id];
    if (i.what == action::constant) return invariant(id);
    value_place const target = take_register(i.type);
    leaf_step step{.target = target.key()};
    if (i.what == action::load && i.place() < 0) {
      bool const moves = s.accesses[i.access_number].axis_of(loop) >= 0;
      step.kind = moves ? step_kind::load : step_kind::uniform;
      step.pointer = array_of(i.access_number, i.type, true, false);
    } else if (i.what == action::position) {
      step.kind = i.loop == loop ? step_kind::position : step_kind::outer_position;
      step.pointer = i.loop;
    } else {
      step.kind = step_kind::take;
      step.pointer = values[at].tile;
    }
    p.steps.push_back(step);
    values[at].place = target;
    fetched.push_back(at);
    return target;
  }
  list<int> fetched;

  list<int> gathers;  // of the chunk, the first by each number: the number, the array
  constexpr int gather_by_same_places(instruction_id places, int pointer) {
    for (std::size_t k = 0; k < gathers.size(); k += 2)
      if (gathers[k] == places) return gathers[k + 1];
    gathers.push_back(places), gathers.push_back(pointer);
    return pointer;
  }

  std::int32_t chunk_number = 0;
  constexpr void chunk(int from, int to) {
    for (auto& of_type : taken) of_type.clear();
    fetched.clear(), gathers.clear();
    first_invariant = p.invariants.size();
    ++chunk_number;
    for (int at = from; at < to; ++at)
      for (int k = 0; values[at].is_value && k < max_operands && body[at].operands[k] >= 0; ++k)
        if (int const operand = body[at].operands[k]; operand >= begin && operand < end) values[operand - begin].last_in_chunk = at, values[operand - begin].chunk_number = chunk_number;
    auto const* const nodes_of_graph = nodes.data();
    for (int at = from; at < to; ++at) {
      if (!values[at].is_value) continue;
      instruction const& i = body[at];
      leaf_step step{.code = i.what == action::load ? op::copy : nodes_of_graph[static_cast<int>(i.node)].code};
      bool const lookup = i.what == action::load, lanes = lookup && is_inside(i.place());
      instruction_id const other = step.code == op::equal || step.code == op::not_equal ? compared_with_position(i) : -1;
      if (other >= 0) step.operands[0] = fetch(other).key();
      int const fetched_operands = other >= 0 || (lookup && !lanes) ? 0 : i.what == action::accumulate ? 1 : max_operands;
      for (int k = 0; k < fetched_operands && i.operands[k] >= 0; ++k) step.operands[k] = fetch(i.operands[k]).key();
      for (auto operand : i.operands)
        if (operand >= begin && operand < end && values[operand - begin].last_in_chunk == at && values[operand - begin].place.where == place::reg)
          taken[static_cast<int>(values[operand - begin].place.type)][values[operand - begin].place.number] = 0;
      value_place target{};
      if (i.what == action::store) {
        buffer const& to = s.buffers[s.accesses[i.access_number].buffer];
        bool const added = to.kind == buffer_kind::output && to.number >= first_added;
        step.kind = added ? step_kind::store_added : step_kind::store;
        step.pointer = array_of(i.access_number, i.type, added, true);
      } else if (i.what == action::accumulate) {
        bool const moves = i.access_number >= 0 && s.accesses[i.access_number].axis_of(loop) >= 0;
        step.kind = moves ? step_kind::add_to : step_kind::accumulate;
        if (moves) step.pointer = array_of(i.access_number, i.type, true, true, i.place());
        else {
          auto const number = static_cast<std::int16_t>(p.accumulator_counts[static_cast<int>(i.type)]++);
          step.target = value_place{place::reg, number, i.type}.key();
          p.accumulators.push_back({i.end, i.access_number, number, static_cast<std::int16_t>(chunk_number - 1), i.type, i.place()});
        }
      } else {
        bool const moves = lookup && s.accesses[i.access_number].axis_of(loop) >= 0;
        step.kind = lanes ? step_kind::gather : moves ? step_kind::load : lookup ? step_kind::uniform : other >= 0 ? step_kind::here : step_kind::compute;
        if (lookup) step.pointer = array_of(i.access_number, i.type, true, false, i.place());
        if (lanes) step.operands[1] = gather_by_same_places(i.place(), step.pointer);
        target = take_register(i.type);
        step.target = target.key();
        values[at].place = target;
        fetched.push_back(at);
      }
      p.steps.push_back(step);
      bool const made = i.what == action::compute || lookup;
      if (made && values[at].last_use >= to) {
        values[at].tile = static_cast<std::int16_t>(take_tile(i.type, at));
        p.steps.push_back({.kind = step_kind::keep, .operands = {step.target, 0, 0}, .pointer = values[at].tile});
      }
      if (made && values[at].chunk_number != chunk_number) taken[static_cast<int>(i.type)][target.number] = 0;
    }
    for (int at : fetched) values[at].place = {};
    release_tiles(to);
    p.chunks.push_back({static_cast<std::int32_t>(p.steps.size()), static_cast<std::int32_t>(p.invariants.size())});
  }

  // Tiles are shared by values that do not live in the same chunk.
  list<int> free_tiles;
  int released = 0;  ///< the values whose last use is before this have given theirs back
  constexpr int take_tile(dtype type, int at) {
    int tile = -1;
    for (std::size_t k = free_tiles.size(); k-- > 0 && tile < 0;)
      if (p.tiles[static_cast<std::size_t>(free_tiles[k])] == type) {
        tile = free_tiles[k];
        free_tiles[k] = free_tiles.back();
        free_tiles.pop_back();
      }
    if (tile < 0) {
      tile = static_cast<int>(p.tiles.size());
      p.tiles.push_back(type);
    }
    value_state& last = values[values[at].last_use];
    values[at].next_to_end = last.first_to_end, last.first_to_end = at;
    return tile;
  }
  /// Tiles whose value is used before `at` for the last time are free.
  constexpr void release_tiles(int at) {
    for (; released < at; ++released)
      for (int kept = values[released].first_to_end; kept >= 0; kept = values[kept].next_to_end) free_tiles.push_back(values[kept].tile);
  }
};

}  // namespace ctgrad::detail
