// Rows of a few elements, several at a time: between their vector loops, what each row computes with single numbers is one lane of a pack.
// A row's loops run one after the other as they would alone, so that sums are added in the same order.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../compiler/partition.hpp"
#include "leaf_few.hpp"

#include <algorithm>

namespace ctgrad::detail {

/// Rows at a time, and the bytes that all of them may take, counted as 8 for each turn of each vector loop: each loop goes through the rows again
/// (measured: beyond this a cross-entropy whose rows no longer stay in L1 loses what a logistic regression still gains).
inline constexpr int rows_at_a_time = simd::lanes<float>;
inline constexpr std::int64_t most_rows_bytes = 128 * 1024;

template <class P, int First, int Last>
void run_level(frame<P>& f);
template <class P, int I, bool Alone = false>
void run_instruction(frame<P>& f);

/// The loop that begins at `I`, whose body is vector loops and numbers.
template <class P, int I>
struct row_block {
  static constexpr instruction begin = instruction_at<P, I>;
  static constexpr int width = rows_at_a_time;
  template <class T>
  using pack = std::conditional_t<std::is_same_v<T, bool>, simd::mask<4, width>, simd::pack<T, width>>;

  static constexpr bool worthwhile = rows_go_together(P::graph, P::schedule, I);

  /// The numbers of the rows, by the places that single ones have.
  struct lanes {
    template <class T>
    using array = std::array<std::array<T, width>, numbers_of<P>::template count_of<T> + 1>;
    alignas(64) array<bool> bools;
    alignas(64) array<std::int32_t> int32s;
    alignas(64) array<std::int64_t> int64s;
    alignas(64) array<float16> float16s;
    alignas(64) array<bfloat16> bfloat16s;
    alignas(64) array<float> floats;
    alignas(64) array<double> doubles;

    template <class T, int Number>
    std::array<T, width>& of() {
      constexpr int place = numbers_of<P>::places[Number];
      if constexpr (std::is_same_v<T, bool>) return bools[place];
      else if constexpr (std::is_same_v<T, std::int32_t>) return int32s[place];
      else if constexpr (std::is_same_v<T, std::int64_t>) return int64s[place];
      else if constexpr (std::is_same_v<T, float>) return floats[place];
      else if constexpr (std::is_same_v<T, float16>) return float16s[place];
      else if constexpr (std::is_same_v<T, bfloat16>) return bfloat16s[place];
      else return doubles[place];
    }
  };
  struct context {
    frame<P>& f;
    lanes& rows;
    std::int64_t first;  ///< the first row
    int count;           ///< how many rows there are
  };

  static constexpr bool is_of_row(int number) { return number > I && number < begin.end && P::schedule.instructions[static_cast<std::size_t>(number)].what != action::constant; }
  template <int Number>
  using number_type = element_t<instruction_at<P, Number>.type>;
  template <class T, int Number>
  static pack<T> load(context const& c) {
    pack<T> p;
    if constexpr (is_of_row(Number)) p.load(c.rows.template of<T, Number>().data());
    else p = pack<T>(number_of<P, T, Number>(c.f));
    return p;
  }

  /// The numbers from outside of a vector loop that are a row's own, and the sums that it fills.
  template <int Begin>
  struct loop_numbers {
    template <bool Sums>
    static constexpr auto collect(int* to) {
      int count = 0;
      auto add = [&](int number) {
        for (int k = 0; k < count && to; ++k)
          if (to[k] == number) return;
        if (to) to[count] = number;
        ++count;
      };
      for (int at = Begin + 1; at < instruction_at<P, Begin>.end; ++at) {
        instruction const& i = P::schedule.instructions[static_cast<std::size_t>(at)];
        if (Sums && i.what == action::accumulate && i.access_number < 0 && is_of_row(i.end)) add(i.end);
        if (!Sums)
          for (auto operand : i.operands)
            if (operand >= 0 && operand < Begin && is_of_row(operand)) add(operand);
      }
      return count;
    }
    template <bool Sums>
    static constexpr auto all = [] {
      constexpr int room = collect<Sums>(nullptr);
      struct {
        int count = 0;
        std::array<int, room + 1> number{};
      } found;
      found.count = collect<Sums>(found.number.data());
      return found;
    }();
  };
  template <int Begin>
  static void run_loop(context const& c) {
    using numbers = loop_numbers<Begin>;
    std::int64_t const n = trip_count<P, instruction_at<P, Begin>.loop>(c.f.dims);
    for (int row = 0; row < c.count; ++row) {
      c.f.at[begin.loop] = c.first + row;
      [&]<int... K>(std::integer_sequence<int, K...>) {
        ((c.f.template number<number_type<numbers::template all<false>.number[K]>, numbers::template all<false>.number[K]>() =
              c.rows.template of<number_type<numbers::template all<false>.number[K]>, numbers::template all<false>.number[K]>()[static_cast<std::size_t>(row)]),
         ...);
      }(std::make_integer_sequence<int, numbers::template all<false>.count>{});
      each_sum<Begin>([&](auto& single, auto& rows) { single = rows[static_cast<std::size_t>(row)]; }, c);
      leaf_code<P, Begin>::run(c.f, 0, n);
      each_sum<Begin>([&](auto& single, auto& rows) { rows[static_cast<std::size_t>(row)] = single; }, c);
    }
  }
  template <int Begin, class F>
  static void each_sum(F f, context const& c) {
    using numbers = loop_numbers<Begin>;
    [&]<int... K>(std::integer_sequence<int, K...>) {
      (f(c.f.template number<wide_t<number_type<numbers::template all<true>.number[K]>>, numbers::template all<true>.number[K]>(),
         c.rows.template of<wide_t<number_type<numbers::template all<true>.number[K]>>, numbers::template all<true>.number[K]>()),
       ...);
    }(std::make_integer_sequence<int, numbers::template all<true>.count>{});
  }

  template <int At>
  static void run_part(context const& c) {
    constexpr instruction at = instruction_at<P, At>;
    using T = element_t<at.type>;
    [[maybe_unused]] auto each_row = [&](auto f) {
      for (int row = 0; row < c.count; ++row) {
        c.f.at[begin.loop] = c.first + row;
        f(static_cast<std::size_t>(row));
      }
    };
    if constexpr (at.what == action::begin_loop) {
      run_loop<At>(c);
    } else if constexpr (at.what == action::load) {
      auto& to = c.rows.template of<T, At>();
      to.fill(T());
      each_row([&](std::size_t row) {
        if constexpr (at.place() >= 0)
          if constexpr (is_of_row(at.place())) c.f.template number<number_type<at.place()>, at.place()>() = c.rows.template of<number_type<at.place()>, at.place()>()[row];
        to[row] = *placed_address<P, T, at.access_number, at.place()>(c.f);
      });
    } else if constexpr (at.what == action::extent) {
      run_instruction<P, At>(c.f);
      c.rows.template of<T, At>().fill(c.f.template number<T, At>());
    } else if constexpr (at.what == action::position) {
      auto& to = c.rows.template of<T, At>();
      if constexpr (at.loop == begin.loop)
        for (int row = 0; row < width; ++row) to[static_cast<std::size_t>(row)] = static_cast<T>(c.first + row);
      else to.fill(at.loop < 0 ? T(0) : static_cast<T>(c.f.at[at.loop < 0 ? 0 : at.loop]));
    } else if constexpr (at.what == action::compute) {
      constexpr op code = node_at<P, static_cast<int>(at.node)>.code;
      using r = row<code>;
      auto operand = [&]<int Which>(std::integral_constant<int, Which>) {
        constexpr int from = instruction_at<P, At>.operands[Which];
        return load<number_type<from>, from>(c);
      };
      pack<T> const result = [&] {
        if constexpr (r::info.result == result_rule::attribute) return cast_pack<T, pack<T>>(operand(std::integral_constant<int, 0>{}));
        else if constexpr (r::info.arity == 1) return static_cast<pack<T>>(r::eval(operand(std::integral_constant<int, 0>{})));
        else if constexpr (r::info.arity == 2) return static_cast<pack<T>>(r::eval(operand(std::integral_constant<int, 0>{}), operand(std::integral_constant<int, 1>{})));
        else return static_cast<pack<T>>(r::eval(operand(std::integral_constant<int, 0>{}), operand(std::integral_constant<int, 1>{}), operand(std::integral_constant<int, 2>{})));
      }();
      result.store(c.rows.template of<T, At>().data());
    } else if constexpr (at.what == action::initialize) {
      using wide = wide_t<T>;
      c.rows.template of<wide, At>().fill(row<node_at<P, static_cast<int>(at.node)>.code>::template identity<wide>());
    } else if constexpr (at.what == action::accumulate) {
      using wide = wide_t<T>;
      using r = row<node_at<P, static_cast<int>(at.node)>.code>;
      auto& total = c.f.template number<wide, at.end>();
      each_row([&](std::size_t row) { total = stored(r::combine(computing(total), computing(static_cast<wide>(number_in_row<T, at.operands[0]>(c, row))))); });
    } else if constexpr (at.what == action::result) {
      auto const& from = c.rows.template of<wide_t<T>, at.end>();
      auto& to = c.rows.template of<T, At>();
      for (std::size_t row = 0; row < width; ++row) to[row] = static_cast<T>(from[row]);
    } else if constexpr (at.what == action::store) {
      each_row([&](std::size_t row) {
        T* const to = address<P, T, at.access_number>(c.f);
        T const x = number_in_row<T, at.operands[0]>(c, row);
        if constexpr (P::accumulates(access_at<P, at.access_number>.buffer)) *to = static_cast<T>(stored(computing(*to) + computing(x)));
        else *to = x;
      });
    }
  }
  template <class T, int Number>
  static T number_in_row(context const& c, std::size_t row) {
    if constexpr (is_of_row(Number)) return c.rows.template of<T, Number>()[row];
    else return number_of<P, T, Number>(c.f);
  }

  /// What a row's vector loops go through, in bytes of the widest element.
  static std::int64_t bytes_of_row(std::int64_t const* dims) {
    std::int64_t elements = 0;
    [&]<int... K>(std::integer_sequence<int, K...>) {
      ((instruction_at<P, body::places[K]>.what == action::begin_loop ? void(elements += trip_count<P, std::max<int>(0, instruction_at<P, body::places[K]>.loop)>(dims)) : void()), ...);
    }(std::make_integer_sequence<int, body::count>{});
    return elements * static_cast<std::int64_t>(sizeof(double));
  }
  /// Whether blocks of rows stay in the cache.
  static bool fits(std::int64_t const* dims) { return bytes_of_row(dims) <= most_rows_bytes / width; }

  using body = level_of<P, I + 1, begin.end>;
  /// Rows [from, to).
  CTGRAD_NOINLINE static void run(frame<P>& f, std::int64_t from, std::int64_t to) {
    lanes rows;
    for (; from < to; from += width) {
      context const c{f, rows, from, static_cast<int>(std::min<std::int64_t>(width, to - from))};
      [&]<int... K>(std::integer_sequence<int, K...>) { (run_part<body::places[K]>(c), ...); }(std::make_integer_sequence<int, body::count>{});
    }
  }
};

/// Turns [from, to) of the loop that begins at `I`, which is no vector loop.
template <class P, int I>
void run_rows(frame<P>& f, std::int64_t from, std::int64_t to) {
  constexpr instruction begin = instruction_at<P, I>, inner = instruction_at<P, I + 1>;
  if constexpr (inner.what == action::begin_loop && P::schedule.loops[std::max<int>(inner.loop, 0)].leaf)
    if constexpr (leaf_code<P, I + 1>::in_rows) return leaf_code<P, I + 1>::run_rows(f, from, to);
  if constexpr (row_block<P, I>::worthwhile)
    if (row_block<P, I>::fits(f.dims)) return row_block<P, I>::run(f, from, to);
  for (f.at[begin.loop] = from; f.at[begin.loop] < to; ++f.at[begin.loop]) run_level<P, I + 1, begin.end>(f);
}

}  // namespace ctgrad::detail
