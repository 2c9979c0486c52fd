// Softmax of columns, row after row: maxima, exponentials and their sums, quotients.
// Several rows at a time are slower: they lie 4 KiB apart, and a load waits for a store with the same low bits of its address. The columns have to be a multiple of a pack.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "parallel.hpp"

using hand::at, hand::batch, hand::lanes;

int main(int argc, char** argv) {
  problem::column_softmax const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  std::int64_t const c = in.columns;
  problem::floats out(in.x.size()), largest(static_cast<std::size_t>(c * hand::threads())), sum(largest.size());
  /// `f` of each pack; `into` is this thread's row of maxima or sums.
  auto rows = [&](auto const& f, problem::floats& parts, float start) {
    hand::in_shares(in.rows, 1, [&](std::int64_t first, std::int64_t last, int thread) {
      float* into = parts.data() + thread * c;
      std::fill(into, into + c, start);
      for (std::int64_t r = first; r < last; ++r)
        for (std::int64_t j = 0; j < c; j += lanes) f(in.x.data() + r * c + j, out.data() + r * c + j, into + j, j);
    });
  };
  return contender::serve(
      "hand",
      [&] {
        rows([&](float const* x, float*, float* m, std::int64_t) {
          xsimd::max(at(m), at(x)).store_unaligned(m);
        }, largest, -INFINITY);
        for (int t = 1; t < hand::threads(); ++t)
          for (std::int64_t j = 0; j < c; ++j) largest[j] = std::max(largest[j], largest[t * c + j]);
        rows([&](float const* x, float* y, float* s, std::int64_t j) {
          batch const e = xsimd::exp(at(x) - at(largest.data() + j));
          e.store_unaligned(y);
          (at(s) + e).store_unaligned(s);
        }, sum, 0);
        for (int t = 1; t < hand::threads(); ++t)
          for (std::int64_t j = 0; j < c; ++j) sum[j] += sum[t * c + j];
        for (std::int64_t j = 0; j < c; ++j) sum[j] = 1 / sum[j];
        hand::in_shares(in.rows, 1, [&](std::int64_t first, std::int64_t last, int) {
          for (std::int64_t r = first; r < last; ++r)
            for (std::int64_t j = 0; j < c; j += lanes) {
              float* y = out.data() + r * c + j;
              (at(y) * at(sum.data() + j)).store_unaligned(y);
            }
        });
      },
      [&] { return contender::checksum().array(out); });
}
