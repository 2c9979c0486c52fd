// One element of any dtype, as a plain value.
// Constant folding and the interpreter compute with it, in the compiler or at run time.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "graph.hpp"
#include "ieee.hpp"

namespace ctgrad::detail {

/// `real` holds float16, bfloat16, float32 (rounded) and float64, `integer` the others.
struct scalar {
  double real = 0;
  std::int64_t integer = 0;

  static constexpr scalar of(node const& constant) {
    return is_floating(constant.type) ? scalar{constant.real(), 0} : scalar{0, constant.attribute};
  }
  /// `number` as an element of `type`: rounded, wrapped or taken as a truth value.
  static constexpr scalar from(double number, dtype type) {
    if (type == dtype::float16) number = static_cast<double>(float(float16(number)));
    else if (type == dtype::bfloat16) number = static_cast<double>(float(bfloat16(number)));
    return {type == dtype::float32 ? static_cast<double>(cmath::ieee::to_float(number)) : number, 0};
  }
  static constexpr scalar from(std::int64_t number, dtype type) {
    if (type == dtype::bool_) return {0, number != 0};
    return {0, type == dtype::int32 ? static_cast<std::int32_t>(number) : number};
  }
  /// The result of a row's computation as an element of `type`.
  template <class Number>
  static constexpr scalar of_result(Number number, dtype type) {
    if constexpr (std::is_same_v<Number, cmath::ieee>) return from(number.raw, type);
    else return from(static_cast<std::int64_t>(number), type);
  }
  /// As a row's computation takes it: ieee, wrapping int64 or bool.
  template <class Number>
  constexpr Number as() const {
    if constexpr (std::is_same_v<Number, cmath::ieee>) return Number(real);
    else if constexpr (std::is_same_v<Number, bool>) return integer != 0;
    else return Number(integer);
  }
  constexpr scalar cast(dtype from_type, dtype to) const {
    if (is_floating(to)) return from(is_floating(from_type) ? real : static_cast<double>(integer), to);
    if (!is_floating(from_type)) return from(integer, to);
    if (to == dtype::bool_) return {0, real != 0};
    // Out of range the result is the lowest number, as x86's conversion gives it.
    if (to == dtype::int32) return {0, real > -2147483649.0 && real < 2147483648.0 ? static_cast<std::int32_t>(real) : -2147483648};
    constexpr double limit = 9223372036854775808.0;
    return {0, real >= -limit && real < limit ? static_cast<std::int64_t>(real) : static_cast<std::int64_t>(0x8000000000000000u)};
  }
};

/// The map `code` on one element: operands of `operand_type`, a result of `type`.
constexpr scalar evaluate_map(op code, dtype operand_type, dtype type, scalar const* operands);

}  // namespace ctgrad::detail
