// Order and running totals along an axis: argsort, sort, topk, cumsum, cumprod; a random order.
// Each is one pass over whole rows outside of the loops around it; apart from the umbrella, since few programs need it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cpu/sort.hpp"
#include "random.hpp"
#include "shapes.hpp"

namespace ctgrad {
namespace detail {

struct descending_type {};
struct smallest_type {};

/// `make` of `x` with an axis as the last one, and that axis put back where it was.
template <class Make>
constexpr value along_last(value x, int axis, Make make) {
  int const rank = x.rank();
  std::array<int, max_rank> there{}, back{};
  for (int i = 0; i < rank; ++i) there[static_cast<std::size_t>(i)] = i == rank - 1 ? axis : i < axis ? i : i + 1;
  for (int i = 0; i < rank; ++i) back[static_cast<std::size_t>(there[static_cast<std::size_t>(i)])] = i;
  return {x.b, x.b->permute(make(value{x.b, x.b->permute(x.id, there)}).id, back)};
}
constexpr value places_in_order(value x, int axis, bool descending) {
  return along_last(x, axis, [&](value rows) { return call_library<op::argsort>(descending ? descending_flag : 0, rows); });
}
/// x at places that are along its own axis: none is outside.
constexpr value taken_at(value x, value places, int axis) {
  shape const from = x.shape(), to = places.shape();
  shape all;
  for (int i = 0; i < to.rank; ++i) {
    all.push_back(to[i]);
    if (i == axis) all.push_back(from[i]);
  }
  return {x.b, x.b->gather(x.b->broadcast(x.id, x.b->intern(all), axis_mask{1} << axis), places.id, axis + 1)};
}

template <int Axis, bool Descending>
struct argsort_function {
  static constexpr value trace(value x) {
    int const axis = axis_place(x, Axis, "argsort");
    return x.b->ok() ? places_in_order(x, axis, Descending) : x;
  }
};
template <int Axis, bool Descending>
struct sort_function {
  static constexpr value trace(value x) {
    int const axis = axis_place(x, Axis, "sort");
    return x.b->ok() ? taken_at(x, places_in_order(x, axis, Descending), axis) : x;
  }
};
/// The first `Count` of all in order: their places, or they themselves.
template <class Count, int Axis, bool Largest, bool Places>
struct topk_function {
  static constexpr value trace(value x) {
    int const axis = axis_place(x, Axis, "topk");
    if (!x.b->ok()) return x;
    extent const all = x.shape()[axis], count = extent_of_argument<Count>::value;
    if (count.is_static() && all.is_static() && count.constant > all.constant)
      return {x.b, x.b->fail(message() << "ctgrad: topk of " << x.b->describe(x.id) << " along axis " << axis << ": it has " << all << " elements there, and not " << count)};
    value const places{x.b, x.b->slice(places_in_order(x, axis, Largest).id, axis, 0, count, 1)};
    return Places ? places : taken_at(x, places, axis);
  }
};
/// The places of uniform numbers in ascending order.
template <class Count>
struct permutation_function {
  static constexpr value trace(value seed, value stream) {
    random_source const source{seed, stream, {1, {extent_of_argument<Count>::value}}};
    return source.ok("permutation") ? call_library<op::argsort>(0, source.unit(dtype::float64)) : seed;
  }
};
template <op Code, int Axis>
struct running_function {
  static constexpr value trace(value x) {
    int const axis = axis_place(x, Axis, info(Code).name);
    if (!x.b->ok()) return x;
    if (!is_floating(x.type())) x = cast(x, dtype::int64);
    return along_last(x, axis, [](value rows) { return call_library<Code>(0, rows); });
  }
};

}  // namespace detail

inline constexpr detail::descending_type descending{};  ///< largest first: `ct::sort(x, -1_c, ct::descending)`
inline constexpr detail::smallest_type smallest{};      ///< the smallest instead: `ct::topk(x, 3_c, -1_c, ct::smallest)`

/// The places of the elements along an axis in ascending order, int64, as numpy.argsort with kind="stable": equal elements stay in their order, NaN counts as largest.
/// With `ct::descending` in descending order, as torch.argsort(stable=True): equal elements stay in their order, NaN is first.
template <class X, integer_constant Axis = constant<false, -1>>
constexpr auto argsort(X const& x, Axis = {}) {
  return detail::call_function<detail::argsort_function<detail::axis_of<Axis>, false>>(x);
}
template <class X, integer_constant Axis>
constexpr auto argsort(X const& x, Axis, detail::descending_type) {
  return detail::call_function<detail::argsort_function<detail::axis_of<Axis>, true>>(x);
}
/// The elements along an axis in order, and their places, as torch.sort(stable=True): a Hana tuple. The order is argsort's; the gradient goes to where each element was.
template <class X, integer_constant Axis = constant<false, -1>>
constexpr auto sort(X const& x, Axis axis = {}) {
  return boost::hana::make_tuple(detail::call_function<detail::sort_function<detail::axis_of<Axis>, false>>(x), argsort(x, axis));
}
template <class X, integer_constant Axis>
constexpr auto sort(X const& x, Axis axis, detail::descending_type order) {
  return boost::hana::make_tuple(detail::call_function<detail::sort_function<detail::axis_of<Axis>, true>>(x), argsort(x, axis, order));
}
/// The `count` largest elements along an axis, largest first, and their places, as torch.topk: a Hana tuple. Of equal elements the first are taken; NaN counts as largest.
/// The axis has to have as many elements, which is checked while compiling or when the program is called.
template <class X, extent_argument Count, integer_constant Axis = constant<false, -1>>
constexpr auto topk(X const& x, Count, Axis = {}) {
  return boost::hana::make_tuple(detail::call_function<detail::topk_function<Count, detail::axis_of<Axis>, true, false>>(x),
                                 detail::call_function<detail::topk_function<Count, detail::axis_of<Axis>, true, true>>(x));
}
template <class X, extent_argument Count, integer_constant Axis>
constexpr auto topk(X const& x, Count, Axis, detail::smallest_type) {
  return boost::hana::make_tuple(detail::call_function<detail::topk_function<Count, detail::axis_of<Axis>, false, false>>(x),
                                 detail::call_function<detail::topk_function<Count, detail::axis_of<Axis>, false, true>>(x));
}

/// Running sums along an axis, each with its own element, as torch.cumsum; integers and bool give int64. From the first element on, in double for float32.
template <class X, integer_constant Axis>
constexpr auto cumsum(X const& x, Axis) {
  return detail::call_function<detail::running_function<detail::op::cumsum, detail::axis_of<Axis>>>(x);
}
/// Running products along an axis, as torch.cumprod; integers and bool give int64. First and second gradients are right with zeros, too.
template <class X, integer_constant Axis>
constexpr auto cumprod(X const& x, Axis) {
  return detail::call_function<detail::running_function<detail::op::cumprod, detail::axis_of<Axis>>>(x);
}

namespace random {
/// 0 to count - 1 in random order, int64, as torch.randperm: the places of uniform doubles of a key in ascending order. All orders are equally likely, but that two numbers are
/// equal, for which n^2 2^-54 is a bound. (randperm of generator.hpp draws another order.) `ct::index_select(X, 0_c, ct::random::permutation(seed, N))` shuffles rows.
template <class Key, extent_argument Count>
constexpr auto permutation(Key const& k, Count) {
  return detail::call_function<detail::permutation_function<std::remove_cvref_t<Count>>>(detail::seed_of(k), detail::stream_of(k));
}
}  // namespace random

}  // namespace ctgrad
