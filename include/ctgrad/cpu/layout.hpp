// Extents, strides and bytes of a program's arrays, from the extents of a call.
// Every size is checked before memory is touched.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../error.hpp"
#include "frame.hpp"
#include "steps.hpp"

namespace ctgrad::detail {

/// Calls f(std::integral_constant<int, I>) for I in [First, Last), in folds of at most 64: clang takes no more than 256.
template <int First, int Last, class F>
constexpr void for_each_constant(F const& f) {
  constexpr int here = Last - First > 64 ? 64 : Last - First;
  [&]<int... I>(std::integer_sequence<int, I...>) { (f(std::integral_constant<int, First + I>{}), ...); }(std::make_integer_sequence<int, here>{});
  if constexpr (First + here < Last) for_each_constant<First + here, Last>(f);
}

template <class P>
constexpr std::int64_t evaluate_extent(extent const& e, std::int64_t const* dims) {
  return e.is_static() ? e.constant : e.evaluate([&](extent_name name) { return dims[P::dim_number(name)]; });
}

/// Factors of a size in bytes, multiplied. Throws shape_error where no memory is as large.
constexpr std::int64_t checked_product(std::int64_t a, std::int64_t b) {
  std::int64_t product = 0;
  if (__builtin_mul_overflow(a, b, &product) || product > std::int64_t{1} << 62) throw shape_error("ctgrad: an array of this call has more bytes than can be addressed");
  return product;
}

/// Sizes in bytes, added. Throws shape_error where no memory is as large.
constexpr std::int64_t checked_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(a, b, &sum)) throw shape_error("ctgrad: the temporaries of this call have more bytes than can be addressed");
  return sum;
}

/// What an extent is: a number, a name's, or a polynomial's.
struct extent_number {
  std::int64_t constant = 0;
  std::int16_t dim = -1;  ///< of a name, its number; -1: the constant; -2: to be worked out

  template <class P>
  static constexpr extent_number of(extent const& e) {
    if (e.is_static()) return {e.constant, -1};
    return {0, static_cast<std::int16_t>(e.name().characters == nullptr ? -2 : P::dim_number(e.name()))};
  }
};
struct shape_numbers {
  extent_number axes[max_rank];
};
/// By shape. A table, not code for each array: a deep network has hundreds.
template <class P>
inline constexpr auto extent_numbers = [] {
  std::array<shape_numbers, P::size.shapes> table{};
  for (int i = 0; i < P::size.shapes; ++i)
    for (int axis = 0; axis < P::schedule.shapes[i].rank; ++axis) table[i].axes[axis] = extent_number::of<P>(P::schedule.shapes[i][axis]);
  return table;
}();
template <class P>
CTGRAD_INLINE constexpr std::int64_t extent_of_shape(int number, int axis, std::int64_t const* dims) {
  extent_number const& e = extent_numbers<P>[static_cast<std::size_t>(number)].axes[axis];
  return e.dim >= 0 ? dims[e.dim] : e.dim == -1 ? e.constant : evaluate_extent<P>(P::schedule.shapes[static_cast<std::size_t>(number)][axis], dims);
}

/// Extents and strides of a buffer without gaps; returns its bytes, rounded up so that the next one is aligned.
template <class P>
constexpr std::int64_t lay_out(array_ref& a, std::int64_t const* dims, int number) {
  buffer const& b = P::schedule.buffers[static_cast<std::size_t>(number)];
  std::int64_t count = 1;
  for (int place = P::whole::schedule.shapes[static_cast<std::size_t>(index(b.s))].rank - 1; place >= 0; --place) {
    int const axis = b.order[place];
    a.extents[axis] = extent_of_shape<typename P::whole>(index(b.s), axis, dims);
    a.strides[axis] = count;
    count = checked_product(count, a.extents[axis]);
  }
  return (checked_product(count, static_cast<std::int64_t>(size_of(b.type))) + 63) / 64 * 64;
}

}  // namespace ctgrad::detail
