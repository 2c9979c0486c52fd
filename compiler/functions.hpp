// The functions that mathematics is written with: one object for each elementwise operation.
// The same object works on expressions, on traced values, on arrays and on plain numbers, so formulas are written once.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "op.hpp"

#include <type_traits>

namespace ctgrad::detail {

template <op Code>
struct row;

/// The elementwise function `Code`. On numbers it computes; elsewhere `call`, found by argument, takes it in.
template <op Code>
struct function {
  template <class... Arguments>
  constexpr auto operator()(Arguments const&... arguments) const {
    if constexpr ((std::is_arithmetic_v<Arguments> && ...)) return compute(arguments...);
    else return call(*this, arguments...);
  }

 private:
  template <class... Numbers>
  static constexpr auto compute(Numbers... numbers) {
    using type = std::common_type_t<Numbers...>;
    constexpr bool floating = row<Code>::info.result == result_rule::floating && !std::is_floating_point_v<type>;
    using operand = std::conditional_t<floating, double, type>;
    return row<Code>::eval(static_cast<operand>(numbers)...);
  }
};

}  // namespace ctgrad::detail

namespace ctgrad {

// Exponentials and logarithms. Integers give float32.
inline constexpr detail::function<detail::op::exp> exp{};        ///< e^x
inline constexpr detail::function<detail::op::expm1> expm1{};    ///< e^x - 1, accurate near 0
inline constexpr detail::function<detail::op::log> log{};        ///< natural logarithm; NaN below 0, -inf at 0
inline constexpr detail::function<detail::op::log1p> log1p{};    ///< log(1 + x), accurate near 0
inline constexpr detail::function<detail::op::sqrt> sqrt{};      ///< square root; NaN below 0
inline constexpr detail::function<detail::op::rsqrt> rsqrt{};    ///< 1 / sqrt(x)
inline constexpr detail::function<detail::op::cbrt> cbrt{};      ///< cube root, of negative numbers too
inline constexpr detail::function<detail::op::power> pow{};      ///< x^y, with C's special cases

// Angles are in radians.
inline constexpr detail::function<detail::op::sin> sin{};        ///< sine
inline constexpr detail::function<detail::op::cos> cos{};        ///< cosine
inline constexpr detail::function<detail::op::tan> tan{};        ///< tangent
inline constexpr detail::function<detail::op::asin> asin{};      ///< arcsine, in [-pi/2, pi/2]; NaN outside [-1, 1]
inline constexpr detail::function<detail::op::acos> acos{};      ///< arccosine, in [0, pi]; NaN outside [-1, 1]
inline constexpr detail::function<detail::op::atan> atan{};      ///< arctangent, in (-pi/2, pi/2)
inline constexpr detail::function<detail::op::atan2> atan2{};    ///< angle of the point (second, first), in [-pi, pi]; its derivatives at (0, 0) are 0
inline constexpr detail::function<detail::op::sinh> sinh{};      ///< hyperbolic sine
inline constexpr detail::function<detail::op::cosh> cosh{};      ///< hyperbolic cosine
inline constexpr detail::function<detail::op::tanh> tanh{};      ///< hyperbolic tangent

// Activations, as torch.nn.functional defines them.
inline constexpr detail::function<detail::op::sigmoid> sigmoid{};    ///< 1 / (1 + e^-x)
inline constexpr detail::function<detail::op::softplus> softplus{};  ///< log(1 + e^x), without overflow
inline constexpr detail::function<detail::op::erf> erf{};            ///< error function, 2/sqrt(pi) times the integral of e^(-t^2) from 0 to x
inline constexpr detail::function<detail::op::relu> relu{};          ///< max(x, 0); its derivative at 0 is 0
inline constexpr detail::function<detail::op::gelu> gelu{};          ///< x Phi(x), Phi the normal distribution (Hendrycks and Gimpel 2016, the exact form)
inline constexpr detail::function<detail::op::silu> silu{};          ///< x sigmoid(x)

// Rounding and comparison of sizes. Where a derivative has a kink, PyTorch's choice holds.
inline constexpr detail::function<detail::op::abs> abs{};            ///< |x|; its derivative at 0 is 0
inline constexpr detail::function<detail::op::sign> sign{};          ///< -1, 0 or 1
inline constexpr detail::function<detail::op::floor> floor{};        ///< the largest whole number that is not above x
inline constexpr detail::function<detail::op::ceil> ceil{};          ///< the smallest whole number that is not below x
inline constexpr detail::function<detail::op::round> round{};        ///< the nearest whole number, the even one of two
inline constexpr detail::function<detail::op::minimum> minimum{};    ///< the smaller of two; NaN if either is; equal ones share the derivative
inline constexpr detail::function<detail::op::maximum> maximum{};    ///< the larger of two; NaN if either is; equal ones share the derivative
inline constexpr detail::function<detail::op::clamp> clamp{};        ///< min(max(x, low), high): clamp(x, low, high)
inline constexpr detail::function<detail::op::hypot> hypot{};        ///< sqrt(x^2 + y^2), without overflow
inline constexpr detail::function<detail::op::where> where{};        ///< where(condition, a, b): a where the bool condition holds, else b
inline constexpr detail::function<detail::op::reciprocal> reciprocal{};  ///< 1 / x
inline constexpr detail::function<detail::op::isnan> isnan{};        ///< whether x is not a number
inline constexpr detail::function<detail::op::logical_xor> logical_xor{};  ///< whether exactly one of two holds
inline constexpr detail::function<detail::op::detach> detach{};      ///< x, through which no gradient flows

}  // namespace ctgrad
