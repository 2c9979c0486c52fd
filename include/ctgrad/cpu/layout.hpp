// Extents, strides and bytes of a program's arrays, from the extents of a call.
// Every size is checked before memory is touched.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../error.hpp"
#include "frame.hpp"

namespace ctgrad::detail {

/// Calls f(std::integral_constant<int, I>) for I in [First, Last), in folds of at most 64: clang takes no more than 256.
template <int First, int Last, class F>
void for_each_constant(F const& f) {
  constexpr int here = Last - First > 64 ? 64 : Last - First;
  [&]<int... I>(std::integer_sequence<int, I...>) { (f(std::integral_constant<int, First + I>{}), ...); }(std::make_integer_sequence<int, here>{});
  if constexpr (First + here < Last) for_each_constant<First + here, Last>(f);
}

template <class P>
std::int64_t evaluate_extent(extent const& e, std::int64_t const* dims) {
  return e.is_static() ? e.constant : e.evaluate([&](extent_name name) { return dims[P::dim_number(name)]; });
}

/// Factors of a size in bytes, multiplied. Throws shape_error where no memory is as large.
inline std::int64_t checked_product(std::int64_t a, std::int64_t b) {
  std::int64_t product;
  if (__builtin_mul_overflow(a, b, &product) || product > std::int64_t{1} << 62) throw shape_error("ctgrad: an array of this call has more bytes than can be addressed");
  return product;
}

/// Sizes in bytes, added. Throws shape_error where no memory is as large.
inline std::int64_t checked_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) throw shape_error("ctgrad: the temporaries of this call have more bytes than can be addressed");
  return sum;
}

/// Extents and row-major strides of a buffer; returns its bytes, rounded up so that the next one is aligned.
template <class P, int Buffer>
std::int64_t lay_out(array_ref& a, std::int64_t const* dims) {
  constexpr shape s = P::template buffer_shape<Buffer>;
  std::int64_t count = 1;
  for (int axis = s.rank - 1; axis >= 0; --axis) {
    a.extents[axis] = evaluate_extent<P>(s[axis], dims);
    a.strides[axis] = count;
    count = checked_product(count, a.extents[axis]);
  }
  return (checked_product(count, static_cast<std::int64_t>(size_of(P::schedule.buffers[Buffer].type))) + 63) / 64 * 64;
}

}  // namespace ctgrad::detail
