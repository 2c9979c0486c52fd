// Whether two expressions are the same function, found in the compiler: `static_assert(ct::equivalent(ct::grad(f, x), 2_c * x))`.
// Gradients that were worked out by hand are checked against the compiler's with it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../compiler/normalize.hpp"
#include "gradient.hpp"

namespace ctgrad {
namespace detail {

template <class A, class B>
struct differentiated_pair {
  static constexpr graph make() {
    graph g = differentiate(kept_graph<source_graph<A, B>>::frozen.thaw());
    unify_extents(g);
    return g;
  }
};
template <class A, class B>
struct expanded_pair {
  static constexpr graph make() { return expand_definitions(kept_graph<differentiated_pair<A, B>>::frozen.thaw()); }
};

template <class A, class B>
struct error_in_comparison {
  constexpr message operator()() const {
    graph const g = kept_graph<differentiated_pair<A, B>>::frozen.thaw();
    node const& a = g[g.outputs[0]];
    node const& b = g[g.outputs[1]];
    shape const &left = g[a.shape], &right = g[b.shape];
    bool const constant = (a.is_constant() && left.rank == 0) || (b.is_constant() && right.rank == 0);
    if ((a.type == dtype::bool_) != (b.type == dtype::bool_))
      return message() << "ctgrad: equivalent: one side is " << to_string(a.type) << ", the other " << to_string(b.type) << "; cast the one that is bool";
    if (!(left == right) && !constant) return message() << "ctgrad: equivalent: the sides have different shapes, " << left << " and " << right << "; use keepdim, or reduce one";
    return {};
  }
};

template <class A, class B>
inline constexpr bool equivalent_pair = normal_forms_agree(kept_graph<expanded_pair<A, B>>::frozen.thaw());

struct equivalent_function {
  /// Whether `a` and `b` are the same function of their symbols over the reals, wherever both are defined: x / x is 1, log(x * y) is
  /// log(x) + log(y), sqrt(x^2) is |x|. Rounding, NaN, infinity and overflow are no matter, nor are the dtypes, but for bool.
  /// true is proved; false says that it was not found (or that the expressions are too large to be written out).
  /// Different shapes are a compile error, since such functions could never be the same; a constant has the shape of the other side.
  template <class A, class B>
  constexpr bool operator()(A const&, B const&) const {
    (require_expression<A>(), require_expression<B>());
    if constexpr (expression<A> && expression<B>) {
      require_no_error<error_in_comparison<A, B>>();
      return equivalent_pair<A, B>;
    } else {
      return false;
    }
  }
};

}  // namespace detail

inline constexpr detail::equivalent_function equivalent{};

}  // namespace ctgrad
