// Gradients as expressions, and what can be asked of expressions in the compiler: their value, their text, their equality.
// The work is the passes'; this names them for users.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "call.hpp"
#include "short_name.hpp"
#include "symbol.hpp"

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
#endif
#include <boost/hana/tuple.hpp>
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

namespace ctgrad {
namespace detail {

struct gradient_function {
  static constexpr value trace(value of, value by) { return {of.b, of.b->gradient(of.id, by.id)}; }
};

/// What gradients are of: named in the type of each, of which a network has as many as parameters.
template <class Of>
constexpr auto shorten_operand(Of const& of) {
  if constexpr (expression<Of>) {
    if constexpr (Of::type.known) return shorten(of);
    else return of;
  } else return of;
}

/// The graph of some expressions, one output each; without outputs where they do not go together.
template <class... Expressions>
struct source_graph {
  static constexpr graph make() {
    lowering l;
    detail::list<node_id> outputs{detail::lower<Expressions>(l)...};
    if (!l.b.ok()) return {};
    l.b.g.outputs = outputs;
    return without_dead_nodes(l.b.g);
  }
};

}  // namespace detail

/// The gradient of the scalar `of` by `by` (a symbol or any part of `of`): an expression of the shape of `by`. Zero where `of` does not depend on it.
/// By several it is a Hana tuple of gradients. Both have to be floating-point.
template <class Of, class... By>
  requires(sizeof...(By) > 0)
constexpr auto grad(Of const& of, By const&... by) {
  if constexpr (sizeof...(By) == 1) return detail::call_function<detail::gradient_function>(detail::shorten_operand(of), by...);
  else return boost::hana::make_tuple(detail::call_function<detail::gradient_function>(detail::shorten_operand(of), by)...);
}

}  // namespace ctgrad
