// Lennard-Jones' energy and its gradient by Eigen's array expressions: for each particle all others.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main(int argc, char** argv) {
  problem::lennard_jones const in{contender::size(argc, argv, 1)};
  auto const x = as_array(in.x), y = as_array(in.y), z = as_array(in.z);
  array q(in.n), q3(in.n), fx(in.n), fy(in.n), fz(in.n);
  double energy = 0;
  return contender::serve(
      "eigen",
      [&] {
        energy = 0;
        for (Eigen::Index i = 0; i < in.n; ++i) {
          q = (x(i) - x).square() + (y(i) - y).square() + (z(i) - z).square();
          q(i) = 1;
          q = q.inverse();
          q(i) = 0;
          q3 = q.cube();
          energy += 2 * (q3 * q3 - q3).sum();
          q3 = 24.0f * q * q3 * (1.0f - 2.0f * q3);
          fx(i) = (q3 * (x(i) - x)).sum(), fy(i) = (q3 * (y(i) - y)).sum(), fz(i) = (q3 * (z(i) - z)).sum();
        }
      },
      [&] { return contender::checksum().scalar(energy).array(fx).array(fy).array(fz); });
}
