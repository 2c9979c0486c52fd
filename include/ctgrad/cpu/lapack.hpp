// Linear algebra by LAPACK and BLAS, where the build has them and a matrix is worth a call; the rows' plain loops elsewhere.
// Arrays are row-major and LAPACK's are column-major: what it reads is the transpose, which is only another name for the triangle.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "call.hpp"
#include "gemm.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>

/// Whether the library of CBLAS holds LAPACK.
#if !defined(CTGRAD_USE_LAPACK)
#define CTGRAD_USE_LAPACK 1
#endif

#if CTGRAD_USE_LAPACK && defined(CTGRAD_USE_CBLAS) && CTGRAD_USE_CBLAS
namespace ctgrad::detail {

// By names of our own: headers of LAPACK that a user includes as well do not agree on how these are declared.
extern "C" {
void ctgrad_spotrf(char const* triangle, int const* n, float* a, int const* leading, int* info, std::size_t length) __asm__("spotrf_");
void ctgrad_dpotrf(char const* triangle, int const* n, double* a, int const* leading, int* info, std::size_t length) __asm__("dpotrf_");
void ctgrad_sgetrf(int const* rows, int const* columns, float* a, int const* leading, int* pivots, int* info) __asm__("sgetrf_");
void ctgrad_dgetrf(int const* rows, int const* columns, double* a, int const* leading, int* pivots, int* info) __asm__("dgetrf_");
}

/// Matrices of fewer rows are left to plain loops.
inline constexpr std::int64_t least_lapack_rows = 16;

/// Whether rows lie without gaps between their elements, so that LAPACK can take them as columns.
template <class T>
bool has_rows(whole_slice<T> const& x) {
  return (x.strides[1] == 1 || x.extents[1] <= 1) && x.strides[0] >= x.extents[1] && x.strides[0] <= INT32_MAX && x.extents[0] <= INT32_MAX;
}
template <class T>
int leading_of(whole_slice<T> const& x) { return static_cast<int>(std::max<std::int64_t>(x.strides[0], 1)); }

/// x = a^-1 x for a triangular a, its transpose or itself as BLAS reads it; false where BLAS cannot.
template <class T>
bool substitute_by_blas(whole_slice<T const> a, whole_slice<T> x, bool upper, bool transposed, bool unit) {
  if (!has_rows(a) && has_rows(a.transposed())) a = a.transposed(), upper = !upper, transposed = !transposed;
  if (!has_rows(a) || !has_rows(x)) return false;
  auto call = [&](auto function) {
    function(CblasRowMajor, CblasLeft, upper ? CblasUpper : CblasLower, transposed ? CblasTrans : CblasNoTrans, unit ? CblasUnit : CblasNonUnit, static_cast<int>(x.extents[0]),
             static_cast<int>(x.extents[1]), T(1), a.data, leading_of(a), x.data, leading_of(x));
  };
  if constexpr (sizeof(T) == 4) call(&cblas_strsm);
  else call(&cblas_dtrsm);
  return true;
}

template <>
struct library_kernel<op::cholesky> {
  template <class T>
  static void run(std::int64_t flags, whole_slice<T const> a, whole_slice<T> l) {
    int const n = static_cast<int>(a.extents[0]);
    if (a.extents[0] < least_lapack_rows || !has_rows(l)) return row<op::cholesky>::eval(flags, a, l);
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j <= i; ++j) l(i, j) = a(i, j);
      std::fill(&l(i, 0) + i + 1, &l(i, 0) + n, T(0));
    }
    int const leading = leading_of(l);
    int info = 0;
    if constexpr (sizeof(T) == 4) ctgrad_spotrf("U", &n, l.data, &leading, &info, 1);
    else ctgrad_dpotrf("U", &n, l.data, &leading, &info, 1);
    if (info != 0 || std::isnan(l(n - 1, n - 1))) fill_slice(l, std::numeric_limits<T>::quiet_NaN());
  }
};
template <>
struct library_kernel<op::triangular_solve> {
  template <class T>
  static void run(std::int64_t flags, whole_slice<T const> a, whole_slice<T const> b, whole_slice<T> x) {
    if (a.extents[0] >= least_lapack_rows && x.extents[1] > 0) {
      copy_slice(b, x);
      if (substitute_by_blas(a, x, flags & upper_flag, flags & transposed_flag, flags & unit_flag)) return;
    }
    row<op::triangular_solve>::eval(flags, a, b, x);
  }
};
template <>
struct library_kernel<op::lu> {
  template <class T>
  static void run(std::int64_t flags, whole_slice<T const> a, whole_slice<T> packed) {
    int const n = static_cast<int>(a.extents[0]), leading = leading_of(packed);
    if (a.extents[0] < least_lapack_rows || !has_rows(packed) || packed.strides[1] != 1) return row<op::lu>::eval(flags, a, packed);
    copy_slice(a, packed);
    // LAPACK's int fit where the last row's elements are, and become those from the last on.
    T* const exchanges = &packed(n, 0);
    static_assert(sizeof(int) <= sizeof(float));
    int info = 0;
    if constexpr (sizeof(T) == 4) ctgrad_sgetrf(&n, &n, packed.data, &leading, reinterpret_cast<int*>(exchanges), &info);
    else ctgrad_dgetrf(&n, &n, packed.data, &leading, reinterpret_cast<int*>(exchanges), &info);
    for (int i = n; i-- > 0;) {
      int from_one = 0;
      std::memcpy(&from_one, reinterpret_cast<std::byte const*>(exchanges) + sizeof(int) * static_cast<std::size_t>(i), sizeof from_one);
      exchanges[i] = static_cast<T>(std::clamp(from_one - 1, i, n - 1));  // among NaN, what is largest may be nowhere
    }
  }
};
template <>
struct library_kernel<op::lu_solve> {
  template <class T>
  static void run(std::int64_t flags, whole_slice<T const> packed, whole_slice<T const> b, whole_slice<T const> a, whole_slice<T> x) {
    std::int64_t const n = b.extents[0];
    whole_slice<T const> f = packed;
    f.extents[0] = n;
    if (n < least_lapack_rows || x.extents[1] == 0 || !has_rows(f) || !has_rows(x)) return row<op::lu_solve>::eval(flags, packed, b, a, x);
    copy_slice(b, x);
    auto exchange = [&](std::int64_t i) { exchange_rows(x, i, whole_number(packed(n, i))); };
    if (flags & transposed_flag) {
      for (std::int64_t i = 0; i < n; ++i) exchange(i);
      substitute_by_blas(f, x, true, true, true), substitute_by_blas(f, x, false, true, false);
    } else {
      substitute_by_blas(f, x, false, false, false), substitute_by_blas(f, x, true, false, true);
      for (std::int64_t i = n; i-- > 0;) exchange(i);
    }
  }
};

}  // namespace ctgrad::detail
#endif
