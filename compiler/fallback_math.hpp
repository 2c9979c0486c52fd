// The functions of <cmath> for double, in plain arithmetic that any compiler evaluates.
// constexpr_math.hpp chooses between these and the compiler's own.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "double_double.hpp"

namespace ctgrad::detail::cmath {

/// The functions written in plain arithmetic: argument reduction and Taylor series, in double-double where rounding
/// errors would be seen. Sources: T. J. Dekker, A Floating-Point Technique for Extending the Available Precision (1971);
/// D. E. Knuth, The Art of Computer Programming, 4.2.2; M. H. Payne, R. N. Hanek, Radian Reduction for Trigonometric
/// Functions (1983); Abramowitz and Stegun, Handbook of Mathematical Functions, chapters 4 and 7.
namespace fallback {

// ---- Exponentials. e^x = 2^exponent * (1 + fraction).

struct exponential {
  int exponent;
  double_double fraction;
};
/// For |x| < 1000. x = exponent * ln 2 + r, |r| <= ln(2) / 2, and e^r - 1 = r + r^2/2! + r^3/3! + ... + r^15/15!.
constexpr exponential exponential_of(double_double x) {
  const int k = static_cast<int>(x.hi * 0x1.71547652b82fep+0 + (x.hi < 0 ? -0.5 : 0.5));  // x / ln 2
  const double_double r = k == 0 ? x : double_double(x.hi - k * ln2_upper) - exact_product(k, ln2_lower) + x.lo;
  double tail = 1;
  for (int n = 15; n >= 5; --n) tail = 1 + r.hi * tail / n;
  return {k, r + r * r * (0.5 + r * (sixth + r.hi * tail / 24))};
}
/// e^x for |x| < 1000.
constexpr double rounded_exponential(double_double x) {
  const auto [exponent, fraction] = exponential_of(x);
  return ldexp((1 + fraction).hi, exponent);
}
/// e^x - 1 for |x| < 200.
constexpr double_double exponential_minus_1(double_double x) {
  const auto [k, fraction] = exponential_of(x);
  return k == 0 ? fraction : scaled(exact_sum(1, -power_of_2(-k)) + fraction, power_of_2(k));
}

constexpr double exp(double x) {
  if (isnan(x)) return x;
  if (x > 746) return infinity;
  return x < -746 ? 0 : rounded_exponential(x);
}
constexpr double expm1(double x) {
  if (isnan(x) || fabs(x) < 0x1p-54) return x;
  if (x > 45) return exp(x);
  return x < -45 ? -1 : exponential_minus_1(x).hi;
}
/// (e + e/(e + 1)) / 2 with e = exp(|x|) - 1.
constexpr double sinh(double x) {
  const double a = fabs(x);
  if (isnan(x) || a < 0x1p-27) return x;
  if (a > 746) return copysign(infinity, x);
  if (a > 45) {
    const auto [exponent, fraction] = exponential_of(a);
    return copysign(ldexp((1 + fraction).hi, exponent - 1), x);
  }
  const double_double e = exponential_minus_1(a);
  return copysign(0.5 * (e + e / (e + 1)).hi, x);
}
constexpr double cosh(double x) {
  if (isnan(x)) return x;
  if (fabs(x) > 45) return fabs(sinh(x));
  const double_double e = exponential_minus_1(fabs(x)) + 1;
  return 0.5 * (e + 1 / e).hi;
}
/// e / (e + 2) with e = exp(2|x|) - 1.
constexpr double tanh(double x) {
  const double a = fabs(x);
  if (isnan(x) || a < 0x1p-27) return x;
  if (a > 22) return copysign(1.0, x);
  const double_double e = exponential_minus_1(2 * a);
  return copysign((e / (e + 2)).hi, x);
}

// ---- Logarithms.

/// For x in (0, inf). x = 2^exponent * m, m in [sqrt(1/2), sqrt(2)], and
/// log m = 2 artanh s = 2 (s + s^3/3 + s^5/5 + ...), s = (m - 1) / (m + 1). About 70 bits, which pow needs.
constexpr double_double logarithm(double_double x) {
  auto [m, exponent] = split(x.hi);
  if (m > 0x1.6a09e667f3bcdp+0) m /= 2, ++exponent;
  const double lo = ldexp(x.lo, -exponent);
  const double_double s = exact_sum(m - 1, lo) / (exact_sum(m, 1) + lo);
  const double_double z = s * s;
  double sum = 1.0 / 27;
  for (int n = 25; n >= 7; n -= 2) sum = 1.0 / n + z.hi * sum;
  const double_double log_m = scaled(s + s * (z * (third + z * (fifth + z * sum))), 2);
  return exponent == 0 ? log_m : double_double(exponent * ln2_upper) + (exact_product(exponent, ln2_lower) + log_m);
}

constexpr double log(double x) {
  if (isnan(x) || x == infinity) return x;
  if (x <= 0) return x == 0 ? -infinity : not_a_number;
  return logarithm(x).hi;
}
constexpr double log1p(double x) {
  if (isnan(x) || x == infinity || fabs(x) < 0x1p-54) return x;
  if (x <= -1) return x == -1 ? -infinity : not_a_number;
  return logarithm(exact_sum(1, x)).hi;
}

/// exp(y log |x|), after the table of C99 F.9.4.4.
constexpr double pow(double x, double y) {
  if (y == 0 || x == 1) return 1;
  if (isnan(x) || isnan(y)) return not_a_number;
  const double a = fabs(x);
  const bool odd = fabs(y) < 0x1p53 && trunc(y) == y && trunc(y / 2) * 2 != y;
  const double sign = odd && signbit(x) ? -1.0 : 1.0;
  if (a == 1 && fabs(y) >= 0x1p53) return 1;
  // From 2^70 on, y log|x| is beyond every threshold, and the product might overflow, which no constant expression may.
  if (a == 0 || isinf(a) || fabs(y) > 0x1p70) return (a > 1) == (y > 0) ? copysign(infinity, sign) : copysign(0.0, sign);
  if (x < 0 && trunc(y) != y) return not_a_number;
  const double_double log_a = logarithm(a);
  if (log_a.hi * y > 746) return copysign(infinity, sign);
  if (log_a.hi * y < -746) return copysign(0.0, sign);
  return copysign(rounded_exponential(log_a * y), sign);
}

// ---- Roots.

/// Three steps of Halley's iteration in double, and one of Newton's with the cube in double-double.
constexpr double cbrt(double x) {
  if (x == 0 || !isfinite(x)) return x;
  const auto [significand, exponent] = split(x);
  const int third_of_exponent = (exponent + 3000) / 3 - 1000;
  const double m = fabs(significand) * power_of_2(exponent - 3 * third_of_exponent);  // in [1, 8)
  double root = 1 + (m - 1) / 7;
  for (int i = 0; i < 3; ++i) {
    const double cube = root * root * root;
    root *= (cube + 2 * m) / (2 * cube + m);
  }
  const double_double cube = exact_product(root, root) * root;
  return copysign(ldexp(root + ((m - cube.hi) - cube.lo) / (3 * root * root), third_of_exponent), x);
}

constexpr double hypot(double x, double y) {
  if (isinf(x) || isinf(y)) return infinity;
  if (isnan(x) || isnan(y)) return not_a_number;
  const double larger = fabs(x) > fabs(y) ? fabs(x) : fabs(y);
  if (larger == 0) return 0;
  const int exponent = split(larger).exponent;
  const double a = ldexp(x, -exponent), b = ldexp(y, -exponent);
  return ldexp(sqrt(exact_product(a, a) + exact_product(b, b)).hi, exponent);
}

// ---- Trigonometric functions.

/// The first 1,216 bits of 2/pi: as many as the largest double needs.
inline constexpr std::uint32_t two_over_pi[] = {
    0xa2f9836e, 0x4e441529, 0xfc2757d1, 0xf534ddc0, 0xdb629599, 0x3c439041, 0xfe5163ab, 0xdebbc561, 0xb7246e3a, 0x424dd2e0,
    0x06492eea, 0x09d1921c, 0xfe1deb1c, 0xb129a73e, 0xe88235f5, 0x2ebb4484, 0xe99c7026, 0xb45f7e41, 0x3991d639, 0x835339f4,
    0x9c845f8b, 0xbdf9283b, 0x1ff897ff, 0xde05980f, 0xef2f118b, 0x5a0a6d1f, 0x6d367ecf, 0x27cb09b7, 0x4f463f66, 0x9e5fea2d,
    0x7527bac7, 0xebe5f17b, 0x3d0739f7, 0x8a5292ea, 0x6bfb5fb1, 0x1f8d5d08, 0x56033046, 0xfc7b6bab};

/// x == quadrant * pi/2 + rest (mod 2 pi), |rest| <= pi/4.
struct angle {
  unsigned quadrant;
  double_double rest;
};
/// For any finite x >= 0 (Payne and Hanek): x = m * 2^e, and of m * (2/pi) only the bits from 2^1 / 2^e down matter.
/// 224 bits of 2/pi leave an error below 2^-137; no double is nearer to a multiple of pi/2 than 2^-62.
constexpr angle reduced_angle(double x) {
  if (x < half_pi.hi / 2) return {0, x};
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(x);
  const int e = static_cast<int>(bits >> 52) - 1075;
  const std::uint64_t m = (bits & ~infinity_bits) | std::uint64_t{1} << 52;
  const int first = e > 2 ? (e - 2) / 32 : 0;
  std::uint64_t product[10] = {};  // limbs of 32 bits, least significant first
  for (int i = 0; i < 2; ++i) {
    const std::uint64_t factor = i == 0 ? m & 0xffff'ffff : m >> 32;
    std::uint64_t carry = 0;
    for (int j = 0; j < 7; ++j) {
      carry += factor * two_over_pi[first + 6 - j] + product[i + j];
      product[i + j] = carry & 0xffff'ffff;
      carry >>= 32;
    }
    product[i + 7] = carry;
  }
  const int point = 32 * (first + 7) - e;  // in [191, 277]: the bits below this one are the fraction of x * 2/pi
  const auto limb_at = [&](int bit) {
    return static_cast<std::uint32_t>((product[bit / 32 + 1] << 32 | product[bit / 32]) >> bit % 32);
  };
  const bool negative = limb_at(point - 32) >> 31 != 0;  // a fraction above 1/2 belongs to the next quadrant
  double_double fraction = 0;
  for (int i = 5; i >= 1; --i) {
    const std::uint32_t limb = limb_at(point - 32 * i);
    fraction = scaled(fraction + (negative ? ~limb : limb), 0x1p-32);
  }
  const double_double rest = fraction * half_pi;
  return {limb_at(point) + negative, negative ? -rest : rest};
}

/// r - r^3/3! + ... + r^19/19! for |r| <= pi/4.
constexpr double_double sine_of_rest(double_double r) {
  const double_double z = r * r;
  double tail = 1;
  for (int n = 18; n >= 6; n -= 2) tail = 1 - z.hi * tail / (n * (n + 1));
  return r + r * (z * (z * (tail / 120) - sixth));
}
/// 1 - r^2/2! + ... + r^20/20! for |r| <= pi/4.
constexpr double_double cosine_of_rest(double_double r) {
  const double_double z = r * r;
  double tail = 1;
  for (int n = 19; n >= 5; n -= 2) tail = 1 - z.hi * tail / (n * (n + 1));
  return 1 + z * (z * (tail / 24) - 0.5);
}
constexpr double sine_of(angle a) {
  const double value = (a.quadrant % 2 == 0 ? sine_of_rest(a.rest) : cosine_of_rest(a.rest)).hi;
  return a.quadrant % 4 >= 2 ? -value : value;
}

constexpr double sin(double x) {
  if (!isfinite(x)) return not_a_number;
  if (fabs(x) < 0x1p-27) return x;
  const double value = sine_of(reduced_angle(fabs(x)));
  return x < 0 ? -value : value;
}
constexpr double cos(double x) {
  if (!isfinite(x)) return not_a_number;
  const auto [quadrant, rest] = reduced_angle(fabs(x));
  return sine_of({quadrant + 1, rest});
}
constexpr double tan(double x) {
  if (!isfinite(x)) return not_a_number;
  if (fabs(x) < 0x1p-27) return x;
  const auto [quadrant, rest] = reduced_angle(fabs(x));
  const double_double s = sine_of_rest(rest), c = cosine_of_rest(rest);
  const double value = quadrant % 2 == 0 ? (s / c).hi : -(c / s).hi;
  return x < 0 ? -value : value;
}

/// arctan(i/8).
inline constexpr double_double arctangents[] = {{0},
                                                {0x1.fd5ba9aac2f6ep-4, -0x1.cd37686760c17p-59},
                                                {0x1.f5b75f92c80ddp-3, 0x1.8ab6e3cf7afbdp-57},
                                                {0x1.6f61941e4def1p-2, -0x1.c63aae6f6e918p-56},
                                                {0x1.dac670561bb4fp-2, 0x1.a2b7f222f65e2p-56},
                                                {0x1.1e00babdefeb4p-1, -0x1.928df287a668fp-58},
                                                {0x1.4978fa3269ee1p-1, 0x1.2419a87f2a458p-56},
                                                {0x1.700a7c5784634p-1, -0x1.8c34d25aadef6p-56},
                                                {0x1.921fb54442d18p-1, 0x1.1a62633145c07p-55}};
/// arctan(y/x) for x, y >= 0, not both 0. With c = i/8 nearest to y/x: arctan(c) + arctan(t), t = (y - cx) / (x + cy),
/// |t| <= 1/16, arctan t = t - t^3/3 + t^5/5 - ... + t^17/17.
constexpr double_double arctangent(double_double y, double_double x) {
  if (y.hi > x.hi) return half_pi - arctangent(x, y);
  const int i = static_cast<int>(8 * (y.hi / x.hi) + 0.5);
  const double_double c = 0.125 * i;
  const double_double t = i == 0 ? y / x : (y - c * x) / (x + c * y);
  const double z = t.hi * t.hi;
  double sum = 1.0 / 17;
  for (int n = 15; n >= 3; n -= 2) sum = 1.0 / n - z * sum;
  return arctangents[i] + (t - t.hi * z * sum);
}

constexpr double atan(double x) {
  if (isnan(x) || fabs(x) < 0x1p-27) return x;
  return copysign(fabs(x) > 0x1p60 ? half_pi.hi : arctangent(fabs(x), 1).hi, x);
}
/// sqrt(1 - a^2) for a in [0, 1].
constexpr double_double other_leg(double a) { return sqrt(exact_sum(1, -a) * exact_sum(1, a)); }
constexpr double asin(double x) {
  if (isnan(x) || fabs(x) < 0x1p-27) return x;
  return fabs(x) > 1 ? not_a_number : copysign(arctangent(fabs(x), other_leg(fabs(x))).hi, x);
}
constexpr double acos(double x) {
  if (isnan(x) || fabs(x) > 1) return not_a_number;
  const double_double result = arctangent(other_leg(fabs(x)), fabs(x));
  return x < 0 ? (pi - result).hi : result.hi;
}
constexpr double atan2(double y, double x) {
  if (isnan(x) || isnan(y)) return not_a_number;
  if (isinf(x)) return atan2(isinf(y) ? copysign(1.0, y) : copysign(0.0, y), copysign(1.0, x));
  if (y == 0) return copysign(signbit(x) ? pi.hi : 0, y);
  if (x == 0 || isinf(y)) return copysign(half_pi.hi, y);
  const int y_exponent = split(y).exponent, x_exponent = split(x).exponent;
  if (y_exponent > x_exponent + 60) return copysign(half_pi.hi, y);
  if (y_exponent < x_exponent - 60) return x < 0 ? copysign(pi.hi, y) : y / x;
  const double_double result = arctangent(ldexp(fabs(y), -x_exponent), ldexp(fabs(x), -x_exponent));
  return copysign(x < 0 ? (pi - result).hi : result.hi, y);
}

// ---- Error function.

/// Below 2: 2/sqrt(pi) x e^(-x^2) (1 + z/3 (1 + z/5 (1 + z/7 ...))), z = 2x^2, which has no cancellation
/// (Abramowitz and Stegun 7.1.6). From 2: one minus the continued fraction
/// e^(-x^2)/sqrt(pi) / (x + (1/2)/(x + 1/(x + (3/2)/(x + ...)))) (7.1.14).
constexpr double erf(double x) {
  if (isnan(x)) return x;
  const double a = fabs(x);
  if (a > 6) return copysign(1.0, x);
  if (a < 0x1p-28) return x * two_over_sqrt_pi.hi;
  const double_double square = exact_product(a, a);
  const auto [exponent, fraction] = exponential_of(-square);
  const double_double gaussian = scaled((1 + fraction) * two_over_sqrt_pi, power_of_2(exponent));
  if (a < 2) {
    const double z = 2 * square.hi;
    double tail = 1;
    for (int n = 77; n > 17; n -= 2) tail = 1 + z * tail / n;
    double_double sum = tail;
    for (int n = 17; n > 1; n -= 2) sum = 1 + scaled(square, 2) * sum / n;
    return copysign((gaussian * sum * a).hi, x);
  }
  double denominator = a;
  for (int n = 60; n > 0; --n) denominator = a + 0.5 * n / denominator;
  return copysign(1 - 0.5 * gaussian.hi / denominator, x);
}

}  // namespace fallback
}  // namespace ctgrad::detail::cmath
