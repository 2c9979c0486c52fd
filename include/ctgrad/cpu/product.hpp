// Products over any labels, as products of matrices: batches, broadcast operands, several axes of rows or of sums.
// Axes that lie in one another in memory are one axis, so what a plain product can do stays one.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../compiler/graph.hpp"
#include "gemm.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace ctgrad::detail {

/// One label of a contraction: how far it goes, and by how many elements each array moves with it.
struct product_axis {
  label_role role = label_role::none;
  std::int64_t extent = 1;
  std::int64_t left = 0, right = 0, result = 0;
};

/// The axes of one product of matrices, and those that it is repeated along.
struct product_loops {
  product_axis rows{.role = label_role::rows}, columns{.role = label_role::columns}, summed{.role = label_role::summed};
  product_axis around[contraction::max_labels];
  int count = 0;
};

/// Makes one axis of two that have the same role and lie in one another in every array.
inline int merge_axes(product_axis* axes, int count) {
  for (int outer = 0; outer < count; ++outer)
    for (int inner = 0; inner < count; ++inner) {
      product_axis const &o = axes[outer], &i = axes[inner];
      bool const one = outer != inner && o.role == i.role && o.left == i.left * i.extent && o.right == i.right * i.extent && o.result == i.result * i.extent;
      if (!one) continue;
      axes[inner].extent *= o.extent;
      axes[outer] = axes[--count];
      return merge_axes(axes, count);
    }
  return count;
}

/// Which axes a product of matrices has, of those with `count` labels: the longest for which BLAS can read and write the three matrices.
template <class T>
product_loops choose_loops(product_axis* axes, int count) {
  count = merge_axes(axes, static_cast<int>(std::remove_if(axes, axes + count, [](product_axis const& a) { return a.extent == 1; }) - axes));
  product_loops best;
  double best_score = -1;
  int best_rows = -1, best_columns = -1, best_summed = -1;
  // -1: none has the role, and its extent is 1.
  auto for_role = [&](label_role role, auto visit) {
    bool any = false;
    for (int a = 0; a < count; ++a)
      if (axes[a].role == role) any = true, visit(a);
    if (!any) visit(-1);
  };
  for_role(label_role::rows, [&](int r) {
    for_role(label_role::columns, [&](int c) {
      for_role(label_role::summed, [&](int s) {
        product_axis const rows = r < 0 ? product_axis{.role = label_role::rows} : axes[r], columns = c < 0 ? product_axis{.role = label_role::columns} : axes[c],
                           summed = s < 0 ? product_axis{.role = label_role::summed} : axes[s];
        double score = static_cast<double>(rows.extent) * static_cast<double>(columns.extent) * static_cast<double>(summed.extent);
#if defined(CTGRAD_USE_CBLAS) && CTGRAD_USE_CBLAS
        bool const readable = as_blas(matrix_ref<T>{nullptr, rows.left, summed.left}, rows.extent, summed.extent).leading &&
                              as_blas(matrix_ref<T>{nullptr, summed.right, columns.right}, summed.extent, columns.extent).leading &&
                              as_blas(matrix_ref<T>{nullptr, rows.result, columns.result}, rows.extent, columns.extent).leading;
        if (readable) score *= 1e6;
#endif
        if (score > best_score) best_score = score, best.rows = rows, best.columns = columns, best.summed = summed, best_rows = r, best_columns = c, best_summed = s;
      });
    });
  });
  // Sums innermost: the first begins a result, the others add to it.
  for (bool sums : {false, true})
    for (int a = 0; a < count; ++a)
      if ((axes[a].role == label_role::summed) == sums && a != best_rows && a != best_columns && a != best_summed) best.around[best.count++] = axes[a];
  return best;
}

/// result = beta result + sum over the summed axes of left * right; beta is 0 or 1. The arrays are at their first elements, `axes` is used up.
/// Products along other axes are shared by threads where there are enough of them, else each is cut into bands; which is decided by the extents alone. `alone`: by this thread.
template <class T>
void multiply(product_axis* axes, int count, T const* left, T const* right, bool accumulate, T* result, bool alone = false) {
  bool nothing_to_sum = false;
  for (int a = 0; a < count; ++a) {
    if (axes[a].extent > 0) continue;
    if (axes[a].role != label_role::summed) return;
    nothing_to_sum = true;
  }
  if (nothing_to_sum && accumulate) return;
  product_loops loops = choose_loops<T>(axes, count);
  if (nothing_to_sum) {  // zeros, once; nothing is read
    loops.summed.extent = 0;
    for (int a = 0; a < loops.count; ++a) {
      loops.around[a].left = loops.around[a].right = 0;
      if (loops.around[a].role == label_role::summed) loops.around[a].extent = 1;
    }
  }
  std::int64_t products = 1, sums = 1;
  for (int a = 0; a < loops.count; ++a) (loops.around[a].role == label_role::summed ? sums : products) *= loops.around[a].extent;
  matrix_ref<T const> const l{left, loops.rows.left, loops.summed.left}, r{right, loops.summed.right, loops.columns.right};
  matrix_ref<T> const to{result, loops.rows.result, loops.columns.result};
  std::int64_t const rows = loops.rows.extent, columns = loops.columns.extent, summed = loops.summed.extent;
  auto run = [&](std::int64_t number, auto gemm_of_one) {
    for (std::int64_t sum = 0; sum < sums; ++sum) {
      std::int64_t rest = number * sums + sum, at_left = 0, at_right = 0, at_result = 0;
      for (int a = loops.count - 1; a >= 0; --a) {
        product_axis const& axis = loops.around[a];
        std::int64_t const at = rest % axis.extent;
        rest /= axis.extent;
        at_left += at * axis.left, at_right += at * axis.right, at_result += at * axis.result;
      }
      gemm_of_one(rows, columns, summed, matrix_ref<T const>{l.data + at_left, l.row_stride, l.column_stride}, matrix_ref<T const>{r.data + at_right, r.row_stride, r.column_stride},
                  accumulate || sum > 0, matrix_ref<T>{to.data + at_result, to.row_stride, to.column_stride});
    }
  };
  if (alone) {
    for (std::int64_t number = 0; number < products; ++number) run(number, [](auto... arguments) { gemm_piece<T>(arguments...); });
    return;
  }
#if defined(_OPENMP)
  double const work = 2.0 * static_cast<double>(rows) * static_cast<double>(columns) * static_cast<double>(summed) * static_cast<double>(sums);
  if (products >= 4 && work * static_cast<double>(products) >= least_parallel_work) {
    blas_by_one_thread const ours;
    int const parts = static_cast<int>(std::min<std::int64_t>(products, most_product_parts)), threads = std::min(thread_count(), parts);
    share_parts(parts, threads, [&](int part, int) {
      for (std::int64_t number = products * part / parts; number < products * (part + 1) / parts; ++number) run(number, [](auto... arguments) { gemm_piece<T>(arguments...); });
    });
    return;
  }
#endif
  for (std::int64_t number = 0; number < products; ++number) run(number, [](auto... arguments) { gemm<T>(arguments...); });
}

}  // namespace ctgrad::detail
