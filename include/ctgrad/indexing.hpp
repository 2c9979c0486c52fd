// Elements at places that are known when a program runs: lookups in tables, sums by group, where the largest stand.
// Places are integers from 0 on; one that is no place along the axis finds NaN (0 in integers and bool), and what would be added there is left out.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "shapes.hpp"

namespace ctgrad {
namespace detail {

/// Whether places are integers; an error that names `function` where not.
constexpr bool are_places(value places, std::string_view function) {
  if (is_integer(places.type())) return true;
  places.b->fail(message() << "ctgrad: " << function << ": the places " << places.b->describe(places.id) << " are " << to_string(places.type()) << ", and have to be int32 or int64");
  return false;
}
constexpr value is_place(value places, extent const& count) {
  return places >= 0 && places < value{places.b, places.b->size_of({1, {count}}, places.type())};
}
/// `x`, which has the axes of `places` and one more, at its places.
constexpr value looked_up_at(value x, value places, int axis) {
  value const found{x.b, x.b->gather(x.id, places.id, axis)};
  value const there = is_place(places, x.shape()[axis]);
  if (is_floating(x.type())) return where(there, found, std::numeric_limits<double>::quiet_NaN());
  if (x.type() == dtype::bool_) return there && found;
  return where(there, found, 0);
}
/// `x` added up at its places, along an axis of `count` elements.
constexpr value added_at(value x, value places, int axis, extent const& count, axis_mask gone) {
  if (x.type() == dtype::bool_) return {x.b, x.b->fail(message() << "ctgrad: a sum by places of " << x.b->describe(x.id) << ": it is bool; cast it first")};
  value const kept = where(is_place(places, count), x, 0);
  return {x.b, x.b->scatter(kept.id, places.id, axis, count, gone)};
}

template <int Axis>
struct gather_function {
  static constexpr value trace(value x, value places) {
    builder& b = *x.b;
    if (!are_places(places, "gather")) return x;
    int const axis = axis_place(x, Axis, "gather");
    if (!b.ok()) return x;
    shape const from = x.shape(), to = places.shape();
    bool fits = from.rank == to.rank;
    shape all;  // the result's axes, and the one that is looked through after its own
    for (int i = 0; fits && i < from.rank; ++i) {
      extent e = to[i];
      fits = i == axis || b.unify(e, from[i]);
      all.push_back(e);
      if (i == axis) all.push_back(from[i]);
    }
    if (!fits)
      return {&b, b.fail(message() << "ctgrad: gather of " << b.describe(x.id) << " along axis " << axis << " at " << b.describe(places.id) << ": their other extents have to be equal")};
    return looked_up_at({&b, b.broadcast(x.id, b.intern(all), axis_mask{1} << axis)}, places, axis + 1);
  }
};

/// `x` with the axes of `places` in the stead of `axis`.
constexpr value selected(value x, value places, int axis) {
  builder& b = *x.b;
  shape const from = x.shape(), at = places.shape();
  shape result, all;
  for (int i = 0; i < axis; ++i) result.push_back(from[i]), all.push_back(from[i]);
  for (int i = 0; i < at.rank; ++i) result.push_back(at[i]), all.push_back(at[i]);
  all.push_back(from[axis]);
  for (int i = axis + 1; i < from.rank; ++i) result.push_back(from[i]), all.push_back(from[i]);
  axis_mask const added = ((axis_mask{1} << at.rank) - 1) << axis;
  value const spread{&b, b.broadcast(x.id, b.intern(all), added)};
  return looked_up_at(spread, {&b, b.broadcast(places.id, b.intern(result), ((axis_mask{1} << result.rank) - 1) & ~added)}, axis + at.rank);
}
template <int Axis>
struct index_select_function {
  static constexpr value trace(value x, value places) {
    if (!are_places(places, "index_select")) return x;
    int const axis = axis_place(x, Axis, "index_select");
    if (!x.b->ok()) return x;
    if (x.rank() + places.rank() > max_rank)
      return {x.b, x.b->fail(message() << "ctgrad: index_select of " << x.b->describe(x.id) << " at " << x.b->describe(places.id) << ": together they have more than " << max_rank << " axes")};
    return selected(x, places, axis);
  }
};
struct take_function {
  static constexpr value trace(value x, value places) {
    builder& b = *x.b;
    if (!are_places(places, "take")) return x;
    if (places.rank() > max_rank - 1) return {&b, b.fail(message() << "ctgrad: take of " << b.describe(x.id) << " at " << b.describe(places.id) << ": the places have too many axes")};
    value const all = flatten_function<0, -1>::trace(x.rank() ? x : unsqueezed(x, 0));
    return selected(all, places, 0);
  }
};
struct embedding_function {
  static constexpr value trace(value places, value table) {
    builder& b = *table.b;
    if (!are_places(places, "embedding")) return table;
    if (table.rank() != 2 || places.rank() > max_rank - 2) return {&b, b.fail(message() << "ctgrad: embedding of " << b.describe(places.id) << " in " << b.describe(table.id) << ": the table has to be a matrix")};
    return selected(table, places, 0);
  }
};

template <int Axis>
struct scatter_add_function {
  static constexpr value trace(value x, value places, value added) {
    builder& b = *x.b;
    if (!are_places(places, "scatter_add")) return x;
    int const axis = axis_place(x, Axis, "scatter_add");
    if (!b.ok()) return x;
    shape const to = x.shape(), from = added.shape(), at = places.shape();
    bool fits = to.rank == from.rank && at.rank == from.rank;
    for (int i = 0; fits && i < to.rank; ++i) {
      extent e = from[i];
      fits = b.unify(e, at[i]) && (i == axis || b.unify(e, to[i]));
    }
    if (!fits)
      return {&b, b.fail(message() << "ctgrad: scatter_add of " << b.describe(added.id) << " to " << b.describe(x.id) << " along axis " << axis << " at " << b.describe(places.id)
                                   << ": places and what is added have to have one shape, and their other extents those of the first")};
    return x + added_at(added, places, axis, to[axis], axis_mask{1} << axis);
  }
};
template <class Count>
struct segment_sum_function {
  static constexpr value trace(value x, value places) {
    builder& b = *x.b;
    if (!are_places(places, "segment_sum")) return x;
    shape const from = x.shape();
    extent rows = from.rank ? from[0] : extent(1);
    if (from.rank < 1 || places.rank() != 1 || !b.unify(rows, places.shape()[0]))
      return {&b, b.fail(message() << "ctgrad: segment_sum of " << b.describe(x.id) << " by " << b.describe(places.id) << ": there has to be one place for each element of the first axis")};
    value const all{&b, b.broadcast(places.id, x.get().shape, ((axis_mask{1} << from.rank) - 1) & ~axis_mask{1})};
    return added_at(x, all, 0, extent_of_argument<Count>::value, 1);
  }
};
template <class Count>
struct one_hot_function {
  static constexpr value trace(value places) {
    builder& b = *places.b;
    if (!are_places(places, "one_hot")) return places;
    shape to = places.shape();
    to.push_back(extent_of_argument<Count>::value);
    shape_id const all = b.intern(to);
    value const number{&b, b.broadcast(b.iota(to[to.rank - 1], places.type()), all, (axis_mask{1} << (to.rank - 1)) - 1)};
    return cast(number == value{&b, b.broadcast(places.id, all, axis_mask{1} << (to.rank - 1))}, dtype::int64);
  }
};
struct masked_fill_function {
  static constexpr value trace(value x, value mask, value filling) { return where(mask, filling, x); }
};
/// The first place along an axis where `x` has its extremum; that of the first NaN, where there is one.
template <op Extremum, int Axis>
struct argument_function {
  static constexpr value trace(value x) {
    constexpr std::string_view name = Extremum == op::max ? "argmax" : "argmin";
    int const axis = axis_place(x, Axis, name);
    if (!x.b->ok()) return x;
    axis_mask const along = axis_mask{1} << axis;
    value const extremum = broadcast_like(reduce(Extremum, detach(x), along), x, along);
    value found = x == extremum;
    if (is_floating(x.type())) found = found || isnan(x);
    value const none{x.b, x.b->size_of({1, {x.shape()[axis]}}, dtype::int64)};
    return reduce(op::min, where(found, positions_along(x, axis), none), along);
  }
};

}  // namespace detail

/// x at places along an axis, as torch.gather: result[i, j] = x[places[i, j], j] along axis 0, x[i, places[i, j]] along axis 1, and so on. `places` has as many axes as x, and its extents but along
/// the axis. The gradient is a sum of what was taken from each place. `ct::gather(x, 1_c, labels)`.
template <class X, integer_constant Axis, class Places>
constexpr auto gather(X const& x, Axis, Places const& places) {
  return detail::call_function<detail::gather_function<detail::axis_of<Axis>>>(x, places);
}
/// The slices of x at places along an axis, as torch.index_select and numpy.take: the axes of `places`, of any number, stand where the axis stood.
template <class X, integer_constant Axis, class Places>
constexpr auto index_select(X const& x, Axis, Places const& places) {
  return detail::call_function<detail::index_select_function<detail::axis_of<Axis>>>(x, places);
}
/// Rows of a table[V, D] at places[…]: […, D], as torch.nn.functional.embedding. The gradient by the table adds up rows.
inline constexpr detail::plain_function<detail::embedding_function> embedding{};
/// The elements of x, in row-major order, at places: `ct::take(x, places)` has the shape of the places, as torch.take; they count from 0.
inline constexpr detail::plain_function<detail::take_function> take{};
/// x with `added` added at places along an axis, as torch.scatter_add: result[places[i, j], j] += added[i, j] along axis 0. What goes to one place is added up in the order of the elements.
template <class X, integer_constant Axis, class Places, class Added>
constexpr auto scatter_add(X const& x, Axis, Places const& places, Added const& added) {
  return detail::call_function<detail::scatter_add_function<detail::axis_of<Axis>>>(x, places, added);
}
/// Sums of the slices x[i, …] by their places[i] among `count`, as jax.ops.segment_sum: result[k, …] = sum of x[i, …] where places[i] = k.
template <class X, class Places, extent_argument Count>
constexpr auto segment_sum(X const& x, Places const& places, Count) {
  return detail::call_function<detail::segment_sum_function<Count>>(x, places);
}
/// 1 at each place along a new last axis of `count` elements, 0 elsewhere; int64, as torch.nn.functional.one_hot, but all zeros for what is no place.
template <class Places, extent_argument Count>
constexpr auto one_hot(Places const& places, Count) {
  return detail::call_function<detail::one_hot_function<Count>>(places);
}
/// x, and `filling` where `mask` is true, as torch.masked_fill.
inline constexpr detail::plain_function<detail::masked_fill_function> masked_fill{};
/// The first place of the largest element along an axis, int64, as numpy.argmax; NaN counts as largest.
template <class X, integer_constant Axis>
constexpr auto argmax(X const& x, Axis) {
  return detail::call_function<detail::argument_function<detail::op::max, detail::axis_of<Axis>>>(x);
}
/// The first place of the smallest element along an axis, int64, as numpy.argmin; NaN counts as smallest.
template <class X, integer_constant Axis>
constexpr auto argmin(X const& x, Axis) {
  return detail::call_function<detail::argument_function<detail::op::min, detail::axis_of<Axis>>>(x);
}

}  // namespace ctgrad
