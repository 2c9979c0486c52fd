// The logistic regression on ADOL-C's tape, traced once, then evaluated forward and in reverse. In double: ADOL-C has no float.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <adolc/adolc.h>

int main(int argc, char** argv) {
  problem::logistic_regression const in(contender::size(argc, argv, 1));
  if (in.n > 1'000'000) {
    std::printf("a tape of %lld samples does not fit in memory\n", static_cast<long long>(in.n));
    return contender::not_available;
  }
  double weights[3] = {in.w1, in.w2, in.b}, gradient[3], loss = 0, one = 1;
  trace_on(1);
  adouble w1, w2, b, total = 0;
  w1 <<= weights[0], w2 <<= weights[1], b <<= weights[2];
  for (std::int64_t i = 0; i < in.n; ++i) {
    adouble const t = w1 * double{in.x1[i]} + w2 * double{in.x2[i]} + b;
    total += log(1 + exp(t)) - double{in.y[i]} * t;
  }
  total /= static_cast<double>(in.n);
  total >>= loss;
  trace_off();
  return contender::serve(
      "adolc",
      [&] {
        zos_forward(1, 1, 3, 1, weights, &loss);
        fos_reverse(1, 1, 3, &one, gradient);
      },
      [&] { return contender::checksum().scalar(loss).scalar(gradient[0]).scalar(gradient[1]).scalar(gradient[2]); });
}
