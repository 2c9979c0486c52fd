// Arrays that are filled by a rule: zeros, ones, full, eye, arange, linspace.
// Named and counted as in PyTorch; array.hpp includes them.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "array.hpp"
#include "error.hpp"

namespace ctgrad {

/// Elements without values. `empty<float>()` has rank 0. Throws shape_error for negative extents and for overflow;
/// so do all factories below.
template <element T, std::integral... Extent>
array<T, sizeof...(Extent)> empty(Extent... extents) {
  return array<T, sizeof...(Extent)>::uninitialized({static_cast<std::int64_t>(extents)...});
}

/// One value in all elements: `full<float>(0.5f, 3, 4)`; of a shape that is a std::array: `full<float>(0.5f, shape)`.
template <element T, std::size_t Rank>
array<T, Rank> full(std::type_identity_t<T> value, std::array<std::int64_t, Rank> const& shape) {
  auto result = array<T, Rank>::uninitialized(shape);
  result.fill(value);
  return result;
}
template <element T, std::integral... Extent>
array<T, sizeof...(Extent)> full(std::type_identity_t<T> value, Extent... extents) {
  return full<T>(value, std::array<std::int64_t, sizeof...(Extent)>{static_cast<std::int64_t>(extents)...});
}

/// `zeros<float>(3, 4)`, or of a shape that is a std::array.
template <element T, std::integral... Extent>
array<T, sizeof...(Extent)> zeros(Extent... extents) { return full<T>(T{0}, extents...); }
template <element T, std::size_t Rank>
array<T, Rank> zeros(std::array<std::int64_t, Rank> const& shape) { return full<T>(T{0}, shape); }

/// `ones<float>(3, 4)`, or of a shape that is a std::array.
template <element T, std::integral... Extent>
array<T, sizeof...(Extent)> ones(Extent... extents) { return full<T>(T{1}, extents...); }
template <element T, std::size_t Rank>
array<T, Rank> ones(std::array<std::int64_t, Rank> const& shape) { return full<T>(T{1}, shape); }

/// A matrix with ones on its diagonal; square unless `columns` is given.
template <element T>
array<T, 2> eye(std::int64_t rows, std::int64_t columns) {
  auto result = zeros<T>(rows, columns);
  result.diagonal().fill(T{1});
  return result;
}
template <element T>
array<T, 2> eye(std::int64_t rows) { return eye<T>(rows, rows); }

namespace detail {

/// Floating ranges are counted in double, as PyTorch does: with 0.1f as a step, [0, 1) would have another length.
template <class T>
using range_number = std::conditional_t<std::is_floating_point_v<T>, double, std::int64_t>;

/// How many steps lie in [start, stop).
inline std::int64_t range_length(double start, double stop, double step) {
  double const count = std::ceil((stop - start) / step);
  if (step == 0 || !(std::abs(count) < 0x1p62))
    throw shape_error("arange: no finite number of steps of " + std::to_string(step) + " from " + std::to_string(start) + " to " +
                      std::to_string(stop));
  return count > 0 ? static_cast<std::int64_t>(count) : 0;
}
inline std::int64_t range_length(std::int64_t start, std::int64_t stop, std::int64_t step) {
  if (step == 0) throw shape_error("arange: the step is zero");
  if (step > 0 ? start >= stop : start <= stop) return 0;
  auto const bits = [](std::int64_t number) { return static_cast<std::uint64_t>(number); };  // differences fit where int64 does not
  std::uint64_t const length = step > 0 ? bits(stop) - bits(start) : bits(start) - bits(stop);
  std::uint64_t const stride = step > 0 ? bits(step) : -bits(step);
  std::uint64_t const count = (length - 1) / stride + 1;
  if (count > bits(int64_max)) throw shape_error("arange: more elements than can be addressed");
  return static_cast<std::int64_t>(count);
}

}  // namespace detail

/// start, start + step, … as far as `stop`, which is left out; empty if `step` leads away from it (as in NumPy).
/// Throws shape_error for a step of zero and for numbers that are not finite, dtype_error for integers that do not fit T.
template <element T>
  requires(!std::same_as<T, bool>)
array<T, 1> arange(detail::range_number<T> start, detail::range_number<T> stop, detail::range_number<T> step = 1) {
  auto result = array<T, 1>::uninitialized({detail::range_length(start, stop, step)});
  for (std::int64_t i = 0; i < result.size(); ++i) {
    if constexpr (std::is_floating_point_v<T>) {
      result(i) = static_cast<T>(start + static_cast<double>(i) * step);
    } else {  // modulo 2^64: the value fits int64, i * step might not
      auto const bits = static_cast<std::uint64_t>(start) + static_cast<std::uint64_t>(i) * static_cast<std::uint64_t>(step);
      std::int64_t const value = static_cast<std::int64_t>(bits);
      if (!std::in_range<T>(value))
        throw dtype_error("arange: " + std::to_string(value) + " does not fit " + std::string(to_string(dtype_of<T>)));
      result(i) = static_cast<T>(value);
    }
  }
  return result;
}
template <element T>
  requires(!std::same_as<T, bool>)
array<T, 1> arange(detail::range_number<T> stop) { return arange<T>(detail::range_number<T>{0}, stop); }

/// `count` evenly spaced numbers from `start` to `stop`, both included. Counted from both ends, as in PyTorch, so that
/// the last element is exactly `stop`.
template <std::floating_point T>
array<T, 1> linspace(std::type_identity_t<T> start, std::type_identity_t<T> stop, std::int64_t count) {
  auto result = array<T, 1>::uninitialized({count});
  T const step = count > 1 ? (stop - start) / static_cast<T>(count - 1) : T{0};
  for (std::int64_t i = 0; i < count; ++i)
    result(i) = i < count / 2 || count == 1 ? start + step * static_cast<T>(i) : stop - step * static_cast<T>(count - i - 1);
  return result;
}

}  // namespace ctgrad
