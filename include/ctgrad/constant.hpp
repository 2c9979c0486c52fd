// Constants of expressions, extents and axes: `2_c`, `0.5_c`.
// They are types, so an expression stays empty; their dtype is that of what they meet.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../compiler/decimal.hpp"
#include "expression.hpp"

#include <bit>
#include <cstdint>

namespace ctgrad {

/// The integer `Bits`, or, where `Real`, the double with these bits.
template <bool Real, std::int64_t Bits>
struct constant : detail::expression_tag {
  static constexpr int tree_size = 1;
  static constexpr bool is_integer = !Real;
  static constexpr std::int64_t integer = Bits;
  static constexpr detail::tensor_type type{Real ? dtype::float64 : dtype::int64, true, true, {}};

  static constexpr detail::node_id lower_constant(detail::builder& b) {
    return b.add({.code = detail::op::constant, .type = type.type, .weak = true, .attribute = Bits});
  }
  static constexpr detail::node_id lower(detail::lowering& l) { return lower_constant(l.b); }
  static constexpr auto negated() {
    if constexpr (Real) return constant<true, Bits ^ INT64_MIN>{};
    else return constant<false, -Bits>{};
  }
};

template <class T>
inline constexpr bool is_integer_constant = false;
template <std::int64_t Bits>
inline constexpr bool is_integer_constant<constant<false, Bits>> = true;

/// An integer that the compiler knows: an axis or an extent.
template <class T>
concept integer_constant = is_integer_constant<std::remove_cvref_t<T>>;

namespace detail {
template <char... Characters>
struct bad_literal {
  constexpr message operator()() const {
    message m;
    m << "ctgrad: the literal ";
    (m << ... << Characters);
    return m << "_c has no exact value: an integer has to fit int64, a number with a point has to be finite in double";
  }
};
template <char... Characters>
inline constexpr char literal_characters[] = {Characters...};
}  // namespace detail

namespace literals {
/// A constant of an expression: `2_c`, `0.5_c`, `1e-3_c`. Correctly rounded to double, or a compile error.
template <char... Characters>
constexpr auto operator""_c() {
  constexpr auto parsed = detail::parse_literal({detail::literal_characters<Characters...>, sizeof...(Characters)});
  if constexpr (!parsed.valid) {
    detail::require_no_error<detail::bad_literal<Characters...>>();
    return constant<false, 0>{};
  } else if constexpr (parsed.is_integer) return constant<false, parsed.integer>{};
  else return constant<true, std::bit_cast<std::int64_t>(parsed.real)>{};
}
}  // namespace literals

}  // namespace ctgrad
