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
  constexpr int rank = P::template buffer_shape<b.number>.rank;
  array_ref const& of = arrays[b.number];
  array_ref& a = arrays[Buffer];
  a.data = of.data;
  bool empty = a.data == nullptr;
  for (int axis = 0; axis < s.rank; ++axis) {
    a.extents[axis] = evaluate_extent<P>(s[axis], dims), a.strides[axis] = 0;
    empty = empty || a.extents[axis] == 0;
  }
  auto move_to = [&](int axis, std::int64_t first) {
    if (!empty) a.data = static_cast<std::byte*>(a.data) + first * of.strides[axis] * static_cast<std::int64_t>(size_of(b.type));
  };
  if constexpr (info(n.code).kind == op_kind::assembly) {
    for (int axis = 0; axis < s.rank; ++axis) a.strides[axis] = of.strides[axis];
    constexpr int axis = static_cast<int>(n.attribute);
    if constexpr (b.part > 0) move_to(axis, evaluate_extent<P>(P::graph.shapes[static_cast<std::size_t>(index(node_at<P, static_cast<int>(n.operands[0])>.shape))][axis], dims));
  } else if constexpr (n.code == op::reshape) {
    std::array<std::int64_t, s.rank> shape;
    std::copy_n(a.extents, s.rank, shape.begin());
    auto const strides = reshaped_strides<s.rank>({of.extents, static_cast<std::size_t>(rank)}, {of.strides, static_cast<std::size_t>(rank)}, shape);
    if (!strides)
      throw stride_error("ctgrad: " + name_of_buffer<P>(root_of(P::schedule.buffers, Buffer)) + ", of shape " + shape_text({of.extents, static_cast<std::size_t>(rank)}) + " with strides " +
                         shape_text({of.strides, static_cast<std::size_t>(rank)}) + ", is reshaped to " + shape_text(shape) + " by this program, which its strides do not allow: bind a copy");
    std::copy(strides->begin(), strides->end(), a.strides);
  } else {
    for (int axis = 0; axis < rank; ++axis) {
      viewed_axis const v = viewed_along(n, P::graph.shapes.data(), axis);
      std::int64_t const first = evaluate_extent<P>(v.first, dims);
      std::int64_t low = first, high = first;
      for (int k = 0; k < 2; ++k) {
        if (v.axes[k] < 0) continue;
        a.strides[v.axes[k]] += v.steps[k] * of.strides[axis];
        std::int64_t const last = v.steps[k] * (a.extents[v.axes[k]] - 1);
        (last < 0 ? low : high) += last;
      }
      // They have to be there, unless nothing is taken.
      if (!empty && (low < 0 || high >= of.extents[axis])) [[unlikely]]
        throw shape_error("ctgrad: a " + std::string(info(n.code).name) + " of " + name_of_buffer<P>(root_of(P::schedule.buffers, Buffer)) + " takes elements " + std::to_string(low) + " to " +
                          std::to_string(high) + " along axis " + std::to_string(axis) + ", which has " + std::to_string(of.extents[axis]));
      move_to(axis, first);
    }
  }
}

/// Finds all views, of what they are of first.
template <class P>
void make_views(array_ref* arrays, std::int64_t const* dims) {
  for_each_constant<0, P::buffer_count>([&](auto i) {
    if constexpr (P::schedule.buffers[i].kind == buffer_kind::view) make_view<P, i>(arrays, dims);
  });
}

}  // namespace ctgrad::detail
