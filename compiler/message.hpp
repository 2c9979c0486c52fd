// Text that is put together in the compiler, and shown as the first line of a compile error.
// libstdc++ 12's std::string cannot be used in clang's constant expressions, hence a list of characters.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "list.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ctgrad::detail {

/// A growing text. `m << "extent " << 3` appends.
struct message {
  list<char> characters;

  constexpr bool empty() const { return characters.empty(); }
  constexpr std::size_t size() const { return characters.size(); }
  constexpr std::string_view view() const { return {characters.data(), characters.size()}; }

  constexpr message& operator<<(std::string_view text) {
    for (char c : text) characters.push_back(c);
    return *this;
  }
  constexpr message& operator<<(message const& other) { return *this << other.view(); }
  constexpr message& operator<<(char c) {
    characters.push_back(c);
    return *this;
  }
  constexpr message& operator<<(std::int64_t number) {
    char digits[20]{};
    int count = 0;
    auto rest = number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    do digits[count++] = static_cast<char>('0' + rest % 10);
    while (rest /= 10);
    if (number < 0) characters.push_back('-');
    while (count) characters.push_back(digits[--count]);
    return *this;
  }
  constexpr message& operator<<(int number) { return *this << std::int64_t{number}; }
  constexpr message& operator<<(double number);
};

/// The shortest decimal that a reader would write for `number`: exact where nine decimals are enough, else rounded to 6 digits or more.
constexpr message& message::operator<<(double number) {
  if (number != number) return *this << "nan";
  if (std::bit_cast<std::uint64_t>(number) >> 63) {
    *this << '-';
    number = -number;
  }
  if (number > 1.7976931348623157e308) return *this << "inf";
  int exponent = 0;
  if (number != 0 && (number >= 1e15 || number < 1e-4)) {
    while (number >= 10) number /= 10, ++exponent;
    while (number < 1) number *= 10, --exponent;
  }
  auto whole = static_cast<std::int64_t>(number);
  double fraction = number - static_cast<double>(whole);
  int places = 0;
  std::int64_t scale = 1;
  // As few decimals as give the number back, at most 9.
  while (places < 9 && static_cast<double>(static_cast<std::int64_t>(fraction * static_cast<double>(scale) + 0.5)) / static_cast<double>(scale) +
                               static_cast<double>(whole) != number)
    ++places, scale *= 10;
  auto decimals = static_cast<std::int64_t>(fraction * static_cast<double>(scale) + 0.5);
  if (decimals == scale) ++whole, decimals = 0;
  for (; places && decimals % 10 == 0; --places) decimals /= 10, scale /= 10;
  if (exponent && whole == 10) whole = 1, ++exponent;
  *this << whole;
  if (places) {
    *this << '.';
    for (std::int64_t digit = scale / 10; digit; digit /= 10) *this << static_cast<char>('0' + decimals / digit % 10);
  }
  if (exponent) *this << 'e' << exponent;
  return *this;
}

}  // namespace ctgrad::detail
