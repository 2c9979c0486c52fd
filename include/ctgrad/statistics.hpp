// Reductions that are formulas of others: variance, norms, truth.
// Along the given axes, or all; ct::keepdim keeps them with extent 1, as for sum and mean.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "functions.hpp"

#include <cmath>

namespace ctgrad {
namespace detail {

/// The square root, with the derivative 0 at 0, where it has none: PyTorch's choice for norms and deviations.
constexpr value root(value x) { return where(x == 0, x * 0, sqrt(where(x == 0, 1, x))); }

/// The sum of squares of distances from the mean, over their number less `Correction`, 1 so that it estimates without bias; of that the root, where `Root`.
template <int Correction, bool Root>
struct moment {
  template <class Axes>
  struct along {
    static constexpr value trace(value x) {
      x = as_floating(x);
      axis_mask const mask = Axes::mask(x, Root ? "std_dev" : "var");
      value const n = count_along(x, mask), d = x - restore_axes(reduce(op::sum, x, mask) / n, mask);
      value const squares = kept<Axes>(reduce(op::sum, d * d, mask) / maximum(n - Correction, 0), mask);
      if constexpr (Root) return root(squares);
      else return squares;
    }
  };
};
template <int Number>
struct correction_option {};
/// A moment of axes, with a correction before them or without one.
template <bool Root>
struct moment_of {
  template <class X, class... Axes>
  constexpr auto operator()(X const& x, Axes... axes) const {
    return axis_function<moment<1, Root>::template along>{}(x, axes...);
  }
  template <class X, int Number, class... Axes>
  constexpr auto operator()(X const& x, correction_option<Number>, Axes... axes) const {
    return axis_function<moment<Number, Root>::template along>{}(x, axes...);
  }
};
/// (sum of |x|^Order)^(1 / Order); Real, its bits as a double.
template <bool Real, std::int64_t Order>
struct norm_function {
  template <class Axes>
  struct along {
    static constexpr value trace(value x) {
      x = as_floating(x);
      axis_mask const mask = Axes::mask(x, "norm");
      double const order = Real ? std::bit_cast<double>(Order) : static_cast<double>(Order);
      if (order == 2) return kept<Axes>(root(reduce(op::sum, x * x, mask)), mask);
      if (order == 1) return kept<Axes>(reduce(op::sum, abs(x), mask), mask);
      if (order == std::numeric_limits<double>::infinity()) return kept<Axes>(reduce(op::max, abs(x), mask), mask);
      if (!(order > 0)) return {x.b, x.b->fail(message() << "ctgrad: norm of " << x.b->describe(x.id) << ": its order is " << order << ", and has to be positive")};
      // At 0 all is 0, derivatives as well.
      value const sum = reduce(op::sum, pow(where(x == 0, 0, abs(x)), order), mask);
      return kept<Axes>(where(sum == 0, sum * 0, pow(where(sum == 0, 1, sum), 1 / order)), mask);
    }
  };
};
template <class Axes>
using euclidean_function = norm_function<false, 2>::along<Axes>;

constexpr value truth(value x) { return x.type() == dtype::bool_ ? x : x != 0; }
template <class Axes>
struct any_function {
  static constexpr value trace(value x) {
    axis_mask const mask = Axes::mask(x, "any");
    return kept<Axes>(reduce(op::max, truth(x), mask), mask);
  }
};
template <class Axes>
struct all_function {
  static constexpr value trace(value x) {
    axis_mask const mask = Axes::mask(x, "all");
    return kept<Axes>(reduce(op::min, truth(x), mask), mask);
  }
};
template <class Axes>
struct count_nonzero_function {
  static constexpr value trace(value x) {
    axis_mask const mask = Axes::mask(x, "count_nonzero");
    return kept<Axes>(reduce(op::sum, truth(x), mask), mask);
  }
};

}  // namespace detail

/// Without bound: the order of the largest norm, `ct::vector_norm(x, ct::infinity)`.
inline constexpr constant<true, std::bit_cast<std::int64_t>(std::numeric_limits<double>::infinity())> infinity{};

/// What is taken off the number of elements in var and std_dev: `ct::var(x, ct::correction<0>, -1_c)`; 1 where it is not given.
template <int Number>
inline constexpr detail::correction_option<Number> correction{};

inline constexpr detail::moment_of<false> var{};                                                ///< sum((x - mean)^2) / (n - correction), as torch.var; NaN or infinite where that is not positive
inline constexpr detail::moment_of<true> std_dev{};                                           ///< sqrt(var), torch.std; its derivative at 0 is 0
inline constexpr detail::axis_function<detail::euclidean_function> norm{};               ///< sqrt(sum(x^2)); its derivative at 0 is 0
inline constexpr detail::axis_function<detail::any_function> any{};                      ///< whether some element is not zero; of none false
inline constexpr detail::axis_function<detail::all_function> all{};                      ///< whether every element is not zero; of none true
inline constexpr detail::axis_function<detail::count_nonzero_function> count_nonzero{};  ///< how many elements are not zero, int64

/// (sum of |x|^order)^(1 / order), for a positive constant, or ct::infinity: the largest |x|. `ct::vector_norm(x, 1_c, -1_c, ct::keepdim)`.
template <class X, bool Real, std::int64_t Order, class... Axes>
constexpr auto vector_norm(X const& x, constant<Real, Order>, Axes...) {
  return detail::call_function<typename detail::norm_function<Real, Order>::template along<detail::axes_of<Axes...>>>(x);
}

}  // namespace ctgrad
