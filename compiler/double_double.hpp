// Doubles by their bits, and double-double arithmetic, in the compiler: what the functions of fallback_math.hpp are written with.
// Sources: T. J. Dekker, A Floating-Point Technique for Extending the Available Precision (1971); D. E. Knuth, The Art of Computer Programming, 4.2.2.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

namespace ctgrad::detail::cmath::fallback {

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
inline constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;
inline constexpr std::uint64_t infinity_bits = std::uint64_t{0x7ff} << 52;

// By bits, so that -ffast-math leaves them alone.
constexpr std::uint64_t magnitude_bits(double x) { return std::bit_cast<std::uint64_t>(x) & ~sign_bit; }
constexpr bool signbit(double x) { return std::bit_cast<std::uint64_t>(x) >> 63 != 0; }
constexpr bool isnan(double x) { return magnitude_bits(x) > infinity_bits; }
constexpr bool isinf(double x) { return magnitude_bits(x) == infinity_bits; }
constexpr bool isfinite(double x) { return magnitude_bits(x) < infinity_bits; }
constexpr double fabs(double x) { return std::bit_cast<double>(magnitude_bits(x)); }
constexpr double copysign(double x, double sign) {
  return std::bit_cast<double>(magnitude_bits(x) | (std::bit_cast<std::uint64_t>(sign) & sign_bit));
}

/// x == significand * 2^exponent, the significand in [1, 2) with the sign of x. For finite x other than 0.
struct binary_scientific {
  double significand;
  int exponent;
};
constexpr binary_scientific split(double x) {
  const bool subnormal = magnitude_bits(x) >> 52 == 0;
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(subnormal ? x * 0x1p54 : x);
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff) - 1023 - (subnormal ? 54 : 0);
  return {std::bit_cast<double>((bits & ~infinity_bits) | std::uint64_t{1023} << 52), exponent};
}

/// 2^exponent for an exponent of a normal double.
constexpr double power_of_2(int exponent) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(exponent + 1023) << 52);
}

constexpr double ldexp(double x, int exponent) {
  if (x == 0 || !isfinite(x)) return x;
  const auto [significand, own] = split(x);
  if (exponent > 2200 || own + exponent > 1023) return copysign(infinity, x);
  if (exponent < -2200 || own + exponent < -1080) return copysign(0.0, x);
  const int sum = own + exponent;
  return sum >= -1022 ? significand * power_of_2(sum) : significand * power_of_2(sum + 100) * 0x1p-100;  // rounds once
}

constexpr double trunc(double x) {
  const int exponent = static_cast<int>(magnitude_bits(x) >> 52) - 1023;
  if (exponent < 0) return copysign(0.0, x);
  if (exponent >= 52) return x;
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) & ~((std::uint64_t{1} << (52 - exponent)) - 1));
}
constexpr double floor(double x) {
  const double whole = trunc(x);
  return whole > x ? copysign(whole - 1, x) : whole;
}
constexpr double ceil(double x) {
  const double whole = trunc(x);
  return whole < x ? copysign(whole + 1, x) : whole;
}
/// Half to even, which is nearbyint in C's default rounding mode, and PyTorch's round.
constexpr double round(double x) {
  if (!(fabs(x) < 0x1p52)) return x;
  const double whole = trunc(x);
  const double rest = fabs(x - whole);
  const bool away = rest > 0.5 || (rest == 0.5 && trunc(whole / 2) * 2 != whole);
  return away ? copysign(fabs(whole) + 1, x) : whole;
}

/// Exact. (r * 2^11) mod y, eleven bits at a time, fits into 64 bits.
constexpr double fmod(double x, double y) {
  if (!isfinite(x) || isnan(y) || y == 0) return not_a_number;
  if (isinf(y) || fabs(x) < fabs(y)) return x;
  const auto [x_significand, x_exponent] = split(x);
  const auto [y_significand, y_exponent] = split(y);
  const auto divisor = static_cast<std::uint64_t>(fabs(y_significand) * 0x1p52);
  auto rest = static_cast<std::uint64_t>(fabs(x_significand) * 0x1p52) % divisor;
  int shift = x_exponent - y_exponent;
  for (; shift >= 11; shift -= 11) rest = (rest << 11) % divisor;
  rest = (rest << shift) % divisor;
  return copysign(ldexp(static_cast<double>(rest), y_exponent - 52), x);
}

/// Correctly rounded: 54 bits of root, digit by digit in integers, and a rounding.
constexpr double sqrt(double x) {
  if (x == 0 || isnan(x)) return x;
  if (x < 0) return not_a_number;
  if (isinf(x)) return x;
  const auto [significand, exponent] = split(x);
  std::uint64_t radicand = static_cast<std::uint64_t>(significand * (exponent % 2 == 0 ? 0x1p52 : 0x1p53)) << 10;
  std::uint64_t root = 0, rest = 0;
  for (int i = 0; i < 54; ++i) {
    rest = rest << 2 | radicand >> 62;
    radicand <<= 2;
    root <<= 1;
    if (rest > 2 * root) {
      rest -= 2 * root + 1;
      ++root;
    }
  }
  const int half = (exponent - (exponent % 2 == 0 ? 0 : 1)) / 2;
  return ldexp(static_cast<double>((root + 1) >> 1), half - 52);  // the last bit is never an exact tie
}

// ---- Double-double arithmetic: an unevaluated sum hi + lo, |lo| <= ulp(hi) / 2, about 104 bits.

struct double_double {
  double hi, lo;
  constexpr double_double(double hi_, double lo_ = 0) : hi(hi_), lo(lo_) {}
};

/// a + b exactly (Knuth).
constexpr double_double exact_sum(double a, double b) {
  const double sum = a + b, part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}
/// a + b exactly, for |a| >= |b| (Dekker).
constexpr double_double renormalized(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}
/// a * b but for 2^-105 of it (Dekker). Halves of 26 and 27 bits, cut by bits: no overflow, no harm from contraction.
constexpr double_double exact_product(double a, double b) {
  constexpr std::uint64_t upper_half = ~std::uint64_t{0x7ff'ffff};
  const double a_upper = std::bit_cast<double>(std::bit_cast<std::uint64_t>(a) & upper_half), a_lower = a - a_upper;
  const double b_upper = std::bit_cast<double>(std::bit_cast<std::uint64_t>(b) & upper_half), b_lower = b - b_upper;
  const double product = a * b;
  return {product, ((a_upper * b_upper - product) + a_upper * b_lower + a_lower * b_upper) + a_lower * b_lower};
}

constexpr double_double operator-(double_double a) { return {-a.hi, -a.lo}; }
constexpr double_double operator+(double_double a, double_double b) {
  const double_double sum = exact_sum(a.hi, b.hi);
  return renormalized(sum.hi, sum.lo + (a.lo + b.lo));
}
constexpr double_double operator-(double_double a, double_double b) { return a + -b; }
constexpr double_double operator*(double_double a, double_double b) {
  const double_double product = exact_product(a.hi, b.hi);
  return renormalized(product.hi, product.lo + (a.hi * b.lo + a.lo * b.hi));
}
constexpr double_double operator/(double_double a, double_double b) {
  const double quotient = a.hi / b.hi;
  const double_double back = exact_product(quotient, b.hi);
  return renormalized(quotient, (((a.hi - back.hi) - back.lo) + a.lo - quotient * b.lo) / b.hi);
}
/// a * factor, for a factor that is a power of 2.
constexpr double_double scaled(double_double a, double factor) { return {a.hi * factor, a.lo * factor}; }
/// One Newton step from the double root.
constexpr double_double sqrt(double_double a) {
  if (a.hi == 0) return a;
  const double root = sqrt(a.hi);
  const double_double square = exact_product(root, root);
  return renormalized(root, (((a.hi - square.hi) - square.lo) + a.lo) / (2 * root));
}

inline constexpr double_double pi{0x1.921fb54442d18p+1, 0x1.1a62633145c07p-53};
inline constexpr double_double half_pi{0x1.921fb54442d18p+0, 0x1.1a62633145c07p-54};
inline constexpr double_double two_over_sqrt_pi{0x1.20dd750429b6dp+0, 0x1.1ae3a914fed80p-56};
inline constexpr double_double third = double_double(1) / 3, fifth = double_double(1) / 5, sixth = double_double(1) / 6;
/// ln 2 in 42 + 53 bits, so that the first times an exponent is exact.
inline constexpr double ln2_upper = 0x1.62e42fefa3800p-1, ln2_lower = 0x1.ef35793c76730p-45;

}  // namespace ctgrad::detail::cmath::fallback
