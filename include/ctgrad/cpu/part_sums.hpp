// Sums of parts: started with what adds nothing, and added up in pairs once all parts are done. By dtype and operation: one function each for all programs.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "frame.hpp"
#include "steps.hpp"

#include <algorithm>
#include <cstring>

namespace ctgrad::detail {

/// Calls `add(a, b)` for pairs of neighbours, then for pairs of pairs: half of the digits that adding one by one loses.
template <class F>
CTGRAD_INLINE void in_pairs(int parts, F const& add) {
  for (int step = 1; step < parts; step *= 2)
    for (int part = 0; part + step < parts; part += 2 * step) add(part, part + step);
}

/// Numbers of all parts, one behind the other.
inline constexpr std::int64_t part_number_bytes = sizeof(double);
template <class T, op Code>
CTGRAD_NOINLINE void add_numbers(T& whole, std::byte* totals, int parts) {
  using r = row<Code>;
  auto total = [&](int part) {
    T x;
    std::memcpy(&x, totals + part * part_number_bytes, sizeof x);
    return x;
  };
  in_pairs(parts, [&](int a, int b) {
    T const sum = stored(r::combine(computing(total(a)), computing(total(b))));
    std::memcpy(totals + a * part_number_bytes, &sum, sizeof sum);
  });
  whole = stored(r::combine(computing(whole), computing(total(0))));
}

/// Arrays of all parts: dense, and padded to cache lines.
struct part_arrays {
  std::byte* memory;   ///< that of the first part
  std::int64_t own;    ///< bytes from one part to the next
  std::int64_t bytes;  ///< of one array
};
/// What an array of sums needs.
struct array_sum {
  void (*start)(std::byte* to, std::int64_t bytes);
  void (*add)(part_arrays const& from, int parts, array_ref const& to, array_ref const& layout, int rank);
};
template <class T, op Code>
struct array_sum_of {
  using r = row<Code>;
  static void start(std::byte* to, std::int64_t bytes) { std::fill_n(reinterpret_cast<T*>(to), bytes / static_cast<std::int64_t>(sizeof(T)), r::template identity<T>()); }
  static void add(part_arrays const& from, int parts, array_ref const& to, array_ref const& layout, int rank) {
    in_pairs(parts, [&](int a, int b) {
      add_elements(reinterpret_cast<T*>(from.memory + a * from.own), reinterpret_cast<T const*>(from.memory + b * from.own), from.bytes / static_cast<std::int64_t>(sizeof(T)));
    });
    add_axis(static_cast<T*>(to.data), to.strides, reinterpret_cast<T const*>(from.memory), layout, 0, rank);
  }

 private:
  static T sum(T const& a, T const& b) { return stored(r::combine(computing(a), computing(b))); }
  static void add_elements(T* to, T const* from, std::int64_t count) {
    std::int64_t i = 0;
    if constexpr (!std::is_same_v<T, bool>) {
      simd::pack<T, simd::lanes<T>> x, y;
      for (; i + simd::lanes<T> <= count; i += simd::lanes<T>) {
        x.load(to + i), y.load(from + i);
        static_cast<simd::pack<T, simd::lanes<T>>>(r::combine(x, y)).store(to + i);
      }
    }
    for (; i < count; ++i) to[i] = sum(to[i], from[i]);
  }
  /// Adds an array of any layout to one of any strides.
  static void add_axis(T* to, std::int64_t const* strides, T const* from, array_ref const& layout, int axis, int rank) {
    if (axis == rank) {
      *to = sum(*to, *from);
    } else if (axis + 1 == rank && strides[axis] == 1 && layout.strides[axis] == 1) {
      add_elements(to, from, layout.extents[axis]);
    } else {
      for (std::int64_t i = 0; i < layout.extents[axis]; ++i) add_axis(to + i * strides[axis], strides, from + i * layout.strides[axis], layout, axis + 1, rank);
    }
  }
};
template <class T, op Code>
inline constexpr array_sum sums_of_arrays{array_sum_of<T, Code>::start, array_sum_of<T, Code>::add};

}  // namespace ctgrad::detail
