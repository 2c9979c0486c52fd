// What a program returns: each output as a number or an array, found by its expression or in order.
// Apart from programs because it is all of them that most callers look at.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "array.hpp"
#include "expression.hpp"

#include <tuple>

namespace ctgrad {
namespace detail {

template <class Output>
using output_element = element_t<Output::type.weak ? (is_floating(Output::type.type) ? dtype::float32 : dtype::int64) : Output::type.type>;
/// What a call returns for one output: a number, or an array.
template <class Output>
using output_value = std::conditional_t<Output::type.s.rank == 0, output_element<Output>, array<output_element<Output>, static_cast<std::size_t>(Output::type.s.rank)>>;

}  // namespace detail

/// The outputs of a call: by expression (`r[loss]`), or in order (`auto [l, g] = …`).
template <class... Outputs>
struct results {
  std::tuple<detail::output_value<Outputs>...> values;

  template <expression E>
  auto& operator[](E) {
    return std::get<place<E>()>(values);
  }
  template <expression E>
  auto const& operator[](E) const {
    return std::get<place<E>()>(values);
  }

  template <class Number>
    requires std::is_arithmetic_v<Number>
  operator Number() const {
    static_assert(!sizeof(Number), "ctgrad: a call returns all outputs: with auto r = step(X = images), r[loss] is one of them; or auto [l, g] = step(X = images)");
    return {};
  }

 private:
  template <class E>
  struct no_output {
    constexpr detail::message operator()() const { return detail::message() << "ctgrad: this expression is no output of the program that was called"; }
  };
  template <class E>
  static constexpr std::size_t place() {
    std::size_t i = 0;
    static_cast<void>(((std::is_same_v<E, Outputs> ? false : (++i, true)) && ...));
    if constexpr (!(std::is_same_v<E, Outputs> || ...)) detail::require_no_error<no_output<E>>();
    return i;
  }
};
template <std::size_t I, class... Outputs>
decltype(auto) get(results<Outputs...>&& r) {
  return std::get<I>(std::move(r.values));
}
template <std::size_t I, class... Outputs>
decltype(auto) get(results<Outputs...> const& r) {
  return std::get<I>(r.values);
}
template <std::size_t I, class... Outputs>
decltype(auto) get(results<Outputs...>& r) {
  return std::get<I>(r.values);
}

}  // namespace ctgrad

template <class... Outputs>
struct std::tuple_size<ctgrad::results<Outputs...>> : std::integral_constant<std::size_t, sizeof...(Outputs)> {};
template <std::size_t I, class... Outputs>
struct std::tuple_element<I, ctgrad::results<Outputs...>> {
  using type = std::tuple_element_t<I, std::tuple<ctgrad::detail::output_value<Outputs>...>>;
};
