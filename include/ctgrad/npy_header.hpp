// The header of a .npy file: read from bytes, and written.
// Files come from anywhere, so every field is checked and no byte is trusted; kept apart from files so that it can be fuzzed.
// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html, versions 1.0, 2.0 and 3.0.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../../compiler/dtype.hpp"
#include "error.hpp"
#include "strides.hpp"
#include "text.hpp"

namespace ctgrad::detail {

static_assert(std::endian::native == std::endian::little, "ctgrad: .npy files are read and written on little-endian machines only");

/// What a .npy header says, and where the elements begin.
struct npy_header {
  dtype type = dtype::bool_;
  bool fortran_order = false;
  std::vector<std::int64_t> shape;
  std::size_t data_offset = 0;
};

inline constexpr std::string_view npy_magic{"\x93NUMPY", 6};

/// The name of a dtype in .npy files, for those that tensors have. NumPy has no bfloat16, and no name for it.
constexpr std::string_view npy_descr(dtype type) {
  constexpr std::string_view names[] = {"|b1", "<i4", "<i8", "<f2", "", "<f4", "<f8"};
  return names[static_cast<int>(type)];
}

/// The dtype that `descr` names. Throws dtype_error if it is of the other byte order, or not one that tensors have.
inline dtype npy_dtype(std::string_view descr, std::string const& file) {
  for (int type = 0; type < dtype_count; ++type)
    if (!descr.empty() && npy_descr(static_cast<dtype>(type)) == descr) return static_cast<dtype>(type);
  if (descr.starts_with('>'))
    throw dtype_error(file + ": its elements are big-endian (descr " + in_quotes(descr) + "); save it with .astype(" +
                      in_quotes("<" + std::string(descr.substr(1))) + ") first");
  throw dtype_error(file + ": descr " + in_quotes(descr) + " is no dtype of a tensor (those are |b1, <i4, <i8, <f2, <f4, <f8)");
}

/// A parser of the one Python literal that a header is: a dict of a string, a bool and a tuple of integers.
class npy_literal_parser {
 public:
  npy_literal_parser(std::string_view text, std::string const& file) : text_(text), file_(file) {}

  /// Reads the whole literal into `header`. Throws io_error, dtype_error or shape_error.
  void parse(npy_header& header) {
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      std::string_view const key = string_literal("a key");
      expect(':');
      if (key == "descr") once(has_descr, key), header.type = npy_dtype(descr(), file_);
      else if (key == "fortran_order") once(has_order, key), header.fortran_order = bool_literal();
      else if (key == "shape") once(has_shape, key), header.shape = tuple_literal();
      else fail("unknown key " + in_quotes(key));
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (!has_descr) fail("no key 'descr'");
    if (!has_order) fail("no key 'fortran_order'");
    if (!has_shape) fail("no key 'shape'");
    skip_spaces();
    if (at_ < text_.size()) fail("garbage after the dict: " + in_quotes(text_.substr(at_)));
  }

 private:
  [[noreturn]] void fail(std::string const& problem) const { throw io_error(file_ + ": malformed .npy header: " + problem); }

  void once(bool& seen, std::string_view key) const {
    if (seen) fail("key " + in_quotes(key) + " occurs twice");
    seen = true;
  }

  void skip_spaces() {
    while (at_ < text_.size() && std::string_view(" \t\r\n\f").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool accept(char letter) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != letter) return false;
    ++at_;
    return true;
  }
  void expect(char letter) {
    if (accept(letter)) return;
    fail(std::string("expected '") + letter + "', found " + (at_ == text_.size() ? "the end" : in_quotes(text_.substr(at_))));
  }
  bool accept_word(std::string_view word) {
    skip_spaces();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  std::string_view string_literal(char const* what) {
    skip_spaces();
    char const quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') fail(std::string(what) + " has to be a string, found " + in_quotes(text_.substr(at_)));
    std::size_t const begin = at_ + 1, end = text_.find(quote, begin);
    if (end == std::string_view::npos) fail("a string has no end: " + in_quotes(text_.substr(at_)));
    at_ = end + 1;
    std::string_view const text = text_.substr(begin, end - begin);
    if (text.find('\\') != std::string_view::npos) fail("a string has a backslash: " + in_quotes(text));
    return text;
  }

  std::string_view descr() {
    skip_spaces();
    if (at_ < text_.size() && text_[at_] == '[') throw dtype_error(file_ + ": its elements are records, which no tensor has");
    return string_literal("'descr'");
  }

  bool bool_literal() {
    if (accept_word("True")) return true;
    if (!accept_word("False")) fail("'fortran_order' has to be True or False, found " + in_quotes(text_.substr(at_)));
    return false;
  }

  std::vector<std::int64_t> tuple_literal() {
    std::vector<std::int64_t> entries;
    expect('(');
    bool comma = true;
    while (!accept(')')) {
      if (!comma) fail("'shape' lacks a comma before " + in_quotes(text_.substr(at_)));
      entries.push_back(integer_literal());
      comma = accept(',');
    }
    if (entries.size() == 1 && !comma) fail("'shape' has to be a tuple, found an integer in parentheses");
    return entries;
  }

  std::int64_t integer_literal() {
    skip_spaces();
    auto const is_digit = [&] { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; };
    if (!is_digit()) fail("an extent has to be a non-negative integer, found " + in_quotes(text_.substr(at_)));
    std::size_t const begin = at_;
    std::int64_t value = 0;
    while (is_digit()) {
      std::int64_t const digit = text_[at_++] - '0';
      if (value > (int64_max - digit) / 10) throw shape_error(file_ + ": an extent is larger than any memory");
      value = 10 * value + digit;
    }
    if (at_ - begin > 1 && text_[begin] == '0') fail("an extent begins with zero: " + in_quotes(text_.substr(begin)));
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // Python 2 wrote long integers so
    return value;
  }

  std::string_view text_;
  std::string const& file_;
  std::size_t at_ = 0;
};

/// Reads the header that `bytes` (all of a file, or as much as there is) begins with. `file` is for messages.
/// Throws io_error for what is malformed, dtype_error for elements that no tensor has, shape_error for shapes that overflow.
inline npy_header parse_npy_header(std::span<std::byte const> bytes, std::string const& file = "npy") {
  std::string_view const text(reinterpret_cast<char const*>(bytes.data()), bytes.size());
  if (!text.starts_with(npy_magic)) throw io_error(file + ": not a .npy file, it begins with " + in_quotes(text.substr(0, 6)));
  if (bytes.size() < 8) throw io_error(file + ": the file ends within its .npy version");
  auto const number = [&](std::size_t at) { return std::to_integer<std::size_t>(bytes[at]); };
  std::size_t const major = number(6), minor = number(7);
  if (major < 1 || major > 3 || minor != 0)
    throw io_error(file + ": .npy version " + std::to_string(major) + "." + std::to_string(minor) +
                   " is unknown (1.0, 2.0 and 3.0 are read)");

  std::size_t const length_bytes = major == 1 ? 2 : 4, begin = 8 + length_bytes;
  if (bytes.size() < begin) throw io_error(file + ": the file ends within the length of its .npy header");
  std::size_t length = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) length |= number(8 + i) << (8 * i);
  if (length > bytes.size() - begin)
    throw io_error(file + ": the .npy header lacks " + std::to_string(length - (bytes.size() - begin)) + " of its " +
                   std::to_string(length) + " bytes");

  npy_header header;
  header.data_offset = begin + length;
  npy_literal_parser(text.substr(begin, length), file).parse(header);
  try {
    checked_count(header.shape, size_of(header.type));
  } catch (shape_error const& problem) {
    throw shape_error(file + ": " + problem.what());
  }
  return header;
}

/// The bytes of a version 1.0 header for row-major elements, padded so that these begin at a multiple of 64.
inline std::string write_npy_header(dtype type, std::span<std::int64_t const> shape) {
  if (npy_descr(type).empty()) throw dtype_error(std::string(to_string(type)) + " has no name in .npy files; safetensors have one");
  std::string dict = "{'descr': '" + std::string(npy_descr(type)) + "', 'fortran_order': False, 'shape': " + shape_text(shape) + ", }";
  constexpr std::size_t begin = 10, alignment = 64;
  std::size_t const end = (begin + dict.size() + 1 + alignment - 1) / alignment * alignment;
  dict.resize(end - begin - 1, ' ');
  dict += '\n';
  if (dict.size() > 0xffff) throw shape_error("a tensor of rank " + std::to_string(shape.size()) + " does not fit a .npy 1.0 header");
  std::string header(npy_magic);
  header += {'\1', '\0', static_cast<char>(dict.size() & 0xff), static_cast<char>(dict.size() >> 8)};
  return header + dict;
}

}  // namespace ctgrad::detail
