// Diagonals of matrices and their sums.
// Lookups at places that count up, so that no matrix of zeros and ones stands between; apart from the umbrella, since few programs need them.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "shapes.hpp"

namespace ctgrad {
namespace detail {

/// The matrices of the last two axes at rows r and columns r + offset: the diagonal takes the place of both axes.
constexpr value diagonal_of(value x, std::int64_t offset, std::string_view name) {
  builder& b = *x.b;
  int const rank = x.rank();
  extent const rows = x.shape()[rank - 2], columns = x.shape()[rank - 1];
  std::int64_t const down = offset < 0 ? -offset : 0, right = offset > 0 ? offset : 0;
  extent count;
  if (rows.is_static() && columns.is_static()) count = std::max<std::int64_t>(0, std::min(rows.constant - down, columns.constant - right));
  else if (rows == columns) count = rows - extent(down + right);
  else
    return {&b, b.fail(message() << "ctgrad: " << name << " of " << b.describe(x.id) << ": the extents of its matrices have to be known while compiling, or equal")};
  value const taken{&b, b.slice(x.id, rank - 2, down, count, 1)};
  shape s = x.shape();
  s[--s.rank - 1] = count;
  shape_id const result = b.intern(s);
  value const places{&b, b.broadcast(b.iota(count, dtype::int64), result, (axis_mask{1} << (s.rank - 1)) - 1)};
  return {&b, b.gather(taken.id, (places + right).id, rank - 1)};
}

template <int Offset, int First, int Second>
struct diagonal_function {
  static constexpr value trace(value x) {
    int const rank = x.rank(), first = axis_place(x, First, "diagonal"), second = axis_place(x, Second, "diagonal");
    if (!x.b->ok()) return x;
    if (first == second) return {x.b, x.b->fail(message() << "ctgrad: diagonal of " << x.b->describe(x.id) << ": it is along two axes, and axis " << first << " is named twice")};
    std::array<int, max_rank> order{};
    std::size_t place = 0;
    for (int i = 0; i < rank; ++i)
      if (i != first && i != second) order[place++] = i;
    order[place++] = first, order[place] = second;
    return diagonal_of({x.b, x.b->permute(x.id, order)}, Offset, "diagonal");
  }
};
struct trace_function {
  static constexpr value trace(value x) {
    if (x.rank() < 2) return {x.b, x.b->fail(message() << "ctgrad: trace of " << x.b->describe(x.id) << ": it has to have two axes or more")};
    value const d = diagonal_of(x, 0, "trace");
    return x.b->ok() ? reduce(op::sum, d, axis_mask{1} << (d.rank() - 1)) : x;
  }
};

}  // namespace detail

/// The diagonals of the matrices of the last two axes, `offset` places above the main one (below where negative), as torch.linalg.diagonal: x[…, n, m] → […, k].
/// Of n and m that are known k is what there is, possibly none; of equal ones k = n - |offset|, and a call throws shape_error where that is negative.
template <class X, integer_constant Offset = constant<false, 0>>
constexpr auto diagonal(X const& x, Offset = {}) {
  return detail::call_function<detail::diagonal_function<detail::axis_of<Offset>, -2, -1>>(x);
}
/// The same along two other axes, rows and columns: both go, and the diagonal is the last axis, as torch.diagonal.
template <class X, integer_constant Offset, integer_constant First, integer_constant Second>
constexpr auto diagonal(X const& x, Offset, First, Second) {
  return detail::call_function<detail::diagonal_function<detail::axis_of<Offset>, detail::axis_of<First>, detail::axis_of<Second>>>(x);
}
/// The sums of the diagonals of the matrices of the last two axes, as torch.trace; bool and integers give int64.
inline constexpr detail::plain_function<detail::trace_function> trace{};

}  // namespace ctgrad
