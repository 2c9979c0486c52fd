// What every map of the op table computes, and its partial derivatives, as textbooks have them.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../compiler/op.hpp"

#include <cmath>

namespace ctgrad::test {

using detail::op;

using real = long double;  // 64 bits of significand on x86: 11 more than double
using function = real (*)(real, real, real);
#define F(formula) []([[maybe_unused]] real x, [[maybe_unused]] real y, [[maybe_unused]] real z) -> real { return formula; }

enum class domain { everywhere, positive, unit_interval, above_minus_1 };
enum class outcome { same, floating, boolean, error };

/// What a row has to compute.
struct law {
  op code;
  function f;
  function d[3] = {};              ///< the partial derivatives, of textbooks; none: zero wherever it exists
  domain smooth = domain::everywhere;
  double ulp = 1;                  ///< allowed in float64; glibc's functions are within 1 or 2
  outcome of_integers = outcome::floating, of_bools = outcome::floating;
  double absolute = 0;             ///< also allowed, in units of 2^-52 max(|x|, |y|): cancellation that the definition has
  bool sign_of_zero = true;        ///< whether the sign of a zero is defined
};

inline constexpr real pi = 3.14159265358979323846264338327950288L;
inline real density(real x) { return std::exp(-x * x / 2) / std::sqrt(2 * pi); }
inline real logistic(real x) { return 1 / (1 + std::exp(-x)); }
inline real round_half_even(real x) { return std::nearbyint(x); }
inline real larger(real x, real y) { return std::isnan(x) || std::isnan(y) ? NAN : x > y ? x : y; }
inline real smaller(real x, real y) { return std::isnan(x) || std::isnan(y) ? NAN : x < y ? x : y; }
inline real truth(bool b) { return b; }

// clang-format off
inline const law laws[] = {
    {op::copy, F(x), {F(1)}, {}, 0, outcome::same, outcome::same},
    {op::cast, F(x), {F(1)}, {}, 0, outcome::floating, outcome::floating},
    {op::detach, F(x), {}, {}, 0, outcome::same, outcome::same},
    {op::add, F(x + y), {F(1), F(1)}, {}, 0.51, outcome::same, outcome::same},
    {op::subtract, F(x - y), {F(1), F(-1)}, {}, 0.51, outcome::same, outcome::error},
    {op::multiply, F(x * y), {F(y), F(x)}, {}, 0.51, outcome::same, outcome::same},
    {op::divide, F(x / y), {F(1 / y), F(-x / (y * y))}, {}, 0.51},
    {op::negative, F(-x), {F(-1)}, {}, 0, outcome::same, outcome::error},
    {op::reciprocal, F(1 / x), {F(-1 / (x * x))}, {}, 0.51},
    {op::power, F(std::pow(x, y)), {F(y * std::pow(x, y - 1)), F(std::pow(x, y) * std::log(x))}, domain::positive, 1, outcome::same, outcome::same},
    {op::exp, F(std::exp(x)), {F(std::exp(x))}},
    {op::expm1, F(std::expm1(x)), {F(std::exp(x))}},
    {op::log, F(std::log(x)), {F(1 / x)}, domain::positive},
    {op::log1p, F(std::log1p(x)), {F(1 / (1 + x))}, domain::above_minus_1},
    {op::log1p_unit, F(std::log1p(x)), {F(1 / (1 + x))}, domain::above_minus_1},
    {op::sqrt, F(std::sqrt(x)), {F(1 / (2 * std::sqrt(x)))}, domain::positive, 0.51},
    {op::rsqrt, F(1 / std::sqrt(x)), {F(-1 / (2 * x * std::sqrt(x)))}, domain::positive, 1.5},
    {op::cbrt, F(std::cbrt(x)), {F(1 / (3 * std::pow(std::cbrt(x), 2)))}, {}, 4},
    {op::sin, F(std::sin(x)), {F(std::cos(x))}},
    {op::cos, F(std::cos(x)), {F(-std::sin(x))}},
    {op::tan, F(std::tan(x)), {F(1 / std::pow(std::cos(x), 2))}},
    {op::asin, F(std::asin(x)), {F(1 / std::sqrt(1 - x * x))}, domain::unit_interval},
    {op::acos, F(std::acos(x)), {F(-1 / std::sqrt(1 - x * x))}, domain::unit_interval},
    {op::atan, F(std::atan(x)), {F(1 / (1 + x * x))}},
    {op::atan2, F(std::atan2(x, y)), {F(y / (x * x + y * y)), F(-x / (x * x + y * y))}},
    {op::sinh, F(std::sinh(x)), {F(std::cosh(x))}, {}, 2},
    {op::cosh, F(std::cosh(x)), {F(std::sinh(x))}, {}, 2},
    {op::tanh, F(std::tanh(x)), {F(1 / std::pow(std::cosh(x), 2))}, {}, 2},
    {op::sigmoid, F(logistic(x)), {F(logistic(x) * logistic(-x))}, {}, 3},
    {op::softplus, F((x > 0 ? x : 0) + std::log1p(std::exp(-std::fabs(x)))), {F(logistic(x))}, {}, 3},
    {op::erf, F(std::erf(x)), {F(2 / std::sqrt(pi) * std::exp(-x * x))}},
    {op::erf_by_exp, F(std::erf(x)), {F(2 / std::sqrt(pi) * std::exp(-x * x)), F(0)}},
    {op::relu, F(x < 0 ? 0 : x), {F(truth(x > 0))}, {}, 0, outcome::same, outcome::same, 0, false},
    // x Phi(x) with the factors as torch.nn.functional.gelu has them: at minus infinity infinity times zero, in the left tail 1 + erf cancels.
    {op::gelu, F(std::isinf(x) && x < 0 ? NAN : x * std::erfc(-x / std::sqrt(2.0L)) / 2), {F(std::erfc(-x / std::sqrt(2.0L)) / 2 + x * density(x))}, {}, 3,
     outcome::floating, outcome::floating, 1, false},
    {op::silu, F(x * logistic(x)), {F(logistic(x) * (1 + x * logistic(-x)))}, {}, 3},
    {op::abs, F(std::fabs(x)), {F(x < 0 ? -1 : 1)}, {}, 0, outcome::same, outcome::error},
    {op::sign, F(std::isnan(x) ? 0 : truth(x > 0) - truth(x < 0)), {}, {}, 0, outcome::same, outcome::error},  // of NaN 0, as torch.sign
    {op::floor, F(std::floor(x)), {}, {}, 0, outcome::same, outcome::error},
    {op::ceil, F(std::ceil(x)), {}, {}, 0, outcome::same, outcome::error},
    {op::round, F(round_half_even(x)), {}, {}, 0, outcome::same, outcome::error},
    {op::minimum, F(smaller(x, y)), {F(truth(x < y)), F(truth(y < x))}, {}, 0, outcome::same, outcome::same, 0, false},
    {op::maximum, F(larger(x, y)), {F(truth(x > y)), F(truth(y > x))}, {}, 0, outcome::same, outcome::same, 0, false},
    {op::clamp, F(smaller(larger(x, y), z)), {F(truth(x > y && x < z)), F(truth(x < y && y < z)), F(truth(x > z || y > z))}, {}, 0, outcome::same, outcome::same, 0, false},
    {op::hypot, F(std::hypot(x, y)), {F(x / std::hypot(x, y)), F(y / std::hypot(x, y))}},
    {op::where, F(x != 0 ? y : z), {nullptr, F(truth(x != 0)), F(truth(x == 0))}, {}, 0, outcome::same, outcome::same},
    {op::equal, F(x == y), {}, {}, 0, outcome::boolean, outcome::boolean},
    {op::not_equal, F(x != y), {}, {}, 0, outcome::boolean, outcome::boolean},
    {op::less, F(x < y), {}, {}, 0, outcome::boolean, outcome::boolean},
    {op::less_equal, F(x <= y), {}, {}, 0, outcome::boolean, outcome::boolean},
    {op::greater, F(x > y), {}, {}, 0, outcome::boolean, outcome::boolean},
    {op::greater_equal, F(x >= y), {}, {}, 0, outcome::boolean, outcome::boolean},
    {op::logical_and, F(x != 0 && y != 0), {}, {}, 0, outcome::boolean, outcome::boolean},
    {op::logical_or, F(x != 0 || y != 0), {}, {}, 0, outcome::boolean, outcome::boolean},
    {op::logical_xor, F((x != 0) != (y != 0)), {}, {}, 0, outcome::boolean, outcome::boolean},
    {op::logical_not, F(x == 0), {}, {}, 0, outcome::boolean, outcome::boolean},
    {op::isnan, F(std::isnan(x)), {}, {}, 0, outcome::boolean, outcome::boolean},
};
// clang-format on
#undef F

}  // namespace ctgrad::test
