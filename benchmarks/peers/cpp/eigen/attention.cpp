// Attention and its gradients by Eigen's products and row-wise expressions, head by head.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main(int argc, char** argv) {
  problem::attention const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2), contender::size(argc, argv, 3)};
  problem::floats dq(in.q.size()), dk(in.q.size()), dv(in.q.size());
  matrix p(in.rows, in.rows), dp(in.rows, in.rows), out(in.rows, in.columns), dout(in.rows, in.columns);
  double loss = 0;
  return contender::serve(
      "eigen",
      [&] {
        loss = 0;
        float const scale = 1 / std::sqrt(static_cast<float>(in.columns));
        for (std::int64_t o = 0; o < in.size(); o += in.rows * in.columns) {
          auto of = [&](auto& x) { return Eigen::Map<matrix const>(x.data() + o, in.rows, in.columns); };
          auto to = [&](auto& x) { return Eigen::Map<matrix>(x.data() + o, in.rows, in.columns); };
          auto const q = of(in.q), k = of(in.k), v = of(in.v);
          p.noalias() = scale * q * k.transpose();
          for (Eigen::Index r = 0; r < in.rows; ++r) {
            auto row = p.row(r).array();
            row = (row - row.maxCoeff()).exp();
            row *= 1 / row.sum();
          }
          out.noalias() = p * v;
          loss += out.squaredNorm() / static_cast<float>(out.size());
          dout = out * (2 / static_cast<float>(out.size()));
          to(dv).noalias() = p.transpose() * dout;
          dp.noalias() = dout * v.transpose();
          for (Eigen::Index r = 0; r < in.rows; ++r) dp.row(r) = p.row(r).array() * (dp.row(r).array() - out.row(r).dot(dout.row(r)));
          to(dq).noalias() = scale * dp * k;
          to(dk).noalias() = scale * dp.transpose() * q;
        }
      },
      [&] { return contender::checksum().scalar(loss).array(dq).array(dk).array(dv); });
}
