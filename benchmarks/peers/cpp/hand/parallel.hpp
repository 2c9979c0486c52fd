// Shares of a loop for the threads of OpenMP, with a place for each thread's sums.
// With one thread nothing is started: a call is a call.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../run/hand.hpp"

#include <algorithm>
#include <cstdint>
#include <omp.h>

namespace hand {

inline batch at(float const* p) { return batch::load_unaligned(p); }
inline constexpr int most_threads = 64;
inline int const thread_count = std::min(omp_get_max_threads(), most_threads);
inline int threads() { return thread_count; }

/// Calls `f(first, last, thread)` on each thread, for shares of [0, n) that begin at multiples of `unit`; some may be empty.
/// What is one unit, or called by one of the threads, is done by the caller.
template <class F>
void in_shares(std::int64_t n, std::int64_t unit, F const& f) {
  std::int64_t const count = threads(), units = (n + unit - 1) / unit;
  if (count == 1 || units == 1 || omp_in_parallel()) {
    f(std::int64_t{0}, n, 0);
    for (int i = 1; i < count; ++i) f(n, n, i);
    return;
  }
#pragma omp parallel num_threads(thread_count)
  {
    std::int64_t const i = omp_get_thread_num();
    f(std::min(n, units * i / count * unit), std::min(n, units * (i + 1) / count * unit), static_cast<int>(i));
  }
}

/// The last elements of an array, fewer than a pack, and `padding` behind them.
struct padded {
  alignas(64) float values[lanes];
  padded(float const* p, std::int64_t count, float padding) {
    for (std::int64_t k = 0; k < lanes; ++k) values[k] = k < count ? p[k] : padding;
  }
  operator batch() const { return batch::load_aligned(values); }
};

}  // namespace hand
