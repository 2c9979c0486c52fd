// How a function that is made of several operations meets its arguments: expressions, traced values, arrays or numbers.
// Each such function has one definition, `trace`, on values of the graph.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "constant.hpp"
#include "expression.hpp"

namespace ctgrad {

struct keepdim_type {};
/// Keeps reduced axes, with extent 1: `ct::mean(X, 0_c, ct::keepdim)`.
inline constexpr keepdim_type keepdim{};

namespace detail {

/// Axes as a user gave them: negative ones count from the end. None means all.
template <bool Keep, int... Axes>
struct axis_list {
  static constexpr bool keep = Keep;
  static constexpr int count = sizeof...(Axes);

  /// The axes of `x`, or an error that names `function`.
  static constexpr axis_mask mask(value x, std::string_view function) {
    int const rank = x.rank();
    if constexpr (sizeof...(Axes) == 0) {
      return (axis_mask{1} << rank) - 1;
    } else {
      axis_mask result = 0;
      for (int axis : {Axes...}) {
        int const place = axis < 0 ? axis + rank : axis;
        if (place < 0 || place >= rank)
          return x.b->fail(message() << "ctgrad: " << function << " over axis " << axis << " of " << x.b->describe(x.id) << ": it has " << rank
                                     << (rank == 1 ? " axis" : " axes")),
                 axis_mask{0};
        if (result >> place & 1)
          return x.b->fail(message() << "ctgrad: " << function << ": axis " << axis << " of " << x.b->describe(x.id) << " is named twice"), axis_mask{0};
        result |= axis_mask{1} << place;
      }
      return result;
    }
  }
};

/// Arguments that are no axes.
struct no_axis_list {
  static constexpr bool keep = false;
  static constexpr int count = 0;
  static constexpr axis_mask mask(value x, std::string_view function) {
    return x.b->fail(message() << "ctgrad: " << function << " of " << x.b->describe(x.id) << ": an axis is a constant, as 1_c or -1_c; after the axes ct::keepdim may stand"), axis_mask{0};
  }
};

template <class List, class... Arguments>
struct make_axis_list {
  using type = std::conditional_t<sizeof...(Arguments) == 0, List, no_axis_list>;
};
template <bool Keep, int... Axes, std::int64_t Axis, class... Rest>
struct make_axis_list<axis_list<Keep, Axes...>, constant<false, Axis>, Rest...> : make_axis_list<axis_list<Keep, Axes..., static_cast<int>(Axis)>, Rest...> {};
template <bool Keep, int... Axes, class... Rest>
struct make_axis_list<axis_list<Keep, Axes...>, keepdim_type, Rest...> : make_axis_list<axis_list<true, Axes...>, Rest...> {};
template <class... Arguments>
using axes_of = typename make_axis_list<axis_list<false>, Arguments...>::type;

/// `x` with the axes of `mask` back as axes of extent 1.
constexpr value restore_axes(value x, axis_mask mask) {
  if (mask == 0) return x;
  shape const from = x.shape();
  shape to;
  for (int i = 0, j = 0; j < from.rank || mask >> i; ++i)
    if (mask >> i & 1) to.push_back(1);
    else to.push_back(from[j++]);
  return {x.b, x.b->broadcast(x.id, x.b->intern(to), mask)};
}

/// A number beside traced values becomes a constant.
template <class T>
constexpr value as_value(value const& some, T const& x) {
  if constexpr (traced<T>) return x;
  else if constexpr (expression<T>) return {some.b, T::lower_constant(*some.b)};
  else return some.constant(x);
}
template <class First, class... Rest>
constexpr value some_value(First const& first, Rest const&... rest) {
  if constexpr (traced<First>) return first;
  else return some_value(rest...);
}

/// A value for each of a pack. (nvcc 13 does not expand an alias that drops its argument.)
template <class T>
using value_for = std::enable_if_t<sizeof(T*) != 0, value>;

/// What a call with too few or too many tensors says.
template <class Function, int Given>
struct wrong_count {
  template <int... Numbers>
  static constexpr bool takes(std::integer_sequence<int, Numbers...>) {
    return requires(value_for<std::integral_constant<int, Numbers>>... v) { Function::trace(v...); };
  }
  constexpr message operator()() const {
    message m;
    m << "ctgrad: this function takes ";
    if (takes(std::make_integer_sequence<int, 1>{})) m << "1 tensor";
    else if (takes(std::make_integer_sequence<int, 2>{})) m << "2 tensors";
    else if (takes(std::make_integer_sequence<int, 3>{})) m << "3 tensors";
    else m << "another number of tensors";
    m << ", and is given " << Given;
    if constexpr (requires { Function::instead; }) m << ": " << Function::instead;
    return m;
  }
};

/// `Function` of `arguments`, whatever they are.
template <class Function, class... Arguments>
constexpr auto call_function(Arguments const&... arguments) {
  if constexpr ((traced<Arguments> || ...)) return Function::trace(as_value(some_value(arguments...), arguments)...);
  else if constexpr (!requires(value_for<Arguments>... v) { Function::trace(v...); }) {
    static_cast<void>(sizeof(decltype(error_message_of<wrong_count<Function, static_cast<int>(sizeof...(Arguments))>>())));
    return no_expression{};
  } else if constexpr ((expression<Arguments> || ...)) return make_expression<Function, Arguments...>();
  else return call_eager(Function{}, arguments...);
}

}  // namespace detail
}  // namespace ctgrad
