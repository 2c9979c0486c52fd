// Functions written out in fewer ones, as rows: before → after. All hold over the reals, wherever `before` is defined.
// They run for `equivalent` only: over floating-point numbers most of them overflow or cancel.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "rules.hpp"

namespace ctgrad::detail {

/// What is left after these: + - * / pow, exp, log, sin, cos, asin, atan, erf, floor, round, where, >, ==, && and !.
constexpr void write_real_rules(rule_writer& r) {
  constexpr double pi = 3.141592653589793;
  value x = r.variable(pattern_x), y = r.variable(pattern_y), z = r.variable(pattern_z);
  // powers
  r.add(reciprocal(x), 1 / x);
  r.add(sqrt(x), pow(x, 0.5));
  r.add(rsqrt(x), pow(x, -0.5));
  r.add(cbrt(x), pow(x, 1 / 3.0));  // of negative x too: exponents of odd denominator are real roots here
  r.add(hypot(x, y), pow(x * x + y * y, 0.5));
  // exponentials and logarithms
  r.add(expm1(x), exp(x) - 1);
  r.add(log1p(x), log(1 + x));
  r.add(sinh(x), (exp(x) - exp(-x)) / 2);
  r.add(cosh(x), (exp(x) + exp(-x)) / 2);
  r.add(tanh(x), 1 - 2 / (1 + exp(2 * x)));
  r.add(sigmoid(x), 1 / (1 + exp(-x)));
  r.add(softplus(x), log(1 + exp(x)));
  r.add(silu(x), x / (1 + exp(-x)));
  r.add(gelu(x), 0.5 * x * (1 + erf(x * 0.7071067811865476)));
  // angles; sin^2 = 1 - cos^2 is in the normal form
  r.add(tan(x), sin(x) / cos(x));
  r.add(acos(x), pi / 2 - asin(x));
  // choices; a comparison is 0 or 1 in the normal form
  r.add(relu(x), where(x > 0, x, 0));
  r.add(abs(x), where(x > 0, x, -x));
  r.add(sign(x), where(x > 0, 1, where(x < 0, -1, 0)));
  r.add(maximum(x, y), where(x > y, x, y));
  r.add(minimum(x, y), where(y > x, x, y));
  r.add(clamp(x, y, z), where(where(y > x, y, x) > z, z, where(y > x, y, x)));
  r.add(ceil(x), -floor(-x));
  r.add(x == std::numeric_limits<double>::infinity(), x > x);  // no real number is infinite
}

}  // namespace ctgrad::detail
