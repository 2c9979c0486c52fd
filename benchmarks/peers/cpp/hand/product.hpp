// Matrix products by CBLAS, in bands of rows: one for each of OpenMP's threads, so that no second pool of threads spins beside it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "parallel.hpp"

#include <cblas.h>

extern "C" void openblas_set_num_threads(int) __attribute__((weak));

namespace hand {

inline bool const one_thread_in_blas = [] {
  if (openblas_set_num_threads) openblas_set_num_threads(1);
  return true;
}();

inline constexpr bool plain = false, turned = true;

/// z[m, n] = alpha x y, where x is [m, k] or, turned, [k, m], and y is [k, n] or, turned, [n, k].
inline void product(bool turn_x, bool turn_y, std::int64_t m, std::int64_t n, std::int64_t k, float const* x, float const* y, float* z, float alpha = 1) {
  in_shares(m, 8, [&](std::int64_t first, std::int64_t last, int) {
    if (first == last) return;
    cblas_sgemm(CblasRowMajor, turn_x ? CblasTrans : CblasNoTrans, turn_y ? CblasTrans : CblasNoTrans, static_cast<int>(last - first), static_cast<int>(n), static_cast<int>(k), alpha,
                x + first * (turn_x ? 1 : k), static_cast<int>(turn_x ? m : k), y, static_cast<int>(turn_y ? k : n), 0.0f, z + first * n, static_cast<int>(n));
  });
}

}  // namespace hand
