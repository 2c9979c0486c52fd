// Numbers of 16 bits, as arrays hold them: arithmetic is on float.
// std::float16_t is C++23's, and absent from g++ 12; conversions are by integers, so that constants have them, and by instructions in loops (cpu/half.hpp).
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace ctgrad {
namespace detail {

/// `x` with `Fraction` bits of fraction and exponents from `Least` on, in 16 bits, rounded once to the nearest, the even one of two. NaN stays, quiet, with the upper bits of its payload.
template <int Fraction, int Least>
constexpr std::uint16_t narrowed(double x) {
  auto const bits = std::bit_cast<std::uint64_t>(x);
  std::uint64_t const sign = bits >> 63 << 15, size = bits & 0x7fffffffffffffff, infinite = std::uint64_t{0x7fff} >> Fraction << Fraction;
  if (size > 0x7ff0000000000000) return static_cast<std::uint16_t>(sign | infinite | std::uint64_t{1} << (Fraction - 1) | (size & 0xfffffffffffff) >> (52 - Fraction));
  int const exponent = static_cast<int>(size >> 52) - 1023, below = exponent < Least ? Least - exponent : 0, dropped = 52 - Fraction + below;
  if (exponent > 1 - Least) return static_cast<std::uint16_t>(sign | infinite);
  if (dropped > 53) return static_cast<std::uint16_t>(sign);
  std::uint64_t const significand = (size & 0xfffffffffffff) | std::uint64_t{1} << 52, rest = significand & ((std::uint64_t{1} << dropped) - 1), half = std::uint64_t{1} << (dropped - 1);
  std::uint64_t kept = significand >> dropped;
  kept += rest > half || (rest == half && kept & 1);
  // What is carried out of the fraction is one more in the exponent, and of the largest number infinity.
  return static_cast<std::uint16_t>(sign | (below ? kept : kept + (static_cast<std::uint64_t>(exponent - Least) << Fraction)));
}

}  // namespace detail

/// IEEE 754's binary16: 10 bits of fraction, up to 65504. From a number it is rounded to the nearest; it is a float wherever it is computed with.
struct float16 {
  std::uint16_t bits;
  float16() = default;
  template <class Number>
    requires std::is_convertible_v<Number, float>
  constexpr explicit float16(Number x) : bits(detail::narrowed<10, -14>(static_cast<double>(x))) {}
  constexpr operator float() const {
    std::uint32_t const sign = std::uint32_t{bits} >> 15 << 31, exponent = bits >> 10 & 31, fraction = bits & 1023;
    if (exponent == 0) return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(static_cast<float>(fraction) * 0x1p-24f));
    if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13 | (fraction ? 0x400000u : 0u));
    return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
  }
};
/// The upper half of a float: 7 bits of fraction, and all of its exponents. Otherwise as float16.
struct bfloat16 {
  std::uint16_t bits;
  bfloat16() = default;
  template <class Number>
    requires std::is_convertible_v<Number, float>
  constexpr explicit bfloat16(Number x) : bits(detail::narrowed<7, -126>(static_cast<double>(x))) {}
  constexpr operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

namespace detail {
/// A number that arrays hold in 16 bits.
template <class T>
inline constexpr bool is_half = std::is_same_v<T, float16> || std::is_same_v<T, bfloat16>;
/// What is bound as one number.
template <class T>
inline constexpr bool is_number = std::is_arithmetic_v<T> || is_half<T>;
}  // namespace detail

}  // namespace ctgrad
