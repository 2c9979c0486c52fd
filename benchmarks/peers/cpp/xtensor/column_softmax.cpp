// Softmax of columns by xtensor's expressions.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main(int argc, char** argv) {
  problem::column_softmax const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  matrix const x = as_matrix(in.x, in.rows, in.columns);
  matrix y = x;
  array m, s;
  return contender::serve(
      "xtensor",
      [&] {
        m = xt::amax(x, {0});
        xt::noalias(y) = xt::exp(x - m);
        s = xt::sum(y, {0});
        y /= s;
      },
      [&] { return contender::checksum().array(y.data(), static_cast<std::int64_t>(y.size())); });
}
