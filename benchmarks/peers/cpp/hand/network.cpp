// The step of the network by eight products of CBLAS, with loops between them.
// The hidden extent has to be a multiple of a pack.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "product.hpp"

#include <vector>

using hand::at, hand::batch, hand::lanes, hand::plain, hand::product, hand::turned;

/// h = max(h + bias, 0).
void relu(problem::floats& h, problem::floats const& bias, std::int64_t rows) {
  auto const columns = static_cast<std::int64_t>(bias.size());
  hand::in_shares(rows, 1, [&](std::int64_t first, std::int64_t last, int) {
    for (std::int64_t r = first; r < last; ++r)
      for (std::int64_t i = 0; i < columns; i += lanes) {
        float* p = h.data() + r * columns + i;
        xsimd::max(at(p) + at(bias.data() + i), batch(0.0f)).store_unaligned(p);
      }
  });
}
/// d = d where h > 0, and its sums over the rows.
void relu_gradient(problem::floats& d, problem::floats const& h, problem::floats& sums, std::int64_t rows) {
  auto const columns = static_cast<std::int64_t>(sums.size());
  static problem::floats parts;
  parts.assign(static_cast<std::size_t>(columns * hand::threads()), 0.0f);
  hand::in_shares(rows, 1, [&](std::int64_t first, std::int64_t last, int thread) {
    float* own = parts.data() + thread * columns;
    for (std::int64_t r = first; r < last; ++r)
      for (std::int64_t i = 0; i < columns; i += lanes) {
        std::int64_t const at_element = r * columns + i;
        batch const g = xsimd::select(at(h.data() + at_element) > batch(0.0f), at(d.data() + at_element), batch(0.0f));
        g.store_unaligned(d.data() + at_element);
        (at(own + i) + g).store_unaligned(own + i);
      }
  });
  for (std::int64_t i = 0; i < columns; ++i) {
    sums[i] = 0;
    for (int t = 0; t < hand::threads(); ++t) sums[i] += parts[t * columns + i];
  }
}
/// The mean cross-entropy of logits o + bias; o becomes its gradient, and sums those of its columns.
float cross_entropy(problem::floats& o, problem::floats const& bias, std::vector<std::int32_t> const& labels, problem::floats& sums) {
  std::size_t const rows = labels.size(), classes = bias.size();
  double total = 0;
  std::fill(sums.begin(), sums.end(), 0.0f);
  for (std::size_t r = 0; r < rows; ++r) {
    float* row = o.data() + r * classes;
    float m = -INFINITY, s = 0;
    for (std::size_t i = 0; i < classes; ++i) row[i] += bias[i], m = std::max(m, row[i]);
    float const chosen = row[labels[r]];
    for (std::size_t i = 0; i < classes; ++i) s += row[i] = std::exp(row[i] - m);
    total += std::log(s) + m - chosen;
    for (std::size_t i = 0; i < classes; ++i) {
      row[i] = (row[i] / s - (i == static_cast<std::size_t>(labels[r]) ? 1.0f : 0.0f)) / static_cast<float>(rows);
      sums[i] += row[i];
    }
  }
  return static_cast<float>(total / static_cast<double>(rows));
}

int main(int argc, char** argv) {
  problem::network const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  auto const n = in.batch, i = in.inputs, h = in.hidden, c = in.classes;
  problem::floats d1(in.w1.size()), d2(in.w2.size()), d3(in.w3.size()), e1(in.b1.size()), e2(in.b2.size()), e3(in.b3.size());
  problem::floats h1(static_cast<std::size_t>(n * h)), h2(h1.size()), g1(h1.size()), g2(h1.size()), o(static_cast<std::size_t>(n * c));
  float loss = 0;
  return contender::serve(
      "hand",
      [&] {
        product(plain, plain, n, h, i, in.x.data(), in.w1.data(), h1.data());
        relu(h1, in.b1, n);
        product(plain, plain, n, h, h, h1.data(), in.w2.data(), h2.data());
        relu(h2, in.b2, n);
        product(plain, plain, n, c, h, h2.data(), in.w3.data(), o.data());
        loss = cross_entropy(o, in.b3, in.labels, e3);
        product(turned, plain, h, c, n, h2.data(), o.data(), d3.data());
        product(plain, turned, n, h, c, o.data(), in.w3.data(), g2.data());
        relu_gradient(g2, h2, e2, n);
        product(turned, plain, h, h, n, h1.data(), g2.data(), d2.data());
        product(plain, turned, n, h, h, g2.data(), in.w2.data(), g1.data());
        relu_gradient(g1, h1, e1, n);
        product(turned, plain, i, h, n, in.x.data(), g1.data(), d1.data());
      },
      [&] { return contender::checksum().scalar(loss).array(d1).array(e1).array(d2).array(e2).array(d3).array(e3); });
}
