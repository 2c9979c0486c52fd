// Whether two expressions are the same function, found in the compiler: `static_assert(ct::equivalent(ct::grad(f, x), 2_c * x))`.
// Gradients that were worked out by hand are checked against the compiler's with it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../compiler/normalize.hpp"
#include "gradient.hpp"

namespace ctgrad {
namespace detail {

// Each step is its own constant evaluation, so that compilers' limits hold.
template <class A, class B>
struct differentiated_pair {
  static constexpr graph make() {
    graph g = differentiate(kept_graph<source_graph<A, B>>::kept.thaw());
    unify_extents(g);
    return without_dead_nodes(g);
  }
};
template <class A, class B>
struct expanded_pair {
  static constexpr graph make() { return expand_definitions(kept_graph<differentiated_pair<A, B>>::kept.thaw()); }
};

template <class A, class B>
struct unlike_sides {
  constexpr message operator()() const {
    graph const g = kept_graph<differentiated_pair<A, B>>::kept.thaw();
    node const& a = g[g.outputs[0]];
    node const& b = g[g.outputs[1]];
    shape const &left = g[a.shape], &right = g[b.shape];
    bool const constant = (a.is_constant() && left.rank == 0) || (b.is_constant() && right.rank == 0);
    if ((a.type == dtype::bool_) != (b.type == dtype::bool_))
      return message() << "ctgrad: equivalent: one side is " << to_string(a.type) << ", the other " << to_string(b.type) << "; cast the one that is bool";
    if (!(left == right) && !constant)
      return message() << "ctgrad: equivalent: the sides have different shapes, " << left << " and " << right << "; reduce one, or use keepdim";
    return {};
  }
};

template <class A, class B>
inline constexpr agreement agreement_of = compare_normal_forms(kept_graph<expanded_pair<A, B>>::kept.thaw());

template <class A, class B>
struct too_large_to_compare {
  constexpr message operator()() const {
    if (agreement_of<A, B> != agreement::too_large) return {};
    return message() << "ctgrad: equivalent: these expressions are too large to be written out as sums of products; compare parts of them";
  }
};

struct equivalent_function {
  template <class A, class B>
    requires(expression<A> || number<A>) && (expression<B> || number<B>)
  constexpr bool operator()(A const&, B const&) const {
    if constexpr (expression<A> && expression<B>) {
      using left = std::remove_cvref_t<A>;
      using right = std::remove_cvref_t<B>;
      require_no_error<unlike_sides<left, right>>();
      require_no_error<too_large_to_compare<left, right>>();
      return agreement_of<left, right> == agreement::shown;
    } else {
      require_no_error<plain_operand<std::conditional_t<expression<A>, B, A>>>();
      return false;
    }
  }
};

}  // namespace detail

/// equivalent(a, b): whether two expressions are the same function of their symbols over the reals, wherever all elements of both are defined: x / x is 1,
/// log(x * y) is log(x) + log(y), sqrt(x^2) is |x|. Rounding, NaN, infinity and overflow are no matter, nor are the dtypes, but for bool.
/// Constants stand for the numbers that are meant: 0.1_c for 1/10, 0.7071067811865476_c for 1/sqrt(2).
/// true is proved; false says only that it was not found. A constant has the shape of the other side; different shapes are a compile error,
/// since such functions are never the same, and so are expressions that are too large to be compared.
inline constexpr detail::equivalent_function equivalent{};

}  // namespace ctgrad
