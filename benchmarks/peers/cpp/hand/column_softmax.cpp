// Softmax of columns in two passes over the memory: maxima and sums of exponentials in the first, rescaled after each block of rows
// (Milakov and Gimelshein, Online normalizer calculation for softmax, 2018), quotients in the second.
// The columns have to be a multiple of a pack.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "parallel.hpp"

using hand::at, hand::batch, hand::lanes;

inline constexpr std::int64_t block = 16;  // rows of 1024 floats: 64 KiB, in L2

/// Maxima and sums of rows [first, last).
void first_pass(problem::column_softmax const& q, float* largest, float* sum, std::int64_t first, std::int64_t last) {
  std::fill(largest, largest + q.columns, -INFINITY);
  std::fill(sum, sum + q.columns, 0.0f);
  for (std::int64_t r = first; r < last; r += block) {
    std::int64_t const rows = std::min(block, last - r);
    for (std::int64_t j = 0; j < q.columns; j += lanes) {
      float const* in = q.x.data() + r * q.columns + j;
      batch const before = at(largest + j);
      batch m = before, s0(0.0f), s1(0.0f);
      for (std::int64_t k = 0; k < rows; ++k) m = xsimd::max(m, at(in + k * q.columns));
      std::int64_t k = 0;
      for (; k + 2 <= rows; k += 2) s0 += xsimd::exp(at(in + k * q.columns) - m), s1 += xsimd::exp(at(in + (k + 1) * q.columns) - m);
      if (k < rows) s0 += xsimd::exp(at(in + k * q.columns) - m);
      xsimd::fma(at(sum + j), xsimd::exp(before - m), s0 + s1).store_unaligned(sum + j);
      m.store_unaligned(largest + j);
    }
  }
}

int main(int argc, char** argv) {
  problem::column_softmax const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  problem::floats out(in.x.size()), largest(in.columns * hand::threads()), sum(largest.size());
  return contender::serve(
      "hand",
      [&] {
        hand::in_shares(in.rows, 1, [&](std::int64_t first, std::int64_t last, int thread) {
          first_pass(in, largest.data() + thread * in.columns, sum.data() + thread * in.columns, first, last);
        });
        for (std::int64_t j = 0; j < in.columns; ++j) {
          float m = largest[j], s = 0;
          for (int t = 1; t < hand::threads(); ++t) m = std::max(m, largest[t * in.columns + j]);
          for (int t = 0; t < hand::threads(); ++t) s += sum[t * in.columns + j] * std::exp(largest[t * in.columns + j] - m);
          largest[j] = m, sum[j] = 1 / s;
        }
        hand::in_shares(in.rows, 1, [&](std::int64_t first, std::int64_t last, int) {
          for (std::int64_t r = first; r < last; ++r)
            for (std::int64_t j = 0; j < in.columns; j += lanes)
              (xsimd::exp(at(in.x.data() + r * in.columns + j) - at(largest.data() + j)) * at(sum.data() + j)).store_unaligned(out.data() + r * in.columns + j);
        });
      },
      [&] { return contender::checksum().array(out); });
}
