// Lennard-Jones' energy and its gradient: for each particle all others, a pack at a time, each pair from both of its ends.
// The particles have to be a multiple of a pack.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "parallel.hpp"

using hand::at, hand::batch, hand::lanes;

int main(int argc, char** argv) {
  problem::lennard_jones const in{contender::size(argc, argv, 1)};
  problem::floats fx(in.x.size()), fy(in.x.size()), fz(in.x.size());
  double energy = 0;
  return contender::serve(
      "hand",
      [&] {
        double total[hand::most_threads];
        hand::in_shares(in.n, 1, [&](std::int64_t first, std::int64_t last, int thread) {
          total[thread] = 0;
          for (std::int64_t i = first; i < last; ++i) {
            batch const xi(in.x[i]), yi(in.y[i]), zi(in.z[i]), zero(0.0f), one(1.0f);
            batch e(0.0f), sx(0.0f), sy(0.0f), sz(0.0f);
            for (std::int64_t j = 0; j < in.n; j += lanes) {
              batch const dx = xi - at(in.x.data() + j), dy = yi - at(in.y.data() + j), dz = zi - at(in.z.data() + j);
              batch const r2 = xsimd::fma(dx, dx, xsimd::fma(dy, dy, dz * dz));
              batch const q = xsimd::select(r2 > zero, one / r2, zero), q3 = q * q * q;
              e += xsimd::fms(q3, q3, q3);
              batch const slope = q * q3 * (one - (q3 + q3));  // times 24 the derivative of the pair's energy by r, over r
              sx = xsimd::fma(slope, dx, sx), sy = xsimd::fma(slope, dy, sy), sz = xsimd::fma(slope, dz, sz);
            }
            total[thread] += hand::sum_of_lanes(e);
            fx[i] = 24 * hand::sum_of_lanes(sx), fy[i] = 24 * hand::sum_of_lanes(sy), fz[i] = 24 * hand::sum_of_lanes(sz);
          }
        });
        energy = 0;
        for (int t = 0; t < hand::threads(); ++t) energy += 2 * total[t];
      },
      [&] { return contender::checksum().scalar(energy).array(fx).array(fy).array(fz); });
}
