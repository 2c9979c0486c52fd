// The step of the network by Eigen's products and expressions.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main(int argc, char** argv) {
  problem::network const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  auto const n = in.batch, i = in.inputs, h = in.hidden, c = in.classes;
  using row = Eigen::RowVectorXf;
  auto as_row = [](problem::floats const& x) { return Eigen::Map<row const>(x.data(), static_cast<Eigen::Index>(x.size())); };
  auto const x = as_matrix(in.x, n, i), w1 = as_matrix(in.w1, i, h), w2 = as_matrix(in.w2, h, h), w3 = as_matrix(in.w3, h, c);
  auto const b1 = as_row(in.b1), b2 = as_row(in.b2), b3 = as_row(in.b3);
  matrix h1(n, h), h2(n, h), o(n, c), g1(n, h), g2(n, h), d1(i, h), d2(h, h), d3(h, c);
  row e1(h), e2(h), e3(c);
  double loss = 0;
  return contender::serve(
      "eigen",
      [&] {
        h1.noalias() = x * w1;
        h1 = (h1.rowwise() + b1).cwiseMax(0.0f);
        h2.noalias() = h1 * w2;
        h2 = (h2.rowwise() + b2).cwiseMax(0.0f);
        o.noalias() = h2 * w3;
        o.rowwise() += b3;
        loss = 0;
        float const share = 1.0f / static_cast<float>(n);
        for (Eigen::Index r = 0; r < n; ++r) {
          auto logits = o.row(r).array();
          logits -= logits.maxCoeff();
          float const chosen = logits(in.labels[r]);
          logits = logits.exp();
          float const s = logits.sum();
          loss += std::log(s) - chosen;
          logits *= share / s;
          logits(in.labels[r]) -= share;
        }
        loss /= static_cast<double>(n);
        e3 = o.colwise().sum();
        d3.noalias() = h2.transpose() * o;
        g2.noalias() = o * w3.transpose();
        g2 = (h2.array() > 0.0f).select(g2, 0.0f);
        e2 = g2.colwise().sum();
        d2.noalias() = h1.transpose() * g2;
        g1.noalias() = g2 * w2.transpose();
        g1 = (h1.array() > 0.0f).select(g1, 0.0f);
        e1 = g1.colwise().sum();
        d1.noalias() = x.transpose() * g1;
      },
      [&] { return contender::checksum().scalar(loss).array(d1.data(), d1.size()).array(e1).array(d2.data(), d2.size()).array(e2).array(d3.data(), d3.size()).array(e3); });
}
