// Vector loops of one part of a pack, whose long bodies are cut into functions. Each finds its arrays itself: a table of all of them would cost more than a short loop does.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "leaf.hpp"

#include <array>
#include <cstdint>

namespace ctgrad::detail {

template <class P, int Begin>
struct leaf_few {
  using code = leaf_code<P, Begin>;
  static constexpr auto const& plan = code::plan;
  static constexpr leaf_plan_size size = code::size;
  static constexpr int width = code::width;
  using memory = typename code::tile_memory;

  /// By array: whether the program has room for a whole pack where it is, whose padding is then written and read as well.
  static constexpr auto padded = [] {
    std::array<bool, size.arrays + 1> table{};
    for (int i = 0; i < size.arrays; ++i) {
      access const& a = P::schedule.accesses[static_cast<std::size_t>(plan.arrays[i].access_number)];
      buffer const& b = P::schedule.buffers[static_cast<std::size_t>(a.buffer)];
      if (!direct_buffers<P>::is[static_cast<std::size_t>(a.buffer)] || b.kind != buffer_kind::temporary || !plan.arrays[i].moves) continue;
      std::int64_t elements = 1;
      for (extent const& e : P::whole::schedule.shapes[static_cast<std::size_t>(index(b.s))].extents) elements *= e.is_static() && e.constant > 0 ? e.constant : 1;
      std::int64_t const size_of_one = size_of(b.type);
      table[static_cast<std::size_t>(i)] = elements == loop_extent<P, code::loop>.constant && (elements * size_of_one + 63) / 64 * 64 >= width * size_of_one;
    }
    return table;
  }();
  /// Step `i`; an array that has room for whole packs is a tile like others, the one after theirs that has its number.
  static constexpr leaf_step step(int i) {
    leaf_step s = plan.steps[static_cast<std::size_t>(i)];
    if ((s.kind != step_kind::load && s.kind != step_kind::store) || !padded[static_cast<std::size_t>(s.pointer)]) return s;
    s.kind = s.kind == step_kind::load ? step_kind::take : step_kind::keep;
    s.pointer = static_cast<std::int16_t>(size.tiles + s.pointer);
    return s;
  }

  /// Elements [from, n). Where arrays are strided, their copies are in `copied`.
  static void run(frame<P>& f, std::int64_t from, std::int64_t n, void* const* copied) {
    memory tiles[size.tiles + 1];
    void* pointers[size.arrays + 1];
    if (copied == nullptr) {
      [&]<std::size_t... I>(std::index_sequence<I...>) CTGRAD_LAMBDA_INLINE { (find_array<I>(pointers, f, from), ...); }(std::make_index_sequence<size.arrays>{});
      copied = pointers;
    }
    context const c{f, tiles, copied, from, static_cast<int>(n - from)};
    for_each_constant<0, size.chunks>([&](auto number) { chunk<number>(c); });
  }

 private:
  struct context {
    frame<P>& f;
    memory* tiles;
    void* const* pointers;  ///< of the arrays that are not the program's own
    std::int64_t from;
    int count;
  };
  template <std::size_t I>
  CTGRAD_INLINE static void find_array(void** pointers, frame<P>& f, std::int64_t from) {
    if constexpr (!code::template is_packed<I>) pointers[I] = code::template address_from<I>(f, from);
  }
  /// The arrays and tiles of a chunk.
  template <int Chunk>
  struct places {
    static constexpr leaf_chunk first = Chunk == 0 ? leaf_chunk{} : plan.chunks[Chunk == 0 ? 0 : Chunk - 1], last = plan.chunks[Chunk];
    struct list_of_places {
      std::array<std::int16_t, last.steps - first.steps + 1> number{};
      int count = 0;
    };
    template <bool Tiles>
    static constexpr list_of_places find() {
      list_of_places found;
      for (int i = first.steps; i < last.steps; ++i) {
        leaf_step const s = step(i);
        bool const tile = s.kind == step_kind::take || s.kind == step_kind::keep;
        bool const array = s.kind == step_kind::load || s.kind == step_kind::uniform || s.kind == step_kind::store || s.kind == step_kind::add_to || s.kind == step_kind::store_added;
        if (Tiles ? tile : array) found.number[static_cast<std::size_t>(found.count++)] = s.pointer;
      }
      return found;
    }
    static constexpr list_of_places arrays = find<false>(), tiles = find<true>();
  };
  template <int I>
  CTGRAD_INLINE static void* array(context const& c) {
    if constexpr (code::template is_packed<I>) return code::template address_from<I>(c.f, c.from);
    else return c.pointers[I];
  }
  template <int I>
  CTGRAD_INLINE static void* tile(context const& c) {
    if constexpr (I < size.tiles) return c.tiles[I].bytes;
    else return code::template address_from<I - size.tiles>(c.f, c.from);
  }

  template <int Chunk, std::size_t I, class Sums>
  CTGRAD_INLINE static void start_sum(Sums& sums) {
    if constexpr (plan.accumulators[I].chunk == Chunk) sums.template of<typename code::template accumulator_type<I>>()[plan.accumulators[I].number] = code::template no_sum<I>();
  }
  template <int Chunk, std::size_t I, class Sums>
  CTGRAD_INLINE static void finish_sum(Sums& sums, context const& c) {
    if constexpr (plan.accumulators[I].chunk == Chunk) {
      auto& sum = sums.template of<typename code::template accumulator_type<I>>()[plan.accumulators[I].number];
      sum = code::template first_lanes<I>(c.count, sum, code::template no_sum<I>());
      code::template finish_sum<I>(c.f, sums);
    }
  }
  template <int Chunk>
  CTGRAD_NOINLINE CTGRAD_NO_VARIABLES static void chunk(context const& c) {
    using here = places<Chunk>;
    void *pointers[size.arrays + 1], *tiles[size.tiles + size.arrays + 1];
    [&]<int... A, int... T>(std::integer_sequence<int, A...>, std::integer_sequence<int, T...>) CTGRAD_LAMBDA_INLINE {
      ((pointers[here::arrays.number[A]] = array<here::arrays.number[A]>(c)), ...);
      ((tiles[here::tiles.number[T]] = tile<here::tiles.number[T]>(c)), ...);
    }(std::make_integer_sequence<int, here::arrays.count>{}, std::make_integer_sequence<int, here::tiles.count>{});
    leaf_place const at_loop{pointers, tiles, c.f.at.data(), c.from, nullptr, nullptr};
    typename code::invariants known;
    code::template load_invariants<here::first.invariants>(known, c.f, std::make_integer_sequence<int, here::last.invariants - here::first.invariants>{});
    typename code::accumulators sums;
    [&]<std::size_t... I>(std::index_sequence<I...>) CTGRAD_LAMBDA_INLINE {
      (start_sum<Chunk, I>(sums), ...);
      std::conditional_t<code::known_end != 0, valid_registers<typename code::state, code::known_end>, typename code::state> s;
      s.valid = c.count;
      run_range<leaf_few, here::first.steps, here::last.steps>(s, known, sums, at_loop, 0);
      (finish_sum<Chunk, I>(sums, c), ...);
    }(std::make_index_sequence<size.accumulators>{});
  }
};

}  // namespace ctgrad::detail
