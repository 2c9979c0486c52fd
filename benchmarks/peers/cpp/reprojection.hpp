// ADBench's error of an observation, for numbers of any kind: those of libraries that differentiate what runs.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cmath>

namespace problem {

/// `choose(x, a, b)` is a where x > 0, else b. Of p: 11 parameters of a camera, 3 of a point, and the weight.
template <class Number, class Feature, class Choose>
void reproject(Number const* p, Feature const* feature, Number* error, Choose const& choose) {
  using std::cos, std::sin, std::sqrt;
  Number const *turn = p, square = turn[0] * turn[0] + turn[1] * turn[1] + turn[2] * turn[2], x[3] = {p[11] - p[3], p[12] - p[4], p[13] - p[5]};
  Number const angle = sqrt(choose(square, square, Number(1.0f))), cosine = cos(angle), sine = sin(angle), axis[3] = {turn[0] / angle, turn[1] / angle, turn[2] / angle};
  Number const along = (axis[0] * x[0] + axis[1] * x[1] + axis[2] * x[2]) * (1.0f - cosine);
  Number rotated[3];
  for (int i = 0, j = 1, k = 2; i < 3; j = k, k = i++)
    rotated[i] = choose(square, Number(x[i] * cosine + (axis[j] * x[k] - axis[k] * x[j]) * sine + axis[i] * along), Number(x[i] + turn[j] * x[k] - turn[k] * x[j]));
  Number const a = rotated[0] / rotated[2], b = rotated[1] / rotated[2], radius = a * a + b * b, scale = p[6] * (1.0f + radius * (p[9] + p[10] * radius));
  error[0] = p[14] * (a * scale + p[7] - feature[0]);
  error[1] = p[14] * (b * scale + p[8] - feature[1]);
}

}  // namespace problem
