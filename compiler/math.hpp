// The rest of the scalar functions that rows compute with: choices, and integers.
// The functions of real numbers are in constexpr_math.hpp.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "constexpr_math.hpp"

#include <concepts>
#include <cstdint>

namespace ctgrad::detail::cmath {

template <class T>
constexpr T select(bool condition, T a, T b) { return condition ? a : b; }

template <real T>
constexpr T abs(T x) { return fabs(x); }
template <std::integral T>
constexpr T abs(T x) { return x < 0 ? static_cast<T>(-static_cast<std::make_unsigned_t<T>>(x)) : x; }

template <std::integral T>
constexpr T floor(T x) { return x; }
template <std::integral T>
constexpr T ceil(T x) { return x; }
template <std::integral T>
constexpr T round(T x) { return x; }

/// Wraps on overflow. A negative power is 0, but for 1 and -1.
template <std::integral T>
constexpr T pow(T x, T n) {
  using bits = std::uint64_t;
  if (n < 0) return x == 1 ? T{1} : x == -1 ? static_cast<T>(n % 2 ? -1 : 1) : T{0};
  bits result = 1, base = static_cast<bits>(x);
  for (; n; n = static_cast<T>(n / 2), base *= base)
    if (n % 2) result *= base;
  return static_cast<T>(result);
}

}  // namespace ctgrad::detail::cmath
