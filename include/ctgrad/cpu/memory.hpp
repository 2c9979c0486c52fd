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
  constexpr auto temporaries = std::make_integer_sequence<int, P::buffer_count - first>{};
  std::int64_t starts[P::slot_count + 1]{};  // of slots; first their sizes
  [&]<int... I>(std::integer_sequence<int, I...>) {
    ([&] {
      if constexpr (P::slots[first + I] >= 0) {
        std::int64_t& size = starts[P::slots[first + I]];
        size = std::max(size, lay_out<P, first + I>(arrays[first + I], dims));
      }
    }(), ...);
  }(temporaries);
  memory_layout total;
  for (int slot = 0; slot < P::slot_count; ++slot) {
    std::int64_t const size = starts[slot];
    starts[slot] = total.slots;
    total.slots = checked_sum(total.slots, size);
  }
  if (base)
    [&]<int... I>(std::integer_sequence<int, I...>) { ((P::slots[first + I] >= 0 ? void(arrays[first + I].data = base + starts[std::max<int>(0, P::slots[first + I])]) : void()), ...); }(temporaries);
  reserve_scratch<P>(dims, total.arrays, total.rows);
  return total;
}

}  // namespace ctgrad::detail
