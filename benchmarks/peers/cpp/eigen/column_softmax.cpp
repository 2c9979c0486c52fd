// Softmax of columns by Eigen's column-wise reductions and broadcasts.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main(int argc, char** argv) {
  problem::column_softmax const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  using row = Eigen::Array<float, 1, Eigen::Dynamic>;
  auto const x = as_matrix(in.x, in.rows, in.columns).array();
  Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor> y(in.rows, in.columns);
  row m(in.columns), s(in.columns);
  return contender::serve(
      "eigen",
      [&] {
        // Row by row: Eigen's colwise().maxCoeff() walks each column of a row-major matrix on its own.
        m = x.row(0);
        for (Eigen::Index r = 1; r < in.rows; ++r) m = m.max(x.row(r));
        s.setZero();
        for (Eigen::Index r = 0; r < in.rows; ++r) y.row(r) = (x.row(r) - m).exp(), s += y.row(r);
        y.rowwise() *= s.inverse().eval();
      },
      [&] { return contender::checksum().array(y.data(), y.size()); });
}
