// Calls of library operations: slices of arrays, one after the other or shared by threads.
// What computes one slice is the row's plain loop, or a kernel that the operation's header brings along (sorting.hpp, linalg.hpp).
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "nest.hpp"

#include <algorithm>
#include <cstdint>

namespace ctgrad::detail {

/// How the CPU computes one slice of a library operation. One that has `scratch_bytes(elements)` is given so much memory as well.
template <op Code>
struct library_kernel {
  template <class... Slices>
  static void run(std::int64_t flags, Slices... slices) {
    row<Code>::eval(flags, slices...);
  }
};

/// Extents and strides of an array, its axes in the order in which an operation sees them.
struct seen_array {
  std::int64_t extents[max_rank], strides[max_rank];
};

/// One call of the instruction `I`: which arrays, and what one slice of each is.
template <class P, int I>
struct library_call {
  static constexpr instruction at = instruction_at<P, I>;
  static constexpr node n = node_at<P, static_cast<int>(at.node)>;
  static constexpr op_info facts = row<n.code>::info;
  template <int K>
  static constexpr node operand = node_at<P, static_cast<int>(n.operands[K])>;
  template <int K>
  static constexpr shape operand_shape = P::graph.shapes[static_cast<std::size_t>(index(operand<K>.shape))];
  static constexpr shape result_shape = P::graph.shapes[static_cast<std::size_t>(index(n.shape))];
  static constexpr int outer = operand_shape<0>.rank - facts.whole;
  static constexpr bool has_scratch = requires { library_kernel<n.code>::scratch_bytes(std::int64_t{}); };

  /// Bytes that a kernel works in, rounded to cache lines; never fewer for larger extents.
  static std::int64_t scratch_bytes(std::int64_t elements) {
    if constexpr (has_scratch) return (library_kernel<n.code>::scratch_bytes(elements) + 63) / 64 * 64;
    else return 0;
  }
  /// What a call needs besides its temporaries: for the first thread, and for each other one.
  static void reserve(std::int64_t const* dims, std::int64_t& arrays, std::int64_t& rows) {
    if constexpr (has_scratch) {
      std::int64_t calls = 1, elements = 1;
      for (int axis = 0; axis < outer + facts.whole; ++axis) {
        std::int64_t& count = axis < outer ? calls : elements;
        count = checked_product(count, evaluate_extent<P>(operand_shape<0>[axis], dims));
      }
      std::int64_t const bytes = scratch_bytes(elements);
      arrays = std::max(arrays, bytes);
      if (calls > 1) rows = std::max(rows, bytes);
    }
  }

  template <int K>
  static seen_array seen(frame<P> const& f) {
    seen_array s{};
    std::fill_n(s.extents, max_rank, 1);
    constexpr access a = access_at<P, at.operands[K]>;
    array_ref const& array = f.arrays[a.buffer];
    for (int axis = 0; axis < a.rank; ++axis)
      if (a.loops[axis] >= 0) s.extents[a.loops[axis]] = array.extents[axis], s.strides[a.loops[axis]] = array.strides[axis];
    return s;
  }
  static seen_array seen_result(frame<P> const& f) {
    seen_array s{};
    array_ref const& array = f.arrays[access_at<P, at.access_number>.buffer];
    std::copy_n(array.extents, result_shape.rank, s.extents), std::copy_n(array.strides, result_shape.rank, s.strides);
    return s;
  }
  /// The slice `number` of an array. Extents that are known are constants: small loops unroll.
  template <class T, int Rank, class Shape>
  static whole_slice<T> slice(T* data, seen_array const& s, std::int64_t number, Shape known) {
    for (int axis = outer - 1; axis >= 0 && data != nullptr; --axis) data += number % s.extents[axis] * s.strides[axis], number /= s.extents[axis];  // (null where there are no elements)
    whole_slice<T> part{data};
    [&]<int... K>(std::integer_sequence<int, K...>) {
      ((part.extents[K] = known()[outer + K].is_static() ? known()[outer + K].constant : s.extents[outer + K], part.strides[K] = s.strides[outer + K]), ...);
    }(std::make_integer_sequence<int, Rank - outer>{});
    return part;
  }

  static void run(frame<P>& f) { run(f, std::make_integer_sequence<int, facts.arity>{}); }

 private:
  template <int... K>
  static void run(frame<P>& f, std::integer_sequence<int, K...>) {
    using T = element_t<operand<0>.type>;
    using R = element_t<n.type>;
    seen_array const arrays[] = {seen<K>(f)...}, result = seen_result(f);
    T const* const data[] = {static_cast<T const*>(f.arrays[access_at<P, at.operands[K]>.buffer].data)...};
    R* const to = static_cast<R*>(f.arrays[access_at<P, at.access_number>.buffer].data);
    std::int64_t calls = 1, elements = 1;
    for (int axis = 0; axis < outer; ++axis) calls *= arrays[0].extents[axis];
    for (int axis = outer; axis < outer + facts.whole; ++axis) elements *= arrays[0].extents[axis];
    auto run_one = [&](std::int64_t number, [[maybe_unused]] int thread) {
      auto call = [&](auto... scratch) {
        library_kernel<n.code>::run(n.attribute, slice<T const, operand_shape<K>.rank>(data[K], arrays[K], number, [] { return operand_shape<K>; })...,
                                    slice<R, result_shape.rank>(to, result, number, [] { return result_shape; }), scratch...);
      };
      if constexpr (has_scratch) call(thread == 0 ? f.scratch.arrays : f.scratch.rows + (thread - 1) * scratch_bytes(elements));
      else call();
    };
#if defined(_OPENMP)
    double const work = static_cast<double>(facts.cost) * static_cast<double>(elements) * (facts.whole == 2 ? static_cast<double>(arrays[0].extents[outer]) / 16 + 1 : 1.0) * static_cast<double>(calls);
    [[maybe_unused]] std::conditional_t<facts.whole == 2, blas_by_one_thread, int> const ours{};
    int const threads = static_cast<int>(std::min<std::int64_t>(has_scratch ? f.scratch.threads : thread_count(), calls));
    if (threads > 1 && work >= 2 * part_work) {
      std::int64_t const parts = std::min<std::int64_t>(calls, most_parts);
      share_parts(static_cast<int>(parts), threads, [&](int part, int thread) {
        for (std::int64_t number = calls * part / parts; number < calls * (part + 1) / parts; ++number) run_one(number, thread);
      });
      return;
    }
#endif
    for (std::int64_t number = 0; number < calls; ++number) run_one(number, 0);
  }
};

/// Where the calls of a program are.
template <class P>
struct calls_of {
  static constexpr int count = [] {
    int n = 0;
    for (int i = 0; i < P::size.instructions; ++i) n += P::schedule.instructions[i].what == action::call;
    return n;
  }();
  static constexpr auto places = [] {
    std::array<int, count + 1> p{};
    for (int i = 0, n = 0; i < P::size.instructions; ++i)
      if (P::schedule.instructions[i].what == action::call) p[n++] = i;
    return p;
  }();
  static void reserve(std::int64_t const* dims, std::int64_t& arrays, std::int64_t& rows) {
    for_each_constant<0, count>([&](auto number) { library_call<P, places[number]>::reserve(dims, arrays, rows); });
  }
};

}  // namespace ctgrad::detail
