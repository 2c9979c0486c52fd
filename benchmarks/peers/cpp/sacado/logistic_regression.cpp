// The logistic regression in Sacado's forward mode: three derivatives beside each value, on the stack.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "number.hpp"

int main(int argc, char** argv) {
  problem::logistic_regression const in(contender::size(argc, argv, 1));
  using number = Sacado::Fad::SFad<float, 3>;
  double loss = 0, gradient[3]{};
  return contender::serve(
      "sacado",
      [&] {
        number const w1(3, 0, in.w1), w2(3, 1, in.w2), b(3, 2, in.b);
        double sums[4]{};
        for (std::int64_t first = 0; first < in.n; first += 8192) {
          number part = 0.0f;
          for (std::int64_t i = first; i < std::min(first + 8192, in.n); ++i) {
            number const t = w1 * in.x1[i] + w2 * in.x2[i] + b;
            part += log(1.0f + exp(t)) - in.y[i] * t;
          }
          sums[3] += part.val();
          for (int k = 0; k < 3; ++k) sums[k] += part.dx(k);
        }
        loss = sums[3] / static_cast<double>(in.n);
        for (int k = 0; k < 3; ++k) gradient[k] = sums[k] / static_cast<double>(in.n);
      },
      [&] { return contender::checksum().scalar(loss).scalar(gradient[0]).scalar(gradient[1]).scalar(gradient[2]); });
}
