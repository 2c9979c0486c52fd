// Cross-entropy of rows with its gradient, Eigen's expressions row by row.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main(int argc, char** argv) {
  problem::cross_entropy const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  auto const x = as_matrix(in.x, in.rows, in.columns);
  matrix d(in.rows, in.columns);
  double loss = 0;
  return contender::serve(
      "eigen",
      [&] {
        loss = 0;
        float const share = 1.0f / static_cast<float>(in.rows);
        for (Eigen::Index r = 0; r < in.rows; ++r) {
          auto row = d.row(r).array();
          float const m = x.row(r).maxCoeff();
          row = (x.row(r).array() - m).exp();
          float const s = row.sum();
          loss += std::log(s) + m - x(r, in.labels[r]);
          row *= share / s;
          row(in.labels[r]) -= share;
        }
        loss /= static_cast<double>(in.rows);
      },
      [&] { return contender::checksum().scalar(loss).array(d.data(), d.size()); });
}
