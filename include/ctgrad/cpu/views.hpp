// Slices, other shapes and parts of a program's arrays, as arrays: an address and strides, found when a call has bound and laid out what they are of.
// What a slice takes is held against the extents of the call here, before anything is written.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../strides.hpp"
#include "layout.hpp"

#include <string>

namespace ctgrad::detail {

/// A buffer as messages name it.
template <class P>
std::string name_of_buffer(int buffer) {
  if (buffer < P::symbol_count) return std::string(P::symbols[static_cast<std::size_t>(buffer)].view());
  if (buffer < P::symbol_count + P::output_count) return "output " + std::to_string(buffer - P::symbol_count);
  return "a temporary";
}

template <class P, int Buffer>
void make_view(array_ref* arrays, std::int64_t const* dims) {
  constexpr buffer b = P::schedule.buffers[Buffer];
  constexpr node n = node_at<P, static_cast<int>(b.node)>;
  constexpr shape s = P::template buffer_shape<Buffer>;
  constexpr auto element_size = static_cast<std::int64_t>(size_of(b.type));
  array_ref const& of = arrays[b.number];
  array_ref& a = arrays[Buffer];
  a.data = of.data;
  for (int axis = 0; axis < s.rank; ++axis) a.extents[axis] = evaluate_extent<P>(s[axis], dims);
  bool empty = false;
  for (int axis = 0; axis < s.rank; ++axis) empty = empty || a.extents[axis] == 0;
  // Elements `first` to `last` of an axis have to be there, unless nothing is taken.
  [[maybe_unused]] auto check = [&](int axis, std::int64_t first, std::int64_t last) {
    std::int64_t const all = of.extents[axis];
    if (!empty && (first < 0 || first >= all || last < 0 || last >= all)) [[unlikely]]
      throw shape_error("ctgrad: a " + std::string(info(n.code).name) + " of " + name_of_buffer<P>(root_of(P::schedule.buffers, Buffer)) + " takes elements " + std::to_string(first) + " to " +
                        std::to_string(last) + " along axis " + std::to_string(axis) + ", which has " + std::to_string(all));
  };
  [[maybe_unused]] auto move_to = [&](int axis, std::int64_t first) {
    if (a.data != nullptr) a.data = static_cast<std::byte*>(a.data) + first * of.strides[axis] * element_size;
  };
  if constexpr (n.code == op::reshape) {
    constexpr int rank = P::template buffer_shape<b.number>.rank;
    std::array<std::int64_t, s.rank> shape;
    std::copy_n(a.extents, s.rank, shape.begin());
    auto const strides = reshaped_strides<s.rank>({of.extents, static_cast<std::size_t>(rank)}, {of.strides, static_cast<std::size_t>(rank)}, shape);
    if (!strides)
      throw stride_error("ctgrad: " + name_of_buffer<P>(root_of(P::schedule.buffers, Buffer)) + ", of shape " + shape_text({of.extents, static_cast<std::size_t>(rank)}) + " with strides " +
                         shape_text({of.strides, static_cast<std::size_t>(rank)}) + ", is reshaped to " + shape_text(shape) + " by this program, which its strides do not allow: bind a copy");
    std::copy(strides->begin(), strides->end(), a.strides);
  } else if constexpr (n.code == op::windows) {
    constexpr windowing w = windowing::unpack(n.attribute);
    for (int axis = 0; axis < s.rank; ++axis) a.strides[axis] = of.strides[axis <= w.axis ? axis : axis - 1];
    check(w.axis, 0, (a.extents[w.axis] - 1) * w.dilation + (a.extents[w.axis + 1] - 1) * w.step);
    a.strides[w.axis] *= w.dilation, a.strides[w.axis + 1] *= w.step;
  } else {
    for (int axis = 0; axis < s.rank; ++axis) a.strides[axis] = of.strides[axis];
    if constexpr (n.code == op::slice || n.code == op::skew) {
      constexpr slicing taken = slicing::unpack(n.attribute);
      std::int64_t const first = evaluate_extent<P>(P::graph.shapes[static_cast<std::size_t>(index(taken.start))][0], dims), count = a.extents[taken.axis];
      if constexpr (n.code == op::slice) {
        check(taken.axis, first, first + (count - 1) * taken.step);
        a.strides[taken.axis] *= taken.step;
      } else {
        std::int64_t const slope = taken.step * (a.extents[taken.axis - 1] - 1);
        check(taken.axis, first + std::min<std::int64_t>(slope, 0), first + count - 1 + std::max<std::int64_t>(slope, 0));
        a.strides[taken.axis - 1] += taken.step * of.strides[taken.axis];
      }
      if (!empty) move_to(taken.axis, first);
    } else if constexpr (b.part > 0) {  // of an assembly: behind the first part
      constexpr int axis = static_cast<int>(n.attribute);
      if (a.extents[axis] > 0) move_to(axis, evaluate_extent<P>(P::graph.shapes[static_cast<std::size_t>(index(node_at<P, static_cast<int>(n.operands[0])>.shape))][axis], dims));
    }
  }
}

/// Finds all views, of what they are of first.
template <class P>
void make_views(array_ref* arrays, std::int64_t const* dims) {
  [&]<int... I>(std::integer_sequence<int, I...>) {
    ([&] {
      if constexpr (P::schedule.buffers[I].kind == buffer_kind::view) make_view<P, I>(arrays, dims);
    }(), ...);
  }(std::make_integer_sequence<int, P::buffer_count>{});
}

}  // namespace ctgrad::detail
