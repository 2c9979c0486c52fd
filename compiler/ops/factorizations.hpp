// Rows: linear algebra on matrices, the last two axes: factorisations, solutions of systems, determinants.
// Plain loops, which the interpreter runs, and the CPU where a matrix is small or there is no LAPACK.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../whole.hpp"
#include "structural.hpp"

#include <algorithm>

namespace ctgrad::detail {

inline constexpr std::int64_t upper_flag = 1, transposed_flag = 2, unit_flag = 4;  // of triangular_solve; lu_solve has the second
inline constexpr std::int64_t logarithm_flag = 1, sign_flag = 2;                   // of determinant

/// The transposes of the last two axes.
constexpr value matrix_transpose(value x) {
  std::array<int, max_rank> source{};
  int const rank = x.rank();
  for (int i = 0; i < rank; ++i) source[static_cast<std::size_t>(i)] = i < rank - 2 ? i : 2 * rank - 3 - i;
  return {x.b, x.b->permute(x.id, source)};
}
constexpr value matrix_product(value a, value b) { return {a.b, a.b->matmul(a.id, b.id)}; }
/// Row minus column of each element of the matrices of `x`.
constexpr value below_diagonal(value x) {
  builder& b = *x.b;
  int const rank = x.rank();
  shape_id const all = x.get().shape;
  auto places = [&](int axis) {
    extent const count = x.shape()[axis];
    return value{&b, b.broadcast(b.iota(count, dtype::int64), all, ((axis_mask{1} << rank) - 1) & ~(axis_mask{1} << axis))};
  };
  return places(rank - 2) - places(rank - 1);
}
/// The triangle of `x` that a triangular matrix has; without its diagonal where that is all ones.
constexpr value triangle_of(value x, bool upper, bool unit) {
  value const below = below_diagonal(x);
  return where(upper ? (unit ? below < 0 : below <= 0) : (unit ? below > 0 : below >= 0), x, 0);
}
/// Ones on the diagonals of matrices as those of `x`, zeros elsewhere.
constexpr value identity_like(value x) { return where(below_diagonal(x) == 0, value{x.b, x.b->real(1, x.type(), x.get().shape)}, 0); }
constexpr shape without_matrices(shape s) {
  s.rank -= 2;
  return s;
}

template <class T>
constexpr void fill_slice(whole_slice<T> y, T number) {
  for (std::int64_t i = 0; i < y.extents[0]; ++i)
    for (std::int64_t j = 0; j < y.extents[1]; ++j) y(i, j) = number;
}
template <class T>
constexpr void copy_slice(whole_slice<T const> x, whole_slice<T> y) {
  bool const rows = x.strides[1] == 1 && y.strides[1] == 1;
  for (std::int64_t i = 0; i < x.extents[0] && x.extents[1] > 0; ++i)
    if (rows) std::copy_n(x.data + i * x.strides[0], x.extents[1], y.data + i * y.strides[0]);
    else
      for (std::int64_t j = 0; j < x.extents[1]; ++j) y(i, j) = x(i, j);
}
/// Substitution: x = a^-1 x for a triangular matrix a.
template <class A, class T>
constexpr void substitute(whole_slice<A> a, whole_slice<T> x, bool upper, bool unit) {
  std::int64_t const n = a.extents[0];
  for (std::int64_t step = 0; step < n; ++step) {
    std::int64_t const i = upper ? n - 1 - step : step;
    for (std::int64_t c = 0; c < x.extents[1]; ++c) {
      T rest = x(i, c);
      for (std::int64_t k = upper ? i + 1 : 0; k < (upper ? n : i); ++k) rest = rest - a(i, k) * x(k, c);
      x(i, c) = unit ? rest : rest / a(i, i);
    }
  }
}
template <class T>
constexpr void exchange_rows(whole_slice<T> x, std::int64_t i, std::int64_t j) {
  for (std::int64_t c = 0; c < x.extents[1] && i != j; ++c) {
    T const kept = x(i, c);
    x(i, c) = x(j, c), x(j, c) = kept;
  }
}
/// Whole numbers in [0, n) that stand among the elements of a factorisation.
template <class T>
constexpr std::int64_t whole_number(T const& x) { return static_cast<std::int64_t>(static_cast<double>(x)); }

// clang-format off
template <> struct row<op::triangular_solve> {
  static constexpr op_info info{.name = "triangular_solve", .kind = op_kind::library, .arity = 2, .cost = 100, .whole = 2, .flags = {"upper", "transposed", "unit"}};
  static constexpr shape result(shape const* x) { return x[1]; }
  static constexpr dtype type(dtype of) { return of; }
  template <class T> static constexpr void eval(std::int64_t flags, whole_slice<T const> a, whole_slice<T const> b, whole_slice<T> x) {
    bool const transposed = flags & transposed_flag;
    copy_slice(b, x);
    substitute(transposed ? a.transposed() : a, x, static_cast<bool>(flags & upper_flag) != transposed, flags & unit_flag);
  }
  // A X = B: dB = A^-T G, dA = -dB X^T, in the triangle that was read (Giles, Collected matrix derivative results for forward and reverse mode, 2008).
  static constexpr value d0(value g, value a, value, value y) {
    std::int64_t const flags = y.get().attribute;
    value const by_right = d1(g, a, {}, y);
    value const product = flags & transposed_flag ? matrix_product(y, matrix_transpose(by_right)) : matrix_product(by_right, matrix_transpose(y));
    return triangle_of(-product, flags & upper_flag, flags & unit_flag);
  }
  static constexpr value d1(value g, value a, value, value y) { return call_library<op::triangular_solve>(y.get().attribute ^ transposed_flag, a, g); }
};

template <> struct row<op::cholesky> {
  static constexpr op_info info{.name = "cholesky", .kind = op_kind::library, .cost = 100, .whole = 2};
  static constexpr shape result(shape const* x) { return x[0]; }
  static constexpr dtype type(dtype of) { return of; }
  // Reads the lower triangle. NaN everywhere where the matrix is not positive definite.
  template <class T> static constexpr void eval(std::int64_t, whole_slice<T const> a, whole_slice<T> l) {
    std::int64_t const n = a.extents[0];
    for (std::int64_t j = 0; j < n; ++j) {
      for (std::int64_t i = 0; i < j; ++i) l(i, j) = T(0);
      for (std::int64_t i = j; i < n; ++i) {
        T rest = a(i, j);
        for (std::int64_t k = 0; k < j; ++k) rest = rest - l(i, k) * l(j, k);
        if (i == j && !(rest > T(0))) return fill_slice(l, T(std::numeric_limits<double>::quiet_NaN()));
        l(i, j) = i == j ? cmath::sqrt(rest) : rest / l(j, j);
      }
    }
  }
  // With P the lower triangle of L^T G, its diagonal halved: the symmetric part of L^-T P L^-1 (Murray, Differentiation of the Cholesky decomposition, 2016).
  static constexpr value d0(value g, value, value l) {
    value const product = matrix_product(matrix_transpose(l), g), below = below_diagonal(product);
    value const lower = where(below > 0, product, where(below == 0, 0.5 * product, 0));
    value const symmetric = 0.5 * (lower + matrix_transpose(lower));
    auto solve = [&](value b) { return call_library<op::triangular_solve>(transposed_flag, l, b); };
    return solve(matrix_transpose(solve(symmetric)));
  }
};

/// a^T = P L U, as LAPACK's getrf leaves it where a row-major array is read as a column-major one: U^T is the lower triangle, L^T, whose diagonal is ones, is above it.
/// A last row holds the exchanges: row i was exchanged with row p[i].
template <> struct row<op::lu> {
  static constexpr op_info info{.name = "lu", .kind = op_kind::library, .cost = 100, .whole = 2};
  static constexpr shape result(shape const* x) {
    shape s = x[0];
    s[s.rank - 2] = s[s.rank - 2] + 1;
    return s;
  }
  static constexpr dtype type(dtype of) { return of; }
  template <class T> static constexpr void eval(std::int64_t, whole_slice<T const> a, whole_slice<T> packed) {
    std::int64_t const n = a.extents[0];
    copy_slice(a, packed);
    whole_slice<T> m = packed.transposed();
    m.extents[1] = n;
    for (std::int64_t j = 0; j < n; ++j) {
      std::int64_t pivot = j;
      for (std::int64_t i = j + 1; i < n; ++i)
        if (cmath::abs(m(pivot, j)) < cmath::abs(m(i, j))) pivot = i;
      packed(n, j) = T(static_cast<double>(pivot));
      exchange_rows(m, j, pivot);
      for (std::int64_t i = j + 1; i < n; ++i) {
        if (!(m(j, j) == T(0))) m(i, j) = m(i, j) / m(j, j);
        for (std::int64_t k = j + 1; k < n; ++k) m(i, k) = m(i, k) - m(i, j) * m(j, k);
      }
    }
  }
  // (What reads a factorisation has the matrix as an operand too, and its derivative is by that.)
};

/// x of a x = b, or of a^T x = b where transposed, by the factorisation of a: operands lu(a), b, a.
template <> struct row<op::lu_solve> {
  static constexpr op_info info{.name = "lu_solve", .kind = op_kind::library, .arity = 3, .cost = 100, .whole = 2, .flags = {"", "transposed"}};
  static constexpr shape result(shape const* x) { return x[1]; }
  static constexpr dtype type(dtype of) { return of; }
  template <class T> static constexpr void eval(std::int64_t flags, whole_slice<T const> packed, whole_slice<T const> b, whole_slice<T const>, whole_slice<T> x) {
    std::int64_t const n = b.extents[0];
    whole_slice<T const> f = packed;
    f.extents[0] = n;
    copy_slice(b, x);
    auto exchange = [&](std::int64_t i) { exchange_rows(x, i, whole_number(packed(n, i))); };
    if (flags & transposed_flag) {
      for (std::int64_t i = 0; i < n; ++i) exchange(i);
      substitute(f.transposed(), x, false, true);
      substitute(f.transposed(), x, true, false);
    } else {
      substitute(f, x, false, false);
      substitute(f, x, true, true);
      for (std::int64_t i = n; i-- > 0;) exchange(i);
    }
  }
  // As of triangular_solve.
  static constexpr value d1(value g, value packed, value, value a, value y) { return call_library<op::lu_solve>(y.get().attribute ^ transposed_flag, packed, g, a); }
  static constexpr value d2(value g, value packed, value b, value a, value y) {
    value const by_right = d1(g, packed, b, a, y);
    return -(y.get().attribute & transposed_flag ? matrix_product(y, matrix_transpose(by_right)) : matrix_product(by_right, matrix_transpose(y)));
  }
};

/// The determinant of a, the logarithm of its size, or its sign (-1, 0 or 1): operands lu(a), a.
template <> struct row<op::determinant> {
  static constexpr op_info info{.name = "determinant", .kind = op_kind::library, .arity = 2, .cost = 100, .whole = 2, .flags = {"logarithm", "sign"}};
  static constexpr shape result(shape const* x) { return without_matrices(x[1]); }
  static constexpr dtype type(dtype of) { return of; }
  template <class T> static constexpr void eval(std::int64_t flags, whole_slice<T const> packed, whole_slice<T const> a, whole_slice<T> y) {
    running_t<T> total(flags & logarithm_flag ? 0 : 1);
    for (std::int64_t i = 0; i < a.extents[0]; ++i) {
      running_t<T> pivot(packed(i, i));
      if (flags & logarithm_flag) {
        total = total + cmath::log(cmath::abs(pivot));
        continue;
      }
      if (flags & sign_flag && !is_nan(pivot)) pivot = running_t<T>(pivot > running_t<T>(0) ? 1 : pivot < running_t<T>(0) ? -1 : 0);
      total = total * pivot;
      if (whole_number(packed(a.extents[0], i)) != i) total = -total;
    }
    y(0) = static_cast<T>(total);
  }
  // d log|det a| = tr(a^-1 da), d det a = det a tr(a^-1 da).
  static constexpr value d1(value g, value packed, value a, value y) {
    if (y.get().attribute & sign_flag) return {};
    builder& b = *g.b;
    int const rank = a.rank();
    shape_id const all = a.get().shape;
    axis_mask const matrix = axis_mask{3} << (rank - 2);
    value const weight = y.get().attribute & logarithm_flag ? g : g * y;
    return call_library<op::lu_solve>(transposed_flag, packed, identity_like(a), a) * value{&b, b.broadcast(weight.id, all, matrix)};
  }
};
// clang-format on

}  // namespace ctgrad::detail
