// Symbols: the named tensors and extents that expressions are made of.
// Names are Hana strings, because types made of characters work with every compiler, nvcc's kernels included.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

// Hana's literal is an option, and too late to choose where Hana was included before.
#if defined(BOOST_HANA_STRING_HPP) && !defined(BOOST_HANA_CONFIG_ENABLE_STRING_UDL)
#define CTGRAD_OWN_STRING_LITERAL 1
#elif !defined(BOOST_HANA_CONFIG_ENABLE_STRING_UDL)
#define BOOST_HANA_CONFIG_ENABLE_STRING_UDL
#endif
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wgnu-string-literal-operator-template"
#endif
#include <boost/hana/string.hpp>

namespace ctgrad::literals {
#if defined(CTGRAD_OWN_STRING_LITERAL)
template <class Character, Character... Characters>
constexpr auto operator""_s() { return boost::hana::string<Characters...>{}; }
#else
using boost::hana::literals::operator""_s;
#endif
}  // namespace ctgrad::literals
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

#include "expression.hpp"  // first: compile_error.hpp says why

#include "constant.hpp"
#include "expression.hpp"

namespace ctgrad {

namespace detail {

template <char... Characters>
inline constexpr char name_characters[] = {Characters..., 0};

/// The characters of a Hana string; the address is the same for equal names.
template <class Name>
inline constexpr char const* name_of = nullptr;
template <char... Characters>
inline constexpr char const* name_of<boost::hana::string<Characters...>> = name_characters<Characters...>;

template <class T>
concept name = name_of<std::remove_cvref_t<T>> != nullptr && name_of<std::remove_cvref_t<T>>[0] != '.';

/// The name of axis `Axis` of the symbol `Name`: "v.0", after a point that says that it is made up.
template <class Name, int Axis>
inline constexpr char const* anonymous_name = nullptr;
template <char... Characters, int Axis>
inline constexpr char const* anonymous_name<boost::hana::string<Characters...>, Axis> = name_characters<'.', Characters..., '.', '0' + Axis>;

}  // namespace detail

/// An extent that is known at run time. `N = 4096` binds it.
template <class Name>
struct dim_type {
  static constexpr detail::extent value{detail::extent_name{detail::name_of<Name>}};
  template <std::integral Number>
  constexpr auto operator=(Number number) const {
    return binding<dim_type, std::int64_t>{static_cast<std::int64_t>(number)};
  }
};

namespace detail {
template <class Name, int Axis>
struct anonymous_extent {
  static constexpr extent value{extent_name{anonymous_name<Name, Axis>}};
};
template <class T>
inline constexpr bool is_dim = false;
template <class Name>
inline constexpr bool is_dim<dim_type<Name>> = true;
template <class T>
struct extent_of_argument {
  static constexpr extent value = T::value;
};
template <std::int64_t Number>
struct extent_of_argument<constant<false, Number>> {
  static_assert(Number >= 0, "ctgrad: an extent is negative");
  static constexpr extent value{Number};
};
}  // namespace detail

/// An extent as an argument: `ct::dim("N"_s)` or `784_c`.
template <class T>
concept extent_argument = integer_constant<T> || detail::is_dim<std::remove_cvref_t<T>>;

/// A named tensor of elements `T`. What it holds is bound when a program is called: `X = images`.
template <class T, class Name, class... Extents>
struct symbol : detail::expression_tag {
  using element_type = T;
  using name_type = Name;
  static constexpr int tree_size = 1;
  static constexpr int rank = sizeof...(Extents);
  static constexpr detail::tensor_type type{dtype_of<T>, false, true, {sizeof...(Extents), {detail::extent_of_argument<Extents>::value...}}};

  static constexpr detail::node_id lower(detail::lowering& l) { return l.b.symbol(detail::name_of<Name>, type.type, type.s); }

  template <class Data>
  [[nodiscard]] constexpr auto operator=(Data&& data) const {
    return detail::bind<symbol, Data>(static_cast<Data&&>(data));
  }
};

/// An extent with a name. Two different names never broadcast against each other.
template <class Name>
constexpr auto dim(Name) {
  static_assert(detail::name<Name>, "ctgrad: a name is a literal with _s: ct::dim(\"N\"_s)");
  return dim_type<Name>{};
}

/// A tensor with the given extents, outermost first.
template <class T = void, class Name, class... Extents>
constexpr auto tensor(Name, Extents...) {
  static_assert(element<T>, "ctgrad: say what the elements are, float, double, int, std::int64_t or bool: ct::tensor<float>(...)");
  static_assert(detail::name<Name>, "ctgrad: a name is a literal with _s: ct::tensor<float>(\"X\"_s, ...)");
  static_assert((extent_argument<Extents> && ...), "ctgrad: an extent is a constant, as 784_c, or has a name for what is known at run time, as ct::dim(\"N\"_s)");
  static_assert(sizeof...(Extents) <= detail::max_rank, "ctgrad: a tensor has at most eight axes");
  if constexpr (element<T> && detail::name<Name> && (extent_argument<Extents> && ...)) return symbol<T, Name, Extents...>{};
  else return detail::no_expression{};
}
/// A tensor without axes: one number.
template <element T, detail::name Name>
constexpr auto scalar(Name) {
  return symbol<T, Name>{};
}
/// A tensor of one axis, whose extent is that of what it meets, and is checked when arrays are bound.
template <element T, detail::name Name>
constexpr auto vector(Name) {
  return symbol<T, Name, detail::anonymous_extent<Name, 0>>{};
}
/// A tensor of two axes, whose extents are those of what they meet.
template <element T, detail::name Name>
constexpr auto matrix(Name) {
  return symbol<T, Name, detail::anonymous_extent<Name, 0>, detail::anonymous_extent<Name, 1>>{};
}

}  // namespace ctgrad
