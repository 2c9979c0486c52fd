// Rows: circular and hyperbolic functions and their inverses.
// Angles are in radians.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../row.hpp"

namespace ctgrad::detail {

// clang-format off
template <> struct row<op::sin> {
  static constexpr op_info info{.name = "sin", .result = result_rule::floating, .cost = 20, .sign = symmetry::odd};
  static constexpr latex::form in_latex{"\\sin\\left(#0\\right)", latex::application};
  static constexpr auto eval(auto x) { using cmath::sin; return sin(x); }
  static constexpr value d0(value g, value x, value) { return g * cos(x); }
};
template <> struct row<op::cos> {
  static constexpr op_info info{.name = "cos", .result = result_rule::floating, .cost = 20, .sign = symmetry::even};
  static constexpr latex::form in_latex{"\\cos\\left(#0\\right)", latex::application};
  static constexpr auto eval(auto x) { using cmath::cos; return cos(x); }
  static constexpr value d0(value g, value x, value) { return -(g * sin(x)); }
};
template <> struct row<op::tan> {
  static constexpr op_info info{.name = "tan", .result = result_rule::floating, .cost = 24, .sign = symmetry::odd};
  static constexpr latex::form in_latex{"\\tan\\left(#0\\right)", latex::application};
  static constexpr auto eval(auto x) { using cmath::tan; return tan(x); }
  static constexpr value d0(value g, value, value y) { return g * (1 + y * y); }
};
template <> struct row<op::asin> {
  static constexpr op_info info{.name = "asin", .result = result_rule::floating, .cost = 20, .sign = symmetry::odd};
  static constexpr latex::form in_latex{"\\arcsin\\left(#0\\right)", latex::application};
  static constexpr auto eval(auto x) { using cmath::asin; return asin(x); }
  static constexpr value d0(value g, value x, value) { return g * rsqrt(1 - x * x); }
};
template <> struct row<op::acos> {
  static constexpr op_info info{.name = "acos", .result = result_rule::floating, .cost = 20};
  static constexpr latex::form in_latex{"\\arccos\\left(#0\\right)", latex::application};
  static constexpr auto eval(auto x) { using cmath::acos; return acos(x); }
  static constexpr value d0(value g, value x, value) { return -(g * rsqrt(1 - x * x)); }
};
template <> struct row<op::atan> {
  static constexpr op_info info{.name = "atan", .result = result_rule::floating, .cost = 20, .sign = symmetry::odd};
  static constexpr latex::form in_latex{"\\arctan\\left(#0\\right)", latex::application};
  static constexpr auto eval(auto x) { using cmath::atan; return atan(x); }
  static constexpr value d0(value g, value x, value) { return g / (1 + x * x); }
};
template <> struct row<op::atan2> {
  static constexpr op_info info{.name = "atan2", .arity = 2, .result = result_rule::floating, .cost = 30};
  static constexpr auto eval(auto y, auto x) { using cmath::atan2; return atan2(y, x); }
  static constexpr value d0(value g, value y, value x, value) { return g * over_square(x, y, x); }
  static constexpr value d1(value g, value y, value x, value) { return -(g * over_square(y, y, x)); }
  /// v / (x^2 + y^2); 0 at the origin, where an angle has no derivative: PyTorch's choice.
  static constexpr value over_square(value v, value y, value x) {
    value const square = x * x + y * y;
    return where(square == 0, 0, v / square);
  }
};
template <> struct row<op::sinh> {
  static constexpr op_info info{.name = "sinh", .result = result_rule::floating, .cost = 24, .sign = symmetry::odd};
  static constexpr latex::form in_latex{"\\sinh\\left(#0\\right)", latex::application};
  static constexpr auto eval(auto x) { using cmath::sinh; return sinh(x); }
  static constexpr value d0(value g, value x, value) { return g * cosh(x); }
};
template <> struct row<op::cosh> {
  static constexpr op_info info{.name = "cosh", .result = result_rule::floating, .cost = 24, .sign = symmetry::even};
  static constexpr latex::form in_latex{"\\cosh\\left(#0\\right)", latex::application};
  static constexpr auto eval(auto x) { using cmath::cosh; return cosh(x); }
  static constexpr value d0(value g, value x, value) { return g * sinh(x); }
};
template <> struct row<op::tanh> {
  static constexpr op_info info{.name = "tanh", .result = result_rule::floating, .cost = 24, .sign = symmetry::odd};
  static constexpr latex::form in_latex{"\\tanh\\left(#0\\right)", latex::application};
  static constexpr auto eval(auto x) { using cmath::tanh; return tanh(x); }
  static constexpr value d0(value g, value, value y) { return g * (1 - y * y); }
};
// clang-format on

}  // namespace ctgrad::detail
