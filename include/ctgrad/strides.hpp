// Arithmetic on shapes and strides: sizes, slices, broadcasts, reshapes.
// Kept apart from views because it needs no element type, so it is compiled once and tested without memory.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>

#include "error.hpp"

namespace ctgrad::detail {

inline constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

/// A shape as Python prints it: `()`, `(3,)`, `(2, 3)`.
inline std::string shape_text(std::span<std::int64_t const> shape) {
  std::string text = "(";
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (axis > 0) text += ", ";
    text += std::to_string(shape[axis]);
  }
  return text + (shape.size() == 1 ? ",)" : ")");
}

constexpr std::int64_t element_count(std::span<std::int64_t const> shape) {
  std::int64_t count = 1;
  for (std::int64_t extent : shape) count *= extent;
  return count;
}

// What is thrown, apart from the checks: these are a good part of what a small call costs, and are to be inlined.
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_negative_axis(std::span<std::int64_t const> shape, std::size_t axis) {
  throw shape_error("the extent of axis " + std::to_string(axis) + " is negative in shape " + shape_text(shape));
}
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_too_many(std::span<std::int64_t const> shape) {
  throw shape_error("shape " + shape_text(shape) + " has more elements than can be addressed");
}
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_too_far(std::span<std::int64_t const> shape, std::span<std::int64_t const> strides) {
  throw stride_error("strides " + shape_text(strides) + " reach further than memory for shape " + shape_text(shape));
}

/// The number of elements of `shape`, once it is certain that neither that number nor its bytes overflow int64.
/// Extents of zero are left out of the check's product, so that the strides of an empty shape fit as well.
/// Throws shape_error for negative extents and for overflow.
constexpr std::int64_t checked_count(std::span<std::int64_t const> shape, std::size_t element_bytes) {
  std::int64_t count = 1, bytes = 0;
  bool empty = false;
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    std::int64_t const extent = shape[axis];
    if (extent < 0) [[unlikely]] throw_negative_axis(shape, axis);
    if (extent == 0) empty = true;
    else if (__builtin_mul_overflow(count, extent, &count) || __builtin_mul_overflow(count, static_cast<std::int64_t>(element_bytes), &bytes)) [[unlikely]]
      throw_too_many(shape);
  }
  return empty ? 0 : count;
}

/// Throws stride_error if some element of the layout lies further than int64 can count in bytes.
constexpr void check_reach(std::span<std::int64_t const> shape, std::span<std::int64_t const> strides, std::size_t element_bytes) {
  std::int64_t reach_left = int64_max / static_cast<std::int64_t>(element_bytes);
  for (std::size_t axis = 0; axis < shape.size(); ++axis) {
    if (shape[axis] <= 1 || strides[axis] == 0) continue;
    std::int64_t reach = 0;
    if (strides[axis] < -reach_left || __builtin_mul_overflow(shape[axis], strides[axis] < 0 ? -strides[axis] : strides[axis], &reach) || reach > reach_left) [[unlikely]]
      throw_too_far(shape, strides);
    reach_left -= reach;
  }
}

/// The strides of C's order: the last axis is contiguous.
template <std::size_t Rank>
constexpr std::array<std::int64_t, Rank> row_major_strides(std::array<std::int64_t, Rank> const& shape) {
  std::array<std::int64_t, Rank> strides{};
  std::int64_t step = 1;
  for (std::size_t axis = Rank; axis-- > 0;) {
    strides[axis] = step;
    step *= std::max<std::int64_t>(shape[axis], 1);
  }
  return strides;
}

/// Whether the layout is row-major without gaps; axes of extent 1 and empty layouts do not care about strides.
constexpr bool is_row_major(std::span<std::int64_t const> shape, std::span<std::int64_t const> strides) {
  bool row_major = true;
  std::int64_t step = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] == 0) return true;
    if (shape[axis] != 1 && strides[axis] != step) row_major = false;
    if (row_major) step *= shape[axis];
  }
  return row_major;
}

/// `axis` counted from the front, where negative ones count from the end. Throws index_error if there is no such axis.
constexpr std::size_t checked_axis(std::int64_t axis, std::size_t rank) {
  std::int64_t const count = static_cast<std::int64_t>(rank);
  if (axis < -count || axis >= count)
    throw index_error("axis " + std::to_string(axis) + " is out of range for rank " + std::to_string(rank));
  return static_cast<std::size_t>(axis < 0 ? axis + count : axis);
}

/// `index` counted from the front, where negative ones count from the end. Throws index_error if it is out of range.
constexpr std::int64_t checked_index(std::int64_t index, std::int64_t extent, std::size_t axis) {
  if (index < -extent || index >= extent)
    throw index_error("index " + std::to_string(index) + " is out of range for axis " + std::to_string(axis) + " of extent " +
                      std::to_string(extent));
  return index < 0 ? index + extent : index;
}

struct slice_range { std::int64_t start, extent, step; };

/// Python's `start:stop:step` on an axis of `extent`: out-of-range ends are clamped, absent ends mean the whole axis.
/// The rule is CPython's PySlice_AdjustIndices. Throws index_error if `step` is zero.
constexpr slice_range clamp_slice(std::optional<std::int64_t> start, std::optional<std::int64_t> stop, std::int64_t step,
                                  std::int64_t extent) {
  if (step == 0) throw index_error("the step of a slice is zero");
  if (step < -int64_max) step = -int64_max;
  std::int64_t const lowest = step < 0 ? -1 : 0, highest = step < 0 ? extent - 1 : extent;
  auto clamp = [&](std::int64_t end) { return std::max(lowest, std::min(end < 0 ? end + extent : end, highest)); };
  std::int64_t const from = start ? clamp(*start) : (step < 0 ? highest : lowest);
  std::int64_t const to = stop ? clamp(*stop) : (step < 0 ? lowest : highest);
  if (step > 0) return {from, to > from ? (to - from - 1) / step + 1 : 0, step};
  return {from, from > to ? (from - to - 1) / -step + 1 : 0, step};
}

/// The strides that show a layout in another shape without a copy, to `result`; false: there are none. The counts of elements must agree.
/// Runs of axes that are contiguous among themselves are matched against runs of the new shape, from the last axis on.
template <class Numbers>  // (std::span's: who reshapes nothing does not wait for them)
constexpr bool find_reshaped_strides(Numbers shape, Numbers strides, Numbers new_shape, std::int64_t* result) {
  std::size_t open = new_shape.size();  // the axes of the new shape that have no stride yet
  if (shape.empty() || element_count(shape) == 0) {
    for (std::int64_t step = 1; open > 0; step *= std::max<std::int64_t>(new_shape[open], 1)) result[--open] = step;
    return true;
  }
  std::int64_t run_stride = strides.back(), run_count = 1;
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    run_count *= shape[axis];
    if (axis > 0 && (shape[axis - 1] == 1 || strides[axis - 1] == run_count * run_stride)) continue;
    std::int64_t matched = 1;
    while (open > 0 && (matched < run_count || new_shape[open - 1] == 1)) {
      --open;
      result[open] = matched * run_stride;
      matched *= new_shape[open];
    }
    if (matched != run_count) return false;
    if (axis > 0) run_stride = strides[axis - 1], run_count = 1;
  }
  return open == 0;
}
template <std::size_t To>
constexpr std::optional<std::array<std::int64_t, To>> reshaped_strides(std::span<std::int64_t const> shape, std::span<std::int64_t const> strides, std::array<std::int64_t, To> const& new_shape) {
  std::array<std::int64_t, To> result{};
  return find_reshaped_strides<std::span<std::int64_t const>>(shape, strides, new_shape, result.data()) ? std::optional(result) : std::nullopt;
}

/// Calls `row(offset_a, offset_b, length, step_a, step_b)` for each row (a line of the last axis) of a shape that two
/// layouts share, in row-major order. A scalar is one row of length 1.
template <std::size_t Rank, class Row>
constexpr void for_each_row(std::array<std::int64_t, Rank> const& shape, std::array<std::int64_t, Rank> const& strides_a,
                            std::array<std::int64_t, Rank> const& strides_b, Row row) {
  if constexpr (Rank == 0) {
    row(std::int64_t{0}, std::int64_t{0}, std::int64_t{1}, std::int64_t{1}, std::int64_t{1});
  } else {
    constexpr std::size_t last = Rank - 1;
    if (element_count(shape) == 0) return;
    std::array<std::int64_t, Rank> index{};
    std::int64_t offset_a = 0, offset_b = 0;
    for (;;) {
      row(offset_a, offset_b, shape[last], strides_a[last], strides_b[last]);
      std::size_t axis = last;
      while (axis-- > 0) {
        offset_a += strides_a[axis], offset_b += strides_b[axis];
        if (++index[axis] < shape[axis]) break;
        offset_a -= shape[axis] * strides_a[axis], offset_b -= shape[axis] * strides_b[axis];
        index[axis] = 0;
      }
      if (axis > last) return;  // the counter of the first axis came round
    }
  }
}

}  // namespace ctgrad::detail
