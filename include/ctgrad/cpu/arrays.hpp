// Where the arrays of a running program are: in a table that each call makes, by buffer.
// Small arrays of known extents that only loops touch are not in it: their places in the workspace are constants, and parts of bound arrays are found from those where a loop needs them.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "layout.hpp"
#include "views.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace ctgrad::detail {

/// Extents and strides of a program's temporaries, and where their slots start; returns the bytes of all.
template <class P>
constexpr std::int64_t lay_out_slots(array_ref* arrays, std::int64_t const* dims, std::int64_t* starts) {
  for (int i = P::symbol_count + P::output_count; i < P::buffer_count; ++i)
    if (int const slot = P::slots[static_cast<std::size_t>(i)]; slot >= 0) starts[slot] = std::max(starts[slot], lay_out<P>(arrays[i], dims, i));  // first their sizes
  std::int64_t total = 0;
  for (int slot = 0; slot < P::slot_count; ++slot) {
    std::int64_t const size = starts[slot];
    starts[slot] = total;
    total = checked_sum(total, size);
  }
  return total;
}

/// A temporary whose extents are numbers.
struct known_temporary {
  std::int64_t start = 0;  ///< its place in the workspace
  std::int32_t axes = 0;   ///< where its axes are in the table
  std::int16_t buffer = 0, rank = 0;
};
struct known_axis {
  std::int64_t extent = 0, stride = 0;
};
/// The temporaries of a program, if all their extents are numbers, of a size that can be addressed: then calls do not lay them out.
/// (Tables without gaps: what small calls of many temporaries wait for is memory.)
template <class P>
struct known_temporaries {
  static constexpr int rank_of(int buffer) { return P::schedule.shapes[static_cast<std::size_t>(index(P::schedule.buffers[static_cast<std::size_t>(buffer)].s))].rank; }
  static constexpr int axis_count = [] {
    int n = 0;
    for (int i = 0; i < P::buffer_count; ++i) n += P::slots[static_cast<std::size_t>(i)] < 0 ? 0 : rank_of(i);
    return n;
  }();
  known_temporary all[P::buffer_count - P::symbol_count - P::output_count + 1]{};
  known_axis axes[axis_count + 1]{};
  int count = 0;
  std::int64_t bytes = 0;
  bool known = true;

  /// All, but those that are `left_out`, by buffer.
  constexpr explicit known_temporaries(bool const* left_out) {
    double total = 0;
    for (int i = 0; i < P::buffer_count; ++i) {
      if (P::slots[static_cast<std::size_t>(i)] < 0) continue;
      buffer const& b = P::schedule.buffers[static_cast<std::size_t>(i)];
      double size = static_cast<double>(size_of(b.type)) + 64;
      for (extent_number const& e : extent_numbers<P>[static_cast<std::size_t>(index(b.s))].axes) known = known && e.dim == -1, size *= std::max(static_cast<double>(e.constant), 1.0);
      total += size;
    }
    known = known && total < 0x1p40;
    if (!known) return;
    array_ref arrays[P::buffer_count + 1];
    std::int64_t starts[P::slot_count + 1]{};
    bytes = lay_out_slots<P>(arrays, nullptr, starts);
    std::int32_t place = 0;
    for (int i = 0; i < P::buffer_count; ++i) {
      int const slot = P::slots[static_cast<std::size_t>(i)];
      if (slot < 0 || (left_out && left_out[i])) continue;
      all[count++] = {starts[slot], place, static_cast<std::int16_t>(i), static_cast<std::int16_t>(rank_of(i))};
      for (int axis = 0; axis < rank_of(i); ++axis) axes[place++] = {arrays[i].extents[axis], arrays[i].strides[axis]};
    }
  }
};
template <class P>
inline constexpr known_temporaries<P> temporaries_of{nullptr};

template <class P>
struct nests_of;

/// The buffers of a program that are not in the table of a call.
template <class P>
struct direct_buffers {
  static constexpr bool any_candidate = [] {
    if constexpr (!std::is_same_v<typename P::whole, P>) return false;  // a nest of its own runs on the arrays of several
    else return (temporaries_of<P>.known && temporaries_of<P>.count > 0) || views_of<P>::any_known;
  }();
  static constexpr auto find() {
    std::array<bool, P::buffer_count + 1> direct{};
    for (int i = 0; i < P::buffer_count; ++i) {
      buffer_kind const kind = P::schedule.buffers[static_cast<std::size_t>(i)].kind;
      direct[static_cast<std::size_t>(i)] = kind == buffer_kind::temporary && temporaries_of<P>.known;
    }
    for (int i = 0; i < views_of<P>::count; ++i) direct[static_cast<std::size_t>(views_of<P>::all.views[i].buffer)] = views_of<P>::all.views[i].known;
    auto const exclude = [&](int access_number) {
      if (access_number >= 0) direct[static_cast<std::size_t>(P::schedule.accesses[static_cast<std::size_t>(access_number)].buffer)] = false;
    };
    // Not what is read or added up as a whole, what more than one loop walks, and what nests share.
    for (int at = 0; at < P::size.instructions; ++at) {
      instruction const& i = P::schedule.instructions[static_cast<std::size_t>(at)];
      bool const whole = reads_arrays(i.what);
      for (int k = 0; whole && k < max_operands; ++k) exclude(i.operands[k]);
      if (whole || i.what == action::initialize || i.what == action::accumulate) exclude(i.access_number);
    }
    for (auto const& a : P::schedule.accesses) {
      int moves = 0;
      bool looks_up = false;
      for (int axis = 0; axis < a.rank; ++axis) moves += a.loops[axis] >= 0, looks_up = looks_up || a.loops[axis] == looked_up;
      if (moves > 1 || looks_up) direct[static_cast<std::size_t>(a.buffer)] = false;
    }
    auto const owner = find_tile_owners(P::schedule);
    for (int i = 0; i < P::buffer_count; ++i) direct[static_cast<std::size_t>(i)] = direct[static_cast<std::size_t>(i)] && owner[static_cast<std::size_t>(i)] < 0;
    for (auto const& nest : nests_of<P>::table.nests)
      for (int at = nest.begin; nest.like >= 0 && at < P::schedule.instructions[static_cast<std::size_t>(nest.begin)].end; ++at) exclude(P::schedule.instructions[static_cast<std::size_t>(at)].access_number);
    // What a view in the table is of, is there as well.
    for (int i = P::buffer_count - 1; i >= 0; --i)
      if (buffer const& b = P::schedule.buffers[static_cast<std::size_t>(i)]; b.kind == buffer_kind::view && !direct[static_cast<std::size_t>(i)]) direct[static_cast<std::size_t>(b.number)] = false;
    return direct;
  }
  static constexpr auto is = [] {
    if constexpr (any_candidate) return find();
    else return std::array<bool, P::buffer_count + 1>{};
  }();
  static constexpr bool any = [] {
    bool found = false;
    for (bool b : is) found = found || b;
    return found;
  }();
};

/// The array of a buffer: its address, and what steps along its axes are.
template <class P, int Buffer>
struct array_at {
  static constexpr buffer const& b = P::schedule.buffers[Buffer];
  static constexpr bool direct = direct_buffers<P>::is[Buffer];
  static constexpr int place = [] {
    int i = 0;
    if constexpr (direct && b.kind == buffer_kind::view)
      while (views_of<P>::all.views[i].buffer != Buffer) ++i;
    else if constexpr (direct)
      while (temporaries_of<P>.all[i].buffer != Buffer) ++i;
    return i;
  }();
  template <int Axis>
  CTGRAD_INLINE static std::int64_t stride(frame<P> const& f) {
    if constexpr (!direct) {
      return f.arrays[Buffer].strides[Axis];
    } else if constexpr (b.kind == buffer_kind::view) {
      constexpr view_axis axis = views_of<P>::all.axes[views_of<P>::all.views[place].axes + Axis];
      std::int64_t sum = 0;
      if constexpr (axis.times[0] != 0) sum += axis.times[0] * array_at<P, b.number>::template stride<axis.axes[0]>(f);
      if constexpr (axis.times[1] != 0) sum += axis.times[1] * array_at<P, b.number>::template stride<axis.axes[1]>(f);
      return sum;
    } else {
      return temporaries_of<P>.axes[temporaries_of<P>.all[place].axes + Axis].stride;
    }
  }
  CTGRAD_INLINE static std::byte* data(frame<P> const& f) {
    if constexpr (!direct) {
      return static_cast<std::byte*>(f.arrays[Buffer].data);
    } else if constexpr (b.kind == buffer_kind::view) {
      static constexpr array_view const& v = views_of<P>::all.views[place];
      return [&]<int... Axes>(std::integer_sequence<int, Axes...>) CTGRAD_LAMBDA_INLINE {
        std::int64_t const first = (std::int64_t{0} + ... + (views_of<P>::all.read[v.read + Axes].first.constant == 0
                                                                 ? 0
                                                                 : views_of<P>::all.read[v.read + Axes].first.constant * array_at<P, b.number>::template stride<Axes>(f)));
        return array_at<P, b.number>::data(f) + first * static_cast<std::int64_t>(size_of(b.type));
      }(std::make_integer_sequence<int, v.of_rank>{});
    } else {
      return f.memory + temporaries_of<P>.all[place].start;
    }
  }
};

/// The step of an access along the axis that `Loop` walks; 0 where it walks none.
template <class P, int Access, int Loop>
CTGRAD_INLINE std::int64_t stride_along(frame<P> const& f) {
  constexpr access a = access_at<P, Access>;
  constexpr int axis = a.axis_of(Loop);
  if constexpr (axis < 0) return 0;
  else if constexpr (!direct_buffers<P>::is[a.buffer]) return f.arrays[a.buffer].strides[axis];
  else return array_at<P, a.buffer>::template stride<axis>(f);
}

/// The address of an access where the loops stand; `Without` counts as 0.
template <class P, class T, int Access, int Without = -1>
T* address(frame<P> const& f) {
  static constexpr access a = access_at<P, Access>;
  if constexpr (direct_buffers<P>::is[a.buffer]) {
    constexpr int loop = [] {
      for (int axis = 0; axis < a.rank; ++axis)
        if (a.loops[axis] >= 0 && a.loops[axis] != Without) return static_cast<int>(a.loops[axis]);
      return -1;
    }();
    T* const data = reinterpret_cast<T*>(array_at<P, a.buffer>::data(f));
    if constexpr (loop < 0) return data;
    else return data + f.at[loop] * stride_along<P, Access, loop>(f);
  } else {
    array_ref const& array = f.arrays[a.buffer];
    std::int64_t offset = 0;
    CTGRAD_UNROLL
    for (int axis = 0; axis < a.rank; ++axis)
      if (a.loops[axis] >= 0 && a.loops[axis] != Without) offset += f.at[a.loops[axis]] * array.strides[axis];
    return static_cast<T*>(array.data) + offset;
  }
}

/// Sets each element of an access to `number`: axes without a loop are walked.
template <class P, class T, int Access, int Axis = 0>
void fill(frame<P>& f, T* to, T number) {
  if constexpr (Axis == access_at<P, Access>.rank) {
    *to = number;
  } else if constexpr (access_at<P, Access>.loops[Axis] >= 0) {
    fill<P, T, Access, Axis + 1>(f, to, number);
  } else {
    array_ref const& array = f.arrays[access_at<P, Access>.buffer];
    for (std::int64_t i = 0; i < array.extents[Axis]; ++i) fill<P, T, Access, Axis + 1>(f, to + i * array.strides[Axis], number);
  }
}

/// What the place of an access that looks up adds to its address: the nearest there is to `place`.
template <class P, int Access>
std::int64_t looked_up_offset(frame<P> const& f, std::int64_t place) {
  constexpr access a = access_at<P, Access>;
  constexpr int axis = a.axis_of(looked_up);
  array_ref const& array = f.arrays[a.buffer];
  return std::max<std::int64_t>(std::min(place, array.extents[axis] - 1), 0) * array.strides[axis];
}

/// The address of an access; where it looks up, at the number of instruction `Place`.
template <class P, class T, int Access, int Place, int Without = -1>
T* placed_address(frame<P>& f) {
  T* const at = address<P, T, Access, Without>(f);
  if constexpr (Place < 0) return at;
  else return at + looked_up_offset<P, Access>(f, static_cast<std::int64_t>(number_of<P, element_t<instruction_at<P, Place>.type>, Place>(f)));
}

}  // namespace ctgrad::detail
