// Turns a schedule into loops: each instruction becomes the code of one `if constexpr` branch.
// The CPU backend; nothing of it is known to the compiler's passes.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "call.hpp"
#include "group.hpp"
#include "leaf.hpp"
#include "nest.hpp"
#include "product.hpp"
#include "repeated.hpp"

namespace ctgrad::detail {

/// A product; of a group, elements [from, to) of the label that is cut into tiles, where `to` is not -1.
template <class P, int I>
void run_product(frame<P>& f, std::int64_t from, std::int64_t to) {
  constexpr instruction at = instruction_at<P, I>;
  constexpr node n = node_at<P, static_cast<int>(at.node)>;
  using T = element_t<n.type>;
  static constexpr contraction labels = contraction::unpack(n.attribute);
  product_axis axes[contraction::max_labels];
  for (int label = 0; label < contraction::max_labels; ++label) axes[label].role = labels.role(label);
  auto read = [&](int access_number, contraction::side const& side, std::int64_t product_axis::*stride) {
    access const& a = P::schedule.accesses[access_number];
    array_ref const& array = f.arrays[a.buffer];
    for (int axis = 0; axis < a.rank; ++axis) {
      if (a.loops[axis] < 0) continue;  // an axis of extent 1 that the product does not see
      product_axis& to = axes[side[a.loops[axis]]];
      to.extent = array.extents[axis], to.*stride = array.strides[axis];
    }
  };
  read(at.operands[0], labels.left, &product_axis::left);
  read(at.operands[1], labels.right, &product_axis::right);
  array_ref const& result = f.arrays[access_at<P, at.access_number>.buffer];
  for (int axis = 0; axis < access_at<P, at.access_number>.rank; ++axis) axes[labels.result[axis]].result = result.strides[axis];
  auto const *left = static_cast<T const*>(f.arrays[access_at<P, at.operands[0]>.buffer].data), *right = static_cast<T const*>(f.arrays[access_at<P, at.operands[1]>.buffer].data);
  auto* into = static_cast<T*>(result.data);
  bool accumulate = P::accumulates(access_at<P, at.access_number>.buffer);
  if constexpr (at.loop >= 0)
    if (to >= 0) {
      product_axis& tiled = axes[at.loop];
      tiled.extent = to - from, left += from * tiled.left, right += from * tiled.right, into += from * tiled.result;
      accumulate = accumulate || tiled.role == label_role::summed;
      return multiply<T>(axes, contraction::max_labels, left, right, accumulate, into, true);
    }
  multiply<T>(axes, contraction::max_labels, left, right, accumulate, into);
}

template <class P, int Number>
using number_type = element_t<instruction_at<P, Number>.type>;
template <class P, int Number>
CTGRAD_INLINE auto computing_number(frame<P>& f) {
  return computing(number_of<P, number_type<P, Number>, Number>(f));
}

/// The instruction `I`; the first of a group runs all of it, the others nothing, but `Alone`.
template <class P, int I, bool Alone>
void run_instruction(frame<P>& f) {
  constexpr instruction at = instruction_at<P, I>;
  using T = element_t<at.type>;
  if constexpr (!Alone && at.group >= 0) {
    if constexpr (begins_group<P, I>) group_code<P, I>::run(f);
  } else if constexpr (at.what == action::begin_loop) {
    if constexpr (P::schedule.loops[at.loop].parent < 0) {
      run_nest<P, I>(f);
    } else if constexpr (P::schedule.loops[at.loop].leaf) {
      leaf_code<P, I>::run(f, 0, trip_count<P, at.loop>(f.dims));
    } else {
      run_rows<P, I>(f, 0, trip_count<P, at.loop>(f.dims));
    }
  } else if constexpr (at.what == action::load) {
    f.template number<T, I>() = *placed_address<P, T, at.access_number, at.place()>(f);
  } else if constexpr (at.what == action::extent) {
    constexpr shape s = P::graph.shapes[static_cast<std::size_t>(node_at<P, static_cast<int>(at.node)>.attribute)];
    f.template number<T, I>() = static_cast<T>([&]<int... Axes>(std::integer_sequence<int, Axes...>) {
      return (std::int64_t{1} * ... * s[Axes].evaluate([&](extent_name name) { return f.sizes[P::dim_number(name)]; }));
    }(std::make_integer_sequence<int, s.rank>{}));
  } else if constexpr (at.what == action::position) {
    if constexpr (at.loop < 0) f.template number<T, I>() = T(0);
    else f.template number<T, I>() = static_cast<T>(f.at[at.loop]);
  } else if constexpr (at.what == action::compute) {
    using r = row<node_at<P, static_cast<int>(at.node)>.code>;
    constexpr int a = at.operands[0], b = at.operands[1], c = at.operands[2];
    T& to = f.template number<T, I>();
    if constexpr (r::info.result == result_rule::attribute) to = cmath::convert<T>(number_of<P, number_type<P, a>, a>(f));
    else if constexpr (r::info.arity == 1) to = static_cast<T>(stored(r::eval(computing_number<P, a>(f))));
    else if constexpr (r::info.arity == 2) to = static_cast<T>(stored(r::eval(computing_number<P, a>(f), computing_number<P, b>(f))));
    else to = static_cast<T>(stored(r::eval(computing_number<P, a>(f), computing_number<P, b>(f), computing_number<P, c>(f))));
  } else if constexpr (at.what == action::initialize) {
    using r = row<node_at<P, static_cast<int>(at.node)>.code>;
    if constexpr (at.access_number < 0) f.template number<wide_t<T>, I>() = r::template identity<wide_t<T>>();
    else if constexpr (!P::accumulates(access_at<P, at.access_number>.buffer))
      fill<P, T, at.access_number>(f, address<P, T, at.access_number>(f), r::template identity<T>());
  } else if constexpr (at.what == action::accumulate) {
    using r = row<node_at<P, static_cast<int>(at.node)>.code>;
    constexpr int from = at.operands[0];
    T const x = number_of<P, T, from>(f);
    if constexpr (at.access_number < 0) {
      auto& total = f.template number<wide_t<T>, at.end>();
      total = stored(r::combine(computing(total), computing(static_cast<wide_t<T>>(x))));
    } else {
      T& total = *placed_address<P, T, at.access_number, at.place()>(f);
      total = stored(r::combine(computing(total), computing(x)));
    }
  } else if constexpr (at.what == action::result) {
    f.template number<T, I>() = static_cast<T>(f.template number<wide_t<T>, at.end>());
  } else if constexpr (at.what == action::store) {
    constexpr int from = at.operands[0];
    T* const to = address<P, T, at.access_number>(f);
    T const x = number_of<P, T, from>(f);
    if constexpr (P::accumulates(access_at<P, at.access_number>.buffer)) *to = static_cast<T>(stored(computing(*to) + computing(x)));
    else *to = x;
  } else if constexpr (at.what == action::product) {
    run_product<P, I>(f, 0, -1);
  } else if constexpr (at.what == action::call) {
    library_call<P, I>::run(f);
  }
}

/// The instructions at places [Begin, End) of a level, in folds of at most 64.
template <class P, class Level, int Begin, int End>
void run_places(frame<P>& f) {
  constexpr int here = End - Begin > 64 ? 64 : End - Begin;
  [&]<int... I>(std::integer_sequence<int, I...>) { (run_instruction<P, Level::places[Begin + I]>(f), ...); }(std::make_integer_sequence<int, here>{});
  if constexpr (Begin + here < End) run_places<P, Level, Begin + here, End>(f);
}

template <class P, int First, int Last>
void run_level(frame<P>& f) {
  using level = level_of<P, First, Last>;
  run_places<P, level, 0, level::count>(f);
}

/// Whether a call may need memory besides its arrays and the stack.
template <class P>
inline constexpr bool needs_memory = [] {
  bool needs = P::buffer_count > P::symbol_count + P::output_count;
  nests_of<P>::for_each_code([&]<class Nest>(Nest) { needs = needs || Nest::size.arrays > 0; });
  for_each_group<P>([&]<class Group>(Group) { needs = needs || Group::size.arrays > 0; });
  return needs;
}();

/// What the nests and calls of a program need besides its temporaries: bytes of their arrays, and of the rows of each thread but the first.
template <class P>
void reserve_scratch(std::int64_t const* dims, std::int64_t& arrays, std::int64_t& rows) {
  nests_of<P>::for_each_code([&]<class Nest>(Nest) { Nest::reserve(dims, arrays, rows); });
  for_each_group<P>([&]<class Group>(Group) { Group::reserve(dims, arrays, rows); });
  calls_of<P>::reserve(dims, arrays, rows);
}

}  // namespace ctgrad::detail
