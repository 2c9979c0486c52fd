// What rows of library operations are written with: arrays along their last axes, and calls.
// A row says how one call computes, plainly; what a backend has for it, as LAPACK, stands with that backend.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "row.hpp"

#include <type_traits>

namespace ctgrad::detail {

// What a row of a library operation holds:
//   info            facts (op.hpp): `whole` is how many of the last axes of each operand one call takes
//   result, type    the shape and the dtype of the result, from those of the operands
//   eval            one call, from slices of the operands to one of the result, for numbers and in the interpreter
//   d0 d1 d2        as other rows

/// An array along its last axis, or its last two; any strides, in elements.
template <class T>
struct whole_slice {
  using element = std::remove_const_t<T>;
  T* data = nullptr;
  std::int64_t extents[2]{1, 1}, strides[2]{0, 0};

  constexpr T& operator()(std::int64_t i, std::int64_t j = 0) const { return data[i * strides[0] + j * strides[1]]; }
  constexpr whole_slice transposed() const { return {data, {extents[1], extents[0]}, {strides[1], strides[0]}}; }
};

/// The number that sums and products of elements `T` are kept in.
template <class T>
using running_t = std::conditional_t<std::is_same_v<T, float>, double, std::conditional_t<std::is_integral_v<T>, cmath::wrapping<std::int64_t>, T>>;

template <class T>
constexpr bool is_nan(T const& x) { return !(x == x); }

/// A call of the library operation `Code`.
template <op Code, class... Rest>
constexpr value call_library(std::int64_t flags, value a, Rest... rest) {
  builder& b = *a.b;
  shape const shapes[] = {a.shape(), rest.shape()...};
  node n{.code = Code, .type = row<Code>::type(a.type()), .arity = 1 + sizeof...(Rest), .shape = b.intern(row<Code>::result(shapes)), .attribute = flags};
  int place = 0;
  for (value const& x : {a, rest...}) n.operands[place++] = b.cast(x.id, a.type());
  return {&b, b.add(n)};
}

}  // namespace ctgrad::detail
