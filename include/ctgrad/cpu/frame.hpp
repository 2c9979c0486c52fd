// What a running program has at hand: the arrays, the extents, where its loops stand, and the numbers between loops.
// All of it is on the stack; nothing is allocated while a program runs.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../compiled.hpp"
#include "pack_functions.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace ctgrad::detail {

/// An array as a program sees it: any strides, in elements.
/// Nothing is set but the axes that it has: zeros for the others would show in small calls.
struct array_ref {
  void* data;
  std::int64_t extents[max_rank];
  std::int64_t strides[max_rank];
};

/// The type that the sum of a reduction over `T` is kept in between loops.
template <class T>
using wide_t = std::conditional_t<std::is_same_v<T, float>, double, T>;
/// The type in which numbers between loops are computed: integers wrap.
template <class T>
using computing_t = std::conditional_t<std::is_integral_v<T> && !std::is_same_v<T, bool>, cmath::wrapping<T>, T>;
template <class T>
constexpr auto computing(T x) {
  if constexpr (is_half<T>) return static_cast<float>(x);
  else return computing_t<T>(x);
}
template <class T>
constexpr T stored(cmath::wrapping<T> x) { return x.raw; }
template <class T>
constexpr T stored(T x) { return x; }

/// Where each instruction outside the vector loops keeps its number: a place among those of its type.
template <int Length>
struct number_places {
  std::array<std::int16_t, Length> place{};
  int counts[dtype_count]{};

  template <class Schedule>
  constexpr explicit number_places(Schedule const& s) {
    instruction const* const instructions = s.instructions.data();
    std::int16_t* const places = place.data();
    int leaf_end = -1;
    for (int i = 0; i < Length; ++i) {
      places[i] = -1;
      instruction const& at = instructions[i];
      if (i < leaf_end) continue;
      if (at.what == action::begin_loop && s.loops[at.loop].leaf) leaf_end = at.end;
      bool const number = at.what == action::load || at.what == action::extent || at.what == action::position || at.what == action::compute || at.what == action::result ||
                          (at.what == action::initialize && at.access_number < 0);
      // A sum is kept wide.
      dtype const type = at.what == action::initialize && at.type == dtype::float32 ? dtype::float64 : at.type;
      if (number) places[i] = static_cast<std::int16_t>(counts[static_cast<int>(type)]++);
    }
  }
};
template <class P>
struct numbers_of {
  static constexpr number_places<P::size.instructions> all{P::schedule};
  static constexpr auto const& places = all.place;
  template <class T>
  static constexpr int count_of = all.counts[static_cast<int>(dtype_of<T>)];
};

template <class P, class T>
using number_array = std::array<T, numbers_of<P>::template count_of<T> + 1>;

/// Memory for what runs at the same time.
struct parallel_memory {
  std::byte* arrays = nullptr;  ///< for sums of parts
  std::byte* rows = nullptr;    ///< for the row buffers of each thread but the first
  int threads = 1;              ///< for how many threads there are rows
};

template <class P>
struct frame {
  array_ref const* arrays;        // by buffer
  std::int64_t const* dims;       // by extent name of the program
  std::int64_t const* sizes;      // the same, of the whole where arrays are a tile of it: what extents are as numbers
  std::byte* memory;              // the workspace
  parallel_memory scratch;
  std::array<std::int64_t, P::schedule.loops.size() + 1> at;  // by loop
  number_array<P, bool> bools;
  number_array<P, std::int32_t> int32s;
  number_array<P, std::int64_t> int64s;
  number_array<P, float16> float16s;
  number_array<P, bfloat16> bfloat16s;
  number_array<P, float> floats;
  number_array<P, double> doubles;

  template <class T>
  auto& numbers() {
    if constexpr (std::is_same_v<T, bool>) return bools;
    else if constexpr (std::is_same_v<T, std::int32_t>) return int32s;
    else if constexpr (std::is_same_v<T, std::int64_t>) return int64s;
    else if constexpr (std::is_same_v<T, float>) return floats;
    else if constexpr (std::is_same_v<T, float16>) return float16s;
    else if constexpr (std::is_same_v<T, bfloat16>) return bfloat16s;
    else return doubles;
  }
  /// The number that instruction `I` keeps.
  template <class T, int I>
  T& number() {
    return numbers<T>()[numbers_of<P>::places[I]];
  }
};

/// The instructions of [First, Last) that stand at its own level, without those inside its loops.
template <class P, int First, int Last>
struct level_of {
  static constexpr int count = [] {
    int n = 0;
    for (int i = First; i < Last; ++i, ++n)
      if (P::schedule.instructions[i].what == action::begin_loop) i = P::schedule.instructions[i].end;
    return n;
  }();
  static constexpr auto places = [] {
    std::array<int, count + 1> p{};
    for (int i = First, n = 0; i < Last; ++i, ++n) {
      p[n] = i;
      if (P::schedule.instructions[i].what == action::begin_loop) i = P::schedule.instructions[i].end;
    }
    return p;
  }();
};

template <class P, int Loop>
inline constexpr extent loop_extent = P::schedule.loops[Loop].e;
template <class P, int Loop>
inline constexpr extent_name loop_name = loop_extent<P, Loop>.name();
template <class P, int Loop>
std::int64_t trip_count(std::int64_t const* dims) {
  if constexpr (loop_extent<P, Loop>.is_static()) {
    return loop_extent<P, Loop>.constant;
  } else if constexpr (loop_name<P, Loop>.characters != nullptr) {
    constexpr int number = P::dim_number(loop_name<P, Loop>);
    return dims[number];
  } else {
    return loop_extent<P, Loop>.evaluate([&](extent_name name) { return dims[P::dim_number(name)]; });
  }
}

/// The number that `Operand`, an instruction outside the vector loops, stands for.
template <class P, class T, int Operand>
T number_of(frame<P>& f) {
  constexpr instruction i = instruction_at<P, Operand>;
  if constexpr (i.what == action::constant) {
    constexpr node n = node_at<P, static_cast<int>(i.node)>;
    if constexpr (is_floating(n.type)) return static_cast<T>(n.real());
    else return static_cast<T>(n.attribute);
  } else {
    return f.template number<T, Operand>();
  }
}

}  // namespace ctgrad::detail
