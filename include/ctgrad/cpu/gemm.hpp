// Products of matrices: CBLAS where the build has one, else a plain blocked kernel.
// Transposes are strides here and flags there, never copies.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "threads.hpp"
#include "simd.hpp"

#include <algorithm>
#include <cstdint>
#include <memory>

namespace ctgrad::detail {

/// A matrix in memory, any strides (in elements).
template <class T>
struct matrix_ref {
  T* data;
  std::int64_t row_stride, column_stride;
  T& operator()(std::int64_t i, std::int64_t j) const { return data[i * row_stride + j * column_stride]; }
};

/// c = beta c + a b, for a[rows, summed], b[summed, columns]; beta is 0 or 1.
/// Panels of b and of a are packed, and micro-tiles of c stay in registers (Goto and van de Geijn, Anatomy of High-Performance Matrix Multiplication, 2008).
template <class T>
void gemm_builtin(std::int64_t rows, std::int64_t columns, std::int64_t summed, matrix_ref<T const> a, matrix_ref<T const> b, bool accumulate, matrix_ref<T> c) {
  using batch = xsimd::batch<T>;
  constexpr std::int64_t lanes = simd::lanes<T>, micro_rows = 6, micro_columns = 2 * lanes, depth = 256, panel_rows = 96;
  if (!accumulate || summed == 0)
    for (std::int64_t i = 0; i < rows; ++i)
      for (std::int64_t j = 0; j < columns; ++j)
        if (!accumulate) c(i, j) = T(0);
  alignas(64) thread_local T packed_b[depth * micro_columns];
  alignas(64) thread_local T packed_a[panel_rows * depth];
  for (std::int64_t k0 = 0; k0 < summed; k0 += depth) {
    std::int64_t const kn = std::min(depth, summed - k0);
    for (std::int64_t i0 = 0; i0 < rows; i0 += panel_rows) {
      std::int64_t const in = std::min(panel_rows, rows - i0);
      for (std::int64_t ii = 0; ii < in; ii += micro_rows)
        for (std::int64_t k = 0; k < kn; ++k)
          for (std::int64_t r = 0; r < micro_rows; ++r) packed_a[ii * depth + k * micro_rows + r] = ii + r < in ? a(i0 + ii + r, k0 + k) : T(0);
      for (std::int64_t j0 = 0; j0 < columns; j0 += micro_columns) {
        std::int64_t const jn = std::min(micro_columns, columns - j0);
        for (std::int64_t k = 0; k < kn; ++k)
          for (std::int64_t j = 0; j < micro_columns; ++j) packed_b[k * micro_columns + j] = j < jn ? b(k0 + k, j0 + j) : T(0);
        for (std::int64_t ii = 0; ii < in; ii += micro_rows) {
          batch sums[micro_rows][2];
          for (auto& row : sums) row[0] = row[1] = batch(T(0));
          T const* pa = packed_a + ii * depth;
          for (std::int64_t k = 0; k < kn; ++k) {
            batch const b0 = batch::load_aligned(packed_b + k * micro_columns), b1 = batch::load_aligned(packed_b + k * micro_columns + lanes);
            for (std::int64_t r = 0; r < micro_rows; ++r) {
              batch const x(pa[k * micro_rows + r]);
              sums[r][0] = xsimd::fma(x, b0, sums[r][0]);
              sums[r][1] = xsimd::fma(x, b1, sums[r][1]);
            }
          }
          alignas(64) T tile[micro_rows][micro_columns];
          for (std::int64_t r = 0; r < micro_rows; ++r) sums[r][0].store_aligned(tile[r]), sums[r][1].store_aligned(tile[r] + lanes);
          for (std::int64_t r = 0; r < std::min(micro_rows, in - ii); ++r)
            for (std::int64_t j = 0; j < jn; ++j) c(i0 + ii + r, j0 + j) += tile[r][j];
        }
      }
    }
  }
}

#if defined(CTGRAD_USE_CBLAS) && CTGRAD_USE_CBLAS
/// The leading dimension and flag of a matrix for BLAS, where it has them: rows or columns have to be contiguous.
struct blas_matrix {
  CBLAS_TRANSPOSE flag = CblasNoTrans;
  std::int64_t leading = 0;  ///< 0: BLAS cannot read it
};
template <class T>
blas_matrix as_blas(matrix_ref<T> m, std::int64_t rows, std::int64_t columns) {
  auto fits = [](std::int64_t unit, std::int64_t stride, std::int64_t inner, std::int64_t outer) {
    return (unit == 1 || inner == 1) && (outer == 1 || (stride >= inner && stride <= INT32_MAX));
  };
  if (fits(m.column_stride, m.row_stride, columns, rows)) return {CblasNoTrans, rows == 1 ? std::max<std::int64_t>(columns, 1) : m.row_stride};
  if (fits(m.row_stride, m.column_stride, rows, columns)) return {CblasTrans, columns == 1 ? std::max<std::int64_t>(rows, 1) : m.column_stride};
  return {};
}
#endif

/// The product by one thread, in one piece.
template <class T>
void gemm_piece(std::int64_t rows, std::int64_t columns, std::int64_t summed, matrix_ref<T const> a, matrix_ref<T const> b, bool accumulate, matrix_ref<T> c) {
#if defined(CTGRAD_USE_CBLAS) && CTGRAD_USE_CBLAS
  if (summed > 0 && rows <= INT32_MAX && columns <= INT32_MAX && summed <= INT32_MAX) {
    // C = A B is C^T = B^T A^T: a transposed result exchanges the operands.
    blas_matrix const result = as_blas(c, rows, columns);
    if (result.leading && result.flag == CblasTrans)
      return gemm_piece<T>(columns, rows, summed, {b.data, b.column_stride, b.row_stride}, {a.data, a.column_stride, a.row_stride}, accumulate, {c.data, c.column_stride, c.row_stride});
    blas_matrix const left = as_blas(a, rows, summed), right = as_blas(b, summed, columns);
    if (result.leading && left.leading && right.leading) {
      auto call = [&](auto function) {
        function(CblasRowMajor, left.flag, right.flag, static_cast<int>(rows), static_cast<int>(columns), static_cast<int>(summed), T(1), a.data, static_cast<int>(left.leading),
                 b.data, static_cast<int>(right.leading), accumulate ? T(1) : T(0), c.data, static_cast<int>(result.leading));
      };
      if constexpr (sizeof(T) == 4) call(&cblas_sgemm);
      else call(&cblas_dgemm);
      return;
    }
  }
#endif
  gemm_builtin<T>(rows, columns, summed, a, b, accumulate, c);
}

/// How many bands a product is cut into. Each is worth some 10 microseconds, and is 64 rows or columns wide; there are more than four only where each is 256
/// wide, since each packs the other operand anew (measured: weight gradients of a network in eight bands of 128 made a step 10 % longer than in four).
inline std::int64_t count_bands(double work, std::int64_t length) {
  std::int64_t const few = std::min<std::int64_t>(4, length / 64), many = std::min<std::int64_t>(8, length / 256);
  return std::min(static_cast<std::int64_t>(std::min(8.0, work / 1e6)), std::max(few, many));
}
inline constexpr std::int64_t band_granularity = 16;
/// Operations that are worth a second thread; and into how many parts a batch of products is cut at most.
inline constexpr double least_parallel_work = 4e6;
inline constexpr int most_product_parts = 32;

/// c = beta c + a b, in bands of rows or columns that threads take. The bands follow from the extents, so that results are the same on any number of threads.
template <class T>
void gemm(std::int64_t rows, std::int64_t columns, std::int64_t summed, matrix_ref<T const> a, matrix_ref<T const> b, bool accumulate, matrix_ref<T> c) {
  if (rows == 0 || columns == 0) return;
#if defined(_OPENMP)
  bool const by_rows = rows >= columns;
  std::int64_t const length = by_rows ? rows : columns;
  double const work = 2.0 * static_cast<double>(rows) * static_cast<double>(columns) * static_cast<double>(summed);
  std::int64_t const wanted = count_bands(work, length);
  blas_by_one_thread const ours;
  if (wanted >= 2) {
    std::int64_t const width = ((length + wanted - 1) / wanted + band_granularity - 1) / band_granularity * band_granularity;
    int const bands = static_cast<int>((length + width - 1) / width), threads = std::min(thread_count(), bands);
    share_parts(bands, threads, [&](int band, int) {
      std::int64_t const from = band * width, count = std::min(width, length - from);
      if (by_rows) gemm_piece<T>(count, columns, summed, {&a(from, 0), a.row_stride, a.column_stride}, b, accumulate, {&c(from, 0), c.row_stride, c.column_stride});
      else gemm_piece<T>(rows, count, summed, a, {&b(0, from), b.row_stride, b.column_stride}, accumulate, {&c(0, from), c.row_stride, c.column_stride});
    });
    return;
  }
#endif
  gemm_piece<T>(rows, columns, summed, a, b, accumulate, c);
}

}  // namespace ctgrad::detail
