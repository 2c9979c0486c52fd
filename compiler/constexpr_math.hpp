// The functions of <cmath>, for double and float, that also work while compiling.
// Constants are folded and graphs interpreted in the compiler, and C++20 has no constexpr <cmath>.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <bit>
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

/// The functions written in plain arithmetic: argument reduction and Taylor series, in double-double where rounding
/// errors would be seen. Sources: T. J. Dekker, A Floating-Point Technique for Extending the Available Precision (1971);
/// D. E. Knuth, The Art of Computer Programming, 4.2.2; M. H. Payne, R. N. Hanek, Radian Reduction for Trigonometric
/// Functions (1983); Abramowitz and Stegun, Handbook of Mathematical Functions, chapters 4 and 7.
namespace fallback {

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
