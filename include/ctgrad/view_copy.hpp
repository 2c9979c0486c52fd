// Copies between views, and the addresses that a view touches.
// The one place that knows about overlapping memory; it completes view.hpp, which includes it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <type_traits>

#include "error.hpp"
#include "strides.hpp"
#include "view.hpp"

namespace ctgrad {

/// The addresses [begin, end) that a view touches: begin == end if it has no elements.
struct address_range {
  std::uintptr_t begin, end;
  constexpr bool overlaps(address_range other) const { return begin < other.end && other.begin < end && begin != end; }
};

/// The addresses that the elements lie in, whatever the signs of the strides.
template <class T, std::size_t Rank>
address_range byte_range(view<T, Rank> const& memory) {
  std::uintptr_t const first = reinterpret_cast<std::uintptr_t>(memory.data());
  if (memory.data() == nullptr || memory.size() == 0) return {first, first};
  std::int64_t lowest = 0, highest = 0;
  for (std::size_t axis = 0; axis < Rank; ++axis) {
    std::int64_t const span = memory.shape()[axis] > 1 ? (memory.shape()[axis] - 1) * memory.strides()[axis] : 0;
    (span < 0 ? lowest : highest) += span;
  }
  auto const bytes = [](std::int64_t count) { return static_cast<std::uintptr_t>(count) * sizeof(T); };  // modulo 2^64, as meant
  return {first + bytes(lowest), first + bytes(highest + 1)};
}

namespace detail {

/// Copies where `destination` and `source` have one shape and no memory in common.
template <class T, std::size_t Rank>
constexpr void copy_elements(view<T, Rank> const& destination, view<T const, Rank> const& source) {
  for_each_row(destination.shape(), destination.strides(), source.strides(),
               [to = destination.data(), from = source.data()](std::int64_t a, std::int64_t b, std::int64_t length, std::int64_t step_a,
                                                               std::int64_t step_b) {
                 for (std::int64_t i = 0; i < length; ++i) to[a + i * step_a] = from[b + i * step_b];
               });
}

/// Copies by way of a buffer.
template <class T, std::size_t Rank>
void copy_overlapping(view<T, Rank> const& destination, view<T const, Rank> const& source) {
  auto const buffer = std::make_unique_for_overwrite<T[]>(static_cast<std::size_t>(source.size()));
  view<T, Rank> const packed(buffer.get(), source.shape());
  copy_elements<T, Rank>(packed, source);
  copy_elements<T, Rank>(destination, packed);
}

}  // namespace detail

/// Copies elements between views of one shape, of any strides; what view::assign does, with its errors.
template <class T, std::size_t Rank>
  requires(!std::is_const_v<T>)
constexpr void assign(view<T, Rank> const& destination, std::type_identity_t<view<T const, Rank>> source) {
  if (destination.shape() != source.shape())
    throw shape_error("elements of shape " + detail::shape_text(source.shape()) + " cannot be assigned to shape " +
                      detail::shape_text(destination.shape()));
  if (destination.size() == 0) return;
  for (std::size_t axis = 0; axis < Rank; ++axis)
    if (destination.strides()[axis] == 0 && destination.shape()[axis] > 1)
      throw overlap_error("axis " + std::to_string(axis) + " of the destination has stride 0: its elements are one element");
  if (destination.data() == source.data() && destination.strides() == source.strides()) return;
  if (!std::is_constant_evaluated() && byte_range(destination).overlaps(byte_range(source)))
    detail::copy_overlapping<T, Rank>(destination, source);
  else
    detail::copy_elements<T, Rank>(destination, source);
}

template <class T, std::size_t Rank>
constexpr void view<T, Rank>::assign(view<value_type const, Rank> source) const
  requires(!std::is_const_v<T>)
{
  ctgrad::assign(*this, source);
}

}  // namespace ctgrad
