// How far functions are off: arguments where they may be, and their errors in units of the last place against long double ones.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <random>
#include <utility>
#include <vector>

namespace ctgrad::test {

inline constexpr double inf = std::numeric_limits<double>::infinity();
inline constexpr double nan = std::numeric_limits<double>::quiet_NaN();
inline constexpr double largest = std::numeric_limits<double>::max();
inline constexpr double smallest = std::numeric_limits<double>::denorm_min();
inline constexpr double pi = 0x1.921fb54442d18p+1;

/// |value - reference| in units of the last place of the reference rounded to double; subnormals have the smallest one.
inline double ulps(double value, long double reference) {
  const double rounded = static_cast<double>(reference);
  if (std::isnan(rounded) || std::isinf(rounded) || std::isnan(value) || std::isinf(value)) {
    // Next to the overflow threshold, infinity against the largest finite number may differ by one rounding.
    if (std::isnan(rounded) || std::isnan(value)) return std::isnan(rounded) && std::isnan(value) ? 0 : inf;
    if (std::isinf(rounded) && std::isinf(value)) return std::signbit(rounded) == std::signbit(value) ? 0 : inf;
    return std::fabs(reference - static_cast<long double>(std::copysign(largest, reference))) < 0x1p972L ? 1 : inf;
  }
  if (rounded == 0 && std::signbit(rounded) != std::signbit(value)) return inf;
  const int exponent = std::max(rounded == 0 ? -1074 : std::ilogb(rounded), -1022);
  return static_cast<double>(std::fabs(value - reference) / std::scalbn(1.0L, exponent - 52));
}

/// Edge arguments: zeros, powers of 2 and their neighbours, thresholds of the algorithms, multiples of pi/4.
inline std::vector<double> edges() {
  std::vector<double> result{0.0, inf, nan, smallest, largest, std::numeric_limits<double>::min()};
  const auto with_neighbours = [&](double x) {
    for (const double y : {std::nextafter(x, 0.0), x, std::nextafter(x, inf)}) result.push_back(y);
  };
  for (int e = -1074; e <= 1023; e += e > -64 && e < 64 ? 1 : 7) with_neighbours(std::ldexp(1.0, e));
  for (int n = 1; n <= 64; ++n) with_neighbours(n * (pi / 4)), with_neighbours(n / 16.0), with_neighbours((2 * n - 1) / 32.0);
  for (const double x : {709.782712893384, 745.133219101941, 710.4758600739439, 708.3964185322641, 0.34657359027997264,
                         1.0397207708399179, 5.9, 6.0, 22.0, 40.0, 45.0, 1.4142135623730951, 0.7071067811865476, 0x1.6ac5b262ca1ffp+849})
    with_neighbours(x);
  for (std::size_t n = result.size(), i = 0; i < n; ++i) result.push_back(-result[i]);
  return result;
}

/// Arguments of all magnitudes, and many in [-scale, scale].
inline std::vector<double> arguments(double scale, int count = 100'000) {
  std::mt19937_64 random(5);
  std::uniform_real_distribution<double> uniform(-scale, scale);
  std::vector<double> result = edges();
  for (int i = 0; i < count; ++i) {
    result.push_back(uniform(random));
    result.push_back(std::bit_cast<double>(random()));
    // |x| in [2^-30, 2^10), where most functions do their work
    result.push_back(std::ldexp(uniform(random) / scale, static_cast<int>(random() % 40) - 29));
  }
  return result;
}

struct worst {
  double normal = 0, subnormal = 0;  // ulp
  double at = 0, at_second = 0;
  void add(double value, long double reference, double x, double y = 0) {
    const double error = ulps(value, reference);
    if (std::fabs(reference) < std::numeric_limits<double>::min())
      subnormal = std::max(subnormal, error);
    else if (error > normal)
      normal = error, at = x, at_second = y;
  }
  void check(const char* name, double limit) const {
    BOOST_TEST_MESSAGE(name << ": " << normal << " ulp at " << at << ", " << at_second << "; subnormal results " << subnormal);
    BOOST_TEST(normal <= limit, name << " is wrong by " << normal << " ulp at " << at << ", " << at_second);
    BOOST_TEST(subnormal <= 1, name << " is wrong by " << subnormal << " units of the smallest double");
  }
};

template <class Fallback, class Reference>
void measure(const char* name, double scale, double limit, Fallback f, Reference reference) {
  worst w;
  for (const double x : arguments(scale)) w.add(f(x), reference(static_cast<long double>(x)), x);
  w.check(name, limit);
}

template <class Fallback, class Reference>
void measure_pairs(const char* name, double limit, std::vector<std::pair<double, double>> const& pairs, Fallback f,
                   Reference reference) {
  worst w;
  for (const auto& [x, y] : pairs)
    w.add(f(x, y), reference(static_cast<long double>(x), static_cast<long double>(y)), x, y);
  w.check(name, limit);
}

/// All pairs of a few edges, and random pairs: of any bits, alike in magnitude, and where pow is finite.
inline std::vector<std::pair<double, double>> argument_pairs() {
  const double some[] = {0.0, -0.0, inf, -inf, nan, 1.0, -1.0, 0.5, -2.0, 3.0, -3.0, 1.5, smallest, -smallest,
                         largest, -largest, 1e-300, 1e300, 0x1p52 + 1, 0x1p53, -0x1.fffffffffffffp-1, 0x1.0000000000001p0};
  std::vector<std::pair<double, double>> result;
  for (const double x : some)
    for (const double y : some) result.emplace_back(x, y);
  std::mt19937_64 random(6);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (int i = 0; i < 100'000; ++i) {
    result.emplace_back(std::bit_cast<double>(random()), std::bit_cast<double>(random()));
    const double x = std::ldexp(uniform(random), static_cast<int>(random() % 2000) - 1000);
    result.emplace_back(x, std::ldexp(x, static_cast<int>(random() % 140) - 70) * uniform(random));
    result.emplace_back(std::fabs(x), 750 * uniform(random) / std::log(std::fabs(x)));
    const double near_1 = 1 + std::ldexp(uniform(random), -static_cast<int>(random() % 50));
    result.emplace_back(near_1, 750 * uniform(random) / (near_1 == 1 ? 1 : std::log(std::fabs(near_1))));
    result.emplace_back(uniform(random) * 20, static_cast<double>(static_cast<int>(random() % 41) - 20));
  }
  return result;
}

}  // namespace ctgrad::test
