// Which arrays of a caller's may be one: outputs that are written where a symbol is read.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "plan.hpp"
#include "schedule.hpp"

#include <limits>

namespace ctgrad::detail {

/// Which outputs may be bound to the very array of a symbol: those of which each element is read for the last time before it is written.
template <class Schedule>
class in_place {
 public:
  constexpr explicit in_place(Schedule const& from) : s(from), length(static_cast<int>(from.instructions.size())), memory(3 * static_cast<std::size_t>(length + 1), -1) {
    reads.latest = writes.latest = list<std::int32_t>(from.buffers.size(), -1);
    last_use = memory.data(), around = last_use + length + 1, computed = around + length + 1;
    instruction const* const instructions = s.instructions.data();
    std::int32_t open = -1, count = 0;
    for (int at = 0; at < length; ++at) {
      instruction const& i = instructions[at];
      if (i.what == action::end_loop) open = around[open];
      around[at] = open, computed[at] = count;
      if (i.what == action::begin_loop) open = at;
      if (i.what == action::compute) ++count;
      bool const arrays = reads_arrays(i.what);
      if (arrays)
        for (auto operand : i.operands) {
          if (operand >= 0) reads.add(at, root_of(s.buffers, s.accesses[operand].buffer));
        }
      else
        for (auto operand : i.operands)
          if (operand >= 0) last_use[operand] = at;
      if (i.what == action::load) reads.add(at, root_of(s.buffers, s.accesses[i.access_number].buffer));
      bool const write = arrays || i.what == action::store || i.what == action::initialize || i.what == action::accumulate;
      if (write && i.access_number >= 0) writes.add(at, root_of(s.buffers, s.accesses[i.access_number].buffer));
    }
    computed[length] = count;
    ends_memory = list<end_of_use>(from.buffers.size(), end_of_use{});
    ends = ends_memory.data();
    for (int b = 0; b < static_cast<int>(from.buffers.size()); ++b) note_ends(b);
  }

  /// Whether output buffer `output` may be the array of symbol buffer `symbol`.
  constexpr bool allows(int symbol, int output) const {
    // Most pairs by their last and first instructions: a deep network has as many gradients as parameters, and each would meet each.
    end_of_use const &last = ends[symbol], &first = ends[output];
    if (last.needed > first.written) return false;
    if (last.needed < 0 || (last.unit < first.written_unit && (last.group < 0 || last.group != first.written_group))) return true;
    return allows_by_pairs(symbol, output);
  }
  /// The same, by each read and each write.
  constexpr bool allows_by_pairs(int symbol, int output) const {
    for (std::int32_t w = writes.latest[output]; w >= 0; w = writes.all[w].before)
      for (std::int32_t r = reads.latest[symbol]; r >= 0; r = reads.all[r].before)
        if (!is_read_before(reads.all[r].at, writes.all[w].at, s.buffers[symbol].s == s.buffers[output].s && s.buffers[symbol].type == s.buffers[output].type)) return false;
    return true;
  }

 private:
  /// Instructions that touch buffers, each with the one before it of the same buffer.
  struct touches {
    struct touch {
      std::int32_t at, before;
    };
    list<touch> all{};
    list<std::int32_t> latest{};  ///< by buffer
    constexpr void add(std::int32_t at, std::int32_t buffer) {
      all.push_back({at, latest[buffer]});
      latest[buffer] = static_cast<std::int32_t>(all.size()) - 1;
    }
  };
  /// Of a buffer: the first place at which it may be written if all of it that is read has to be read before (-1: nothing is), and the unit and group of the last read; where it is first written.
  struct end_of_use {
    std::int32_t needed = -1, unit = -1, written = std::numeric_limits<std::int32_t>::max(), written_unit = std::numeric_limits<std::int32_t>::max();
    std::int16_t group = -1, written_group = -1;
  };
  Schedule const& s;
  int length;
  list<std::int32_t> memory;
  list<end_of_use> ends_memory{};
  end_of_use* ends = nullptr;  // by buffer
  std::int32_t *last_use = nullptr, *around = nullptr, *computed = nullptr;  // of each instruction: who reads it; the loop around it; computations before it
  touches reads{}, writes{};

  constexpr void note_ends(int buffer) {
    end_of_use& e = ends[buffer];
    for (std::int32_t k = reads.latest[buffer]; k >= 0; k = reads.all[k].before) {
      int const at = reads.all[k].at, needed = reads_arrays(s.instructions[at].what) ? at + 1 : last_use[at] < 0 ? at : last_use[at], unit = unit_of(at);
      if (needed > e.needed) e.needed = needed;
      if (unit > e.unit) e.unit = unit, e.group = s.instructions[unit].group;
    }
    for (std::int32_t k = writes.latest[buffer]; k >= 0; k = writes.all[k].before)
      if (int const at = writes.all[k].at; at < e.written) e.written = at, e.written_unit = unit_of(at), e.written_group = s.instructions[e.written_unit].group;
  }
  /// The nest or product at the top level that an instruction is of.
  constexpr int unit_of(int at) const {
    while (around[at] >= 0) at = around[at];
    return at;
  }
  constexpr bool is_read_before(int r, int w, bool same_shape) const {
    instruction const &read = s.instructions[r], &write = s.instructions[w];
    // Of a group, the last writes a tile before the first reads the next one: of another shape, that might be elsewhere. (Of the same shape, the group goes along the same axis of both.)
    if (int const from = unit_of(r), to = unit_of(w); from != to && s.instructions[from].group >= 0 && s.instructions[from].group == s.instructions[to].group)
      if (!same_shape) return false;
    if (reads_arrays(read.what)) return r < w;
    if ((last_use[r] < 0 ? r : last_use[r]) > w) return false;
    if (around[r] < 0 || around[w] < 0 || unit_of(r) != unit_of(w)) return true;
    // In one nest: the same element at the same time, in a body that is not cut into chunks.
    access const &from = s.accesses[read.access_number], &to = s.accesses[write.access_number];
    auto is_view = [&](access const& a) { return s.buffers[static_cast<std::size_t>(a.buffer)].kind == buffer_kind::view; };
    bool same = around[r] == around[w] && write.what == action::store && from.rank == to.rank && !is_view(from) && !is_view(to);
    for (int axis = 0; same && axis < from.rank; ++axis) same = from.loops[axis] == to.loops[axis];
    if (!same || computed[s.instructions[around[r]].end] - computed[around[r]] > whole_body_limit) return false;
    // The access has to move with every loop around it, or an element is read again after it was written.
    for (int l = around[r]; l >= 0; l = around[l])
      if (from.axis_of(s.instructions[l].loop) < 0) return false;
    return true;
  }
};

}  // namespace ctgrad::detail
