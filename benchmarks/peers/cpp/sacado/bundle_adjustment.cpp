// Bundle adjustment in Sacado's forward mode: for each observation numbers with 15 derivatives, by all that its errors depend on.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "../reprojection.hpp"
#include "number.hpp"

int main(int argc, char** argv) {
  using bundle = problem::bundle_adjustment;
  constexpr int row = bundle::row;
  using number = Sacado::Fad::SFad<float, row>;
  bundle const in(contender::size(argc, argv, 1), contender::size(argc, argv, 2), contender::size(argc, argv, 3));
  auto const count = static_cast<std::size_t>(in.observations);
  problem::floats e(2 * count), we(count), j(2 * row * count), wj(count);
  return contender::serve(
      "sacado",
      [&] {
        for (std::size_t i = 0; i < count; ++i) {
          number p[row], error[2];
          for (int k = 0; k < bundle::camera_size; ++k) p[k] = number(row, k, in.camera[in.camera_of[i] * bundle::camera_size + k]);
          for (int k = 0; k < bundle::point_size; ++k) p[bundle::camera_size + k] = number(row, bundle::camera_size + k, in.point[in.point_of[i] * bundle::point_size + k]);
          p[row - 1] = number(row, row - 1, in.weight[i]);
          problem::reproject(p, &in.feature[2 * i], error, [](number const& x, number const& a, number const& b) { return x.val() > 0 ? a : b; });
          for (int k = 0; k < 2; ++k) {
            e[2 * i + k] = error[k].val();
            for (int d = 0; d < row; ++d) j[(2 * i + k) * row + d] = error[k].dx(d);
          }
          number const weight = 1.0f - p[row - 1] * p[row - 1];
          we[i] = weight.val(), wj[i] = weight.dx(row - 1);
        }
      },
      [&] { return contender::checksum().columns(e, 2).array(we).columns(j, 2 * row).array(wj); });
}
