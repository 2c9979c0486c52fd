// Slices, other shapes, and parts put together: which element, not which value.
// In a program they are addresses and strides: a slice or a reshape of an array is read where it lies, and the parts of a concatenation are computed where they stand.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "expression.hpp"  // first: compile_error.hpp says why

#include "functions.hpp"
#include "gradient.hpp"

#include <string_view>
#include <utility>

namespace ctgrad {
namespace detail {

/// `axis` of `x`, counted from the end where it is negative; an error that names `function`, and axis 0, where there is none. `more` axes may follow the last.
constexpr int axis_place(value x, std::int64_t axis, std::string_view function, int more = 0) {
  std::int64_t const rank = x.rank() + more, place = axis < 0 ? axis + rank : axis;
  if (place >= 0 && place < rank) return static_cast<int>(place);
  x.b->fail(message() << "ctgrad: " << function << " along axis " << axis << " of " << x.b->describe(x.id) << ": it has " << x.rank() << (x.rank() == 1 ? " axis" : " axes"));
  return 0;
}
constexpr value unsqueezed(value x, int axis) { return restore_axes(x, axis_mask{1} << axis); }

/// A place along an axis: a number, counted from the end where it is negative, or an extent.
template <class T>
struct place_of {
  static constexpr extent in(extent const&) { return extent_of_argument<T>::value; }
};
template <std::int64_t Number>
struct place_of<constant<false, Number>> {
  static constexpr extent in(extent const& all) { return Number < 0 ? all + extent(Number) : extent(Number); }
};
struct to_the_end {};
template <>
struct place_of<to_the_end> {
  static constexpr extent in(extent const& all) { return all; }
};
template <class T>
concept place_argument = integer_constant<T> || is_dim<std::remove_cvref_t<T>>;

/// Elements first, first + step, … before `last`. Where all is known, places beyond the axis are its ends, as in Python.
constexpr value slice_of(value x, int axis, extent first, extent last, std::int32_t step) {
  extent const all = x.shape()[axis];
  auto clamp = [&](extent& e) {
    if (e.is_static() && e.constant < 0) e = 0;
    if (e.is_static() && all.is_static() && e.constant > all.constant) e = all;
  };
  clamp(first), clamp(last);
  extent count = last - first;
  if (count.is_static()) count = count.constant <= 0 ? 0 : (count.constant + step - 1) / step;
  else if (step != 1)
    return {x.b, x.b->fail(message() << "ctgrad: slice with step " << int{step} << " of " << x.b->describe(x.id) << ": the number of elements, (" << count << ") / " << int{step}
                                     << ", has to be known while compiling")};
  return {x.b, x.b->slice(x.id, axis, first, count, step)};
}
constexpr value reversed(value x, int axis) {
  extent const all = x.shape()[axis];
  return {x.b, x.b->slice(x.id, axis, all - 1, all, -1)};
}

template <int Axis, class First, class Last, int Step>
struct slice_function {
  static constexpr value trace(value x) {
    if (Step < 1) return {x.b, x.b->fail(message() << "ctgrad: slice of " << x.b->describe(x.id) << ": its step is " << Step << ", and has to be positive; flip goes backwards")};
    int const axis = axis_place(x, Axis, "slice");
    if (!x.b->ok()) return x;
    extent const all = x.shape()[axis];
    return slice_of(x, axis, place_of<First>::in(all), place_of<Last>::in(all), Step);
  }
};
template <int Axis, class Place>
struct select_function {
  static constexpr value trace(value x) {
    int const axis = axis_place(x, Axis, "select");
    if (!x.b->ok()) return x;
    extent const all = x.shape()[axis], place = place_of<Place>::in(all);
    if (all.is_static() && place.is_static() && (place.constant < 0 || place.constant >= all.constant))
      return {x.b, x.b->fail(message() << "ctgrad: select of element " << place << " along axis " << axis << " of " << x.b->describe(x.id))};
    return {x.b, x.b->squeeze(x.b->slice(x.id, axis, place, 1, 1), axis_mask{1} << axis)};
  }
};
template <class Axes>
struct flip_function {
  static constexpr value trace(value x) {
    axis_mask const mask = Axes::mask(x, "flip");
    for (int axis = 0; x.b->ok() && axis < x.rank(); ++axis)
      if (mask >> axis & 1) x = reversed(x, axis);
    return x;
  }
};
template <int Shift, int Axis>
struct roll_function {
  static constexpr value trace(value x) {
    int const axis = axis_place(x, Axis, "roll");
    if (!x.b->ok()) return x;
    extent const all = x.shape()[axis];
    extent last = Shift;  // how many elements of the end come first
    if (all.is_static()) last = all.constant == 0 ? 0 : (Shift % all.constant + all.constant) % all.constant;
    else if (Shift < 0) last = all + extent(Shift);
    extent const border = all - last;
    return {x.b, x.b->concat(x.b->slice(x.id, axis, border, last, 1), x.b->slice(x.id, axis, 0, border, 1), axis)};
  }
};
template <int Axis>
struct concat_function {
  template <class... Parts>
  static constexpr value trace(value first, Parts... others) {
    int const axis = axis_place(first, Axis, "concat");
    auto append = [&](value next) {
      if (first.b->ok()) first = {first.b, first.b->concat(first.id, next.id, axis)};
    };
    (append(others), ...);
    return first;
  }
};
template <int Axis>
struct stack_function {
  template <class... Parts>
  static constexpr value trace(value first, Parts... others) {
    int const axis = axis_place(first, Axis, "stack", 1);
    if (!first.b->ok()) return first;
    return concat_function<Axis>::trace(unsqueezed(first, axis), unsqueezed(others, axis)...);
  }
};
template <int Number, int Count, int Axis>
struct chunk_function {
  static constexpr value trace(value x) {
    int const axis = axis_place(x, Axis, "chunk");
    if (!x.b->ok()) return x;
    extent const all = x.shape()[axis];
    if (!all.is_static() || all.constant % Count != 0)
      return {x.b, x.b->fail(message() << "ctgrad: chunk of " << x.b->describe(x.id) << " into " << Count << " parts along axis " << axis << ": the extent " << all << " is no known multiple of " << Count)};
    std::int64_t const size = all.constant / Count;
    return {x.b, x.b->slice(x.id, axis, Number * size, size, 1)};
  }
};
template <int First, int Size, int Total, int Axis>
struct split_function {
  static constexpr value trace(value x) {
    int const axis = axis_place(x, Axis, "split");
    if (!x.b->ok()) return x;
    extent const all = x.shape()[axis];
    if (Size < 0 || !(all == extent(Total)))
      return {x.b, x.b->fail(message() << "ctgrad: split of " << x.b->describe(x.id) << " along axis " << axis << ": the parts have " << Total << " elements together, and the axis has " << all)};
    return {x.b, x.b->slice(x.id, axis, First, Size, 1)};
  }
};
template <class... Extents>
struct reshape_function {
  static constexpr value trace(value x) {
    shape to;
    int open = -1, given = 0;
    auto take = [&]<class E>(std::type_identity<E>) {
      if constexpr (is_dim<E>) to.push_back(extent_of_argument<E>::value);
      else if (E::integer == -1) open = open < 0 ? given : -2, to.push_back(1);
      else to.push_back(extent(static_cast<std::int64_t>(E::integer)));
      ++given;
    };
    (take(std::type_identity<Extents>{}), ...);
    for (int i = 0; i < to.rank; ++i)
      if (to[i].is_static() && to[i].constant < 0) return {x.b, x.b->fail(message() << "ctgrad: reshape of " << x.b->describe(x.id) << ": the extent of axis " << i << " is negative")};
    if (open < -1) return {x.b, x.b->fail(message() << "ctgrad: reshape of " << x.b->describe(x.id) << ": one extent may be -1, not more")};
    if (open >= 0) {
      element_number rest(x.shape());
      if (!rest.divide(element_number(to)))
        return {x.b, x.b->fail(message() << "ctgrad: reshape of " << x.b->describe(x.id) << ": its number of elements is no known multiple of what the other extents hold")};
      to[open] = rest.product();
    }
    return {x.b, x.b->reshape(x.id, to)};
  }
};
template <int First, int Last>
struct flatten_function {
  static constexpr value trace(value x) {
    int const first = axis_place(x, First, "flatten"), last = axis_place(x, Last, "flatten");
    if (!x.b->ok()) return x;
    if (last < first) return {x.b, x.b->fail(message() << "ctgrad: flatten of " << x.b->describe(x.id) << " from axis " << first << " to axis " << last)};
    shape to;
    extent merged = 1;
    for (int i = 0; i < x.rank(); ++i) {
      if (i < first || i > last) to.push_back(x.shape()[i]);
      else merged = merged * x.shape()[i];
      if (i == last) to.push_back(merged);
    }
    return {x.b, x.b->reshape(x.id, to)};
  }
};
template <int Axis>
struct unsqueeze_function {
  static constexpr value trace(value x) {
    int const axis = axis_place(x, Axis, "unsqueeze", 1);
    return x.b->ok() ? unsqueezed(x, axis) : x;
  }
};
template <class Axes>
struct squeeze_function {
  static constexpr value trace(value x) {
    axis_mask const mask = Axes::mask(x, "squeeze");
    axis_mask ones = 0;
    for (int i = 0; i < x.rank(); ++i) ones |= x.shape()[i].is_one() ? axis_mask{1} << i : 0;
    if (Axes::count > 0 && (mask & ~ones) != 0)
      return {x.b, x.b->fail(message() << "ctgrad: squeeze of " << x.b->describe(x.id) << ": an axis that goes has to have extent 1")};
    return {x.b, x.b->squeeze(x.id, mask & ones)};
  }
};
template <int... Axes>
struct permute_function {
  static constexpr value trace(value x) {
    std::array<int, max_rank> source{};
    int place = 0;
    axis_mask seen = 0;
    if (sizeof...(Axes) != static_cast<std::size_t>(x.rank()))
      return {x.b, x.b->fail(message() << "ctgrad: permute of " << x.b->describe(x.id) << ": " << static_cast<int>(sizeof...(Axes)) << " axes are named")};
    for (int axis : {Axes...}) {
      source[static_cast<std::size_t>(place)] = axis_place(x, axis, "permute");
      seen |= axis_mask{1} << source[static_cast<std::size_t>(place++)];
    }
    if (x.b->ok() && seen != (axis_mask{1} << x.rank()) - 1) return {x.b, x.b->fail(message() << "ctgrad: permute of " << x.b->describe(x.id) << ": an axis is named twice")};
    return x.b->ok() ? value{x.b, x.b->permute(x.id, source)} : x;
  }
};
/// `before` and `after` more elements along an axis, which are the scalar `filling`.
constexpr value bordered(value x, int axis, int before, int after, value filling) {
  auto part = [&](int count) {
    shape s = x.shape();
    s[axis] = count;
    return x.b->broadcast(x.b->cast(filling.id, x.type()), x.b->intern(s), (axis_mask{1} << s.rank) - 1);
  };
  return {x.b, x.b->concat(x.b->concat(part(before), x.id, axis), part(after), axis)};
}
template <int Axis, int Before, int After>
struct pad_function {
  static constexpr value trace(value x, value filling) {
    int const axis = axis_place(x, Axis, "pad");
    if (filling.rank() != 0) return {x.b, x.b->fail(message() << "ctgrad: pad of " << x.b->describe(x.id) << ": what it is filled with has to be a scalar")};
    if (Before < 0 || After < 0) return {x.b, x.b->fail(message() << "ctgrad: pad of " << x.b->describe(x.id) << ": a negative number of elements; slice takes some away")};
    if (!x.b->ok()) return x;
    return bordered(x, axis, Before, After, filling);
  }
};
/// Each element `Count` times in a row, or all of them `Count` times.
template <int Count, int Axis, bool Whole>
struct repeat_function {
  static constexpr value trace(value x) {
    std::string_view const name = Whole ? "tile" : "repeat_interleave";
    int const axis = axis_place(x, Axis, name);
    if (Count < 0) return {x.b, x.b->fail(message() << "ctgrad: " << name << " of " << x.b->describe(x.id) << ": a negative number of times")};
    if (!x.b->ok()) return x;
    int const added = Whole ? axis : axis + 1;
    value const one = unsqueezed(x, added);
    shape many = one.shape(), merged = x.shape();
    many[added] = Count;
    merged[axis] = merged[axis] * extent(Count);
    return {x.b, x.b->reshape(x.b->broadcast(one.id, x.b->intern(many), 0), merged)};
  }
};
/// What is on one side of a diagonal of the last two axes, zeros on the other.
template <int Diagonal, bool Lower>
struct triangle_function {
  static constexpr value trace(value x) {
    int const rank = x.rank();
    if (rank < 2) return {x.b, x.b->fail(message() << "ctgrad: " << (Lower ? "tril" : "triu") << " of " << x.b->describe(x.id) << ": it has to have two axes or more")};
    value const row = positions_along(x, rank - 2), column = positions_along(x, rank - 1);
    return where(Lower ? column <= row + Diagonal : column >= row + Diagonal, x, 0);
  }
};

template <class Axis>
inline constexpr int axis_of = static_cast<int>(std::remove_cvref_t<Axis>::integer);

}  // namespace detail

/// Along one axis, the elements from `first` to before `last`, every `step`-th: `ct::slice(X, 0_c, 1_c, -1_c)`; without `last` to the end. Places are constants,
/// negative ones count from the end, or extents. Of an axis of known extent they are cut to it, as in Python; of another they have to be on it, or a call throws shape_error.
template <class X, integer_constant Axis, detail::place_argument First>
constexpr auto slice(X const& x, Axis, First) {
  return detail::call_function<detail::slice_function<detail::axis_of<Axis>, std::remove_cvref_t<First>, detail::to_the_end, 1>>(x);
}
template <class X, integer_constant Axis, detail::place_argument First, detail::place_argument Last, integer_constant Step = constant<false, 1>>
constexpr auto slice(X const& x, Axis, First, Last, Step = {}) {
  return detail::call_function<detail::slice_function<detail::axis_of<Axis>, std::remove_cvref_t<First>, std::remove_cvref_t<Last>, detail::axis_of<Step>>>(x);
}
template <class X, class... Places>
constexpr auto slice(X const&, Places const&...) {
  static_assert(!sizeof(X), "ctgrad: slice takes an axis and places that are constants: ct::slice(x, 0_c, 1_c, 5_c) or, with a step, ct::slice(x, 0_c, 1_c, 5_c, 2_c)");
  return detail::no_expression{};
}
/// The elements at one place of an axis, without that axis: `ct::select(X, 0_c, -1_c)` is the last row.
template <class X, integer_constant Axis, detail::place_argument Place>
constexpr auto select(X const& x, Axis, Place) {
  return detail::call_function<detail::select_function<detail::axis_of<Axis>, std::remove_cvref_t<Place>>>(x);
}
inline constexpr detail::axis_function<detail::flip_function> flip{};  ///< backwards along the given axes, or all
/// Every element `shift` places further along an axis; what leaves the end comes in at the beginning.
template <class X, integer_constant Shift, integer_constant Axis>
constexpr auto roll(X const& x, Shift, Axis) {
  return detail::call_function<detail::roll_function<detail::axis_of<Shift>, detail::axis_of<Axis>>>(x);
}

/// The parts, one behind the other along an axis: `ct::concat(0_c, a, b, c)`. Their other extents have to be equal; dtypes are promoted.
template <integer_constant Axis, class... Parts>
  requires(sizeof...(Parts) > 0)
constexpr auto concat(Axis, Parts const&... parts) {
  return detail::call_function<detail::concat_function<detail::axis_of<Axis>>>(parts...);
}
template <class First, class... Parts>
  requires(!integer_constant<First>)
constexpr auto concat(First const&, Parts const&...) {
  static_assert(!sizeof(First), "ctgrad: concat takes the axis first, a constant: ct::concat(0_c, a, b)");
  return detail::no_expression{};
}
/// The parts, which have one shape, one behind the other along a new axis.
template <integer_constant Axis, class... Parts>
  requires(sizeof...(Parts) > 0)
constexpr auto stack(Axis, Parts const&... parts) {
  return detail::call_function<detail::stack_function<detail::axis_of<Axis>>>(parts...);
}
/// `count` parts of equal size along an axis whose extent is known, as a Hana tuple: `auto [q, k, v] = …` of `ct::chunk(h, 3_c, -1_c)`.
template <class X, integer_constant Count, integer_constant Axis>
  requires(detail::axis_of<Count> > 0)
constexpr auto chunk(X const& x, Count, Axis) {
  auto const first = detail::call_function<detail::chunk_function<0, detail::axis_of<Count>, detail::axis_of<Axis>>>(x);
  return [&]<int... Number>(std::integer_sequence<int, Number...>) {
    return boost::hana::make_tuple(first, detail::call_function<detail::chunk_function<1 + Number, detail::axis_of<Count>, detail::axis_of<Axis>>>(x)...);
  }(std::make_integer_sequence<int, detail::axis_of<Count> - 1>{});
}

/// Parts of the given sizes along an axis whose extent is known, as a Hana tuple: `ct::split(h, -1_c, 2_c, 3_c)` of h[N, 5]. Their sum has to be the extent.
template <class X, integer_constant Axis, integer_constant First, integer_constant... Rest>
constexpr auto split(X const& x, Axis, First, Rest...) {
  constexpr int sizes[] = {detail::axis_of<First>, detail::axis_of<Rest>...};
  constexpr auto before = [](int number) {
    int sum = 0;
    for (int k = 0; k < number; ++k) sum += sizes[k];
    return sum;
  };
  constexpr int total = before(1 + static_cast<int>(sizeof...(Rest)));
  // (The first apart, as in chunk: an error is a call nearer to the user's line.)
  auto const first = detail::call_function<detail::split_function<0, sizes[0], total, detail::axis_of<Axis>>>(x);
  return [&]<int... Number>(std::integer_sequence<int, Number...>) {
    return boost::hana::make_tuple(first, detail::call_function<detail::split_function<before(1 + Number), sizes[1 + Number], total, detail::axis_of<Axis>>>(x)...);
  }(std::make_integer_sequence<int, static_cast<int>(sizeof...(Rest))>{});
}

/// The elements in row-major order with other extents, of which one may be -1_c: what is left. An array that is bound to it must have strides that allow it.
template <class X, class... Extents>
constexpr auto reshape(X const& x, Extents...) {
  static_assert((detail::place_argument<Extents> && ...), "ctgrad: reshape takes extents that are constants, as 28_c, or have names, as N; one may be -1_c");
  if constexpr (!(detail::place_argument<Extents> && ...)) return detail::no_expression{};
  else return detail::call_function<detail::reshape_function<std::remove_cvref_t<Extents>...>>(x);
}
/// Axes `first` to `last`, both included, as one; without them all.
template <class X, integer_constant First = constant<false, 0>, integer_constant Last = constant<false, -1>>
constexpr auto flatten(X const& x, First = {}, Last = {}) {
  return detail::call_function<detail::flatten_function<detail::axis_of<First>, detail::axis_of<Last>>>(x);
}
/// A new axis of extent 1 at a place.
template <class X, integer_constant Axis>
constexpr auto unsqueeze(X const& x, Axis) {
  return detail::call_function<detail::unsqueeze_function<detail::axis_of<Axis>>>(x);
}
inline constexpr detail::axis_function<detail::squeeze_function> squeeze{};  ///< without the given axes, whose extent has to be 1; or without all of known extent 1
/// The axes in another order: axis i of the result is axis `axes[i]`.
template <class X, integer_constant... Axes>
constexpr auto permute(X const& x, Axes...) {
  return detail::call_function<detail::permute_function<detail::axis_of<Axes>...>>(x);
}

/// `before` and `after` more elements along an axis, which are `filling`, a scalar.
template <class X, integer_constant Axis, integer_constant Before, integer_constant After, class Filling = constant<false, 0>>
constexpr auto pad(X const& x, Axis, Before, After, Filling const& filling = {}) {
  return detail::call_function<detail::pad_function<detail::axis_of<Axis>, detail::axis_of<Before>, detail::axis_of<After>>>(x, filling);
}
/// All elements `count` times along an axis.
template <class X, integer_constant Count, integer_constant Axis>
constexpr auto tile(X const& x, Count, Axis) {
  return detail::call_function<detail::repeat_function<detail::axis_of<Count>, detail::axis_of<Axis>, true>>(x);
}
/// Each element `count` times in a row along an axis.
template <class X, integer_constant Count, integer_constant Axis>
constexpr auto repeat_interleave(X const& x, Count, Axis) {
  return detail::call_function<detail::repeat_function<detail::axis_of<Count>, detail::axis_of<Axis>, false>>(x);
}
/// Of matrices in the last two axes, what is on or below a diagonal, `diagonal` places above the main one; zeros elsewhere.
template <class X, integer_constant Diagonal = constant<false, 0>>
constexpr auto tril(X const& x, Diagonal = {}) {
  return detail::call_function<detail::triangle_function<detail::axis_of<Diagonal>, true>>(x);
}
/// Of matrices in the last two axes, what is on or above a diagonal; zeros elsewhere.
template <class X, integer_constant Diagonal = constant<false, 0>>
constexpr auto triu(X const& x, Diagonal = {}) {
  return detail::call_function<detail::triangle_function<detail::axis_of<Diagonal>, false>>(x);
}

}  // namespace ctgrad
