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

#if defined(__GNUC__)
/// Four elements in a register.
template <class T> struct four_of;
template <> struct four_of<std::uint32_t> { typedef std::uint32_t type __attribute__((vector_size(16))); };
template <> struct four_of<std::uint64_t> { typedef std::uint64_t type __attribute__((vector_size(32))); };
#endif
/// Copies `columns` columns of `count` elements each, which are contiguous, into rows of elements side by side, `step` bytes from row to row. By squares of four, turned in registers.
template <class T>
void copy_columns(std::byte* to, std::int64_t step, std::byte const* const* from, int columns, std::int64_t count) {
  std::int64_t k = 0;
  int turned = 0;
#if defined(__GNUC__)
  using four = typename four_of<T>::type;
  turned = columns / 4 * 4;
  for (; k + 4 <= count; k += 4, to += 4 * step) {
    std::int64_t const at = k * static_cast<std::int64_t>(sizeof(T));
    for (int c = 0; c < turned; c += 4) {
      four a, b, d, e;
      __builtin_memcpy(&a, from[c] + at, sizeof a), __builtin_memcpy(&b, from[c + 1] + at, sizeof a);
      __builtin_memcpy(&d, from[c + 2] + at, sizeof a), __builtin_memcpy(&e, from[c + 3] + at, sizeof a);
      four const ab = __builtin_shufflevector(a, b, 0, 4, 1, 5), de = __builtin_shufflevector(d, e, 0, 4, 1, 5);
      four const ab2 = __builtin_shufflevector(a, b, 2, 6, 3, 7), de2 = __builtin_shufflevector(d, e, 2, 6, 3, 7);
      four const rows[4] = {__builtin_shufflevector(ab, de, 0, 1, 4, 5), __builtin_shufflevector(ab, de, 2, 3, 6, 7), __builtin_shufflevector(ab2, de2, 0, 1, 4, 5),
                            __builtin_shufflevector(ab2, de2, 2, 3, 6, 7)};
      std::byte* const row = to + c * static_cast<std::int64_t>(sizeof(T));
      __builtin_memcpy(row, &rows[0], sizeof a), __builtin_memcpy(row + step, &rows[1], sizeof a);
      __builtin_memcpy(row + 2 * step, &rows[2], sizeof a), __builtin_memcpy(row + 3 * step, &rows[3], sizeof a);
    }
    for (int c = turned; c < columns; ++c)
      for (int r = 0; r < 4; ++r) __builtin_memcpy(to + r * step + c * static_cast<std::int64_t>(sizeof(T)), from[c] + at + r * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
  }
#endif
  for (; k < count; ++k, to += step)
    for (int c = 0; c < columns; ++c) __builtin_memcpy(to + c * static_cast<std::int64_t>(sizeof(T)), from[c] + k * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
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
  std::int16_t const* by_place = nullptr;  ///< the arrays in the order of their places, where columns may lie side by side

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
  /// Copies back what was written; columns that lie side by side, row by row.
  CTGRAD_NOINLINE void give_back(std::int64_t done, std::int64_t count) const {
    constexpr int fewest_columns = 4, most_columns = 64;
    for (int next = 0, columns; next < count_of_arrays; next += columns) {
      int const i = by_place ? by_place[next] : next;
      columns = 1;
      if (!is_copied(i) || !arrays[i].written) continue;
      auto const size = static_cast<std::int64_t>(size_of(arrays[i].type)), step = strides[i] * size;
      std::byte* const to = bases[i] + done * step;
      if (by_place && (size == 4 || size == 8))
        while (next + columns < count_of_arrays && columns < most_columns && is_next_to(by_place[next + columns - 1], by_place[next + columns])) ++columns;
      if (columns < fewest_columns) {
        columns = 1;
        copy_elements(to, step, memory + i * room, size, count, size);
        continue;
      }
      std::byte const* from[most_columns];
      for (int c = 0; c < columns; ++c) from[c] = memory + by_place[next + c] * room;
      if (size == 4) copy_columns<std::uint32_t>(to, step, from, columns, count);
      else copy_columns<std::uint64_t>(to, step, from, columns, count);
    }
  }
  /// The numbers of `count` arrays in the order of their places.
  CTGRAD_NOINLINE static void sort_by_place(std::int16_t* numbers, std::byte* const* bases, int count) {
    for (int n = 0; n < count; ++n) {
      int at = n;
      for (; at > 0 && place_of(bases[n]) < place_of(bases[numbers[at - 1]]); --at) numbers[at] = numbers[at - 1];
      numbers[at] = static_cast<std::int16_t>(n);
    }
  }

 private:
  static std::uintptr_t place_of(std::byte* base) { return reinterpret_cast<std::uintptr_t>(base); }
  /// Whether the elements of `b` follow those of `a`, of the same size, row by row.
  bool is_next_to(int a, int b) const {
    auto const size = static_cast<std::int64_t>(size_of(arrays[a].type));
    return is_copied(b) && arrays[b].written && static_cast<std::int64_t>(size_of(arrays[b].type)) == size && strides[a] == strides[b] && strides[a] != 1 && bases[b] == bases[a] + size;
  }
};

}  // namespace ctgrad::detail
