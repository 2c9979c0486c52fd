// What the loops written by hand share.
// xsimd's names differ between versions: the sum of the lanes is hadd before 10, reduce_add after.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <xsimd/xsimd.hpp>

namespace hand {

using batch = xsimd::batch<float>;
inline constexpr std::int64_t lanes = batch::size;

template <class Batch>
float sum_of_lanes(Batch const& x) {
  if constexpr (requires { hadd(x); }) return hadd(x);
  else return reduce_add(x);
}
inline float largest_lane(batch const& x) {
  alignas(64) float a[lanes];
  x.store_aligned(a);
  float m = a[0];
  for (float v : a) m = v > m ? v : m;
  return m;
}

}  // namespace hand
