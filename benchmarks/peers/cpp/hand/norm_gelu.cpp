// Layer norm, GELU, mean square and all gradients, row by row; what the normalisation's gradient needs is summed on the way.
// The columns have to be a multiple of two packs.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "parallel.hpp"

using hand::at, hand::batch, hand::lanes;

/// d: gradient by the rows; ds, dt: this thread's sums for scale and shift.
double rows_of(problem::norm_gelu const& q, float* d, float* ds, float* dt, std::int64_t first, std::int64_t last) {
  auto const n = static_cast<float>(q.columns);
  batch const half(0.5f), root_half(0.70710678f), density(0.39894228f), share(2.0f / (static_cast<float>(q.rows) * n));
  double total = 0;
  for (std::int64_t r = first; r < last; ++r) {
    float const* in = q.x.data() + r * q.columns;
    float* out = d + r * q.columns;
    batch s0(0.0f), s1(0.0f);
    for (std::int64_t i = 0; i < q.columns; i += 2 * lanes) s0 += at(in + i), s1 += at(in + i + lanes);
    batch const mean(hand::sum_of_lanes(s0 + s1) / n);
    s0 = s1 = batch(0.0f);
    for (std::int64_t i = 0; i < q.columns; i += 2 * lanes) {
      batch const a = at(in + i) - mean, b = at(in + i + lanes) - mean;
      s0 = xsimd::fma(a, a, s0), s1 = xsimd::fma(b, b, s1);
    }
    batch const inverse(1.0f / std::sqrt(hand::sum_of_lanes(s0 + s1) / n + 1e-5f));
    batch squares(0.0f), sum(0.0f), sum_z(0.0f);
    for (std::int64_t i = 0; i < q.columns; i += lanes) {
      batch const z = (at(in + i) - mean) * inverse, scale = at(q.scale.data() + i), t = xsimd::fma(z, scale, at(q.shift.data() + i));
      batch const phi = xsimd::fma(half, xsimd::erf(t * root_half), half), a = t * phi;
      squares = xsimd::fma(a, a, squares);
      batch const g = share * a * xsimd::fma(t * density, xsimd::exp(-half * t * t), phi), dz = g * scale;
      xsimd::fma(g, z, at(ds + i)).store_unaligned(ds + i);
      (at(dt + i) + g).store_unaligned(dt + i);
      dz.store_unaligned(out + i);
      sum += dz, sum_z = xsimd::fma(dz, z, sum_z);
    }
    total += hand::sum_of_lanes(squares);
    batch const mean_dz(hand::sum_of_lanes(sum) / n), slope(hand::sum_of_lanes(sum_z) / n);
    for (std::int64_t i = 0; i < q.columns; i += lanes) {
      batch const z = (at(in + i) - mean) * inverse;
      (inverse * (at(out + i) - xsimd::fma(z, slope, mean_dz))).store_unaligned(out + i);
    }
  }
  return total;
}

int main(int argc, char** argv) {
  problem::norm_gelu const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  problem::floats d(in.x.size()), ds(in.scale.size()), dt(in.shift.size()), sums(2 * in.scale.size() * static_cast<std::size_t>(hand::threads()));
  double loss = 0;
  return contender::serve(
      "hand",
      [&] {
        double total[hand::most_threads];
        std::fill(sums.begin(), sums.end(), 0.0f);
        hand::in_shares(in.rows, 1, [&](std::int64_t first, std::int64_t last, int thread) {
          float* own = sums.data() + 2 * in.columns * thread;
          total[thread] = rows_of(in, d.data(), own, own + in.columns, first, last);
        });
        loss = 0;
        std::fill(ds.begin(), ds.end(), 0.0f), std::fill(dt.begin(), dt.end(), 0.0f);
        for (int t = 0; t < hand::threads(); ++t) {
          loss += total[t] / static_cast<double>(in.rows * in.columns);
          float const* own = sums.data() + 2 * in.columns * t;
          for (std::int64_t i = 0; i < in.columns; ++i) ds[i] += own[i], dt[i] += own[in.columns + i];
        }
      },
      [&] { return contender::checksum().scalar(loss).array(d).array(ds).array(dt); });
}
