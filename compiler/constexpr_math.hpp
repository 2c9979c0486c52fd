// The functions of <cmath>, for double and float, that also work while compiling.
// Constants are folded and graphs interpreted in the compiler, and C++20 has no constexpr <cmath>.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "fallback_math.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

/// At run time each function is the one of <cmath>. While compiling, g++ folds its builtins with MPFR, correctly rounded
/// and fast, except where a result is infinite, NaN or underflows; there, and on every other compiler, the functions of
/// `fallback` are used. Their error is at most 0.53 ulp, of erf 0.63, on normal results, and one unit of the smallest
/// double on subnormal ones (measured, and asserted in tests/compiler/constexpr_math.cpp), so two compilers may differ
/// in the last bit. Special values are those of C99, Annex F; a domain error gives a quiet NaN, and no flag is raised.
namespace ctgrad::detail::cmath {

template <class T>
concept real = std::is_same_v<T, float> || std::is_same_v<T, double>;

// float is computed in double and rounded, here and at run time.
#if defined(__GNUC__) && !defined(__clang__) && !defined(__EDG__) && !defined(__CUDACC__)
#define CTGRAD_FOLD(function, builtin, ...) \
  (__builtin_constant_p(builtin(__VA_ARGS__)) ? builtin(__VA_ARGS__) : fallback::function(__VA_ARGS__))
#else
#define CTGRAD_FOLD(function, builtin, ...) fallback::function(__VA_ARGS__)
#endif
#define CTGRAD_UNARY(function, standard)                                                                   \
  template <real T>                                                                                        \
  constexpr T function(T x_) {                                                                             \
    const double x = x_;                                                                                   \
    if (std::is_constant_evaluated()) return static_cast<T>(CTGRAD_FOLD(function, __builtin_##standard, x)); \
    return static_cast<T>(std::standard(x));                                                               \
  }
#define CTGRAD_BINARY(function)                                                                               \
  template <real T>                                                                                           \
  constexpr T function(T x_, T y_) {                                                                          \
    const double x = x_, y = y_;                                                                              \
    if (std::is_constant_evaluated()) return static_cast<T>(CTGRAD_FOLD(function, __builtin_##function, x, y)); \
    return static_cast<T>(std::function(x, y));                                                               \
  }

CTGRAD_UNARY(exp, exp)
CTGRAD_UNARY(expm1, expm1)
CTGRAD_UNARY(log, log)
CTGRAD_UNARY(log1p, log1p)
CTGRAD_UNARY(sqrt, sqrt)
CTGRAD_UNARY(cbrt, cbrt)
CTGRAD_UNARY(sin, sin)
CTGRAD_UNARY(cos, cos)
CTGRAD_UNARY(tan, tan)
CTGRAD_UNARY(asin, asin)
CTGRAD_UNARY(acos, acos)
CTGRAD_UNARY(atan, atan)
CTGRAD_UNARY(sinh, sinh)
CTGRAD_UNARY(cosh, cosh)
CTGRAD_UNARY(tanh, tanh)
CTGRAD_UNARY(erf, erf)
CTGRAD_UNARY(floor, floor)
CTGRAD_UNARY(ceil, ceil)
CTGRAD_UNARY(trunc, trunc)
CTGRAD_UNARY(round, nearbyint)
CTGRAD_BINARY(atan2)
CTGRAD_BINARY(pow)
CTGRAD_BINARY(hypot)
CTGRAD_BINARY(fmod)

#undef CTGRAD_BINARY
#undef CTGRAD_UNARY
#undef CTGRAD_FOLD

// By bits at run time too: compilers see through them.
template <real T>
constexpr bool isnan(T x) { return fallback::isnan(x); }
template <real T>
constexpr bool isinf(T x) { return fallback::isinf(x); }
template <real T>
constexpr bool isfinite(T x) { return fallback::isfinite(x); }
template <real T>
constexpr bool signbit(T x) { return fallback::signbit(x); }
template <real T>
constexpr T fabs(T x) { return static_cast<T>(fallback::fabs(x)); }
template <real T>
constexpr T copysign(T x, T sign) { return static_cast<T>(fallback::copysign(x, sign)); }
template <real T>
constexpr T ldexp(T x, int exponent) {
  if (std::is_constant_evaluated()) return static_cast<T>(fallback::ldexp(x, exponent));
  return std::ldexp(x, exponent);
}

}  // namespace ctgrad::detail::cmath
