// Linear algebra on matrices, the last two axes of arrays: factorisations, systems, inverses, determinants.
// By LAPACK where CTGRAD_USE_CBLAS is 1 and CTGRAD_USE_LAPACK is not 0: the library of CBLAS has to hold it, as OpenBLAS does. Each matrix by one thread, those of a batch by all.
// There may be six axes before those of the matrices, and three where a gradient is taken, which multiplies matrices. Apart from the umbrella, since few programs need it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "cpu/lapack.hpp"
#include "functions.hpp"

#include <string_view>

namespace ctgrad {
namespace detail {

template <std::int64_t Flag>
struct triangle_option {
  static constexpr std::int64_t flag = Flag;
};
template <class T>
inline constexpr bool is_triangle_option = false;
template <std::int64_t Flag>
inline constexpr bool is_triangle_option<triangle_option<Flag>> = true;

/// Whether `a` holds square matrices of reals; an error that names `function` where not.
constexpr bool are_square(value a, std::string_view function) {
  builder& b = *a.b;
  if (!is_floating(a.type()))
    return b.fail(message() << "ctgrad: " << function << " of " << b.describe(a.id) << ": it is " << to_string(a.type()) << ", and has to be floating-point; cast it first"), false;
  int const rank = a.rank();
  extent rows = rank > 1 ? a.shape()[rank - 2] : extent(0);
  if (rank < 2 || !b.unify(rows, a.shape()[rank - 1])) b.fail(message() << "ctgrad: " << function << " of " << b.describe(a.id) << ": its last two axes have to be square matrices");
  return b.ok();
}
/// The extents before the matrices in which those of `a` and of `right` meet, as in NumPy; false where they do not.
constexpr bool meet_batches(value a, value right, shape& met) {
  shape one = a.shape(), other = right.shape();
  one.rank -= 2, other.rank -= 2;
  return a.b->meet(one, other, met) == 0;
}
/// Matrices repeated to the extents of a batch.
constexpr value in_batch(value matrices, shape batch) {
  shape const own = matrices.shape();
  batch.push_back(own[own.rank - 2]), batch.push_back(own[own.rank - 1]);
  return {matrices.b, matrices.b->broadcast_to(matrices.id, batch)};
}
/// `solve(a, right, batch)` for right sides: matrices, or vectors, which have one axis, or those of `a` without the last.
template <class Solve>
constexpr value solved(value a, value right, std::string_view function, Solve solve) {
  builder& b = *a.b;
  if (!are_square(a, function)) return a;
  shape const from = a.shape(), of = right.shape();
  bool vectors = of.rank == 1;
  if (of.rank == from.rank - 1 && !vectors) {
    vectors = true;
    for (int axis = 0; vectors && axis < of.rank; ++axis) vectors = of[axis] == from[axis] || of[axis].is_anonymous() || from[axis].is_anonymous();
  }
  value const column = vectors ? restore_axes(right, axis_mask{1} << of.rank) : right;
  extent rows = column.rank() > 1 ? column.shape()[column.rank() - 2] : extent(0);
  shape batch;
  if (column.rank() < 2 || !b.unify(rows, from[from.rank - 1]) || !meet_batches(a, column, batch))
    return {&b, b.fail(message() << "ctgrad: " << function << " of " << b.describe(a.id) << " and " << b.describe(right.id)
                                 << ": the right side has to have the rows of the matrices, and axes before them that repeat to theirs")};
  dtype const type = promote(a.type(), right.type());
  value const x = solve(cast(a, type), in_batch(cast(column, type), batch), batch);
  return vectors ? value{&b, b.squeeze(x.id, axis_mask{1} << (x.rank() - 1))} : x;
}
constexpr value factorized(value a) { return call_library<op::lu>(0, a); }

struct cholesky_function {
  static constexpr value trace(value a) { return are_square(a, "cholesky") ? call_library<op::cholesky>(0, a) : a; }
};
template <std::int64_t Flags>
struct triangular_solve_function {
  static constexpr value trace(value a, value b) {
    return solved(a, b, "triangular_solve", [](value t, value right, shape const& batch) { return call_library<op::triangular_solve>(Flags, in_batch(t, batch), right); });
  }
};
struct solve_function {
  static constexpr value trace(value a, value b) {
    return solved(a, b, "solve", [](value m, value right, shape const& batch) { return call_library<op::lu_solve>(0, in_batch(factorized(m), batch), right, in_batch(m, batch)); });
  }
};
struct inv_function {
  static constexpr value trace(value a) { return are_square(a, "inv") ? call_library<op::lu_solve>(0, factorized(a), identity_like(a), a) : a; }
};
template <std::int64_t Flags>
struct determinant_function {
  static constexpr value of(value a) { return call_library<op::determinant>(Flags, factorized(a), a); }
  static constexpr value trace(value a) { return are_square(a, Flags ? "slogdet" : "det") ? of(a) : a; }
};
struct logdet_function {
  static constexpr value trace(value a) {
    if (!are_square(a, "logdet")) return a;
    value const sign = determinant_function<sign_flag>::of(a), zero{a.b, a.b->real(0, a.type())};
    return determinant_function<logarithm_flag>::of(a) + where(sign < 0, std::numeric_limits<double>::quiet_NaN(), zero);
  }
};

}  // namespace detail

// Options of triangular_solve.
inline constexpr detail::triangle_option<detail::upper_flag> upper{};            ///< the matrix is upper triangular
inline constexpr detail::triangle_option<detail::transposed_flag> transposed{};  ///< its transpose is meant
inline constexpr detail::triangle_option<detail::unit_flag> unit_diagonal{};     ///< its diagonal is ones, and is not read

/// The lower triangular L with L L^T = a, for symmetric positive definite matrices a[…, n, n], floating-point, as torch.linalg.cholesky. Reads the lower triangles.
/// NaN in all of a matrix that is not positive definite. The gradient is symmetric (Murray, Differentiation of the Cholesky decomposition, 2016).
inline constexpr detail::plain_function<detail::cholesky_function> cholesky{};

/// x of a x = b, for lower triangular a[…, n, n], or `ct::upper`, `ct::transposed`, `ct::unit_diagonal`, and right sides as those of `ct::solve`.
/// What is in the other triangle is not read. A zero on a diagonal gives infinities and NaN, as dividing by it does.
template <class A, class B, class... Options>
  requires(detail::is_triangle_option<Options> && ...)
constexpr auto triangular_solve(A const& a, B const& b, Options...) {
  return detail::call_function<detail::triangular_solve_function<(std::int64_t{0} | ... | Options::flag)>>(a, b);
}
/// x of a x = b, for a[…, n, n] and right sides b[…, n, k], whose axes before those repeat to each other's as in torch.linalg.solve, or vectors b[n], or b[…, n] with all of a's axes but
/// the last; by LU with partial pivoting, each a once. The gradient solves with the transpose, by the same factorisation: db = a^-T g, da = -db x^T (Giles 2008). Where a is singular,
/// infinities and NaN.
inline constexpr detail::plain_function<detail::solve_function> solve{};
/// The inverses of a[…, n, n], as torch.linalg.inv; `ct::solve` is more exact and cheaper where the inverse is only multiplied with. Where a is singular, infinities and NaN.
inline constexpr detail::plain_function<detail::inv_function> inv{};

/// The determinants of a[…, n, n]. The gradient is det a a^-T, and NaN where a is singular.
inline constexpr detail::plain_function<detail::determinant_function<0>> det{};
/// log det a, as torch.logdet: NaN where the determinant is negative, -inf where it is 0. The gradient is a^-T.
inline constexpr detail::plain_function<detail::logdet_function> logdet{};
/// The sign of the determinant, -1, 0 or 1, which has no gradient, and log|det a|, as torch.linalg.slogdet: a Hana tuple.
template <class A>
constexpr auto slogdet(A const& a) {
  return boost::hana::make_tuple(detail::call_function<detail::determinant_function<detail::sign_flag>>(a), detail::call_function<detail::determinant_function<detail::logarithm_flag>>(a));
}

}  // namespace ctgrad
