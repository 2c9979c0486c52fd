// The memory of a call: where its temporaries stand, and what its nests need besides.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "emit.hpp"

#include <algorithm>

namespace ctgrad::detail {

/// The memory of a call: temporaries by slot, then what parts of nests add up in, then row buffers for threads.
struct memory_layout {
  std::int64_t slots = 0, arrays = 0, rows = 0;

  /// For one thread. Never less for larger extents.
  std::int64_t bytes() const { return checked_sum(slots, arrays); }
  std::int64_t bytes(int threads) const { return checked_sum(bytes(), checked_product(threads - 1, rows)); }
};

/// The temporaries of a program for some extents, and their places after `base` where there is one.
template <class P>
memory_layout lay_out_temporaries(array_ref* arrays, std::int64_t const* dims, std::byte* base) {
  constexpr int first = P::symbol_count + P::output_count;
  std::int64_t starts[P::slot_count + 1]{};  // of slots; first their sizes
  for (int i = first; i < P::buffer_count; ++i)
    if (int const slot = P::slots[static_cast<std::size_t>(i)]; slot >= 0) starts[slot] = std::max(starts[slot], lay_out<P>(arrays[i], dims, i));
  memory_layout total;
  for (int slot = 0; slot < P::slot_count; ++slot) {
    std::int64_t const size = starts[slot];
    starts[slot] = total.slots;
    total.slots = checked_sum(total.slots, size);
  }
  if (base)
    for (int i = first; i < P::buffer_count; ++i)
      if (P::slots[static_cast<std::size_t>(i)] >= 0) arrays[i].data = base + starts[P::slots[static_cast<std::size_t>(i)]];
  reserve_scratch<P>(dims, total.arrays, total.rows);
  return total;
}

}  // namespace ctgrad::detail
