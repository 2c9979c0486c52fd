// Cross-entropy of rows with its gradient, row by row: largest, exponentials into the gradient, quotient, while the row is in L1.
// The columns have to be a multiple of two packs.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "parallel.hpp"

using hand::at, hand::batch, hand::lanes;

double rows_of(problem::cross_entropy const& q, float* out, std::int64_t first, std::int64_t last) {
  double total = 0;
  float const share = 1.0f / static_cast<float>(q.rows);
  for (std::int64_t r = first; r < last; ++r) {
    float const* in = q.x.data() + r * q.columns;
    float* d = out + r * q.columns;
    batch m0 = at(in), m1 = at(in + lanes);
    for (std::int64_t i = 0; i < q.columns; i += 2 * lanes) m0 = xsimd::max(m0, at(in + i)), m1 = xsimd::max(m1, at(in + i + lanes));
    float const m = hand::largest_lane(xsimd::max(m0, m1));
    batch s0(0.0f), s1(0.0f);
    for (std::int64_t i = 0; i < q.columns; i += 2 * lanes) {
      batch const e0 = xsimd::exp(at(in + i) - batch(m)), e1 = xsimd::exp(at(in + i + lanes) - batch(m));
      e0.store_unaligned(d + i), e1.store_unaligned(d + i + lanes);
      s0 += e0, s1 += e1;
    }
    float const s = hand::sum_of_lanes(s0 + s1);
    total += std::log(s) + m - in[q.labels[r]];
    batch const scale(share / s);
    for (std::int64_t i = 0; i < q.columns; i += lanes) (at(d + i) * scale).store_unaligned(d + i);
    d[q.labels[r]] -= share;
  }
  return total;
}

int main(int argc, char** argv) {
  problem::cross_entropy const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  problem::floats d(in.x.size());
  double loss = 0;
  return contender::serve(
      "hand",
      [&] {
        double total[hand::most_threads];
        hand::in_shares(in.rows, 1, [&](std::int64_t first, std::int64_t last, int thread) { total[thread] = rows_of(in, d.data(), first, last); });
        loss = 0;
        for (int t = 0; t < hand::threads(); ++t) loss += total[t] / static_cast<double>(in.rows);
      },
      [&] { return contender::checksum().scalar(loss).array(d); });
}
