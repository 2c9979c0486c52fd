// Arrays and views as text, in PyTorch's layout to the character.
// A port of the rules of torch/_tensor_str.py (precision 4, line width 80, summaries above 1000 elements).
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <ios>
#include <ostream>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "../../compiler/dtype.hpp"
#include "../../compiler/list.hpp"
#include "array.hpp"
#include "strides.hpp"
#include "view.hpp"

namespace ctgrad {

namespace detail {

/// PyTorch's default print options.
struct print_options {
  static constexpr int precision = 4;
  static constexpr std::int64_t threshold = 1000, edge_items = 3;
  static constexpr std::size_t line_width = 80;
};

/// A number as Python's format does it: `digits` after the point, no sign on a NaN, whatever the locale.
inline std::string float_text(double value, std::ios_base::fmtflags format, int digits) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::ostringstream out;  // (<charconv> is what nothing else here includes: a fiftieth of a second for everybody.)
  out.imbue(std::locale::classic());
  out.setf(format, std::ios_base::floatfield);
  out.precision(digits);
  out << value;
  return std::move(out).str();
}

/// How all elements of one tensor are written: PyTorch's _Formatter. Built in two steps, `see` every element that will be
/// printed, then `settle`.
template <class T>
class number_format {
 public:
  void see(T value) {
    if constexpr (is_floating(dtype_of<T>)) {
      double const number = static_cast<double>(value);
      if (!std::isfinite(number) || number == 0) return;  // these do not count for the layout
      if (number != std::ceil(number)) integral_ = false;
      smallest_ = seen_.empty() ? std::abs(number) : std::min(smallest_, std::abs(number));
      largest_ = std::max(largest_, std::abs(number));
      seen_.push_back(number);
    } else {
      width_ = std::max(width_, text(value).size());
    }
  }

  void settle() {
    if constexpr (is_floating(dtype_of<T>)) {
      if (seen_.empty()) return;
      scientific_ = largest_ / smallest_ > 1000.0 || largest_ > 1.0e8 || (!integral_ && smallest_ < 1.0e-4);
      for (double number : seen_) width_ = std::max(width_, text(static_cast<T>(number)).size());
    }
  }

  std::size_t width() const { return width_; }

  /// An element, right-aligned. Zeros and NaNs may be wider than the column, as in PyTorch, which does not measure them.
  std::string operator()(T value) const {
    std::string written = text(value);
    return std::string(width_ - std::min(width_, written.size()), ' ') + written;
  }

 private:
  std::string text(T value) const {
    if constexpr (std::is_same_v<T, bool>) {
      return value ? "True" : "False";
    } else if constexpr (std::is_integral_v<T>) {
      return std::to_string(value);
    } else {
      double const number = static_cast<double>(value);
      if (scientific_) return float_text(number, std::ios_base::scientific, print_options::precision);
      if (!integral_) return float_text(number, std::ios_base::fixed, print_options::precision);
      return float_text(number, std::ios_base::fixed, 0) + (std::isfinite(number) ? "." : "");
    }
  }

  detail::list<double> seen_;
  double smallest_ = 0, largest_ = 0;
  std::size_t width_ = 1;
  bool integral_ = true, scientific_ = false;
};

/// Writes the elements of one tensor; ranks are run-time values here, so one instance serves all of them.
template <class T>
class tensor_writer {
 public:
  tensor_writer(std::span<std::int64_t const> shape, std::span<std::int64_t const> strides)
      : shape_(shape), strides_(strides), summarize_(element_count(shape) > print_options::threshold) {}

  /// The text between `tensor(` and its suffixes; `indent` is the column it starts in.
  std::string operator()(T const* data, std::size_t indent) {
    see(data, 0);
    format_.settle();
    return write(data, 0, indent);
  }

 private:
  bool elides(std::size_t axis) const { return summarize_ && shape_[axis] > 2 * print_options::edge_items; }

  /// Calls `visit(entry)` for each entry of an axis that is shown, and `gap()` where some are left out.
  template <class Visit, class Gap>
  void for_shown(T const* data, std::size_t axis, Visit visit, Gap gap) const {
    for (std::int64_t i = 0; i < shape_[axis]; ++i) {
      if (elides(axis) && i == print_options::edge_items) gap(), i = shape_[axis] - print_options::edge_items;
      visit(data + i * strides_[axis]);
    }
  }

  void see(T const* data, std::size_t axis) {
    if (axis == shape_.size()) return format_.see(*data);
    for_shown(data, axis, [&](T const* entry) { see(entry, axis + 1); }, [] {});
  }

  std::string write(T const* data, std::size_t axis, std::size_t indent) const {
    std::size_t const rank = shape_.size() - axis;
    if (rank == 0) return format_(*data);
    std::string const new_line = "," + std::string(std::max<std::size_t>(rank - 1, 1), '\n') + std::string(indent + 1, ' ');
    std::size_t const room = print_options::line_width - std::min(indent, print_options::line_width);
    std::size_t const per_line = rank > 1 ? 1 : std::max<std::size_t>(1, room / (format_.width() + 2));
    std::string written = "[";
    std::size_t count = 0;
    auto const add = [&](std::string const& entry) {
      if (count > 0) written += count % per_line == 0 ? new_line : ", ";
      written += entry;
      ++count;
    };
    for_shown(data, axis, [&](T const* entry) { add(write(entry, axis + 1, indent + 1)); }, [&] { add(rank == 1 ? " ..." : "..."); });
    return written + "]";
  }

  std::span<std::int64_t const> shape_, strides_;
  bool summarize_;
  number_format<T> format_;
};

/// PyTorch says the shape of an empty tensor unless it is (0,), and the dtype unless the elements tell it.
template <class T>
std::string tensor_text(T const* data, std::span<std::int64_t const> shape, std::span<std::int64_t const> strides) {
  constexpr std::string_view prefix = "tensor(";
  constexpr dtype type = dtype_of<T>;
  bool const is_empty = element_count(shape) == 0;
  std::string text(prefix);
  text += is_empty ? "[]" : tensor_writer<T>(shape, strides)(data, prefix.size());

  std::size_t const line_start = text.rfind('\n');  // as PyTorch counts: two more where there is one line only
  std::size_t last_line = line_start == std::string::npos ? text.size() + 2 : text.size() - line_start + 1;
  auto const add_suffix = [&](std::string const& suffix) {
    if (last_line + suffix.size() + 2 > print_options::line_width) {
      text += ",\n" + std::string(prefix.size(), ' ') + suffix;
      last_line = prefix.size() + suffix.size();
    } else {
      text += ", " + suffix;
      last_line += suffix.size() + 2;
    }
  };
  if (is_empty && shape.size() != 1) add_suffix("size=" + shape_text(shape));
  bool const is_told = type == dtype::float32 || (!is_empty && (type == dtype::int64 || type == dtype::bool_));
  if (!is_told) add_suffix("dtype=torch." + std::string(ctgrad::to_string(type)));
  return text + ")";
}

}  // namespace detail

/// What PyTorch prints for the same elements: `tensor([[1, 0, 1],\n        [2, 1, 1]])`.
template <class T, std::size_t Rank>
std::string to_string(view<T, Rank> const& values) {
  return detail::tensor_text<std::remove_const_t<T>>(values.data(), values.shape(), values.strides());
}
template <class T, std::size_t Rank>
std::string to_string(array<T, Rank> const& values) { return to_string(values.view()); }

/// Writes to_string(values).
template <class T, std::size_t Rank>
std::ostream& operator<<(std::ostream& out, view<T, Rank> const& values) { return out << to_string(values); }
template <class T, std::size_t Rank>
std::ostream& operator<<(std::ostream& out, array<T, Rank> const& values) { return out << to_string(values); }

}  // namespace ctgrad
