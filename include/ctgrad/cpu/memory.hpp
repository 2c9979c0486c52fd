// The memory of a call: where its temporaries stand, and what its nests need besides.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "emit.hpp"

#include <algorithm>
#include <cstdint>

namespace ctgrad::detail {

/// The memory of a call: temporaries by slot, then what parts of nests add up in, then row buffers for threads.
struct memory_layout {
  std::int64_t slots = 0, arrays = 0, rows = 0;

  /// For one thread. Never less for larger extents.
  std::int64_t bytes() const { return checked_sum(slots, arrays); }
  std::int64_t bytes(int threads) const { return checked_sum(bytes(), checked_product(threads - 1, rows)); }
};

/// Extents and strides of a program's temporaries, and where their slots start; returns the bytes of all.
template <class P>
constexpr std::int64_t lay_out_slots(array_ref* arrays, std::int64_t const* dims, std::int64_t* starts) {
  for (int i = P::symbol_count + P::output_count; i < P::buffer_count; ++i)
    if (int const slot = P::slots[static_cast<std::size_t>(i)]; slot >= 0) starts[slot] = std::max(starts[slot], lay_out<P>(arrays[i], dims, i));  // first their sizes
  std::int64_t total = 0;
  for (int slot = 0; slot < P::slot_count; ++slot) {
    std::int64_t const size = starts[slot];
    starts[slot] = total;
    total = checked_sum(total, size);
  }
  return total;
}

/// A temporary whose extents are numbers.
struct known_temporary {
  std::int64_t start = 0;  ///< its place in the workspace
  std::int32_t axes = 0;   ///< where its axes are in the table
  std::int16_t buffer = 0, rank = 0;
};
struct known_axis {
  std::int64_t extent = 0, stride = 0;
};
/// The temporaries of a program, if all their extents are numbers, of a size that can be addressed: then calls do not lay them out.
/// (Tables without gaps: what small calls of many temporaries wait for is memory.)
template <class P>
struct known_temporaries {
  static constexpr int rank_of(int buffer) { return P::schedule.shapes[static_cast<std::size_t>(index(P::schedule.buffers[static_cast<std::size_t>(buffer)].s))].rank; }
  static constexpr int axis_count = [] {
    int n = 0;
    for (int i = 0; i < P::buffer_count; ++i) n += P::slots[static_cast<std::size_t>(i)] < 0 ? 0 : rank_of(i);
    return n;
  }();
  known_temporary all[P::buffer_count - P::symbol_count - P::output_count + 1]{};
  known_axis axes[axis_count + 1]{};
  int count = 0;
  std::int64_t bytes = 0;
  bool known = true;

  constexpr known_temporaries() {
    double total = 0;
    for (int i = 0; i < P::buffer_count; ++i) {
      if (P::slots[static_cast<std::size_t>(i)] < 0) continue;
      buffer const& b = P::schedule.buffers[static_cast<std::size_t>(i)];
      double size = static_cast<double>(size_of(b.type)) + 64;
      for (extent_number const& e : extent_numbers<P>[static_cast<std::size_t>(index(b.s))].axes) known = known && e.dim == -1, size *= std::max(static_cast<double>(e.constant), 1.0);
      total += size;
    }
    known = known && total < 0x1p40;
    if (!known) return;
    array_ref arrays[P::buffer_count + 1];
    std::int64_t starts[P::slot_count + 1]{};
    bytes = lay_out_slots<P>(arrays, nullptr, starts);
    std::int32_t place = 0;
    for (int i = 0; i < P::buffer_count; ++i) {
      int const slot = P::slots[static_cast<std::size_t>(i)];
      if (slot < 0) continue;
      all[count++] = {starts[slot], place, static_cast<std::int16_t>(i), static_cast<std::int16_t>(rank_of(i))};
      for (int axis = 0; axis < rank_of(i); ++axis) axes[place++] = {arrays[i].extents[axis], arrays[i].strides[axis]};
    }
  }
};
template <class P>
inline constexpr known_temporaries<P> temporaries_of{};

/// The temporaries of a program for some extents, and their places after `base` where there is one.
template <class P>
memory_layout lay_out_temporaries(array_ref* arrays, std::int64_t const* dims, std::byte* base) {
  memory_layout total;
  if constexpr (temporaries_of<P>.known) {
    for (int i = 0; i < temporaries_of<P>.count; ++i) {
      known_temporary const& t = temporaries_of<P>.all[i];
      array_ref& a = arrays[t.buffer];
      known_axis const* const axes = temporaries_of<P>.axes + t.axes;
      for (int axis = 0; axis < t.rank; ++axis) a.extents[axis] = axes[axis].extent, a.strides[axis] = axes[axis].stride;
      if (base) a.data = base + t.start;
    }
    total.slots = temporaries_of<P>.bytes;
  } else {
    std::int64_t starts[P::slot_count + 1]{};
    total.slots = lay_out_slots<P>(arrays, dims, starts);
    if (base)
      for (int i = P::symbol_count + P::output_count; i < P::buffer_count; ++i)
        if (P::slots[static_cast<std::size_t>(i)] >= 0) arrays[i].data = base + starts[P::slots[static_cast<std::size_t>(i)]];
  }
  reserve_scratch<P>(dims, total.arrays, total.rows);
  return total;
}

}  // namespace ctgrad::detail
