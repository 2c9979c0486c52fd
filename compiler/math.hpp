// The rest of the scalar functions that rows compute with: choices, and integers.
// The functions of real numbers are in constexpr_math.hpp.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "constexpr_math.hpp"

#include <compare>
#include <concepts>
#include <cstdint>

namespace ctgrad::detail::cmath {

template <class T>
constexpr T select(bool condition, T a, T b) { return condition ? a : b; }

/// The larger and the smaller of two numbers, the second where one is NaN: what x86's instructions give.
template <class T>
  requires requires(T x) { bool{x > x}; }
constexpr T larger(T a, T b) { return a > b ? a : b; }
template <class T>
  requires requires(T x) { bool{x < x}; }
constexpr T smaller(T a, T b) { return a < b ? a : b; }

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

/// `x` as another dtype. Towards integers the fraction is cut off; out of range the result is the lowest number, as x86's instructions give it.
template <class To, class From>
constexpr To convert(From x) {
  if constexpr (std::is_same_v<To, bool>) return x != From(0);
  else if constexpr (std::is_integral_v<To> && std::is_floating_point_v<From>) {
    constexpr From limit = sizeof(To) == 4 ? From(2147483648.0) : From(9223372036854775808.0);
    return x >= -limit && x < limit ? static_cast<To>(x) : std::numeric_limits<To>::min();
  } else return static_cast<To>(x);
}

/// A signed integer that wraps on overflow, as the SIMD instructions do.
template <class T>
struct wrapping {
  T raw = 0;

  using bits = std::make_unsigned_t<T>;
  constexpr wrapping() = default;
  template <class Number>
    requires std::is_arithmetic_v<Number>
  constexpr explicit wrapping(Number n) : raw(static_cast<T>(n)) {}
  constexpr explicit operator std::int64_t() const { return raw; }
  static constexpr wrapping of(bits b) { return wrapping(static_cast<T>(b)); }

  friend constexpr wrapping operator+(wrapping a, wrapping b) { return of(static_cast<bits>(a.raw) + static_cast<bits>(b.raw)); }
  friend constexpr wrapping operator-(wrapping a, wrapping b) { return of(static_cast<bits>(a.raw) - static_cast<bits>(b.raw)); }
  friend constexpr wrapping operator*(wrapping a, wrapping b) { return of(static_cast<bits>(a.raw) * static_cast<bits>(b.raw)); }
  friend constexpr wrapping operator-(wrapping a) { return wrapping() - a; }
  friend constexpr auto operator<=>(wrapping, wrapping) = default;
};
template <class T>
constexpr wrapping<T> select(bool condition, wrapping<T> a, wrapping<T> b) { return condition ? a : b; }
template <class T>
constexpr wrapping<T> abs(wrapping<T> x) { return (x.raw < 0) ? -x : x; }
template <class T>
constexpr wrapping<T> floor(wrapping<T> x) { return x; }
template <class T>
constexpr wrapping<T> ceil(wrapping<T> x) { return x; }
template <class T>
constexpr wrapping<T> round(wrapping<T> x) { return x; }
template <class T>
constexpr wrapping<T> pow(wrapping<T> x, wrapping<T> n) { return wrapping<T>(pow(x.raw, n.raw)); }

}  // namespace ctgrad::detail::cmath
