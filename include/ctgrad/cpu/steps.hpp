// What one step of a vector loop does. Steps know nothing of the program: equal steps of any loops are one instantiation.
// (Instantiated by their place instead, the steps of a long body took most of its compile time.)
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../compiler/ops.hpp"
#include "../../../compiler/plan.hpp"
#include "philox.hpp"
#include "half.hpp"

#include <algorithm>
#include <utility>

namespace ctgrad::detail {

#if defined(__GNUC__)
#define CTGRAD_INLINE [[gnu::always_inline]] inline
#define CTGRAD_LAMBDA_INLINE __attribute__((always_inline))
#define CTGRAD_NOINLINE [[gnu::noinline]]
#else
#define CTGRAD_INLINE inline
#define CTGRAD_LAMBDA_INLINE
#define CTGRAD_NOINLINE
#endif

// Where g++ -g would follow thousands of registers through a chunk, which nobody looks at, for half of the compile time.
#if defined(__GNUC__) && !defined(__clang__)
#define CTGRAD_NO_VARIABLES [[gnu::optimize("no-var-tracking")]]
#else
#define CTGRAD_NO_VARIABLES
#endif

/// Packs of `Width` elements by dtype and number: the registers of a chunk, the numbers from outside, or the sums. A mask is for lanes of `Bytes` bytes.
template <int Bytes, int Width, int Bools, int Int32s, int Int64s, int Float16s, int Bfloat16s, int Floats, int Doubles>
struct registers {
  static constexpr int width = Width;
  int valid = Width;  ///< the elements of a pack that count; others are neither read nor written
  template <class T>
  using pack = std::conditional_t<std::is_same_v<T, bool>, simd::mask<Bytes, Width>, simd::pack<T, Width>>;

  pack<bool> bools[Bools + 1];
  pack<std::int32_t> int32s[Int32s + 1];
  pack<std::int64_t> int64s[Int64s + 1];
  // (None of most programs, which do not pay for them.)
  std::conditional_t<Float16s == 0, char, pack<float16>> float16s[Float16s + 1];
  std::conditional_t<Bfloat16s == 0, char, pack<bfloat16>> bfloat16s[Bfloat16s + 1];
  pack<float> floats[Floats + 1];
  pack<double> doubles[Doubles + 1];

  template <class T>
  CTGRAD_INLINE auto& of() {
    if constexpr (std::is_same_v<T, bool>) return bools;
    else if constexpr (std::is_same_v<T, std::int32_t>) return int32s;
    else if constexpr (std::is_same_v<T, std::int64_t>) return int64s;
    else if constexpr (std::is_same_v<T, float>) return floats;
    else if constexpr (std::is_same_v<T, float16>) return float16s;
    else if constexpr (std::is_same_v<T, bfloat16>) return bfloat16s;
    else return doubles;
  }
};

/// How each lane of a loop reads an array at a place of its own: the last place, what one adds to the address, what a turn of the loop adds, and its last turn.
struct leaf_lookup {
  std::int64_t last_place, stride, turn_stride, last_turn;
  friend bool operator==(leaf_lookup const&, leaf_lookup const&) = default;
};

/// Where a loop stands: its arrays and tiles, the indices of the loops around it, its own.
struct leaf_place {
  void* const* pointers;
  void* const* tiles;
  std::int64_t const* loops;
  std::int64_t position;
  leaf_lookup const* lookups;
  std::int64_t* offsets;  ///< of the lanes, for each lookup
};

template <int Key>
using keyed_type = element_t<value_place::of(Key).type>;
template <int Key, class Registers, class Known>
CTGRAD_INLINE auto const& value_at(Registers& s, Known& known) {
  constexpr value_place from = value_place::of(Key);
  if constexpr (from.where == place::invariant) return known.template of<keyed_type<Key>>()[from.number];
  else return s.template of<keyed_type<Key>>()[from.number];
}

/// Registers of which it is known while compiling how many elements count.
template <class Registers, int Valid>
struct valid_registers : Registers {
  static constexpr int known = Valid;
};

/// The elements of `x` as `T`.
template <class T, class Pack, class From>
CTGRAD_INLINE Pack cast_pack(From const& x) {
  if constexpr (std::is_same_v<Pack, From>) return x;
  else if constexpr (is_half<T>) return simd::halves_of<T>(x);
  else if constexpr (requires { simd::floats_of(x); }) return simd::floats_of(x);
  else if constexpr (std::is_same_v<T, bool>) return Pack(x != From(0));
  else if constexpr (requires { typename From::truth; }) return simd::convert<T>(x);
  else return select(x, Pack(1), Pack(0));
}

/// The elements of a pack that count, and no other memory. (Where it is known that all do, nothing of the rest is left.)
template <class Registers, class Pack, class T>
CTGRAD_INLINE void load_valid([[maybe_unused]] Registers const& s, Pack& p, T const* from) {
  if constexpr (Pack::masked) {
    if constexpr (requires { Registers::known; }) return p.template load_part<Registers::known>(from);
    if (s.valid < Registers::width) return p.load_first(from, s.valid);
  }
  p.load(from);
}
template <class Registers, class Pack, class T>
CTGRAD_INLINE void store_valid([[maybe_unused]] Registers const& s, Pack const& p, T* to) {
  if constexpr (Pack::masked) {
    if constexpr (requires { Registers::known; }) return p.template store_part<Registers::known>(to);
    if (s.valid < Registers::width) return p.store_first(to, s.valid);
  }
  p.store(to);
}

/// One step at element `at`: the fields of a leaf_step. `s` are the chunk's registers, `known` the numbers from outside.
template <step_kind Kind, op Code, int Target, int A, int B, int C, int Pointer, class Registers, class Known, class Sums>
CTGRAD_INLINE void run_step(Registers& s, Known& known, Sums& sums, leaf_place const& c, std::int64_t at) {
  constexpr int number = value_place::of(Target).number;
  if constexpr (Kind == step_kind::compute) {
    using T = keyed_type<Target>;
    using pack = typename Registers::template pack<T>;
    auto& target = s.template of<T>()[number];
    using r = row<Code>;
    if constexpr (r::info.result == result_rule::attribute) target = cast_pack<T, pack>(value_at<A>(s, known));
    else if constexpr (r::info.arity == 1) target = static_cast<pack>(r::eval(value_at<A>(s, known)));
    else if constexpr (r::info.arity == 2) target = static_cast<pack>(r::eval(value_at<A>(s, known), value_at<B>(s, known)));
    else target = static_cast<pack>(r::eval(value_at<A>(s, known), value_at<B>(s, known), value_at<C>(s, known)));
  } else if constexpr (Kind == step_kind::here) {
    // Lane by lane the number less its own, by elements of the lanes' size: that does not change in a chunk, and a pack takes one comparison of each register.
    using place = keyed_type<A>;
    using mask = typename Registers::template pack<bool>;
    using lane = std::conditional_t<sizeof(typename mask::lane) == 4, std::int32_t, std::int64_t>;
    using lane_pack = simd::pack<lane, Registers::width>;
    using bits = std::make_unsigned_t<place>;
    // (Positions of int32 wrap.)
    bits const from_here = static_cast<bits>(static_cast<bits>(value_at<A>(s, known).elements().values[0]) - static_cast<bits>(c.position));
    auto const before = lane_pack(from_here <= bits{0x7fffffff} ? static_cast<lane>(from_here) : lane{-1}) - simd::count_from<lane, Registers::width>(0);
    mask const here(before == lane_pack(at));
    s.template of<bool>()[number] = Code == op::equal ? here : !here;
  } else if constexpr (Kind == step_kind::load || Kind == step_kind::take) {
    using T = keyed_type<Target>;
    if constexpr (Kind == step_kind::take) s.template of<T>()[number].load(static_cast<T const*>(c.tiles[Pointer]) + at);
    else load_valid(s, s.template of<T>()[number], static_cast<T const*>(c.pointers[Pointer]) + at);
  } else if constexpr (Kind == step_kind::gather) {
    using T = keyed_type<Target>;
    using place = keyed_type<A>;
    leaf_lookup const l = c.lookups[Pointer];
    T const* const from = static_cast<T const*>(c.pointers[Pointer]);
    bool const shared = B != Pointer && l == c.lookups[B];  // columns of one table
    std::int64_t* const offsets = c.offsets + (shared ? B : Pointer) * Registers::width;
    if (!shared) {
      alignas(64) place places[Registers::width];
      value_at<A>(s, known).store(places);
      for (int lane = 0; lane < Registers::width; ++lane) offsets[lane] = std::max<std::int64_t>(std::min<std::int64_t>(places[lane], l.last_place), 0) * l.stride;
      if (l.turn_stride != 0)
        for (int lane = 0; lane < Registers::width; ++lane) offsets[lane] += std::min(c.position + at + lane, l.last_turn) * l.turn_stride;
    }
    using pack = typename Registers::template pack<T>;
    auto const element = [&](int lane) { return from[offsets[lane]]; };
    if constexpr (requires { pack::each_lane(element); }) {
      s.template of<T>()[number] = pack::each_lane(element);
    } else {
      alignas(64) T found[Registers::width];
      for (int lane = 0; lane < Registers::width; ++lane) found[lane] = element(lane);
      s.template of<T>()[number].load(found);
    }
  } else if constexpr (Kind == step_kind::uniform) {
    using T = keyed_type<Target>;
    s.template of<T>()[number] = typename Registers::template pack<T>(*static_cast<T const*>(c.pointers[Pointer]));
  } else if constexpr (Kind == step_kind::position) {
    using T = keyed_type<Target>;
    s.template of<T>()[number] = simd::count_from<T, Registers::width>(c.position + at);
  } else if constexpr (Kind == step_kind::outer_position) {
    using T = keyed_type<Target>;
    s.template of<T>()[number] = typename Registers::template pack<T>(Pointer < 0 ? 0 : c.loops[Pointer < 0 ? 0 : Pointer]);
  } else if constexpr (Kind == step_kind::store) {
    store_valid(s, value_at<A>(s, known), static_cast<keyed_type<A>*>(c.pointers[Pointer]) + at);
  } else if constexpr (Kind == step_kind::keep) {
    value_at<A>(s, known).store(static_cast<keyed_type<A>*>(c.tiles[Pointer]) + at);
  } else if constexpr (Kind == step_kind::add_to || Kind == step_kind::store_added) {
    using T = keyed_type<A>;
    using pack = typename Registers::template pack<T>;
    T* const to = static_cast<T*>(c.pointers[Pointer]) + at;
    pack before;
    load_valid(s, before, to);
    if constexpr (is_half<T>) store_valid(s, simd::halves_of<T>(simd::floats_of(before) + simd::floats_of(value_at<A>(s, known))), to);
    else if constexpr (Kind == step_kind::store_added) store_valid(s, before + value_at<A>(s, known), to);
    else store_valid(s, static_cast<pack>(row<Code>::combine(before, value_at<A>(s, known))), to);
  } else {
    using T = keyed_type<Target>;
    auto& sum = sums.template of<T>()[number];
    sum = static_cast<typename Registers::template pack<T>>(row<Code>::combine(sum, value_at<A>(s, known)));
  }
}

template <class Loop, int First, class Registers, class Known, class Sums, int... I>
CTGRAD_INLINE void run_steps(Registers& s, Known& known, Sums& sums, leaf_place const& c, [[maybe_unused]] std::int64_t at, std::integer_sequence<int, I...>) {
  (run_step<Loop::step(First + I).kind, Loop::step(First + I).code, Loop::step(First + I).target, Loop::step(First + I).operands[0], Loop::step(First + I).operands[1],
            Loop::step(First + I).operands[2], Loop::step(First + I).pointer>(s, known, sums, c, at),
   ...);
}
/// Steps [First, Last) of `Loop`, in folds of at most 64: clang takes no more than 256, and one flat fold is quadratic in g++.
template <class Loop, int First, int Last, class Registers, class Known, class Sums>
CTGRAD_INLINE void run_range(Registers& s, Known& known, Sums& sums, leaf_place const& c, std::int64_t at) {
  constexpr int here = Last - First > 64 ? 64 : Last - First;
  run_steps<Loop, First>(s, known, sums, c, at, std::make_integer_sequence<int, here>{});
  if constexpr (First + here < Last) run_range<Loop, First + here, Last>(s, known, sums, c, at);
}

}  // namespace ctgrad::detail
