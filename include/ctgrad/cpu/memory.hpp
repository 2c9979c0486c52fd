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

template <class P>
inline constexpr known_temporaries<P> temporaries_in_table{direct_buffers<P>::is.data()};
/// The temporaries that a call has in its table, where all their extents are numbers.
template <class P>
inline constexpr auto const& laid_out_temporaries = []() -> auto const& {
  if constexpr (direct_buffers<P>::any) return temporaries_in_table<P>;
  else return temporaries_of<P>;
}();

/// The temporaries of a program for some extents, and their places after `base` where there is one.
template <class P>
memory_layout lay_out_temporaries(array_ref* arrays, std::int64_t const* dims, std::byte* base) {
  memory_layout total;
  if constexpr (temporaries_of<P>.known) {
    for (int i = 0; i < laid_out_temporaries<P>.count; ++i) {
      known_temporary const& t = laid_out_temporaries<P>.all[i];
      array_ref& a = arrays[t.buffer];
      known_axis const* const axes = laid_out_temporaries<P>.axes + t.axes;
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
