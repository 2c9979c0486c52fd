// Loss and gradients of the logistic regression by Eigen's array expressions.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main(int argc, char** argv) {
  problem::logistic_regression const in(contender::size(argc, argv, 1));
  auto const x1 = as_array(in.x1), x2 = as_array(in.x2), y = as_array(in.y);
  array t(in.n), e(in.n);
  float loss = 0, dw1 = 0, dw2 = 0, db = 0;
  return contender::serve(
      "eigen",
      [&] {
        t = in.w1 * x1 + in.w2 * x2 + in.b;
        e = (-t.abs()).exp();
        loss = (t.max(0.0f) - y * t + e.log1p()).mean();
        t = (t >= 0.0f).select(1.0f, e) / (1.0f + e) - y;
        dw1 = (t * x1).mean(), dw2 = (t * x2).mean(), db = t.mean();
      },
      [&] { return contender::checksum().scalar(loss).scalar(dw1).scalar(dw2).scalar(db); });
}
