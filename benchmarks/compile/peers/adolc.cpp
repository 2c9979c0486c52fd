// On ADOL-C's tape, traced and evaluated. In double: ADOL-C has no float.
//
// SPDX-License-Identifier: BSL-1.0
#include <adolc/adolc.h>

#include "problem.hpp"

void run(float const* x1, float const* x2, float const* y, std::ptrdiff_t n, float value1, float value2, float value, float* out) {
  double weights[3] = {value1, value2, value}, gradient[3], loss = 0, one = 1;
  trace_on(1);
  adouble w1, w2, b, total = 0;
  w1 <<= weights[0], w2 <<= weights[1], b <<= weights[2];
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    adouble const p = 1 / (1 + exp(-(w1 * double{x1[i]} + w2 * double{x2[i]} + b)));
    total -= double{y[i]} * log(p) + (1 - double{y[i]}) * log(1 - p);
  }
  total /= static_cast<double>(n);
  total >>= loss;
  trace_off();
  zos_forward(1, 1, 3, 1, weights, &loss);
  fos_reverse(1, 1, 3, &one, gradient);
  out[0] = static_cast<float>(loss);
  for (int k = 0; k < 3; ++k) out[k + 1] = static_cast<float>(gradient[k]);
}
