// Functions that are traced by value: loops, ifs and plain numbers, in a type that stays short.
// Nested expression types that share parts have names of exponential length; a traced function has the name of its lambda.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "call.hpp"

namespace ctgrad {

/// A tensor inside a traced function. `+ - * /`, comparisons and all of ctgrad's functions work on it.
using detail::value;

namespace detail {

template <class Body>
struct traced_function {
  template <class... Values>
  static constexpr value trace(Values... values) {
    static_assert(std::is_convertible_v<decltype(Body{}(values...)), value>, "ctgrad: the body of a ct::fn returns one ct::value");
    return Body{}(values...);
  }
};

/// A body may be of any size.
template <class Body, class... Operands>
inline constexpr bool is_remembered<apply<traced_function<Body>, Operands...>> = true;

template <class Body>
struct fn_type {
  /// An expression of expressions; values of values; and of numbers or arrays, the body run as plain C++.
  template <class... Arguments>
  constexpr auto operator()(Arguments const&... arguments) const {
    if constexpr ((expression<Arguments> || ...)) return make_checked<traced_function<Body>, Arguments...>();
    else return Body{}(arguments...);
  }
};

}  // namespace detail

/// A function from its body, a lambda that captures nothing (or an empty function object, which nvcc's kernels need).
template <class Body>
constexpr auto fn(Body) {
  static_assert(std::is_empty_v<Body> && std::is_default_constructible_v<Body>, "ctgrad: the body of a ct::fn captures nothing; pass what it needs as an argument");
  return detail::fn_type<Body>{};
}

}  // namespace ctgrad
