// The value of a numeric literal from its characters: integers of every base, decimal and hexadecimal floats.
// A literal operator template gets characters, and no compiler here has a constexpr std::from_chars for floats.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace ctgrad::detail {

/// What a literal says. Where `valid` is false (not a C++ literal, too big for int64, a float that overflows, or a
/// nonzero one that would become zero) the rest is without meaning. `real` is set for integers too, rounded to nearest.
struct literal {
  bool is_integer = false;
  bool valid = false;
  std::int64_t integer = 0;
  double real = 0;
};

/// An integer in limbs of 32 bits, least significant first. 96 limbs hold the largest that occurs: 801 digits (2,661
/// bits), or 5^1127 (2,617 bits), each shifted by up to one limb.
struct big_integer {
  std::uint32_t limb[96] = {};
  int size = 0;

  constexpr void multiply_add(std::uint32_t factor, std::uint32_t addend) {
    std::uint64_t carry = addend;
    for (int i = 0; i < size; ++i) {
      carry += std::uint64_t{limb[i]} * factor;
      limb[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    if (carry != 0) limb[size++] = static_cast<std::uint32_t>(carry);
  }

  constexpr void multiply_by_power_of_5(int exponent) {
    for (; exponent >= 13; exponent -= 13) multiply_add(1'220'703'125, 0);  // 5^13, the largest that fits
    std::uint32_t rest = 1;
    for (; exponent > 0; --exponent) rest *= 5;
    multiply_add(rest, 0);
  }

  /// Shifts left until the top bit of the top limb is set, and returns by how much.
  constexpr int normalize() {
    const int shift = std::countl_zero(limb[size - 1]);
    if (shift == 0) return 0;
    for (int i = size - 1; i > 0; --i) limb[i] = limb[i] << shift | limb[i - 1] >> (32 - shift);
    limb[0] <<= shift;
    return shift;
  }

  /// The limb that is i-th from the top, zero below the last.
  constexpr std::uint32_t from_top(int i) const { return i < size ? limb[size - 1 - i] : 0; }
};

/// A nonzero value (significand + something in [0, 1)) * 2^exponent; the something is nonzero if `inexact`.
struct scaled_significand {
  std::uint64_t significand;
  int exponent;
  bool inexact;
};

/// Rounds to double, half to even. Infinity where that overflows, zero where it underflows.
/// Asks for a set top bit in the significand if `inexact`, so that no more than a rounding is lost.
constexpr double round_to_double(scaled_significand value) {
  const int leading_zeros = std::countl_zero(value.significand);
  const std::uint64_t m = value.significand << leading_zeros;
  const int exponent = value.exponent - leading_zeros + 63;  // the value is in [2^exponent, 2^(exponent + 1))
  if (exponent > 1023) return std::numeric_limits<double>::infinity();
  if (exponent < -1075) return 0;
  const bool normal = exponent >= -1022;
  const int dropped = normal ? 11 : 11 - 1022 - exponent;  // 11 to 64 bits of m fall away
  const std::uint64_t half = std::uint64_t{1} << (dropped - 1);
  const std::uint64_t rest = m & (half - 1 + half);
  std::uint64_t bits = dropped == 64 ? 0 : m >> dropped;
  if (rest > half || (rest == half && (value.inexact || bits % 2 == 1))) ++bits;
  if (normal) bits += static_cast<std::uint64_t>(exponent + 1022) << 52;  // the leading bit adds the missing one,
  return std::bit_cast<double>(bits);                                     // and a carry runs into the exponent
}

/// a / b * 2^exponent: the top 64 bits of the quotient of two integers, by long division with three limbs of quotient
/// (Knuth, The Art of Computer Programming, 4.3.1, algorithm D).
constexpr scaled_significand divide(big_integer a, big_integer b, int exponent) {
  exponent += b.normalize() - a.normalize() + 32 * (a.size - b.size);
  // From here on both are fractions in [1/2, 1), their top limbs aligned; the quotient is in (1/2, 2).
  const int size = a.size > b.size ? a.size : b.size;
  std::uint32_t divisor[96] = {}, remainder[97] = {};
  for (int i = 0; i < size; ++i) divisor[size - 1 - i] = b.from_top(i);
  for (int i = 0; i < size; ++i) remainder[size - 1 - i] = a.from_top(i);
  std::uint64_t digit[3] = {};
  for (std::uint64_t& q : digit) {
    q = (std::uint64_t{remainder[size]} << 32 | remainder[size - 1]) / divisor[size - 1];
    if (q > 0xffff'ffff) q = 0xffff'ffff;
    std::uint64_t carry = 0;
    for (int i = 0; i < size; ++i) {  // remainder -= q * divisor
      carry += q * divisor[i];
      const std::uint32_t low = static_cast<std::uint32_t>(carry);
      carry = (carry >> 32) + (remainder[i] < low);
      remainder[i] -= low;
    }
    remainder[size] -= static_cast<std::uint32_t>(carry);
    while (remainder[size] != 0) {  // q was too big, by 2 at most
      --q;
      std::uint64_t sum = 0;
      for (int i = 0; i < size; ++i) {
        sum += std::uint64_t{remainder[i]} + divisor[i];
        remainder[i] = static_cast<std::uint32_t>(sum);
        sum >>= 32;
      }
      remainder[size] += static_cast<std::uint32_t>(sum);
    }
    for (int i = size; i > 0; --i) remainder[i] = remainder[i - 1];
    remainder[0] = 0;
  }
  bool inexact = false;
  for (int i = 0; i <= size && !inexact; ++i) inexact = remainder[i] != 0;
  const std::uint64_t fraction = digit[1] << 32 | digit[2];
  if (digit[0] == 0) return {fraction, exponent - 64, inexact};
  return {fraction >> 1 | std::uint64_t{1} << 63, exponent - 63, inexact || fraction % 2 == 1};
}

/// The top 64 bits of an integer.
constexpr scaled_significand leading_bits(big_integer a, int exponent) {
  exponent += 32 * a.size - 64 - a.normalize();
  const std::uint64_t top = std::uint64_t{a.from_top(0)} << 32 | a.from_top(1);
  bool inexact = false;
  for (int i = 2; i < a.size && !inexact; ++i) inexact = a.from_top(i) != 0;
  return {top, exponent, inexact};
}

/// The digits of a literal from its first nonzero one to its last; value = digits * base^exponent.
struct digit_string {
  std::string_view text;  // may contain '.' and '\''
  int count;
  std::int64_t exponent;
};

constexpr int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

/// digits * 10^exponent, rounded to nearest, ties to even.
constexpr double decimal_to_double(digit_string digits) {
  const std::int64_t magnitude = digits.exponent + digits.count;  // the value is in [10^(magnitude - 1), 10^magnitude)
  if (magnitude > 309) return std::numeric_limits<double>::infinity();
  if (magnitude < -323) return 0;  // less than 10^-324, and so less than half of the smallest double
  // A point where rounding goes the other way has at most 767 significant digits, so 800 digits and
  // «something follows», which a last digit 1 says, decide.
  const int kept = digits.count <= 800 ? digits.count : 800;
  big_integer number;
  std::uint64_t first = 0;  // the value of up to 19 digits
  std::uint32_t chunk = 0, chunk_unit = 1;
  const char* next = digits.text.data();
  for (int i = 0; i < kept; ++next) {
    if (*next == '.' || *next == '\'') continue;
    if (kept <= 19) {
      first = 10 * first + static_cast<std::uint64_t>(*next - '0');
    } else {
      chunk = 10 * chunk + static_cast<std::uint32_t>(*next - '0');
      chunk_unit *= 10;
      if (chunk_unit == 1'000'000'000 || i + 1 == kept) {
        number.multiply_add(chunk_unit, chunk);
        chunk = 0, chunk_unit = 1;
      }
    }
    ++i;
  }
  int exponent = static_cast<int>(digits.exponent + (digits.count - kept));
  if (kept <= 19) {
    // Clinger's fast path: both numbers are exact doubles, so that one operation rounds once (How to Read Floating
    // Point Numbers Accurately, PLDI 1990).
    if (first <= std::uint64_t{1} << 53 && exponent >= -22 && exponent <= 22) {
      constexpr double power_of_10[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
      const double significand = static_cast<double>(first);
      return exponent < 0 ? significand / power_of_10[-exponent] : significand * power_of_10[exponent];
    }
    number.limb[0] = static_cast<std::uint32_t>(first);
    number.limb[1] = static_cast<std::uint32_t>(first >> 32);
    number.size = number.limb[1] != 0 ? 2 : 1;
  }
  if (kept < digits.count) number.multiply_add(10, 1), --exponent;
  if (exponent >= 0) {
    number.multiply_by_power_of_5(exponent);
    return round_to_double(leading_bits(number, exponent));
  }
  big_integer divisor;
  divisor.limb[0] = 1;
  divisor.size = 1;
  divisor.multiply_by_power_of_5(-exponent);
  return round_to_double(divide(number, divisor, exponent));
}

/// digits * 16^(digits.exponent) * 2^exponent, rounded to nearest, ties to even.
constexpr double hexadecimal_to_double(digit_string digits, std::int64_t exponent) {
  const std::int64_t scale = exponent + 4 * digits.exponent;
  if (scale + 4 * std::int64_t{digits.count} > 1028) return std::numeric_limits<double>::infinity();
  if (scale + 4 * std::int64_t{digits.count} < -1075) return 0;
  const int kept = digits.count <= 16 ? digits.count : 16;
  std::uint64_t significand = 0;
  const char* next = digits.text.data();
  for (int i = 0; i < kept; ++next) {
    if (*next == '.' || *next == '\'') continue;
    significand = significand << 4 | static_cast<std::uint64_t>(digit_value(*next));
    ++i;
  }
  // The last digit is not zero, so digits that are left out make the value inexact. 16 digits have 61 bits or more,
  // which is enough for a set bit at the end to say so.
  if (kept < digits.count) significand |= 1;
  return round_to_double({significand, static_cast<int>(scale + 4 * (digits.count - kept)), false});
}

/// The value of a literal as the C++ grammar writes it ([lex.icon], [lex.fcon]), without sign and without suffix.
/// Floats are rounded correctly, half to even, whatever their length.
constexpr literal parse_literal(std::string_view text) {
  const std::size_t end = text.size();
  const char prefix = end > 2 && text[0] == '0' ? text[1] : '0';
  const int base = prefix == 'x' || prefix == 'X' ? 16 : prefix == 'b' || prefix == 'B' ? 2 : 10;
  const std::size_t start = base == 10 ? 0 : 2;
  const auto separates = [&](std::size_t i) {
    return i > start && i + 1 < end && digit_value(text[i - 1]) < base && digit_value(text[i + 1]) < base;
  };

  // The significand.
  std::size_t i = start, first = 0;
  bool has_digits = false, has_point = false, fits = true;
  int count = 0, trailing_zeros = 0;
  std::int64_t digits_exponent = 0;
  std::int64_t integer = 0;
  constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();
  for (; i < end; ++i) {
    if (text[i] == '\'' && separates(i)) continue;
    if (text[i] == '.' && !has_point && base != 2) {
      has_point = true;
      continue;
    }
    const int digit = digit_value(text[i]);
    if (digit >= base) break;
    has_digits = true;
    digits_exponent -= has_point;
    fits = fits && integer <= (largest - digit) / base;
    if (fits) integer = base * integer + digit;
    if (digit == 0 && count == 0) continue;
    if (count == 0) first = i;
    ++count;
    trailing_zeros = digit == 0 ? trailing_zeros + 1 : 0;
  }
  if (!has_digits) return {};

  // The exponent.
  std::int64_t exponent = 0;
  bool has_exponent = false;
  if (i < end && (base == 10 ? text[i] == 'e' || text[i] == 'E' : base == 16 && (text[i] == 'p' || text[i] == 'P'))) {
    has_exponent = true;
    ++i;
    const bool negative = i < end && text[i] == '-';
    if (i < end && (text[i] == '-' || text[i] == '+')) ++i;
    if (i == end || digit_value(text[i]) > 9) return {};
    for (; i < end; ++i) {
      if (text[i] == '\'' && i + 1 < end && digit_value(text[i - 1]) < 10 && digit_value(text[i + 1]) < 10) continue;
      if (digit_value(text[i]) > 9) break;
      if (exponent < 1'000'000'000'000) exponent = 10 * exponent + digit_value(text[i]);
    }
    if (negative) exponent = -exponent;
  }
  if (i != end || (base == 16 && has_point && !has_exponent)) return {};

  if (!has_point && !has_exponent) {
    if (base == 10 && text[0] == '0' && end > 1) {  // octal
      integer = 0;
      fits = true;
      for (const char c : text) {
        if (c == '\'') continue;
        if (digit_value(c) > 7) return {};
        fits = fits && integer <= (largest - digit_value(c)) / 8;
        if (fits) integer = 8 * integer + digit_value(c);
      }
    }
    return {.is_integer = true, .valid = fits, .integer = integer, .real = static_cast<double>(integer)};
  }
  if (count == 0) return {.valid = true};
  const digit_string digits{text.substr(first), count - trailing_zeros, digits_exponent + trailing_zeros};
  const double real = base == 16
                          ? hexadecimal_to_double(digits, exponent)
                          : decimal_to_double({digits.text, digits.count, digits.exponent + exponent});
  return {.valid = real != 0 && real <= std::numeric_limits<double>::max(), .real = real};
}

}  // namespace ctgrad::detail
