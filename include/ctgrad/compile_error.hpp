// Stops the compilation with a message that was put together in the compiler.
// It includes nothing of ctgrad, and comes first in what users include: a compiler lists the headers that lead to an error before it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

namespace ctgrad {

/// Never defined: its arguments are the message of a compile error, which compilers print.
template <auto... Message>
struct error_message;

namespace detail {

/// A message as a template argument: the characters of one compile error.
template <std::size_t Size>
struct text {
  char characters[Size + 1]{};
  constexpr explicit text(std::string_view m) {
    for (std::size_t i = 0; i < Size; ++i) characters[i] = m[i];
    characters[Size] = 0;  // written out: clang prints numbers where the last element is only implied
  }
  constexpr std::string_view view() const { return {characters, Size}; }
};

/// The message that `Make{}()` puts together, kept.
template <class Make>
inline constexpr auto text_of = text<Make{}().size()>(Make{}().view());

#if defined(__clang__)
/// The whole words of a message that one template argument shows: clang (to 19 at least) cuts a text after 34 characters.
constexpr std::size_t piece_length(std::string_view m) {
  constexpr std::size_t capacity = 30;
  if (m.size() <= capacity) return m.size();
  for (std::size_t end = capacity; end > 0; --end)
    if (m[end - 1] == ' ') return end;
  return capacity;
}
constexpr std::string_view piece(std::string_view m, std::size_t number) {
  for (; number; --number) m.remove_prefix(piece_length(m));
  return m.substr(0, piece_length(m));
}
constexpr std::size_t piece_count(std::string_view m) {
  std::size_t count = 0;
  for (; !m.empty(); ++count) m.remove_prefix(piece_length(m));
  return count;
}

template <std::size_t Size>
constexpr text<Size> cut_text(std::string_view m) { return text<Size>(m); }
template <auto const& Text, std::size_t Number>
inline constexpr auto piece_of = cut_text<piece(Text.view(), Number).size()>(piece(Text.view(), Number));
template <auto const& Text, std::size_t... Pieces>
error_message<piece_of<Text, Pieces>...> split_message(std::index_sequence<Pieces...>);

template <class Make>
auto error_message_of() -> decltype(split_message<text_of<Make>>(std::make_index_sequence<piece_count(text_of<Make>.view())>{}));
#else
template <class Make>
error_message<text_of<Make>> error_message_of();
#endif

/// Stops the compilation with the message that `Make{}()` returns; nothing happens where that is empty. Each function that stands between this and a user's call
/// takes three lines of clang's output, and more than two of them would hide the call: `sizeof(decltype(error_message_of<Make>()))` is the same without this one.
template <class Make>
constexpr void require_no_error() {
  if constexpr (text_of<Make>.view().size() != 0) static_cast<void>(sizeof(decltype(error_message_of<Make>())));
}

}  // namespace detail
}  // namespace ctgrad
