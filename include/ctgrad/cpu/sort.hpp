// Places in order, by std::sort on whole numbers that hold an element's key and its place: no element is looked up while sorting, and equal ones stay in their order.
// Apart from the other kernels: who sorts nothing does not compile it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "call.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>

namespace ctgrad::detail {

/// A whole number that is ordered as the elements are; NaN is the largest, and -0 is 0.
template <class T>
auto ordered_key(T x) {
  if constexpr (std::is_same_v<T, bool>) {
    return static_cast<std::uint32_t>(x);
  } else {
    using bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr bits sign = bits{1} << (8 * sizeof(T) - 1);
    if constexpr (std::is_integral_v<T>) return static_cast<bits>(x) ^ sign;
    else {
      if (x != x) return std::numeric_limits<bits>::max();
      bits const b = std::bit_cast<bits>(x == T(0) ? T(0) : x);
      return b & sign ? ~b : b | sign;
    }
  }
}

template <>
struct library_kernel<op::argsort> {
  /// y, which lies without gaps, holds a part of each key and its place while it is sorted; what has equal parts is sorted by whole keys afterwards.
  template <class T>
  static void run(std::int64_t flags, whole_slice<T const> x, whole_slice<std::int64_t> y) {
    using key_type = decltype(ordered_key(T()));
    key_type const turned = flags & descending_flag ? std::numeric_limits<key_type>::max() : 0;
    auto key = [&](std::int64_t i) { return static_cast<key_type>(ordered_key(x(i)) ^ turned); };
    std::int64_t const count = x.extents[0];
    if (count == 0) return;
    auto* const packed = reinterpret_cast<std::uint64_t*>(y.data);
    key_type low = std::numeric_limits<key_type>::max(), high = 0;
    for (std::int64_t i = 0; i < count; ++i) low = std::min(low, key(i)), high = std::max(high, key(i));
    int const place_bits = std::bit_width(static_cast<std::uint64_t>(count - 1)), lost = std::max(0, static_cast<int>(std::bit_width(static_cast<key_type>(high - low))) - (64 - place_bits));
    std::uint64_t const place_mask = (std::uint64_t{1} << place_bits) - 1;
    auto part = [&](std::uint64_t p) { return place_bits == 0 ? p : p >> place_bits; };
    for (std::int64_t i = 0; i < count; ++i) packed[i] = static_cast<std::uint64_t>(static_cast<key_type>(key(i) - low) >> lost) << place_bits | static_cast<std::uint64_t>(i);
    std::sort(packed, packed + count);
    for (std::int64_t first = 0; lost > 0 && first < count;) {
      std::int64_t last = first + 1;
      while (last < count && part(packed[last]) == part(packed[first])) ++last;
      if (last - first > 1)
        std::sort(packed + first, packed + last, [&](std::uint64_t a, std::uint64_t b) {
          key_type const left = key(static_cast<std::int64_t>(a & place_mask)), right = key(static_cast<std::int64_t>(b & place_mask));
          return left < right || (left == right && a < b);
        });
      first = last;
    }
    for (std::int64_t i = 0; i < count; ++i) packed[i] &= place_mask;
  }
};

}  // namespace ctgrad::detail
