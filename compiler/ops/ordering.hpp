// Rows: operations along one axis in which each element of the result depends on several of the operand: places in order, running sums and products.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../whole.hpp"
#include "structural.hpp"

#include <algorithm>

namespace ctgrad::detail {

/// Flags of argsort, and of running sums.
inline constexpr std::int64_t descending_flag = 1, reverse_flag = 1;

// clang-format off
template <> struct row<op::argsort> {
  static constexpr op_info info{.name = "argsort", .kind = op_kind::library, .cost = 40, .whole = 1, .fresh = true, .flags = {"descending"}};
  static constexpr shape result(shape const* x) { return x[0]; }
  static constexpr dtype type(dtype) { return dtype::int64; }
  // NaN counts as largest; equal elements stay in their order.
  template <class T, class Place>
  static constexpr void eval(std::int64_t flags, whole_slice<T const> x, whole_slice<Place> y) {
    auto before = [](T const& a, T const& b) { return a < b || (is_nan(b) && !is_nan(a)); };
    list<std::int64_t> places(static_cast<std::size_t>(x.extents[0]), 0);
    for (std::size_t i = 0; i < places.size(); ++i) places[i] = static_cast<std::int64_t>(i);
    std::sort(places.data(), places.data() + places.size(), [&](std::int64_t i, std::int64_t j) {
      T const &a = flags & descending_flag ? x(j) : x(i), &b = flags & descending_flag ? x(i) : x(j);
      return before(a, b) || (i < j && !before(b, a));
    });
    for (std::size_t i = 0; i < places.size(); ++i) y(static_cast<std::int64_t>(i)) = Place(places[i]);
  }
};

/// y[i] = y[i - 1] combined with x[i], from `start` on; from the last on where `reverse`.
template <class T, class Combine>
constexpr void run_along(bool reverse, whole_slice<T const> x, whole_slice<T> y, int start, Combine combine) {
  std::int64_t const count = x.extents[0], step = reverse ? -1 : 1;
  running_t<T> total(start);
  for (std::int64_t i = reverse ? count - 1 : 0, k = 0; k < count; ++k, i += step) y(i) = static_cast<T>(total = combine(total, running_t<T>(x(i))));
}
template <> struct row<op::cumsum> {
  static constexpr op_info info{.name = "cumsum", .kind = op_kind::library, .cost = 4, .whole = 1, .flags = {"reverse"}};
  static constexpr shape result(shape const* x) { return x[0]; }
  static constexpr dtype type(dtype of) { return of; }
  template <class T> static constexpr void eval(std::int64_t flags, whole_slice<T const> x, whole_slice<T> y) {
    run_along(flags & reverse_flag, x, y, 0, [](auto a, auto b) { return a + b; });
  }
  // Each element is in all sums from its own on.
  static constexpr value d0(value g, value, value y) { return call_library<op::cumsum>(y.get().attribute ^ reverse_flag, g); }
};
template <> struct row<op::cumprod> {
  static constexpr op_info info{.name = "cumprod", .kind = op_kind::library, .cost = 4, .whole = 1};
  static constexpr shape result(shape const* x) { return x[0]; }
  static constexpr dtype type(dtype of) { return of; }
  template <class T> static constexpr void eval(std::int64_t, whole_slice<T const> x, whole_slice<T> y) {
    run_along(false, x, y, 1, [](auto a, auto b) { return a * b; });
  }
  // dL/dx[k] is the sum over j >= k of g[j] times the product of the x[i], i <= j, i != k: before the first zero, running sums of g y from the end, divided by x; at it, the same of the
  // products without it; behind it 0. The first two zeros stand in it as the symbols they are, so that the second derivative is right too, as in `prod`.
  static constexpr value d0(value g, value x, value y) {
    auto backwards = [&](value products) { return call_library<op::cumsum>(reverse_flag, g * products); };
    auto along = [](value e) { return call_library<op::cumsum>(0, e); };
    value const zero = x == 0, zeros = along(cast(zero, x.type())), divisor = where(zero, 1, x);
    value const first = zero && zeros == 1, second = zero && zeros == 2;
    value const after_first = call_library<op::cumprod>(0, where(first, 1, x)), after_second = call_library<op::cumprod>(0, where(first || second, 1, x));
    value const the_zero = along(where(first, x, 0));  // from it on: 0, with a derivative
    value const behind = where(second, the_zero * backwards(after_second), where(zeros == 1, the_zero * backwards(after_first) / divisor, 0));
    return where(zeros == 0, backwards(y) / divisor, where(first, backwards(after_first), behind));
  }
};
// clang-format on

}  // namespace ctgrad::detail
