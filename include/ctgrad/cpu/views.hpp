// Slices, other shapes and parts of a program's arrays, as arrays: an address and strides, found when a call has bound and laid out what they are of.
// What a slice takes is held against the extents of the call here, before anything is written.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../strides.hpp"
#include "layout.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

namespace ctgrad::detail {

/// A buffer as messages name it.
template <class P>
std::string name_of_buffer(int buffer) {
  if (buffer < P::symbol_count) return std::string(P::symbols[static_cast<std::size_t>(buffer)].view());
  if (buffer < P::symbol_count + P::output_count) return "output " + std::to_string(buffer - P::symbol_count);
  return "a temporary";
}

/// What an array is of another: the same elements in another shape, or those from some on, in steps.
struct array_view {
  std::int16_t buffer = 0, of = 0, shape = 0;
  std::int8_t rank = 0, of_rank = 0;
  dtype type{};
  op code{};
  bool known = false;               ///< all that follows is numbers, and what they take is there
  std::int32_t axes = 0, read = 0;  ///< where its axes are in the table, and those of the other array
};
/// An axis of a view: its stride is the sum of two of the other array's, each so many times.
struct view_axis {
  std::int64_t extent = 0;  ///< where it is a number
  std::int32_t times[2]{};
  std::int8_t axes[2]{};
};
/// What is read along an axis of the other array, as `viewed_axis`; what has to be worked out is found in a table by `first.constant`.
struct read_axis {
  extent_number first;
  std::int8_t axes[2]{-1, -1};
  std::int32_t steps[2]{};
};

/// The views of a program, in the order of its buffers: of what they are of first. Tables, not code for each: a network unrolled over time has hundreds.
template <class P>
struct views_of {
  static constexpr int count = [] {
    int views = 0;
    for (auto const& b : P::schedule.buffers) views += b.kind == buffer_kind::view;
    return views;
  }();
  static constexpr bool is_known(shape const& s) {
    return std::all_of(s.extents, s.extents + s.rank, [](extent const& e) { return e.is_static(); });
  }
  static constexpr viewed_axis along(buffer const& b, int axis) {
    node const& n = P::graph.nodes[static_cast<std::size_t>(index(b.node))];
    if (info(n.code).kind != op_kind::assembly) return viewed_along(n, P::graph.shapes.data(), axis);
    viewed_axis v{.axes = {axis, -1}, .steps = {1, 0}};  // a part: it begins where the first one ends
    if (b.part > 0 && axis == n.attribute) v.first = P::graph.shapes[static_cast<std::size_t>(index(P::graph.nodes[static_cast<std::size_t>(index(n.operands[0]))].shape))][axis];
    return v;
  }
  /// Calls f(view, axis of the other array, what is read along it).
  template <class F>
  static constexpr void for_each_axis(F const& f) {
    for (int i = 0, view = 0; i < P::buffer_count; ++i) {
      buffer const& b = P::schedule.buffers[static_cast<std::size_t>(i)];
      if (b.kind != buffer_kind::view) continue;
      if (P::graph.nodes[static_cast<std::size_t>(index(b.node))].code != op::reshape)
        for (int axis = 0; axis < P::shape_of_buffer(b.number).rank; ++axis) f(view, axis, along(b, axis));
      ++view;
    }
  }
  static constexpr int start_count = [] {
    int starts = 0;
    for_each_axis([&](int, int, viewed_axis const& v) { starts += extent_number::of<P>(v.first).dim == -2; });
    return starts;
  }();
  /// Where views begin, if that is a polynomial.
  static constexpr auto starts = [] {
    std::array<extent, start_count + 1> table{};
    int place = 0;
    for_each_axis([&](int, int, viewed_axis const& v) { if (extent_number::of<P>(v.first).dim == -2) table[static_cast<std::size_t>(place++)] = v.first; });
    return table;
  }();
  static constexpr int axis_count = [] {
    int axes = 0;
    for (int i = 0; i < P::buffer_count; ++i) axes += P::schedule.buffers[static_cast<std::size_t>(i)].kind == buffer_kind::view ? P::shape_of_buffer(i).rank : 0;
    return axes;
  }();
  static constexpr int read_count = [] {
    int axes = 0;
    for (int i = 0; i < P::buffer_count; ++i)
      if (buffer const& b = P::schedule.buffers[static_cast<std::size_t>(i)]; b.kind == buffer_kind::view) axes += P::shape_of_buffer(b.number).rank;
    return axes;
  }();
  /// (Without gaps, as all tables that a call goes through.)
  struct table {
    int count = 0;
    array_view views[views_of::count + 1]{};
    view_axis axes[axis_count + 1]{};
    read_axis read[read_count + 1]{};
  };
  /// All, but those that are `left_out`, by buffer.
  static constexpr table make(bool const* left_out) {
    table t;
    std::int32_t axes = 0, read = 0, numbers[count + 1]{};
    for (int i = 0, view = 0; i < P::buffer_count; ++i) {
      buffer const& b = P::schedule.buffers[static_cast<std::size_t>(i)];
      if (b.kind != buffer_kind::view) continue;
      numbers[view] = left_out && left_out[i] ? -1 : t.count;
      if (numbers[view++] < 0) continue;
      array_view& v = t.views[t.count++];
      v.buffer = static_cast<std::int16_t>(i), v.of = b.number, v.shape = static_cast<std::int16_t>(index(b.s));
      v.rank = static_cast<std::int8_t>(P::shape_of_buffer(i).rank), v.of_rank = static_cast<std::int8_t>(P::shape_of_buffer(b.number).rank);
      v.type = b.type, v.code = P::graph.nodes[static_cast<std::size_t>(index(b.node))].code;
      v.known = v.code != op::reshape && is_known(P::shape_of_buffer(i)) && is_known(P::shape_of_buffer(b.number));
      v.axes = axes, v.read = read;
      axes += v.rank, read += v.of_rank;
      for (int axis = 0; axis < v.rank; ++axis) t.axes[v.axes + axis].extent = extent_numbers<P>[static_cast<std::size_t>(v.shape)].axes[axis].constant;
    }
    int place = 0;
    for_each_axis([&](int view, int axis, viewed_axis const& v) {
      if (numbers[view] < 0) return;
      array_view& to = t.views[numbers[view]];
      read_axis& along = t.read[to.read + axis];
      along.first = extent_number::of<P>(v.first);
      if (along.first.dim == -2) along.first.constant = place++;
      std::int64_t low = along.first.constant, high = low;
      for (int k = 0; k < 2; ++k) {
        along.axes[k] = static_cast<std::int8_t>(v.axes[k]), along.steps[k] = v.steps[k];
        if (v.axes[k] < 0) continue;
        view_axis& own = t.axes[to.axes + v.axes[k]];
        int const term = own.times[0] != 0 ? 1 : 0;
        own.axes[term] = static_cast<std::int8_t>(axis), own.times[term] = v.steps[k];
        std::int64_t const last = v.steps[k] * (own.extent - 1);
        (last < 0 ? low : high) += last;
        to.known = to.known && own.extent > 0;
      }
      to.known = to.known && along.first.dim == -1 && low >= 0 && high < P::shape_of_buffer(to.of)[axis].constant;
    });
    return t;
  }
  static constexpr table all = make(nullptr);
  static constexpr bool any_known = [] {
    bool any = false;
    if constexpr (count > 0)
      for (array_view const& v : all.views) any = any || v.known;
    return any;
  }();
};
template <class P>
struct direct_buffers;
template <class P>
inline constexpr auto views_left = views_of<P>::make(direct_buffers<P>::is.data());
/// The views that a call has in its table: all but those that direct_buffers (arrays.hpp) leaves out.
template <class P>
struct views_in_table {
  static constexpr auto const& all = []() -> auto const& {
    if constexpr (views_of<P>::any_known && direct_buffers<P>::any) return views_left<P>;
    else return views_of<P>::all;
  }();
};

constexpr bool is_empty(array_ref const& a, int rank) {
  bool empty = false;
  for (int axis = 0; axis < rank; ++axis) empty = empty || a.extents[axis] == 0;
  return empty;
}

/// Throws shape_error where a view takes what is not there.
template <class P>
[[gnu::cold]] CTGRAD_NOINLINE void check_view(array_ref const& of, array_ref const& a, array_view const& v, std::int64_t const* firsts) {
  for (int axis = 0; axis < v.of_rank; ++axis) {
    read_axis const& along = views_in_table<P>::all.read[v.read + axis];
    std::int64_t low = firsts[axis], high = low;
    for (int k = 0; k < 2; ++k) {
      if (along.axes[k] < 0) continue;
      std::int64_t const last = along.steps[k] * (a.extents[along.axes[k]] - 1);
      (last < 0 ? low : high) += last;
    }
    if (low < 0 || high >= of.extents[axis]) [[unlikely]]
      throw shape_error("ctgrad: a " + std::string(info(v.code).name) + " of " + name_of_buffer<P>(root_of(P::schedule.buffers, v.buffer)) + " takes elements " + std::to_string(low) + " to " +
                        std::to_string(high) + " along axis " + std::to_string(axis) + ", which has " + std::to_string(of.extents[axis]));
  }
}

template <class P>
void make_reshaped_view(array_ref const& of, array_ref& a, array_view const& v) {
  auto const numbers = [](std::int64_t const* from, int rank) { return std::span<std::int64_t const>(from, static_cast<std::size_t>(rank)); };
  if (!find_reshaped_strides(numbers(of.extents, v.of_rank), numbers(of.strides, v.of_rank), numbers(a.extents, v.rank), a.strides)) [[unlikely]]
    throw stride_error("ctgrad: " + name_of_buffer<P>(root_of(P::schedule.buffers, v.buffer)) + ", of shape " + shape_text(numbers(of.extents, v.of_rank)) + " with strides " +
                       shape_text(numbers(of.strides, v.of_rank)) + ", is reshaped to " + shape_text(numbers(a.extents, v.rank)) + " by this program, which its strides do not allow: bind a copy");
}

template <class P>
void find_views(array_ref* arrays, std::int64_t const* dims) {
  static constexpr auto const& table = views_in_table<P>::all;
  for (int i = 0; i < table.count; ++i) {
    array_view const& v = table.views[i];
    array_ref const& of = arrays[v.of];
    array_ref& a = arrays[v.buffer];
    view_axis const* const axes = table.axes + v.axes;
    read_axis const* const read = table.read + v.read;
    if (v.known) [[likely]] {
      std::int64_t offset = 0;
      for (int axis = 0; axis < v.rank; ++axis)
        a.extents[axis] = axes[axis].extent, a.strides[axis] = axes[axis].times[0] * of.strides[axes[axis].axes[0]] + axes[axis].times[1] * of.strides[axes[axis].axes[1]];
      for (int axis = 0; axis < v.of_rank; ++axis) offset += read[axis].first.constant * of.strides[axis];
      a.data = of.data == nullptr ? nullptr : static_cast<std::byte*>(of.data) + offset * static_cast<std::int64_t>(size_of(v.type));
      continue;
    }
    a.data = of.data;
    for (int axis = 0; axis < v.rank; ++axis) a.extents[axis] = extent_of_shape<P>(v.shape, axis, dims);
    if (v.code == op::reshape) {
      make_reshaped_view<P>(of, a, v);
      continue;
    }
    for (int axis = 0; axis < v.rank; ++axis)
      a.strides[axis] = axes[axis].times[0] * of.strides[axes[axis].axes[0]] + axes[axis].times[1] * of.strides[axes[axis].axes[1]];
    if (a.data == nullptr || is_empty(a, v.rank)) continue;  // nothing is taken
    std::int64_t firsts[max_rank];
    for (int axis = 0; axis < v.of_rank; ++axis) {
      extent_number const& first = read[axis].first;
      firsts[axis] = first.dim == -1 ? first.constant : first.dim >= 0 ? dims[first.dim] : evaluate_extent<P>(views_of<P>::starts[static_cast<std::size_t>(first.constant)], dims);
    }
    check_view<P>(of, a, v, firsts);
    std::int64_t offset = 0;
    for (int axis = 0; axis < v.of_rank; ++axis) offset += firsts[axis] * of.strides[axis];
    a.data = static_cast<std::byte*>(a.data) + offset * static_cast<std::int64_t>(size_of(v.type));
  }
}

/// Finds all views.
template <class P>
void make_views([[maybe_unused]] array_ref* arrays, [[maybe_unused]] std::int64_t const* dims) {
  if constexpr (views_of<P>::count > 0) find_views<P>(arrays, dims);
}

}  // namespace ctgrad::detail
