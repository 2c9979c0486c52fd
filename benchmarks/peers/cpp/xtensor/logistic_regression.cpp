// Loss and gradients of the logistic regression by xtensor's expressions.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main(int argc, char** argv) {
  problem::logistic_regression const in(contender::size(argc, argv, 1));
  array const x1 = as_array(in.x1), x2 = as_array(in.x2), y = as_array(in.y);
  array t = x1, e = x1;
  double loss = 0, dw1 = 0, dw2 = 0, db = 0;
  return contender::serve(
      "xtensor",
      [&] {
        xt::noalias(t) = in.w1 * x1 + in.w2 * x2 + in.b;
        xt::noalias(e) = xt::exp(-xt::abs(t));
        auto mean = [&](auto const& expression) { return xt::sum<double>(expression)() / static_cast<double>(in.n); };
        loss = mean(xt::maximum(t, 0.0f) - y * t + xt::log1p(e));
        xt::noalias(e) = xt::where(t >= 0.0f, 1.0f, e) / (1.0f + e) - y;
        dw1 = mean(e * x1), dw2 = mean(e * x2), db = mean(e);
      },
      [&] { return contender::checksum().scalar(loss).scalar(dw1).scalar(dw2).scalar(db); });
}
