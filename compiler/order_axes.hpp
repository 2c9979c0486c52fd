// The order in which the axes of an array between loops lie in memory: that in which loops walk them, so that these go through memory as it lies.
// (Measured: the rows of a Gaussian mixture's parts, point by point, are read three times faster than each from the array of its part.)
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "schedule.hpp"

namespace ctgrad::detail {

class axis_orderer {
 public:
  constexpr axis_orderer(graph const& from, schedule& to) : g(from), s(to), candidates(to.buffers.size(), candidate{}) {}

  constexpr void run() {
    bool any = false;
    for (std::size_t b = 0; b < candidates.size(); ++b) {
      buffer const& own = s.buffers[b];
      candidates[b].allowed = own.kind == buffer_kind::temporary && own.why != keep_reason::assembled && s.shapes[index(own.s)].rank > 1;
      any = any || candidates[b].allowed;
    }
    if (!any) return;
    any = false;
    for (buffer const& b : s.buffers)
      if (b.kind == buffer_kind::view) candidates[static_cast<std::size_t>(b.number)].allowed = false;  // a view is of elements in row-major order
    list<int> counted(s.accesses.size(), 0);
    for (instruction const& i : s.instructions) {
      if (i.what == action::call) {
        for (auto number : i.operands)
          if (number >= 0) candidates[static_cast<std::size_t>(s.accesses[number].buffer)].allowed = false;
        candidates[static_cast<std::size_t>(s.accesses[i.access_number].buffer)].allowed = false;
      }
      if (reads_arrays(i.what) || i.access_number < 0 || counted[i.access_number]) continue;
      counted[i.access_number] = 1;
      access const& a = s.accesses[i.access_number];
      if (!candidates[static_cast<std::size_t>(a.buffer)].allowed) continue;
      axis_order const order = order_of_loops(a);
      any = any || !(order == axis_order{});
      vote(candidates[static_cast<std::size_t>(a.buffer)], order);
    }
    if (!any) return;
    for (std::size_t b = 0; b < candidates.size(); ++b)
      if (candidates[b].allowed && candidates[b].votes > candidates[b].row_major) s.buffers[b].order = candidates[b].order;
    for (instruction const& i : s.instructions)
      if (i.what == action::product) check_product(i);
  }

 private:
  /// What most accesses of an array would have: of orders other than row-major, one, by the vote of Boyer and Moore (1981).
  struct candidate {
    bool allowed = false;
    int row_major = 0, votes = 0;
    axis_order order{};
  };
  graph const& g;
  schedule& s;
  list<candidate> candidates;

  constexpr void vote(candidate& c, axis_order order) {
    if (order == axis_order{}) ++c.row_major;
    else if (c.votes == 0) c.order = order, c.votes = 1;
    else c.votes += c.order == order ? 1 : -1;
  }
  /// The axes by the depth of the loops that walk them; those that none walks, or that a value names, leave it row-major.
  constexpr axis_order order_of_loops(access const& a) const {
    shape const& own = s.shapes[index(s.buffers[a.buffer].s)];
    int axes[max_rank]{};
    for (int k = 0; k < a.rank; ++k) {
      axes[k] = k;
      if (a.loops[k] < 0 && !own[k].is_one()) return {};
    }
    auto depth = [&](int axis) { return a.loops[axis] < 0 ? -1 : static_cast<int>(s.loops[a.loops[axis]].depth); };
    for (int k = 1; k < a.rank; ++k)
      for (int at = k; at > 0 && depth(axes[at - 1]) > depth(axes[at]); --at) {
        int const other = axes[at];
        axes[at] = axes[at - 1], axes[at - 1] = other;
      }
    return axis_order::of(axes, a.rank);
  }

  /// Takes back an order that a product could not read at once: its elements have to lie beside each other along the same axis,
  /// and axes of rows, of columns or of a sum that are one axis as long as they lie in one another stay so.
  constexpr void check_product(instruction const& i) {
    auto const labels = contraction::unpack(g[i.node].attribute);
    for (int k = 0; k < 3; ++k) {
      access const& a = s.accesses[k < 2 ? i.operands[k] : i.access_number];
      axis_order& order = s.buffers[a.buffer].order;
      if (order == axis_order{}) continue;
      auto role = [&](int axis) {
        if (k == 2) return labels.role(labels.result[static_cast<std::size_t>(axis)]);
        return a.loops[axis] < 0 ? label_role::none : labels.role((k ? labels.right : labels.left)[static_cast<std::size_t>(a.loops[axis])]);
      };
      bool good = order[a.rank - 1] == a.rank - 1;
      for (int at = 0; at + 1 < a.rank; ++at) {
        int const axis = order[at];
        bool const tied = axis + 1 < a.rank && role(axis) == role(axis + 1) && role(axis) != label_role::batch;
        good = good && (!tied || order[at + 1] == axis + 1);
      }
      if (!good) order = {};
    }
  }
};

constexpr schedule order_axes(graph const& g, schedule s) {
  axis_orderer(g, s).run();
  return s;
}

}  // namespace ctgrad::detail
