// Rows: comparisons and logic. Their results are bool and carry no gradient.
// A comparison with NaN is false, but for !=.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../row.hpp"

namespace ctgrad::detail {

// clang-format off
template <> struct row<op::equal> {
  static constexpr op_info info{.name = "equal", .arity = 2, .result = result_rule::boolean, .infix = " == ", .precedence = 3, .commutative = true};
  static constexpr latex::form in_latex{"#0 = #1", latex::relation, {latex::negation, latex::negation}};
  static constexpr auto eval(auto a, auto b) { return a == b; }
};
template <> struct row<op::not_equal> {
  static constexpr op_info info{.name = "not_equal", .arity = 2, .result = result_rule::boolean, .infix = " != ", .precedence = 3, .commutative = true};
  static constexpr latex::form in_latex{"#0 \\ne #1", latex::relation, {latex::negation, latex::negation}};
  static constexpr auto eval(auto a, auto b) { return a != b; }
};
template <> struct row<op::less> {
  static constexpr op_info info{.name = "less", .arity = 2, .result = result_rule::boolean, .infix = " < ", .precedence = 3};
  static constexpr latex::form in_latex{"#0 < #1", latex::relation, {latex::negation, latex::negation}};
  static constexpr auto eval(auto a, auto b) { return a < b; }
};
template <> struct row<op::less_equal> {
  static constexpr op_info info{.name = "less_equal", .arity = 2, .result = result_rule::boolean, .infix = " <= ", .precedence = 3};
  static constexpr latex::form in_latex{"#0 \\le #1", latex::relation, {latex::negation, latex::negation}};
  static constexpr auto eval(auto a, auto b) { return a <= b; }
};
template <> struct row<op::greater> {
  static constexpr op_info info{.name = "greater", .arity = 2, .result = result_rule::boolean, .infix = " > ", .precedence = 3};
  static constexpr latex::form in_latex{"#0 > #1", latex::relation, {latex::negation, latex::negation}};
  static constexpr auto eval(auto a, auto b) { return a > b; }
};
template <> struct row<op::greater_equal> {
  static constexpr op_info info{.name = "greater_equal", .arity = 2, .result = result_rule::boolean, .infix = " >= ", .precedence = 3};
  static constexpr latex::form in_latex{"#0 \\ge #1", latex::relation, {latex::negation, latex::negation}};
  static constexpr auto eval(auto a, auto b) { return a >= b; }
};
template <> struct row<op::logical_and> {
  static constexpr op_info info{.name = "logical_and", .arity = 2, .result = result_rule::logical, .infix = " && ", .precedence = 2, .commutative = true};
  static constexpr latex::form in_latex{"#0 \\land #1", latex::conjunction, {latex::conjunction, latex::conjunction}};
  static constexpr auto eval(auto a, auto b) { return a && b; }
};
template <> struct row<op::logical_or> {
  static constexpr op_info info{.name = "logical_or", .arity = 2, .result = result_rule::logical, .infix = " || ", .precedence = 1, .commutative = true};
  static constexpr latex::form in_latex{"#0 \\lor #1", latex::disjunction, {latex::disjunction, latex::disjunction}};
  static constexpr auto eval(auto a, auto b) { return a || b; }
};
template <> struct row<op::logical_xor> {
  static constexpr op_info info{.name = "logical_xor", .arity = 2, .result = result_rule::logical, .commutative = true};
  static constexpr latex::form in_latex{"#0 \\oplus #1", latex::relation, {latex::negation, latex::negation}};
  static constexpr auto eval(auto a, auto b) { return a != b; }
};
template <> struct row<op::logical_not> {
  static constexpr op_info info{.name = "logical_not", .result = result_rule::logical, .infix = "!", .precedence = 6};
  static constexpr latex::form in_latex{"\\lnot #0", latex::application, {latex::application}};
  static constexpr auto eval(auto a) { return !a; }
};
template <> struct row<op::isnan> {
  static constexpr op_info info{.name = "isnan", .result = result_rule::boolean};
  static constexpr auto eval(auto a) { return a != a; }
};
// clang-format on

}  // namespace ctgrad::detail
