// Contiguous copies of the elements that vector loops go through where arrays are strided, or end within a pack. One function for all loops of all programs.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../compiler/leaf_plan.hpp"
#include "steps.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ctgrad::detail {

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Warray-bounds"  // g++ 12 sees addresses before the array that no length gives
#endif
/// Copies `bytes`, which are few, by moves of known length that may overlap: a call of memcpy shows in small programs.
CTGRAD_INLINE void copy_few(std::byte* to, std::byte const* from, std::int64_t bytes) {
  auto both_ends = [&]<int Bytes>(std::integral_constant<int, Bytes>) CTGRAD_LAMBDA_INLINE {
    std::int64_t at = 0;
    do __builtin_memcpy(to + at, from + at, Bytes), at += Bytes;
    while (at + Bytes <= bytes);
    if (at < bytes) __builtin_memcpy(to + bytes - Bytes, from + bytes - Bytes, Bytes);
  };
  if (bytes >= 32) both_ends(std::integral_constant<int, 32>{});
  else if (bytes >= 8) both_ends(std::integral_constant<int, 8>{});
  else if (bytes >= 4) both_ends(std::integral_constant<int, 4>{});
  else
    for (std::int64_t i = 0; i < bytes; ++i) to[i] = from[i];
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

/// Copies `count` elements of `size` bytes, `to_step` and `from_step` bytes apart.
CTGRAD_INLINE void copy_elements(std::byte* to, std::int64_t to_step, std::byte const* from, std::int64_t from_step, std::int64_t count, std::int64_t size) {
  auto each = [&]<int Size>(std::integral_constant<int, Size>) CTGRAD_LAMBDA_INLINE {
    std::int64_t k = 0;
    for (; k + 4 <= count; k += 4, to += 4 * to_step, from += 4 * from_step) {
      __builtin_memcpy(to, from, Size), __builtin_memcpy(to + to_step, from + from_step, Size);
      __builtin_memcpy(to + 2 * to_step, from + 2 * from_step, Size), __builtin_memcpy(to + 3 * to_step, from + 3 * from_step, Size);
    }
    for (; k < count; ++k, to += to_step, from += from_step) __builtin_memcpy(to, from, Size);
  };
  if (to_step == size && from_step == size && count * size < 1024) copy_few(to, from, count * size);
  else if (to_step == size && from_step == size) std::memmove(to, from, static_cast<std::size_t>(count * size));
  else if (size == 4) each(std::integral_constant<int, 4>{});
  else if (size == 8) each(std::integral_constant<int, 8>{});
  else if (size == 2) each(std::integral_constant<int, 2>{});
  else each(std::integral_constant<int, 1>{});
}

/// Where the arrays of a loop lie, and room for the copies, `room` bytes each.
struct leaf_copies {
  leaf_array const* arrays;
  int count_of_arrays;
  std::byte* const* bases;
  std::int64_t const* strides;  ///< in elements
  std::byte* memory;
  std::int64_t room;
  bool all;  ///< whether what lies as the loop walks it is copied as well: where more elements than there are would be read and written

  bool is_copied(int i) const { return arrays[i].moves && (all || strides[i] != 1); }
  /// Copies elements [done, done + count) of what is read, then the last one until there are `padded`. Where to read and write is in `pointers`.
  CTGRAD_NOINLINE void take(void** pointers, std::int64_t done, std::int64_t count, std::int64_t padded) const {
    for (int i = 0; i < count_of_arrays; ++i) {
      if (!arrays[i].moves) continue;
      auto const size = static_cast<std::int64_t>(size_of(arrays[i].type));
      std::byte *const from = bases[i] + done * strides[i] * size, *const to = memory + i * room;
      pointers[i] = is_copied(i) ? to : from;
      if (!is_copied(i) || !arrays[i].read) continue;
      copy_elements(to, size, from, strides[i] * size, count, size);
      if (padded > count) copy_elements(to + count * size, size, to + (count - 1) * size, 0, padded - count, size);
    }
  }
  /// Copies back what was written.
  CTGRAD_NOINLINE void give_back(std::int64_t done, std::int64_t count) const {
    for (int i = 0; i < count_of_arrays; ++i) {
      if (!is_copied(i) || !arrays[i].written) continue;
      auto const size = static_cast<std::int64_t>(size_of(arrays[i].type));
      copy_elements(bases[i] + done * strides[i] * size, strides[i] * size, memory + i * room, size, count, size);
    }
  }
};

}  // namespace ctgrad::detail
