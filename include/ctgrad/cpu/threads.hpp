// How many threads a call may use, and that BLAS leaves them to us.
// Threads of BLAS's own would wait for work, spinning, on the processors that the loops run on (measured: a network's step 1.9 times slower).
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#if defined(_OPENMP)
#include <omp.h>
#endif
#if defined(CTGRAD_USE_CBLAS) && CTGRAD_USE_CBLAS
#include <cblas.h>
#endif
#if defined(_OPENMP) && defined(CTGRAD_USE_CBLAS) && CTGRAD_USE_CBLAS && defined(__GNUC__)
#define CTGRAD_HAS_BLAS_THREADS 1
#include <atomic>
// OpenBLAS's; null where another library is linked, which is single-threaded inside of parallel regions by itself.
extern "C" {
void openblas_set_num_threads(int num_threads);
int openblas_get_num_threads(void);
}
#pragma weak openblas_set_num_threads
#pragma weak openblas_get_num_threads
#endif

namespace ctgrad::detail {

/// How many threads a call may use: one inside a parallel region of the caller's.
inline int thread_count() {
#if defined(_OPENMP)
  return omp_in_parallel() ? 1 : omp_get_max_threads();
#else
  return 1;
#endif
}

#if defined(_OPENMP)
/// Parts [next, end) that a thread takes, one after the other, and whoever has none left.
struct alignas(64) part_range {
  int next = 0, end = 0;

  int take() {
    int part;
#pragma omp atomic capture
    part = next++;
    return part;
  }
};
#endif
/// Calls f(context, part, thread) for each part, on so many threads. The one parallel region of all programs.
/// Each thread has parts of its own, the same ones in each call, whose data its cache still has; when it is done, it takes those of others.
[[gnu::noinline]] inline void share_parts(int parts, [[maybe_unused]] int threads, void const* context, void (*f)(void const*, int, int)) {
#if defined(_OPENMP)
  constexpr int most_ranges = 64;
  if (threads > 1) {
    int const count = threads < most_ranges ? threads : most_ranges;
    part_range ranges[most_ranges];
    for (int k = 0; k < count; ++k) ranges[k] = {parts * k / count, parts * (k + 1) / count};
#pragma omp parallel num_threads(threads)
    {
      int const thread = omp_get_thread_num();
      for (int k = 0; k < count; ++k) {
        part_range& from = ranges[(thread + k) % count];
        for (int part = from.take(); part < from.end; part = from.take()) f(context, part, thread);
      }
    }
    return;
  }
#endif
  for (int part = 0; part < parts; ++part) f(context, part, 0);
}
/// Calls f(part, thread) for each part, on so many threads.
template <class F>
void share_parts(int parts, int threads, F const& f) {
  share_parts(parts, threads, &f, [](void const* context, int part, int thread) { (*static_cast<F const*>(context))(part, thread); });
}

/// While one of these lives, OpenBLAS computes in the thread that calls it. The number of its threads comes back with the end of the last.
class blas_by_one_thread {
#if defined(CTGRAD_HAS_BLAS_THREADS)
 public:
  blas_by_one_thread() {
    if (!openblas_set_num_threads || !openblas_get_num_threads) return;
    lock l;
    if (users++ > 0) return;
    before = openblas_get_num_threads();
    if (before > 1) openblas_set_num_threads(1);
  }
  ~blas_by_one_thread() {
    if (!openblas_set_num_threads || !openblas_get_num_threads) return;
    lock l;
    if (--users == 0 && before > 1) openblas_set_num_threads(before);
  }
  blas_by_one_thread(blas_by_one_thread const&) = delete;
  blas_by_one_thread& operator=(blas_by_one_thread const&) = delete;

 private:
  struct lock {
    lock() {
      while (taken.test_and_set(std::memory_order_acquire)) {}
    }
    ~lock() { taken.clear(std::memory_order_release); }
  };
  static inline std::atomic_flag taken = ATOMIC_FLAG_INIT;
  static inline int users = 0, before = 1;
#else
 public:
  blas_by_one_thread() {}
#endif
};

}  // namespace ctgrad::detail
