// Vector loops: the innermost ones, several elements at once, from the plan of their body.
// Ends are parts of packs, where masks allow it; other ends, and strided arrays, go through small contiguous copies: a body is compiled twice at most.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../compiler/partition.hpp"
#include "leaf_copies.hpp"
#include "leaf_data.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace ctgrad::detail {

template <class P, int Begin>
struct leaf_few;

template <class P, int Begin>
struct leaf_code {
  using facts = leaf_facts<P, Begin>;
  static constexpr auto const& plan = facts::plan;
  static constexpr leaf_plan_size size = facts::size;
  static constexpr int loop = facts::loop, lane_bytes = facts::lane_bytes, width = facts::width, tile = facts::tile, known_end = facts::known_end;
  static constexpr bool tiled = facts::tiled, looks_up = facts::looks_up, copies_only = facts::copies_only, writes_columns = facts::writes_columns, few = facts::few, in_parts = facts::in_parts,
                        whole_body = facts::whole_body;
  using state = typename facts::state;
  using invariants = typename facts::invariants;
  using accumulators = typename facts::accumulators;
  using tile_memory = typename facts::tile_memory;
  template <class T>
  using pack = typename state::template pack<T>;

  struct context {
    void* pointers[size.arrays + 1];
    void* tiles[size.tiles + 1];
    frame<P>* f;
    std::int64_t position;
    leaf_lookup lookups[looks_up ? size.arrays : 1];
    std::int64_t offsets[looks_up ? size.arrays * width : 1];
    alignas(64) std::byte sums[size.accumulators + 1][sizeof(double) * width], before[in_parts ? 1 : size.accumulators + 1][sizeof(double) * width];
  };

  // Sums in lanes, kept in memory between the chunks.

  template <std::size_t I>
  using accumulator_type = element_t<plan.accumulators[I].type>;
  template <std::size_t I>
  CTGRAD_INLINE static pack<accumulator_type<I>> sum_in_memory(std::byte const (*sums)[sizeof(double) * width]) {
    pack<accumulator_type<I>> p;
    p.load(reinterpret_cast<accumulator_type<I> const*>(sums[I]));
    return p;
  }
  template <std::size_t I>
  CTGRAD_INLINE static void sum_to_memory(context& c, pack<accumulator_type<I>> const& sum) { sum.store(reinterpret_cast<accumulator_type<I>*>(c.sums[I])); }
  template <std::size_t I>
  static constexpr op sum_code = node_at<P, static_cast<int>(instruction_at<P, plan.accumulators[I].start>.node)>.code;
  template <std::size_t I>
  CTGRAD_INLINE static pack<accumulator_type<I>> no_sum() { return pack<accumulator_type<I>>(row<sum_code<I>>::template identity<accumulator_type<I>>()); }
  template <std::size_t I>
  static void start_sum(context& c) { sum_to_memory<I>(c, no_sum<I>()); }
  /// Adds the upper half of `2 Half` lanes to the lower one, until one is left. In steps of known length: g++ -O2 makes one addition at a time of anything else.
  template <class T, class Row, int Half>
  CTGRAD_INLINE static void fold_lanes(T* lanes) {
    if constexpr (!std::is_same_v<T, bool> && Half >= simd::lanes<T>) {
      simd::pack<T, Half> low, high;
      low.load(lanes), high.load(lanes + Half);
      static_cast<simd::pack<T, Half>>(Row::combine(low, high)).store(lanes);
    } else {
      for (int i = 0; i < Half; ++i) lanes[i] = stored(Row::combine(computing(lanes[i]), computing(lanes[i + Half])));
    }
    if constexpr (Half > 1) fold_lanes<T, Row, Half / 2>(lanes);
  }
  /// Adds up the lanes of a sum, and starts them again.
  template <std::size_t I>
  static void flush_sum(context& c) {
    using T = accumulator_type<I>;
    add_to_total<I>(*c.f, reinterpret_cast<T*>(c.sums[I]));
    start_sum<I>(c);
  }
  template <std::size_t I, class T>
  CTGRAD_INLINE static void add_to_total(frame<P>& f, T* lanes) {
    using r = row<sum_code<I>>;
    fold_lanes<T, r, width / 2>(lanes);
    T const sum = lanes[0];
    constexpr leaf_accumulator a = plan.accumulators[I];
    if constexpr (a.access_number < 0) {
      auto& total = f.template number<wide_t<T>, a.start>();
      total = stored(r::combine(computing(total), computing(static_cast<wide_t<T>>(sum))));
    } else {
      T& total = *placed_address<P, T, a.access_number, a.place>(f);
      total = stored(r::combine(computing(total), computing(sum)));
    }
  }

  static constexpr leaf_step const& step(int i) { return plan.steps[static_cast<std::size_t>(i)]; }
  template <int First, int... I>
  CTGRAD_INLINE static void load_invariants(invariants& known, frame<P>& f, std::integer_sequence<int, I...>) {
    ((known.template of<element_t<plan.invariants[First + I].type>>()[plan.invariants[First + I].number] =
          pack<element_t<plan.invariants[First + I].type>>(number_of<P, element_t<plan.invariants[First + I].type>, plan.invariants[First + I].id>(f))),
     ...);
  }
  template <int Chunk, std::size_t I>
  CTGRAD_INLINE static void take_sum(accumulators& sums, context const& c) {
    if constexpr (plan.accumulators[I].chunk == Chunk) sums.template of<accumulator_type<I>>()[plan.accumulators[I].number] = sum_in_memory<I>(c.sums);
  }
  /// Lanes from `valid` on keep what they had: they are none of the loop's.
  template <std::size_t I>
  CTGRAD_INLINE static pack<accumulator_type<I>> first_lanes(int valid, pack<accumulator_type<I>> const& sum, pack<accumulator_type<I>> const& before) {
    using lane = simd::lane_type<lane_bytes>;
    return select(simd::count_from<lane, width>(0) < simd::pack<lane, width>(valid), sum, before);
  }
  template <int Chunk, std::size_t I>
  CTGRAD_INLINE static void keep_sum(accumulators& sums, context& c) {
    if constexpr (plan.accumulators[I].chunk == Chunk) sum_to_memory<I>(c, sums.template of<accumulator_type<I>>()[plan.accumulators[I].number]);
  }
  /// Elements [0, count), which are whole packs.
  template <int Chunk, std::size_t... I>
  CTGRAD_INLINE static void chunk_body(context& c, std::int64_t count, std::index_sequence<I...>) {
    constexpr leaf_chunk first = Chunk == 0 ? leaf_chunk{} : plan.chunks[Chunk == 0 ? 0 : Chunk - 1], last = plan.chunks[Chunk];
    invariants known;
    load_invariants<first.invariants>(known, *c.f, std::make_integer_sequence<int, last.invariants - first.invariants>{});
    accumulators sums;
    (take_sum<Chunk, I>(sums, c), ...);
    leaf_place const at_loop{c.pointers, c.tiles, c.f->at.data(), c.position, c.lookups, c.offsets};
    for (std::int64_t at = 0; at < count; at += width) {
      state s;
      run_range<leaf_code, first.steps, last.steps>(s, known, sums, at_loop, at);
    }
    (keep_sum<Chunk, I>(sums, c), ...);
  }
  template <int Chunk>
  CTGRAD_NOINLINE CTGRAD_NO_VARIABLES static void chunk(context& c, std::int64_t count) {
    chunk_body<Chunk>(c, count, std::make_index_sequence<size.accumulators>{});
  }
  /// In halves: compilers limit how deep an expression nests.
  template <int From, int To>
  CTGRAD_INLINE static void chunks_between(context& c, std::int64_t count) {
    if constexpr (To - From > 64) chunks_between<From, (From + To) / 2>(c, count), chunks_between<(From + To) / 2, To>(c, count);
    else [&]<int... Chunks>(std::integer_sequence<int, Chunks...>) { (chunk<From + Chunks>(c, count), ...); }(std::make_integer_sequence<int, To - From>{});
  }
  static void chunks(context& c, std::int64_t count) {
    if constexpr (size.chunks == 1) chunk_body<0>(c, count, std::make_index_sequence<size.accumulators>{});
    else chunks_between<0, size.chunks>(c, count);
  }

  template <class F, std::size_t... I>
  CTGRAD_INLINE static void for_each_array([[maybe_unused]] F f, std::index_sequence<I...>) {
    (f(std::integral_constant<std::size_t, I>{}), ...);
  }

 public:
  /// Elements [from, n).
  CTGRAD_INLINE static void run(frame<P>& f, std::int64_t from, std::int64_t n) {
    if (n <= from) return;
    if constexpr (whole_body || few) {
      if (is_contiguous(f, std::make_index_sequence<size.arrays>{}) && !(copies_only && n - from > most_copied)) [[likely]] run_contiguous(f, from, n);
      else run_strided(f, from, n);
    } else {
      run_strided(f, from, n);
    }
  }
  /// Whether the loop around this one has nothing else in it: one function then goes through its rows.
  static constexpr bool in_rows = [] {
    if constexpr (Begin == 0 || !whole_body) return false;
    else return instruction_at<P, Begin - 1>.what == action::begin_loop && instruction_at<P, Begin - 1>.end == instruction_at<P, Begin>.end + 1;
  }();
  static constexpr int row_loop = in_rows ? instruction_at<P, (in_rows ? Begin - 1 : 0)>.loop : 0;
  /// Turns [from, to) of the loop around this one.
  CTGRAD_INLINE static void run_rows(frame<P>& f, std::int64_t from, std::int64_t to) {
    std::int64_t const n = trip_count<P, loop>(f.dims);
    f.at[row_loop] = from;
    if (n > 0 && from < to) {
      if (is_contiguous(f, std::make_index_sequence<size.arrays>{}) && !(copies_only && n > most_copied)) [[likely]] body(f, 0, n, nullptr, to - from);
      else
        for (; f.at[row_loop] < to; ++f.at[row_loop]) run_strided(f, 0, n);
    }
    f.at[row_loop] = to;
  }

  /// Whether an array of the program's own is laid out as this loop walks it: no call has it otherwise.
  template <std::size_t I>
  static constexpr bool is_packed = [] {
    access const& a = P::schedule.accesses[static_cast<std::size_t>(plan.arrays[I].access_number)];
    buffer const& b = P::schedule.buffers[static_cast<std::size_t>(a.buffer)];
    return std::is_same_v<P, typename P::whole> && (b.kind == buffer_kind::temporary || b.kind == buffer_kind::row) && b.order[a.rank - 1] == a.axis_of(loop);
  }();
  template <std::size_t I>
  CTGRAD_INLINE static std::int64_t stride([[maybe_unused]] frame<P> const& f) {
    if constexpr (!plan.arrays[I].moves || is_packed<I>) return 1;
    else return stride_along<P, plan.arrays[I].access_number, loop>(f);
  }
  template <std::size_t... I>
  CTGRAD_INLINE static bool is_contiguous([[maybe_unused]] frame<P> const& f, std::index_sequence<I...>) {
    return ((stride<I>(f) == 1) & ... & true);
  }
  template <std::size_t I>
  CTGRAD_INLINE static void* address_from(frame<P>& f, std::int64_t from) {
    constexpr leaf_array a = plan.arrays[I];
    auto* const at = placed_address<P, element_t<plan.arrays[I].type>, a.access_number, a.place, loop>(f);
    return a.moves ? at + from : at;
  }
  CTGRAD_INLINE static void run_contiguous(frame<P>& f, std::int64_t from, std::int64_t n) {
    if constexpr (whole_body) body(f, from, n, nullptr);
    else leaf_few<P, Begin>::run(f, from, n, nullptr);
  }
  /// What array `I` moves by from row to row, in bytes.
  template <std::size_t I>
  CTGRAD_INLINE static std::int64_t row_step([[maybe_unused]] frame<P> const& f) {
    if constexpr (in_rows) return stride_along<P, plan.arrays[I].access_number, row_loop>(f) * static_cast<std::int64_t>(size_of(plan.arrays[I].type));
    else return 0;
  }
  /// Whether sums of several rows go to the same places.
  static constexpr bool sums_of_rows = [] {
    bool all = in_rows;
    for (auto const& a : plan.accumulators) all = all && (a.access_number < 0 || P::schedule.accesses[static_cast<std::size_t>(a.access_number)].axis_of(row_loop) < 0);
    return all;
  }();
  /// Elements [from, n) in registers, of this row and the next ones. Arrays lie as the loop walks them, and sums end here; but where there is a context, it says where they are, and keeps the sums.
  CTGRAD_NOINLINE static void body(frame<P>& f, std::int64_t from, std::int64_t n, context* c, [[maybe_unused]] std::int64_t rows = 1) {
    [&]<std::size_t... I, std::size_t... S>(std::index_sequence<I...>, std::index_sequence<S...>) CTGRAD_LAMBDA_INLINE {
      void* pointers[size.arrays + 1];
      if (c) ((pointers[I] = c->pointers[I]), ...);
      else ((pointers[I] = address_from<I>(f, from)), ...);
      [[maybe_unused]] std::int64_t const steps[size.arrays + 1] = {row_step<I>(f)...};
      leaf_place const at_loop{pointers, nullptr, f.at.data(), from, nullptr, nullptr};
      invariants known;
      load_invariants<0>(known, f, std::make_integer_sequence<int, size.invariants>{});
      std::int64_t const count = n - from;
      [[maybe_unused]] std::int64_t unflushed = 0;
      accumulators sums;
      for (;;) {
        std::int64_t at = 0;
        do {
          std::int64_t const begin = at, end = std::min(count, at + block_elements);
          if (c) ((sums.template of<accumulator_type<S>>()[plan.accumulators[S].number] = sum_in_memory<S>(c->sums)), ...);
          else if (!sums_of_rows || unflushed == 0) ((sums.template of<accumulator_type<S>>()[plan.accumulators[S].number] = no_sum<S>()), ...);
          if constexpr (!few)
            for (; at + width <= end; at += width) {
              state s;
              run_range<leaf_code, 0, size.steps>(s, known, sums, at_loop, at);
            }
          if (at < end) {
            int const left = static_cast<int>(end - at);
            [[maybe_unused]] accumulators before = sums;
            if constexpr (known_end != 0) {
              valid_registers<state, known_end> s;
              run_range<leaf_code, 0, size.steps>(s, known, sums, at_loop, at);
            } else {
              state s;
              s.valid = std::min(left, width - 1);
              run_range<leaf_code, 0, size.steps>(s, known, sums, at_loop, at);
            }
            (keep_first<S>(left, sums, before), ...);
            at = end;
          }
          unflushed += end - begin;
          if (c) (sum_to_memory<S>(*c, sums.template of<accumulator_type<S>>()[plan.accumulators[S].number]), ...);
          else if (!sums_of_rows || unflushed >= block_elements || (rows == 1 && at == count)) (finish_sum<S>(f, sums), ...), unflushed = 0;
        } while (at < count);
        if constexpr (!in_rows) break;
        if (--rows == 0) break;
        ++f.at[row_loop];
        ((pointers[I] = static_cast<std::byte*>(pointers[I]) + steps[I]), ...);
      }
    }(std::make_index_sequence<size.arrays>{}, std::make_index_sequence<size.accumulators>{});
  }
  template <std::size_t I>
  CTGRAD_INLINE static void keep_first(int valid, accumulators& sums, accumulators& before) {
    auto& sum = sums.template of<accumulator_type<I>>()[plan.accumulators[I].number];
    sum = first_lanes<I>(valid, sum, before.template of<accumulator_type<I>>()[plan.accumulators[I].number]);
  }
  template <std::size_t I>
  CTGRAD_INLINE static void finish_sum(frame<P>& f, accumulators& sums) {
    alignas(64) accumulator_type<I> lanes[width];
    sums.template of<accumulator_type<I>>()[plan.accumulators[I].number].store(lanes);
    add_to_total<I>(f, lanes);
  }

 private:
  /// The same for arrays of any strides, and bodies in chunks.
  CTGRAD_NOINLINE static void run_strided(frame<P>& f, std::int64_t from, std::int64_t n) {
    constexpr auto arrays = std::make_index_sequence<size.arrays>{};
    context c;
    c.f = &f;
    std::byte* bases[size.arrays + 1];
    std::int64_t strides[size.arrays + 1];
    bool contiguous = true;
    for_each_array(
        [&](auto i) {
          constexpr leaf_array a = plan.arrays[i];
          using T = element_t<plan.arrays[i].type>;
          bases[i] = reinterpret_cast<std::byte*>(placed_address<P, T, a.access_number, a.place, loop>(f));
          strides[i] = 0;
          if constexpr (a.moves) {
            strides[i] = stride_along<P, a.access_number, loop>(f);
            contiguous = contiguous && strides[i] == 1;
          }
          c.pointers[i] = bases[i] + from * strides[i] * static_cast<std::int64_t>(sizeof(T));
          if constexpr (a.place == looked_up) {
            constexpr access from = access_at<P, a.access_number>;
            constexpr int axis = from.axis_of(looked_up), own = from.axis_of(loop);
            array_ref const& array = f.arrays[from.buffer];
            c.lookups[i] = {array.extents[axis] - 1, array.strides[axis], own < 0 ? 0 : array.strides[own < 0 ? 0 : own], n - 1};
          }
        },
        arrays);
    if constexpr (copies_only) {
      constexpr int to = plan.steps[size.steps - 1].pointer, read = plan.steps[0].pointer;
      constexpr std::int64_t bytes = size_of(plan.arrays[0].type);
      copy_elements(bases[to] + from * strides[to] * bytes, strides[to] * bytes, bases[read] + from * strides[read] * bytes, strides[read] * bytes, n - from, bytes);
    } else {
      run_packs(c, bases, strides, contiguous, from, n);
    }
  }

  CTGRAD_INLINE static void run_packs(context& c, std::byte* const* bases, std::int64_t const* strides, bool contiguous, std::int64_t from, std::int64_t n) {
    constexpr auto arrays = std::make_index_sequence<size.arrays>{};
    constexpr auto sums = std::make_index_sequence<size.accumulators>{};
    [&]<std::size_t... I>(std::index_sequence<I...>) { (start_sum<I>(c), ...); }(sums);
    tile_memory tiles[tiled ? size.tiles + 1 : 1];
    for (int t = 0; t < size.tiles; ++t) c.tiles[t] = tiles[t].bytes;
    tile_memory copied[size.arrays + 1];
    std::int16_t by_place[writes_columns ? size.arrays : 1];
    if constexpr (writes_columns)
      if (!contiguous) leaf_copies::sort_by_place(by_place, bases, size.arrays);

    std::int64_t unflushed = 0;
    for (std::int64_t done = from; done < n;) {
      std::int64_t const left = n - done;
      bool const whole = in_parts || left >= width, by_copies = !contiguous || !whole;
      std::int64_t const most = tiled || by_copies ? tile : block_elements, count = !whole ? left : in_parts ? std::min(left, most) : std::min(left, most) / width * width;
      std::int64_t const packs = in_parts ? count / width * width : (count + width - 1) / width * width;
      auto copies = [&] { return leaf_copies{plan.arrays.data(), size.arrays, bases, strides, copied[0].bytes, sizeof(tile_memory), !whole, writes_columns && !contiguous ? by_place : nullptr}; };
      c.position = done;
      if (by_copies) copies().take(c.pointers, done, count, packs);
      if constexpr (few && tiled) {
        leaf_few<P, Begin>::run(*c.f, done, done + count, c.pointers);
      } else if constexpr (whole_body) {
        body(*c.f, done, done + count, &c);
      } else {
        if (!whole && size.accumulators > 0) std::memcpy(c.before, c.sums, sizeof c.before);
        chunks(c, packs);
        if (!whole) drop_padding(c, static_cast<int>(count), sums);
      }
      if (by_copies) copies().give_back(done, count);
      else if (count < left)  // (Not from `bases`: g++ 12 would load in pairs what was stored one by one, and wait.)
        for_each_array([&](auto i) { if constexpr (plan.arrays[i].moves) c.pointers[i] = static_cast<std::byte*>(c.pointers[i]) + count * static_cast<std::int64_t>(size_of(plan.arrays[i].type)); }, arrays);
      done += count;
      unflushed += count;
      if (unflushed >= block_elements || done == n) {
        [&]<std::size_t... I>(std::index_sequence<I...>) { (flush_sum<I>(c), ...); }(sums);
        unflushed = 0;
      }
    }
  }

  /// Takes back what copies of the last element added to sums, in lanes from `valid` on.
  template <std::size_t... I>
  CTGRAD_INLINE static void drop_padding([[maybe_unused]] context& c, [[maybe_unused]] int valid, std::index_sequence<I...>) {
    (sum_to_memory<I>(c, first_lanes<I>(valid, sum_in_memory<I>(c.sums), sum_in_memory<I>(c.before))), ...);
  }
};

}  // namespace ctgrad::detail
