// Parameters by name: symbols that know how they begin, and those that an expression has.
// A model is then a function of expressions, and its storage follows from the loss: nobody lists its parameters, or keeps them in objects.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "gradient.hpp"

#include <concepts>
#include <span>
#include <type_traits>

namespace ctgrad {

class generator;

/// How parameters begin: each fills elements, with what it draws from a generator if need be. initial.hpp has those that draw.
namespace initial {

struct zeros {
  template <class T>
  static void fill(std::span<T> elements, generator&) {
    for (T& x : elements) x = 0;
  }
};
struct ones {
  template <class T>
  static void fill(std::span<T> elements, generator&) {
    for (T& x : elements) x = 1;
  }
};

}  // namespace initial

/// A scheme for first values, as those in `initial`: an empty type whose `fill(elements, generator)` writes every element of a std::span.
template <class T>
concept initializer = std::is_empty_v<T> && requires(std::span<float> elements, generator& g) { T::fill(elements, g); };

namespace detail {

/// "prefix.part". Kept in parts, because programs are named after their parameters: a compiler names a part once, and refers to it from then on.
/// (Two transformer blocks with their 35 gradients, g++ 12 at -O2: 135 s with whole names, 57 s with parts.)
template <class Prefix, class Part>
struct parameter_path {};
template <class Name>
struct full_name {
  using type = Name;
};
template <class Prefix, class Part>
struct full_name<parameter_path<Prefix, Part>> {
  template <char... A, char... B>
  static boost::hana::string<A..., '.', B...> join(boost::hana::string<A...>, boost::hana::string<B...>);
  using type = decltype(join(typename full_name<Prefix>::type{}, Part{}));
};
template <class Prefix, class Part>
inline constexpr char const* name_of<parameter_path<Prefix, Part>> = name_of<typename full_name<parameter_path<Prefix, Part>>::type>;

/// The name of a symbol that is a parameter, and how it begins.
template <class Name, class Initial>
struct parameter_name {};
template <class Name, class Initial>
inline constexpr char const* name_of<parameter_name<Name, Initial>> = name_of<Name>;

template <class... Symbols>
struct symbol_list {};
template <class... Symbols, class Next>
constexpr auto operator|(symbol_list<Symbols...> all, std::type_identity<Next>) {
  if constexpr (((name_of<typename Symbols::name_type> == name_of<typename Next::name_type>) || ...)) return all;
  else return symbol_list<Symbols..., Next>{};
}
template <class... Symbols, class... More>
constexpr auto operator|(symbol_list<Symbols...> all, symbol_list<More...> more) {
  if constexpr (sizeof...(Symbols) == 0) return more;
  else return (all | ... | std::type_identity<More>{});
}

/// The parameters of an expression, in the order in which its operands have them.
template <class E>
struct parameters_in {
  using type = symbol_list<>;
};
template <class T, class Name, class Initial, class... Extents>
struct parameters_in<symbol<T, parameter_name<Name, Initial>, Extents...>> {
  using type = symbol_list<symbol<T, parameter_name<Name, Initial>, Extents...>>;
};
template <class Function, class... Operands>
struct parameters_in<apply<Function, Operands...>> {
  using type = decltype((symbol_list<>{} | ... | typename parameters_in<Operands>::type{}));
};
template <std::uint64_t First, std::uint64_t Second>
struct parameters_in<short_expression<First, Second>> : parameters_in<typename short_expression<First, Second>::full> {};

template <class Symbol>
struct initial_of;
template <class T, class Name, class Initial, class... Extents>
struct initial_of<symbol<T, parameter_name<Name, Initial>, Extents...>> {
  using type = Initial;
};

}  // namespace detail

/// A tensor that is learned: a symbol as `ct::tensor` makes, which `ct::parameters_of` finds; float or double. It begins with zeros, or as told:
/// `ct::parameter<float>("w"_s, ct::initial::normal{}, 784_c, 10_c)`.
template <std::floating_point T, detail::name Name, extent_argument... Extents>
constexpr auto parameter(Name, Extents...) {
  return tensor<T>(detail::parameter_name<Name, initial::zeros>{}, Extents{}...);
}
template <std::floating_point T, detail::name Name, initializer Initial, extent_argument... Extents>
constexpr auto parameter(Name, Initial, Extents...) {
  return tensor<T>(detail::parameter_name<Name, Initial>{}, Extents{}...);
}

/// The parameters of an expression (`ct::parameter`, and what the layers of layers.hpp declare), each once, as a Hana tuple of symbols.
template <expression E>
constexpr auto parameters_of(E const&) {
  return []<class... Symbols>(detail::symbol_list<Symbols...>) { return boost::hana::tuple<Symbols...>{}; }(typename detail::parameters_in<E>::type{});
}

}  // namespace ctgrad
