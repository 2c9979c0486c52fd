// Attention and its gradients by six products of CBLAS for each head, with loops over rows of weights between them.
// The extents have to be multiples of a pack.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "product.hpp"

using hand::at, hand::batch, hand::lanes, hand::plain, hand::product, hand::turned;

struct head {
  std::int64_t rows, columns;
  problem::floats p = problem::floats(rows * rows), dp = problem::floats(rows * rows), out = problem::floats(rows * columns), dout = problem::floats(rows * columns);

  void softmax() {
    hand::in_shares(rows, 1, [&](std::int64_t first, std::int64_t last, int) {
      for (std::int64_t r = first; r < last; ++r) {
        float* row = p.data() + r * rows;
        batch m = at(row), s(0.0f);
        for (std::int64_t i = 0; i < rows; i += lanes) m = xsimd::max(m, at(row + i));
        m = batch(hand::largest_lane(m));
        for (std::int64_t i = 0; i < rows; i += lanes) {
          batch const e = xsimd::exp(at(row + i) - m);
          e.store_unaligned(row + i);
          s += e;
        }
        batch const q(1 / hand::sum_of_lanes(s));
        for (std::int64_t i = 0; i < rows; i += lanes) (at(row + i) * q).store_unaligned(row + i);
      }
    });
  }
  /// dp = p (dp - its mean under p), row by row; that mean is the row's out times dout.
  void softmax_gradient() {
    hand::in_shares(rows, 1, [&](std::int64_t first, std::int64_t last, int) {
      for (std::int64_t r = first; r < last; ++r) {
        batch s(0.0f);
        for (std::int64_t i = 0; i < columns; i += lanes) s = xsimd::fma(at(out.data() + r * columns + i), at(dout.data() + r * columns + i), s);
        batch const mean(hand::sum_of_lanes(s));
        float* d = dp.data() + r * rows;
        for (std::int64_t i = 0; i < rows; i += lanes) (at(p.data() + r * rows + i) * (at(d + i) - mean)).store_unaligned(d + i);
      }
    });
  }
  double squares(float share) {
    double total = 0;
    for (std::int64_t i = 0; i < rows * columns; i += columns) {
      batch s(0.0f);
      for (std::int64_t k = i; k < i + columns; k += lanes) {
        batch const o = at(out.data() + k);
        s = xsimd::fma(o, o, s);
        (o * (2 * share)).store_unaligned(dout.data() + k);
      }
      total += hand::sum_of_lanes(s);
    }
    return total * static_cast<double>(share);
  }
  double run(float const* q, float const* k, float const* v, float* dq, float* dk, float* dv) {
    float const scale = 1 / std::sqrt(static_cast<float>(columns));
    product(plain, turned, rows, rows, columns, q, k, p.data(), scale);
    softmax();
    product(plain, plain, rows, columns, rows, p.data(), v, out.data());
    double const loss = squares(1 / static_cast<float>(rows * columns));
    product(turned, plain, rows, columns, rows, p.data(), dout.data(), dv);
    product(plain, turned, rows, rows, columns, dout.data(), v, dp.data());
    softmax_gradient();
    product(plain, plain, rows, columns, rows, dp.data(), k, dq, scale);
    product(turned, plain, rows, columns, rows, dp.data(), q, dk, scale);
    return loss;
  }
};

int main(int argc, char** argv) {
  problem::attention const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2), contender::size(argc, argv, 3)};
  head one{in.rows, in.columns};
  problem::floats dq(in.q.size()), dk(in.q.size()), dv(in.q.size());
  double loss = 0;
  return contender::serve(
      "hand",
      [&] {
        loss = 0;
        for (std::int64_t o = 0; o < in.size(); o += in.rows * in.columns)
          loss += one.run(in.q.data() + o, in.k.data() + o, in.v.data() + o, dq.data() + o, dk.data() + o, dv.data() + o);
      },
      [&] { return contender::checksum().scalar(loss).array(dq).array(dk).array(dv); });
}
