// Bundle adjustment by ADOL-C: the tape of one observation, for each forward, then in reverse for its two errors at once. In double: ADOL-C has no float.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "../reprojection.hpp"

#include <adolc/adolc.h>
#include <algorithm>

int main(int argc, char** argv) {
  using bundle = problem::bundle_adjustment;
  bundle const in(contender::size(argc, argv, 1), contender::size(argc, argv, 2), contender::size(argc, argv, 3));
  constexpr int row = bundle::row, inputs = row + 2;  // the last two are where the point was seen
  double at[inputs] = {0.1, 0.1, 0.1, 0, 0, -5, 500, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0}, y[3];
  trace_on(1);
  adouble p[inputs], error[3];
  for (int k = 0; k < inputs; ++k) p[k] <<= at[k];
  problem::reproject(p, p + row, error, [](adouble const& x, adouble const& a, adouble const& b) {
    adouble chosen;
    condassign(chosen, x, a, b);
    return chosen;
  });
  error[2] = 1 - p[row - 1] * p[row - 1];
  for (int k = 0; k < 3; ++k) error[k] >>= y[k];
  trace_off();

  auto const count = static_cast<std::size_t>(in.observations);
  std::vector<double> e(2 * count), we(count), j(2 * row * count), wj(count);
  double sides[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}, rows[3][inputs], *side[] = {sides[0], sides[1], sides[2]}, *out[] = {rows[0], rows[1], rows[2]};
  return contender::serve(
      "adolc",
      [&] {
        for (std::size_t i = 0; i < count; ++i) {
          std::copy_n(in.camera.data() + in.camera_of[i] * bundle::camera_size, bundle::camera_size, at);
          std::copy_n(in.point.data() + in.point_of[i] * bundle::point_size, bundle::point_size, at + bundle::camera_size);
          at[row - 1] = in.weight[i], at[row] = in.feature[2 * i], at[row + 1] = in.feature[2 * i + 1];
          zos_forward(1, 3, inputs, 1, at, y);
          fov_reverse(1, 3, inputs, 3, side, out);
          e[2 * i] = y[0], e[2 * i + 1] = y[1], we[i] = y[2], wj[i] = rows[2][row - 1];
          for (int k = 0; k < 2; ++k) std::copy_n(rows[k], row, j.data() + (2 * i + k) * row);
        }
      },
      [&] { return contender::checksum().columns(e, 2).array(we).columns(j, 2 * row).array(wj); });
}
