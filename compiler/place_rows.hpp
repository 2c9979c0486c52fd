// Puts row buffers where the row's result will stand: what a later walk turns into the elements of an array is kept in that array until then.
// The array's lines come into the cache while the row is computed, and not in a burst when it is written (measured: softmax of rows beyond the cache 1.25 times faster).
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "schedule.hpp"

namespace ctgrad::detail {

/// What the loop that computes a row has to cost (op_info::cost) to hide that its lines come from memory (measured: of layer norm's gradient, 4, it does not).
inline constexpr int hiding_cost = 8;

class row_placer {
 public:
  constexpr row_placer(graph const& from, schedule& to) : g(from), s(to), length(static_cast<int>(to.instructions.size())) {}

  constexpr void run() {
    bool any = false;
    for (buffer const& b : s.buffers) any = any || b.kind == buffer_kind::row;
    if (!any) return;
    find_loops();
    for (int row = static_cast<int>(s.buffers.size()) - 1; row >= 0; --row)
      if (s.buffers[row].kind == buffer_kind::row && find_uses(row))
        if (int const into = find_store(row); into >= 0) place(row, into);
  }

 private:
  graph const& g;
  schedule& s;
  int length;
  list<int> around, last_use;  // of each instruction: the begin_loop around it, or -1; who reads it last
  list<int> touches;           // what loads, stores and adds up in memory
  list<int> first_of, next_of;  // the same by buffer, and by instruction: the first, and the next of the same buffer (rows are worked off from the last: those before it keep their numbers)
  list<int> uses;              // of the row at work
  int read_in = -1;            // the loop that reads it last: its begin_loop

  constexpr void find_loops() {
    around = list<int>(static_cast<std::size_t>(length), -1), last_use = around;
    int open = -1;
    instruction const* const instructions = s.instructions.data();
    for (int at = 0; at < length; ++at) {
      instruction const& i = instructions[at];
      if (i.what == action::end_loop) open = around[open];
      around[at] = open;
      if (i.what == action::begin_loop) open = at;
      if (i.access_number >= 0) touches.push_back(at);
      if (reads_arrays(i.what)) continue;
      for (auto operand : i.operands)
        if (operand >= 0) last_use[operand] = at;
    }
    first_of = list<int>(s.buffers.size(), -1), next_of = list<int>(static_cast<std::size_t>(length), -1);
    for (std::size_t k = touches.size(); k-- > 0;) {
      int& first = first_of[access_of(touches[k]).buffer];
      next_of[touches[k]] = first, first = touches[k];
    }
  }
  constexpr access const& access_of(int at) const { return s.accesses[s.instructions[at].access_number]; }
  constexpr bool is_around(int loop, int at) const {
    for (int l = around[at]; l >= 0; l = around[l])
      if (s.instructions[l].loop == loop) return true;
    return false;
  }

  /// Who stores and loads the row; false where it is used in another way, or is not read in a vector loop of its own at last.
  constexpr bool find_uses(int row) {
    uses.clear();
    for (int at = first_of[row]; at >= 0; at = next_of[at]) {
      instruction const& i = s.instructions[at];
      if ((i.what != action::load && i.what != action::store) || access_of(at).axis_of(looked_up) >= 0) return false;
      uses.push_back(at);
    }
    if (uses.empty()) return false;
    read_in = around[uses.back()];
    for (int at : uses)
      if (s.instructions[at].what == action::store && (around[at] == read_in || cost_of(around[at]) < hiding_cost)) return false;
    return read_in >= 0 && s.loops[s.instructions[read_in].loop].leaf;
  }
  constexpr int cost_of(int loop) const {
    int cost = 0;
    for (int at = loop; at < s.instructions[loop].end; ++at)
      if (s.instructions[at].what == action::compute) cost += info(g[s.instructions[at].node].code).cost;
    return cost;
  }
  /// The store in the loop that reads the row last, in whose array the row can stand; or -1.
  constexpr int find_store(int row) const {
    int from = read_in;
    for (int at : uses)
      if (around[at] == read_in && from < last_use[at]) from = last_use[at];
    for (int at = from; at < s.instructions[read_in].end; ++at)
      if (s.instructions[at].what == action::store && fits(row, at)) return at;
    return -1;
  }
  constexpr bool fits(int row, int into) const {
    access const& to = access_of(into);
    buffer const& array = s.buffers[to.buffer];
    bool const whole = array.kind == buffer_kind::temporary || (array.kind == buffer_kind::output && array.number < g.accumulate_from);
    if (!whole || array.type != s.buffers[row].type) return false;
    // Each element is written once.
    for (int l = around[into]; l >= 0; l = around[l])
      if (to.axis_of(s.instructions[l].loop) < 0) return false;
    int nest = read_in;
    while (around[nest] >= 0) nest = around[nest];
    return is_written_only(to.buffer, into, nest) && has_axes_of(row, into) && !takes_place(into, nest);
  }
  /// Whether nothing else writes the array, and nothing reads it in the nest.
  constexpr bool is_written_only(int array, int into, int nest) const {
    for (int at : touches) {
      instruction const& i = s.instructions[at];
      if (at == into || root_of(s.buffers, access_of(at).buffer) != array) continue;
      if (i.what != action::load || (at > nest && at < s.instructions[nest].end)) return false;
    }
    return true;
  }
  /// The axis of the array that is axis `axis` of the row, or -1.
  constexpr int axis_in(access const& to, access const& from, int axis) const { return from.loops[axis] < 0 ? -1 : to.axis_of(from.loops[axis]); }
  constexpr bool has_axes_of(int row, int into) const {
    access const &to = access_of(into), &from = access_of(uses.back());
    axis_mask mapped = 0;
    for (int axis = 0; axis < from.rank; ++axis) {
      int const in_array = axis_in(to, from, axis);
      if (in_array < 0 ? from.loops[axis] >= 0 : !(s.shapes[index(s.buffers[row].s)][axis] == s.shapes[index(s.buffers[to.buffer].s)][in_array])) return false;
      if (in_array >= 0) mapped |= axis_mask{1} << in_array;
    }
    for (int at : uses) {
      access const& use = access_of(at);
      // Along its own axes the row is used where the array is written, or before.
      for (int axis = 0; axis < from.rank; ++axis) {
        int const loop = from.loops[axis];
        if (loop >= 0 && (use.loops[axis] < 0 || (is_around(loop, at) && use.loops[axis] != loop))) return false;
      }
      // The others stand still meanwhile.
      for (int axis = 0; axis < to.rank; ++axis)
        if (!(mapped >> axis & 1) && to.loops[axis] >= 0 && !is_around(to.loops[axis], at)) return false;
    }
    for (int axis = 0; axis < to.rank; ++axis)
      if (!(mapped >> axis & 1) && to.loops[axis] >= 0) return true;
    return false;
  }
  /// Whether an input that the output may be bound to would be lost: it is read where the output is written, and nowhere before.
  constexpr bool takes_place(int into, int nest) const {
    access const& to = access_of(into);
    if (s.buffers[to.buffer].kind != buffer_kind::output) return false;
    for (int at = read_in; at < s.instructions[read_in].end; ++at) {
      if (s.instructions[at].what != action::load) continue;
      access const& from = access_of(at);
      bool same = s.buffers[from.buffer].kind == buffer_kind::symbol && s.buffers[from.buffer].type == s.buffers[to.buffer].type && from.rank == to.rank;
      for (int axis = 0; same && axis < from.rank; ++axis) same = from.loops[axis] == to.loops[axis];
      for (int other = nest; same && other < s.instructions[nest].end; ++other)
        if (s.instructions[other].what == action::load && access_of(other).buffer == from.buffer && around[other] != read_in) same = false;
      if (same) return true;
    }
    return false;
  }

  constexpr void place(int row, int into) {
    access const to = access_of(into), last = access_of(uses.back());
    for (access& a : s.accesses) {
      if (a.buffer != row) continue;
      access moved = to;
      for (int axis = 0; axis < last.rank; ++axis)
        if (int const in_array = axis_in(to, last, axis); in_array >= 0) moved.loops[in_array] = a.loops[axis];
      a = moved;
    }
    for (int at : uses)
      if (access_of(at) == to) s.instructions[at].access_number = s.instructions[into].access_number;
    for (std::size_t b = static_cast<std::size_t>(row); b + 1 < s.buffers.size(); ++b) s.buffers[b] = s.buffers[b + 1];
    s.buffers.pop_back();
    for (access& a : s.accesses)
      if (a.buffer > row) --a.buffer;
    for (buffer& b : s.buffers)
      if (b.kind == buffer_kind::view && b.number > row) --b.number;
  }
};

constexpr schedule place_rows(graph const& g, schedule s) {
  row_placer(g, s).run();
  return s;
}

}  // namespace ctgrad::detail
