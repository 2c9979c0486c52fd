// Exact fractions, and the number that a rounded constant stands for.
// Equality of formulas is decided with them: a coefficient that was rounded would make equal terms differ, or different ones equal.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace ctgrad::detail {

/// A fraction in lowest terms, its denominator positive. One whose parts would leave 62 bits is `lost`, and so is all that is made of it.
/// One that nobody set is lost. (No initialisers: arrays of fractions cost clang no steps then.)
struct rational {
  std::int64_t numerator, denominator;

  constexpr rational() = default;
  constexpr rational(std::int64_t n) : numerator(n), denominator(1) {}
  constexpr rational(std::int64_t n, std::int64_t d) : numerator(n), denominator(d) { reduce(); }

  constexpr bool lost() const { return denominator == 0; }
  constexpr bool is_zero() const { return numerator == 0 && denominator != 0; }
  constexpr bool is_one() const { return numerator == 1 && denominator == 1; }
  constexpr bool is_integer() const { return denominator == 1; }
  constexpr bool is_even_root() const { return denominator % 2 == 0; }    ///< as an exponent: of numbers that are not negative only
  constexpr bool is_even_power() const { return numerator % 2 == 0 && denominator % 2 != 0; }  ///< as an exponent: never negative
  constexpr bool negative() const { return numerator < 0; }
  constexpr std::int64_t floor() const { return numerator >= 0 ? numerator / denominator : -((-numerator + denominator - 1) / denominator); }

  friend constexpr bool operator==(rational const& a, rational const& b) = default;
  friend constexpr bool operator<(rational const& a, rational const& b) { return (a - b).numerator < 0; }
  friend constexpr rational operator-(rational a) {
    a.numerator = -a.numerator;
    return a;
  }
  friend constexpr rational operator+(rational const& a, rational const& b) {
    if (a.denominator == 1 && b.denominator == 1) return whole(a.numerator + b.numerator);
    if (!fits(a.numerator, b.denominator) || !fits(b.numerator, a.denominator) || !fits(a.denominator, b.denominator)) return nothing();
    return {a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator};
  }
  friend constexpr rational operator-(rational const& a, rational const& b) { return a + -b; }
  friend constexpr rational operator*(rational const& a, rational const& b) {
    if (!fits(a.numerator, b.numerator) || !fits(a.denominator, b.denominator)) return nothing();
    if (a.denominator == 1 && b.denominator == 1) return whole(a.numerator * b.numerator);
    return {a.numerator * b.numerator, a.denominator * b.denominator};
  }
  constexpr rational inverse() const {
    if (numerator == 0) return nothing();
    rational r{};
    r.numerator = numerator < 0 ? -denominator : denominator;
    r.denominator = numerator < 0 ? -numerator : numerator;
    return r;
  }
  constexpr rational size() const { return numerator < 0 ? -*this : *this; }
  /// This to the whole power `n`.
  constexpr rational power(std::int64_t n) const {
    if (n < 0) return inverse().power(-n);
    rational result = 1;
    for (; n > 0 && !result.lost(); --n) {
      if (is_one()) break;
      result = result * *this;
    }
    return result;
  }

  static constexpr rational nothing() {
    return rational{};
  }

 private:
  static constexpr std::int64_t limit = std::int64_t{1} << 62;
  /// Whether a * b stays below 2^62. Lost fractions fit nowhere.
  static constexpr bool fits(std::int64_t a, std::int64_t b) {
    constexpr std::int64_t half = std::int64_t{1} << 30;
    if (a > -half && a < half && b > -half && b < half) return true;
    if (a == 0 || b == 0) return true;
    return (a < 0 ? -a : a) < limit / (b < 0 ? -b : b);
  }
  static constexpr rational whole(std::int64_t n) { return n > -limit && n < limit ? rational(n) : nothing(); }
  constexpr void reduce() {
    if (denominator == 1) return;
    if (denominator < 0) numerator = -numerator, denominator = -denominator;
    std::int64_t a = numerator < 0 ? -numerator : numerator, b = denominator;
    while (b) {
      std::int64_t rest = a % b;
      a = b;
      b = rest;
    }
    if (a > 1) numerator /= a, denominator /= a;
    if (numerator <= -limit || numerator >= limit || denominator >= limit) *this = nothing();
  }
};

/// The simplest fraction within `tolerance` (relative) of the positive `number`, by its continued fraction.
/// Lost where numerator * denominator would pass `complexity`: any number is close to some fraction, and only a simple one is meant.
constexpr rational nearest_fraction(double number, double tolerance, double complexity) {
  constexpr double largest = 4503599627370496.0;  // 2^52
  double p0 = 0, p1 = 1, q0 = 1, q1 = 0, rest = number;
  for (int round = 0; round < 40 && rest < largest; ++round) {
    double const part = static_cast<double>(static_cast<std::int64_t>(rest));
    double const p = part * p1 + p0, q = part * q1 + q0;
    if (p >= largest || q >= largest) break;
    double const error = p / q - number;
    if (q == 1 && error == 0) return static_cast<std::int64_t>(p);
    if (p * q > complexity) break;
    if (p > 0 && (error < 0 ? -error : error) <= tolerance * number) return {static_cast<std::int64_t>(p), static_cast<std::int64_t>(q)};
    if (rest == part) break;
    rest = 1 / (rest - part);
    p0 = p1, p1 = p, q0 = q1, q1 = q;
  }
  return rational::nothing();
}

/// 2^two * pi^pi * e^e * log(of)^log
struct named_number {
  double value = 1;
  rational two = 0, pi = 0, e = 0;
  int of = 0, log = 0;

  constexpr bool is_one() const { return two.is_zero() && pi.is_zero() && e.is_zero() && of == 0; }
};

inline constexpr named_number named_numbers[] = {
    {.value = 1.4142135623730951, .two = {1, 2}},                  // sqrt(2)
    {.value = 3.141592653589793, .pi = 1},
    {.value = 1.772453850905516, .pi = {1, 2}},                    // sqrt(pi)
    {.value = 2.5066282746310002, .two = {1, 2}, .pi = {1, 2}},    // sqrt(2 pi)
    {.value = 0.5641895835477563, .pi = {-1, 2}},                  // 1 / sqrt(pi)
    {.value = 0.3989422804014327, .two = {-1, 2}, .pi = {-1, 2}},  // 1 / sqrt(2 pi)
    {.value = 0.3183098861837907, .pi = -1},
    {.value = 2.718281828459045, .e = 1},
    {.value = 0.36787944117144233, .e = -1},
    {.value = 7.38905609893065, .e = 2},
    {.value = 0.1353352832366127, .e = -2},
    {.value = 1.6487212707001282, .e = {1, 2}},
    {.value = 0.6065306597126334, .e = {-1, 2}},
    {.value = 0.6931471805599453, .of = 2, .log = 1},
    {.value = 1.0986122886681098, .of = 3, .log = 1},
    {.value = 2.302585092994046, .of = 10, .log = 1},
    {.value = 1.4426950408889634, .of = 2, .log = -1},
    {.value = 0.4342944819032518, .of = 10, .log = -1},
};

/// What a positive constant stands for: `coefficient` times `named`; a lost coefficient where it is no number with a name.
struct exact_number {
  rational coefficient = rational::nothing();
  named_number named{};
};

/// 0.1 is 1/10, and 0.7071067811865476 is 2^(-1/2): formulas mean these, not the nearest double.
/// Two numbers are taken for one only where they agree to 2^-51 of their size, in float32 to 2^-24 (twice that for the named ones): a few roundings.
constexpr exact_number exact_number_of(double number, bool is_float32) {
  double const tolerance = is_float32 ? 0x1p-24 : 0x1p-51;
  exact_number exact;
  exact.coefficient = nearest_fraction(number, tolerance, is_float32 ? 1e4 : 1e12);
  if (!exact.coefficient.lost()) return exact;
  for (named_number const& named : named_numbers) {
    rational r = nearest_fraction(number / named.value, 2 * tolerance, is_float32 ? 64 : 1e4);
    if (!r.lost()) return {r, named};
  }
  if (is_float32)
    for (double scale = 10; scale <= 1e9; scale *= 10) {  // a decimal of few digits
      double const scaled = number * scale;
      if (scaled > 999999) break;
      auto const near = static_cast<std::int64_t>(scaled + 0.5);
      if (near > 0 && static_cast<double>(static_cast<float>(static_cast<double>(near) / scale)) == number) return {{near, static_cast<std::int64_t>(scale)}, {}};
    }
  return exact;
}

}  // namespace ctgrad::detail
