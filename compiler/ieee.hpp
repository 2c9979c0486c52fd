// Doubles that go to infinity and NaN in the compiler as they do at run time.
// C++ calls 1 / 0.0, an overflow and inf - inf no constant expressions; a formula that meets one there still has a value.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "math.hpp"

#include <type_traits>

namespace ctgrad::detail::cmath {

struct ieee {
  double raw = 0;

  constexpr ieee() = default;
  template <class Number>
    requires std::is_arithmetic_v<Number>
  constexpr explicit ieee(Number number) : raw(static_cast<double>(number)) {}
  constexpr explicit operator double() const { return raw; }

  /// `x` rounded to float, as at run time.
  static constexpr float to_float(double x) {
    if (!std::is_constant_evaluated()) return static_cast<float>(x);
    if (fallback::isnan(x)) return std::numeric_limits<float>::quiet_NaN();
    constexpr double halfway = 0x1.ffffffp127;  // between the largest float and 2^128
    if (fallback::fabs(x) >= halfway) return x < 0 ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::infinity();
    return static_cast<float>(x);
  }

  friend constexpr ieee operator-(ieee a) { return ieee(-a.raw); }
  friend constexpr ieee operator+(ieee a, ieee b) {
    if (!std::is_constant_evaluated()) return ieee(a.raw + b.raw);
    if (undefined(a, b) || (infinite(a) && infinite(b) && a.raw != b.raw)) return nan();
    if (infinite(a) || infinite(b)) return infinite(a) ? a : b;
    // Half the sum does not overflow, and is rounded as the sum is.
    return fallback::fabs(a.raw * 0.5 + b.raw * 0.5) >= 0x1p1023 ? infinity(a.raw < 0) : ieee(a.raw + b.raw);
  }
  friend constexpr ieee operator-(ieee a, ieee b) { return a + -b; }
  friend constexpr ieee operator*(ieee a, ieee b) {
    if (!std::is_constant_evaluated()) return ieee(a.raw * b.raw);
    bool const negative = fallback::signbit(a.raw) != fallback::signbit(b.raw);
    if (undefined(a, b) || (infinite(a) && b.raw == 0) || (a.raw == 0 && infinite(b))) return nan();
    if (infinite(a) || infinite(b)) return infinity(negative);
    // The product times 2^-1080 does not overflow, and is rounded as the product is.
    bool const large = fallback::fabs(a.raw) > 1 && fallback::fabs(b.raw) > 1 && fallback::fabs((a.raw * 0x1p-540) * (b.raw * 0x1p-540)) >= 0x1p-56;
    return large ? infinity(negative) : ieee(a.raw * b.raw);
  }
  friend constexpr ieee operator/(ieee a, ieee b) {
    if (!std::is_constant_evaluated()) return ieee(a.raw / b.raw);
    bool const negative = fallback::signbit(a.raw) != fallback::signbit(b.raw);
    if (undefined(a, b) || (infinite(a) && infinite(b)) || (a.raw == 0 && b.raw == 0)) return nan();
    if (infinite(a) || b.raw == 0) return infinity(negative);
    if (infinite(b)) return ieee(negative ? -0.0 : 0.0);
    bool const large = fallback::fabs(a.raw) > 1 && fallback::fabs(b.raw) < 1 && fallback::fabs((a.raw * 0x1p-540) / (b.raw * 0x1p540)) >= 0x1p-56;
    return large ? infinity(negative) : ieee(a.raw / b.raw);
  }
  friend constexpr bool operator==(ieee a, ieee b) { return a.raw == b.raw; }
  friend constexpr auto operator<=>(ieee a, ieee b) { return a.raw <=> b.raw; }

 private:
  static constexpr bool undefined(ieee a, ieee b) { return fallback::isnan(a.raw) || fallback::isnan(b.raw); }
  static constexpr bool infinite(ieee a) { return fallback::isinf(a.raw); }
  static constexpr ieee infinity(bool negative) { return ieee(negative ? -fallback::infinity : fallback::infinity); }
  static constexpr ieee nan() { return ieee(fallback::not_a_number); }
};

#define CTGRAD_IEEE_FUNCTION(name) \
  constexpr ieee name(ieee x) { return ieee(name(x.raw)); }
CTGRAD_IEEE_FUNCTION(exp)
CTGRAD_IEEE_FUNCTION(expm1)
CTGRAD_IEEE_FUNCTION(log)
CTGRAD_IEEE_FUNCTION(log1p)
CTGRAD_IEEE_FUNCTION(sqrt)
CTGRAD_IEEE_FUNCTION(cbrt)
CTGRAD_IEEE_FUNCTION(sin)
CTGRAD_IEEE_FUNCTION(cos)
CTGRAD_IEEE_FUNCTION(tan)
CTGRAD_IEEE_FUNCTION(asin)
CTGRAD_IEEE_FUNCTION(acos)
CTGRAD_IEEE_FUNCTION(atan)
CTGRAD_IEEE_FUNCTION(sinh)
CTGRAD_IEEE_FUNCTION(cosh)
CTGRAD_IEEE_FUNCTION(tanh)
CTGRAD_IEEE_FUNCTION(erf)
CTGRAD_IEEE_FUNCTION(abs)
CTGRAD_IEEE_FUNCTION(floor)
CTGRAD_IEEE_FUNCTION(ceil)
CTGRAD_IEEE_FUNCTION(round)
#undef CTGRAD_IEEE_FUNCTION
constexpr ieee pow(ieee x, ieee y) { return ieee(pow(x.raw, y.raw)); }
constexpr ieee atan2(ieee y, ieee x) { return ieee(atan2(y.raw, x.raw)); }
constexpr ieee hypot(ieee x, ieee y) { return ieee(hypot(x.raw, y.raw)); }

}  // namespace ctgrad::detail::cmath
