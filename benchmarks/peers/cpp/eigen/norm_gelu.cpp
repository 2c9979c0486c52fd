// Layer norm, GELU, mean square and all gradients, Eigen's expressions row by row.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main(int argc, char** argv) {
  problem::norm_gelu const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  using row = Eigen::Array<float, 1, Eigen::Dynamic>;
  Eigen::Map<row const> const scale(in.scale.data(), in.columns), shift(in.shift.data(), in.columns);
  auto const x = as_matrix(in.x, in.rows, in.columns);
  matrix d(in.rows, in.columns);
  row z(in.columns), t(in.columns), phi(in.columns), g(in.columns), ds(in.columns), dt(in.columns);
  double loss = 0;
  return contender::serve(
      "eigen",
      [&] {
        double total = 0;
        ds.setZero(), dt.setZero();
        float const share = 2 / static_cast<float>(in.rows * in.columns);
        for (Eigen::Index r = 0; r < in.rows; ++r) {
          z = x.row(r).array() - x.row(r).mean();
          float const inverse = 1 / std::sqrt(z.square().mean() + 1e-5f);
          z *= inverse;
          t = z * scale + shift;
          phi = 0.5f + 0.5f * (t * 0.70710678f).erf();
          total += (t * phi).square().sum();
          g = share * t * phi * (phi + t * 0.39894228f * (-0.5f * t.square()).exp());
          ds += g * z, dt += g;
          g *= scale;
          d.row(r) = inverse * (g - g.mean() - z * (g * z).mean());
        }
        loss = total / static_cast<double>(in.rows * in.columns);
      },
      [&] { return contender::checksum().scalar(loss).array(d.data(), d.size()).array(ds).array(dt); });
}
