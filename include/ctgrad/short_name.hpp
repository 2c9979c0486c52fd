// Short names for types that say the same at length.
// The name of an expression's or a program's type has all of its formulas and parameters, and the name of each function and constant that is instantiated with
// it has them again: kilobytes for each of thousands, and gigabytes of debug information.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "expression.hpp"  // first: compile_error.hpp says why

#include "../../compiler/fingerprint.hpp"

#include <cstdint>
#include <type_traits>

namespace ctgrad::detail {

// A type is found by its fingerprint through a friend that is declared with one and defined with the other. Of two types with one fingerprint it is the first.
#if defined(__CUDACC__)
#pragma nv_diag_suppress 1301
#elif defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-template-friend"
#endif
/// `Kind` keeps apart what has fingerprints for different purposes.
template <class Kind, std::uint64_t First, std::uint64_t Second>
struct printed {
  friend constexpr auto type_of(printed);
};
#if defined(__CUDACC__)
#pragma nv_diag_default 1301
#elif defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
template <class Print, class T>
struct printing {
  friend constexpr auto type_of(Print) { return std::type_identity<T>{}; }
};

/// Takes down that `T` has the fingerprint `Print`, a `printed`. True.
template <class T, class Print>
inline constexpr bool is_printed = [] {
  if constexpr (!requires { type_of(Print{}); }) return sizeof(printing<Print, T>) > 0;
  else return true;
}();
template <class Print>
using type_printed = typename decltype(type_of(Print{}))::type;

/// An expression under a short name, as an operand.
struct expression_kind;
template <std::uint64_t First, std::uint64_t Second>
struct short_expression : expression_tag {
  using full = type_printed<printed<expression_kind, First, Second>>;
  static constexpr int tree_size = full::tree_size;
  static constexpr tensor_type type = full::type;
  static constexpr node_id lower(lowering& l) { return detail::lower<full>(l); }
};
/// Expressions below this size keep their names, which messages show.
inline constexpr int short_expression_size = 24;

template <class E>
struct shortened_expression {
  static constexpr fingerprint print = [] {
    lowering l;
    l.b.g.outputs.push_back(detail::lower<E>(l));
    return fingerprint_of(l.b.g);
  }();
  using type = std::enable_if_t<is_printed<E, printed<expression_kind, print.first, print.second>>, short_expression<print.first, print.second>>;
};
template <class E>
constexpr auto shorten(E) {
  if constexpr (E::tree_size < short_expression_size) return E{};
  else if constexpr (std::is_same_v<typename shortened_expression<E>::type::full, E>) return typename shortened_expression<E>::type{};
  else return E{};  // another type has the name; it may differ in what is no part of a graph, as how parameters begin
}

}  // namespace ctgrad::detail
