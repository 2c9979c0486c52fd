// The tiny graph on ADOL-C's tape, traced once. In double: ADOL-C has no float.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <adolc/adolc.h>

int main() {
  problem::tiny const in;
  double x[32], gradient[32], loss = 0, one = 1;
  problem::floats const* const inputs[] = {&in.a, &in.b, &in.c, &in.d};
  for (int k = 0; k < 4; ++k) std::copy(inputs[k]->begin(), inputs[k]->end(), x + 8 * k);
  trace_on(1);
  adouble v[32], total = 0;
  for (int k = 0; k < 32; ++k) v[k] <<= x[k];
  for (int i = 0; i < 8; ++i) total += (v[i] * v[8 + i] + v[16 + i]) * tanh(v[24 + i]);
  total >>= loss;
  trace_off();
  return contender::serve(
      "adolc",
      [&] {
        zos_forward(1, 1, 32, 1, x, &loss);
        fos_reverse(1, 1, 32, &one, gradient);
      },
      [&] {
        contender::checksum sums;
        sums.scalar(loss);
        for (int k = 0; k < 4; ++k) sums.array(gradient + 8 * k, 8);
        return sums;
      });
}
