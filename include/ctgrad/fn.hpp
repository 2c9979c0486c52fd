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

template <class Number>
constexpr Number number_of_value() {
  static_assert(!std::is_same_v<Number, bool>, "ctgrad: what a value holds is not known while compiling: for `if` and `?:` write ct::where(condition, a, b)");
  static_assert(std::is_same_v<Number, bool>, "ctgrad: a value is no number: write ct::tanh for std::tanh, and so on");
  return {};
}

template <class Body>
struct traced_function {
  template <class... Values>
  static constexpr value trace(Values... values) {
    return Body{}(values...);
  }
};

/// A body may be of any size.
template <class Body, class... Operands>
inline constexpr bool is_remembered<apply<traced_function<Body>, Operands...>> = true;

template <class Message>
void stop();
/// A body with an error, traced once more: what is not constexpr ends it at the error, and compilers show the calls that led there, with the line of the body.
template <class Message, class Function, class... Operands>
constexpr bool trace_to_error() {
  lowering l;
  l.b.on_error = [](builder const& b) {
    if (!b.ok()) stop<Message>();
  };
  Function::trace(value{&l.b, lower<Operands>(l)}...);
  return true;
}
template <class Message, class Function, class... Operands>
inline constexpr bool stopped_inside = trace_to_error<Message, Function, Operands...>();

template <class Body>
struct fn_type {
  /// An expression of expressions; values of values; and of numbers or arrays, the body run as plain C++.
  template <class... Arguments>
  constexpr auto operator()(Arguments const&... arguments) const {
    if constexpr ((expression<Arguments> || ...)) {
      static_assert(std::is_invocable_v<Body, value_for<Arguments>...>, "ctgrad: the body of this ct::fn takes another number of arguments, or other types than ct::value");
      static_assert(std::is_invocable_r_v<value, Body, value_for<Arguments>...>, "ctgrad: the body of a ct::fn returns one ct::value");
      if constexpr (((expression<Arguments> && !std::is_same_v<Arguments, no_expression>) && ...))
        if constexpr (!apply<traced_function<Body>, Arguments...>::type.known)
          static_cast<void>(stopped_inside<decltype(error_message_of<error_in<traced_function<Body>, Arguments...>>()), traced_function<Body>, Arguments...>);
      return make_expression<traced_function<Body>, Arguments...>();
    } else {
      return Body{}(arguments...);
    }
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
