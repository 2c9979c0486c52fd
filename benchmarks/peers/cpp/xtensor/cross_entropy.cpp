// Cross-entropy of rows with its gradient by xtensor's expressions of whole matrices.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

#include <xtensor/xview.hpp>

int main(int argc, char** argv) {
  problem::cross_entropy const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  matrix const x = as_matrix(in.x, in.rows, in.columns);
  matrix d = x;
  array m, s;
  double loss = 0;
  return contender::serve(
      "xtensor",
      [&] {
        m = xt::amax(x, {1});
        xt::noalias(d) = xt::exp(x - xt::view(m, xt::all(), xt::newaxis()));
        s = xt::sum(d, {1});
        float const share = 1.0f / static_cast<float>(in.rows);
        d *= share / xt::view(s, xt::all(), xt::newaxis());
        loss = 0;
        for (std::int64_t r = 0; r < in.rows; ++r) {
          loss += std::log(s(r)) + m(r) - x(r, in.labels[r]);
          d(r, in.labels[r]) -= share;
        }
        loss /= static_cast<double>(in.rows);
      },
      [&] { return contender::checksum().scalar(loss).array(d.data(), static_cast<std::int64_t>(d.size())); });
}
