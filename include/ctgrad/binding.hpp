// What `X = images` means: a name and the data for it.
// Symbols, extents and expressions make these; programs take them in any order.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <type_traits>
#include <utility>

namespace ctgrad {

/// `Target` (a symbol, an extent or an expression) is to be `data`. Refers to an lvalue, keeps an rvalue.
template <class Target, class Data>
struct binding {
  using target = Target;
  using data_type = std::remove_cvref_t<Data>;
  Data data;
};

namespace detail {
template <class T>
inline constexpr bool is_binding = false;
template <class Target, class Data>
inline constexpr bool is_binding<binding<Target, Data>> = true;
/// (No fold: clang takes none of more than 256, which a deep network's parameters and gradients are.)
template <class... Ts>
constexpr bool are_bindings() {
  bool const each[] = {is_binding<std::remove_cvref_t<Ts>>..., true};
  for (bool one : each)
    if (!one) return false;
  return true;
}
}  // namespace detail

/// The result of `name = data`.
template <class T>
concept bound = detail::is_binding<std::remove_cvref_t<T>>;
template <class... Ts>
concept all_bound = detail::are_bindings<Ts...>();

}  // namespace ctgrad
