// Rows: sums, products, powers, sizes and choices.
// Formulas without a source are textbook calculus; the choice at kinks and ties is PyTorch's.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../row.hpp"

namespace ctgrad::detail {

// clang-format off
template <> struct row<op::copy> {
  static constexpr op_info info{.name = "copy", .cost = 0, .kept = true, .linear = linearity::together};
  static constexpr auto eval(auto x) { return x; }
  static constexpr value d0(value g, value, value) { return g; }
};
template <> struct row<op::detach> {
  static constexpr op_info info{.name = "detach", .cost = 0, .linear = linearity::together};
  static constexpr auto eval(auto x) { return x; }
};
template <> struct row<op::cast> {
  static constexpr op_info info{.name = "cast", .result = result_rule::attribute, .linear = linearity::together};
  static constexpr value d0(value g, value x, value) { return is_floating(x.type()) ? cast(g, x.type()) : value{}; }
};
template <> struct row<op::add> {
  static constexpr op_info info{.name = "add", .arity = 2, .infix = " + ", .precedence = 4, .commutative = true, .linear = linearity::together};
  static constexpr latex::form in_latex{"#0 + #1", latex::addition, {latex::negation, latex::addition}};
  static constexpr auto eval(auto a, auto b) { return a + b; }
  static constexpr value d0(value g, value, value, value) { return g; }
  static constexpr value d1(value g, value, value, value) { return g; }
};
template <> struct row<op::subtract> {
  static constexpr op_info info{.name = "subtract", .arity = 2, .infix = " - ", .precedence = 4, .takes_bool = false, .linear = linearity::together, .anticommutative = true};
  static constexpr latex::form in_latex{"#0 - #1", latex::addition, {latex::negation, latex::series}};
  static constexpr auto eval(auto a, auto b) { return a - b; }
  static constexpr value d0(value g, value, value, value) { return g; }
  static constexpr value d1(value g, value, value, value) { return -g; }
};
template <> struct row<op::multiply> {
  static constexpr op_info info{.name = "multiply", .arity = 2, .infix = " * ", .precedence = 5, .commutative = true, .linear = linearity::each, .sign = symmetry::odd};
  static constexpr latex::form in_latex{"", latex::factor};
  static constexpr auto eval(auto a, auto b) { return a * b; }
  static constexpr value d0(value g, value, value b, value) { return g * b; }
  static constexpr value d1(value g, value a, value, value) { return g * a; }
};
template <> struct row<op::divide> {
  static constexpr op_info info{.name = "divide", .arity = 2, .result = result_rule::floating, .cost = 4, .infix = " / ", .precedence = 5, .linear = linearity::first, .sign = symmetry::odd};
  static constexpr latex::form in_latex{"\\frac{#0}{#1}", latex::fraction};
  static constexpr auto eval(auto a, auto b) { return a / b; }
  static constexpr value d0(value g, value, value b, value) { return g * (1 / b); }
  static constexpr value d1(value g, value, value b, value y) { return -(g * y * (1 / b)); }
};
template <> struct row<op::negative> {
  static constexpr op_info info{.name = "negative", .infix = "-", .precedence = 6, .takes_bool = false, .linear = linearity::together};
  static constexpr latex::form in_latex{"-#0", latex::negation, {latex::factor}};
  static constexpr auto eval(auto x) { return -x; }
  static constexpr value d0(value g, value, value) { return -g; }
};
template <> struct row<op::reciprocal> {
  static constexpr op_info info{.name = "reciprocal", .result = result_rule::floating, .cost = 4, .sign = symmetry::odd};
  static constexpr latex::form in_latex{"\\frac{1}{#0}", latex::fraction};
  static constexpr auto eval(auto x) { return decltype(x)(1) / x; }
  static constexpr value d0(value g, value, value y) { return -(g * y * y); }
};
template <> struct row<op::power> {
  static constexpr op_info info{.name = "pow", .arity = 2, .cost = 40};
  static constexpr latex::form in_latex{"#0^{#1}", latex::exponent, {latex::base}};
  static constexpr auto eval(auto x, auto y) { using cmath::pow; return pow(x, y); }
  static constexpr value d0(value g, value x, value n, value) {
    if (n.get().is_constant(0)) return {};
    if (n.get().is_constant()) return g * (n * pow(x, n - 1));
    return g * where(n == 0, 0, n * pow(x, n - 1));
  }
  static constexpr value d1(value g, value x, value n, value y) { return g * where(x == 0 && n >= 0, 0, y * log(x)); }
};
template <> struct row<op::sqrt> {
  static constexpr op_info info{.name = "sqrt", .result = result_rule::floating, .cost = 5};
  static constexpr latex::form in_latex{"\\sqrt{#0}"};
  static constexpr auto eval(auto x) { using cmath::sqrt; return sqrt(x); }
  static constexpr value d0(value g, value, value y) { return 0.5 * g * (1 / y); }
};
template <> struct row<op::rsqrt> {
  static constexpr op_info info{.name = "rsqrt", .result = result_rule::floating, .cost = 8};
  static constexpr latex::form in_latex{"\\frac{1}{\\sqrt{#0}}", latex::fraction};
  static constexpr auto eval(auto x) { using cmath::sqrt; return decltype(x)(1) / sqrt(x); }
  static constexpr value d0(value g, value, value y) { return -0.5 * g * (y * y * y); }
};
template <> struct row<op::cbrt> {
  static constexpr op_info info{.name = "cbrt", .result = result_rule::floating, .cost = 20, .sign = symmetry::odd};
  static constexpr latex::form in_latex{"\\sqrt[3]{#0}"};
  static constexpr auto eval(auto x) { using cmath::cbrt; return cbrt(x); }
  static constexpr value d0(value g, value, value y) { return g / (3 * (y * y)); }
};
template <> struct row<op::hypot> {
  static constexpr op_info info{.name = "hypot", .arity = 2, .result = result_rule::floating, .cost = 10, .commutative = true};
  static constexpr latex::form in_latex{"\\sqrt{#0^{2} + #1^{2}}", latex::atom, {latex::base, latex::base}};
  static constexpr auto eval(auto x, auto y) { using cmath::hypot; return hypot(x, y); }
  static constexpr value d0(value g, value a, value, value y) { return g * (a / y); }
  static constexpr value d1(value g, value, value b, value y) { return g * (b / y); }
};
template <> struct row<op::abs> {
  static constexpr op_info info{.name = "abs", .takes_bool = false, .sign = symmetry::even};
  static constexpr latex::form in_latex{"\\left|#0\\right|"};
  static constexpr auto eval(auto x) { using cmath::abs; return abs(x); }
  static constexpr value d0(value g, value x, value) { return g * sign(x); }
};
template <> struct row<op::sign> {
  static constexpr op_info info{.name = "sign", .cost = 3, .takes_bool = false, .sign = symmetry::odd};
  static constexpr latex::form in_latex{"\\operatorname{sgn}\\left(#0\\right)", latex::application};
  static constexpr auto eval(auto x) {
    using cmath::select;
    using number = decltype(x);
    return select(x > number(0), number(1), select(x < number(0), number(-1), number(0)));
  }
};
template <> struct row<op::floor> {
  static constexpr op_info info{.name = "floor", .takes_bool = false};
  static constexpr latex::form in_latex{"\\left\\lfloor #0 \\right\\rfloor"};
  static constexpr auto eval(auto x) { using cmath::floor; return floor(x); }
};
template <> struct row<op::ceil> {
  static constexpr op_info info{.name = "ceil", .takes_bool = false};
  static constexpr latex::form in_latex{"\\left\\lceil #0 \\right\\rceil"};
  static constexpr auto eval(auto x) { using cmath::ceil; return ceil(x); }
};
template <> struct row<op::round> {
  static constexpr op_info info{.name = "round", .takes_bool = false};
  static constexpr auto eval(auto x) { using cmath::round; return round(x); }
};
template <> struct row<op::minimum> {
  static constexpr op_info info{.name = "minimum", .arity = 2, .cost = 2, .commutative = true};
  static constexpr latex::form in_latex{"\\min\\left(#0, #1\\right)", latex::application};
  static constexpr auto eval(auto a, auto b) { using cmath::select, cmath::smaller; return select(b != b, b, smaller(b, a)); }
  static constexpr value d0(value g, value a, value b, value) { return where(a < b, g, where(a == b, g * 0.5, 0)); }
  static constexpr value d1(value g, value a, value b, value) { return where(b < a, g, where(a == b, g * 0.5, 0)); }
};
template <> struct row<op::maximum> {
  static constexpr op_info info{.name = "maximum", .arity = 2, .cost = 2, .commutative = true};
  static constexpr latex::form in_latex{"\\max\\left(#0, #1\\right)", latex::application};
  static constexpr auto eval(auto a, auto b) { using cmath::select, cmath::larger; return select(b != b, b, larger(b, a)); }
  static constexpr value d0(value g, value a, value b, value) { return where(a > b, g, where(a == b, g * 0.5, 0)); }
  static constexpr value d1(value g, value a, value b, value) { return where(b > a, g, where(a == b, g * 0.5, 0)); }
};
template <> struct row<op::clamp> {
  static constexpr op_info info{.name = "clamp", .arity = 3, .cost = 2};
  static constexpr auto eval(auto x, auto low, auto high) {
    using cmath::select;
    auto raised = select(x < low || low != low, low, x);  // NaN if any of the three is, as in PyTorch
    return select(raised > high || high != high, high, raised);
  }
  static constexpr value d0(value g, value x, value low, value high, value) { return where(x >= low && x <= high, g, 0); }
  static constexpr value d1(value g, value x, value low, value high, value) { return where(x < low && low <= high, g, 0); }
  static constexpr value d2(value g, value x, value low, value high, value) { return where(x > high || low > high, g, 0); }
};
template <> struct row<op::where> {
  static constexpr op_info info{.name = "where", .arity = 3, .result = result_rule::selected};
  static constexpr latex::form in_latex{"\\begin{cases} #1 & \\text{if } #0 \\\\ #2 & \\text{otherwise} \\end{cases}", latex::factor};
  static constexpr auto eval(auto condition, auto a, auto b) { using cmath::select; return select(condition, a, b); }
  static constexpr value d1(value g, value condition, value, value, value) { return where(condition, g, 0); }
  static constexpr value d2(value g, value condition, value, value, value) { return where(condition, 0, g); }
};
// clang-format on

}  // namespace ctgrad::detail
