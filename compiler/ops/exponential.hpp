// Rows: exponentials, logarithms, and the activations made of them.
// The definitions are those of torch.nn.functional.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../row.hpp"

namespace ctgrad::detail {

// clang-format off
template <> struct row<op::exp> {
  static constexpr op_info info{.name = "exp", .result = result_rule::floating, .cost = 12};
  static constexpr latex::form in_latex{"e^{#0}", latex::exponent};
  static constexpr auto eval(auto x) { using cmath::exp; return exp(x); }
  static constexpr value d0(value g, value, value y) { return g * y; }
};
template <> struct row<op::expm1> {
  static constexpr op_info info{.name = "expm1", .result = result_rule::floating, .cost = 16};
  static constexpr latex::form in_latex{"e^{#0} - 1", latex::addition};
  static constexpr auto eval(auto x) { using cmath::expm1; return expm1(x); }
  static constexpr value d0(value g, value, value y) { return g * (y + 1); }
};
template <> struct row<op::log> {
  static constexpr op_info info{.name = "log", .result = result_rule::floating, .cost = 14};
  static constexpr latex::form in_latex{"\\log\\left(#0\\right)", latex::application};
  static constexpr auto eval(auto x) { using cmath::log; return log(x); }
  static constexpr value d0(value g, value x, value) { return g * (1 / x); }
};
template <> struct row<op::log1p> {
  static constexpr op_info info{.name = "log1p", .result = result_rule::floating, .cost = 16};
  static constexpr latex::form in_latex{"\\log\\left(1 + #0\\right)", latex::application, {latex::addition}};
  static constexpr auto eval(auto x) { using cmath::log1p; return log1p(x); }
  static constexpr value d0(value g, value x, value) { return g / (1 + x); }
};
/// log(1 + x) of an x in [0, 1], as e^-|t| is: loops have it by a polynomial, without the logarithm's division and exponent.
template <> struct row<op::log1p_unit> {
  static constexpr op_info info{.name = "log1p_unit", .result = result_rule::floating, .cost = 8, .by_rules = true};
  static constexpr latex::form in_latex = row<op::log1p>::in_latex;
  static constexpr auto eval(auto x) {
    if constexpr (requires { log1p_unit(x); }) return log1p_unit(x);
    else return row<op::log1p>::eval(x);
  }
  static constexpr value d0(value g, value x, value) { return g / (1 + x); }
};
template <> struct row<op::sigmoid> {
  static constexpr op_info info{.name = "sigmoid", .result = result_rule::floating, .cost = 18};
  static constexpr latex::form in_latex{"\\sigma\\left(#0\\right)", latex::application};
  static constexpr auto eval(auto x) { using cmath::exp; using number = decltype(x); return number(1) / (number(1) + exp(-x)); }
  static constexpr value d0(value g, value, value y) { return g * (y * (1 - y)); }
};
template <> struct row<op::softplus> {
  static constexpr op_info info{.name = "softplus", .result = result_rule::floating, .cost = 30};
  // max(x, 0) + log1p(e^-|x|): the exponential does not overflow.
  static constexpr auto eval(auto x) {
    using cmath::abs, cmath::exp, cmath::larger, cmath::log1p;
    using number = decltype(x);
    return larger(number(0), x) + log1p(exp(-abs(x)));
  }
  static constexpr value d0(value g, value x, value) { return g * sigmoid(x); }
};
template <> struct row<op::erf> {
  static constexpr op_info info{.name = "erf", .result = result_rule::floating, .cost = 24, .sign = symmetry::odd};
  static constexpr auto eval(auto x) { using cmath::erf; return erf(x); }
  static constexpr value d0(value g, value x, value) { return g * (1.1283791670955126 * exp(-(x * x))); }  // 2 / sqrt(pi)
};
/// erf(x) where e^(-x^2) is there as well, which loops compute it by.
template <> struct row<op::erf_by_exp> {
  static constexpr op_info info{.name = "erf_by_exp", .arity = 2, .result = result_rule::floating, .cost = 14, .by_rules = true};
  static constexpr auto eval(auto x, auto e) {
    if constexpr (requires { erf_by_exp(x, e); }) return erf_by_exp(x, e);
    else return row<op::erf>::eval(x);
  }
  static constexpr value d0(value g, value x, value, value) { return g * (1.1283791670955126 * exp(-(x * x))); }
};
template <> struct row<op::relu> {
  static constexpr op_info info{.name = "relu"};
  static constexpr latex::form in_latex{"\\max\\left(0, #0\\right)", latex::application};
  static constexpr auto eval(auto x) { using cmath::larger; using number = decltype(x); return larger(number(0), x); }
  static constexpr value d0(value g, value x, value) { return where(x > 0, g, 0); }
};
template <> struct row<op::gelu> {
  static constexpr op_info info{.name = "gelu", .result = result_rule::floating, .cost = 28};
  static constexpr auto eval(auto x) {
    using cmath::erf;
    using number = decltype(x);
    return number(0.5) * x * (number(1) + erf(x * number(0.7071067811865476)));
  }
  // Phi(x) + x phi(x), with phi(x) = e^(-x^2/2) / sqrt(2 pi)
  static constexpr value d0(value g, value x, value) {
    value const t = x * 0.7071067811865476;  // (of which the error function is, and shares its exponential)
    return g * (0.5 * (1 + erf(t)) + x * (0.3989422804014327 * exp(-(t * t))));
  }
};
template <> struct row<op::silu> {
  static constexpr op_info info{.name = "silu", .result = result_rule::floating, .cost = 19};
  static constexpr auto eval(auto x) { using cmath::exp; using number = decltype(x); return x / (number(1) + exp(-x)); }
  static constexpr value d0(value g, value x, value y) { return g * (sigmoid(x) * (1 + (x - y))); }  // x - y first: it is small where x is large
};
// clang-format on

}  // namespace ctgrad::detail
