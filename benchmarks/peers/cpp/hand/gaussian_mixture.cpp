// The Gaussian mixture by two products of CBLAS for each part: residuals forward, the matrix' gradient backward; the means' gradient needs sums of residuals only.
// The columns have to be a multiple of a pack.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "product.hpp"

#include <vector>

using hand::at, hand::batch, hand::lanes, hand::plain, hand::product, hand::turned;

struct mixture {
  problem::gaussian_mixture const& in;
  std::int64_t n = in.points, k = in.parts, d = in.columns;
  problem::floats l = problem::floats(k * d * d), centred = problem::floats(k * n * d), z = centred, w = problem::floats(k * n);
  std::vector<double> squares = std::vector<double>(k), losses = std::vector<double>(hand::most_threads);
  problem::floats dalpha = problem::floats(k), dmean = problem::floats(k * d), ddiagonal = dmean, dbelow = l;

  double run() {
    auto each_part = [&](auto const& f) {
      hand::in_shares(k, 1, [&](std::int64_t first, std::int64_t last, int) {
        for (std::int64_t p = first; p < last; ++p) f(p);
      });
    };
    each_part([&](std::int64_t p) { squares[p] = forward(p); });
    double largest = -INFINITY, total = 0, loss = 0;
    for (float a : in.alpha) largest = std::max(largest, static_cast<double>(a));
    for (float a : in.alpha) total += std::exp(a - largest);
    for (std::int64_t p = 0; p < k; ++p) dalpha[p] = static_cast<float>(-std::exp(in.alpha[p] - largest) / total);
    hand::in_shares(n, lanes, [&](std::int64_t i, std::int64_t last, int thread) {
      double own = 0;
      for (; i + lanes <= last; i += lanes) own += weigh<batch>(i);
      for (; i < last; ++i) own += weigh<float>(i);
      losses[thread] = own;
    });
    for (int t = 0; t < hand::threads(); ++t) loss += losses[t];
    for (double s : squares) loss += 0.5 * s;
    each_part([&](std::int64_t p) { backward(p); });
    return loss / static_cast<double>(n) - (std::log(total) + largest);
  }

 private:
  /// The terms of part `p` into w; returns the sum of the squares of its matrix.
  double forward(std::int64_t p) {
    double squares = 0, trace = 0;
    float* m = l.data() + p * d * d;
    for (std::int64_t i = 0; i < d; ++i) {
      trace += in.diagonal[p * d + i];
      for (std::int64_t j = 0; j < d; ++j) m[i * d + j] = j < i ? in.below[(p * d + i) * d + j] : j == i ? std::exp(in.diagonal[p * d + i]) : 0.0f;
      for (std::int64_t j = 0; j <= i; ++j) squares += m[i * d + j] * m[i * d + j];
    }
    float *c = centred.data() + p * n * d, *residual = z.data() + p * n * d;
    for (std::int64_t i = 0; i < n * d; i += d)
      for (std::int64_t j = 0; j < d; j += lanes) (at(in.x.data() + i + j) - at(in.mean.data() + p * d + j)).store_unaligned(c + i + j);
    product(plain, turned, n, d, d, c, m, residual);
    float const constant = in.alpha[p] + static_cast<float>(trace);
    for (std::int64_t i = 0; i < n; ++i) {
      batch s(0.0f);
      for (std::int64_t j = 0; j < d; j += lanes) s = xsimd::fma(at(residual + i * d + j), at(residual + i * d + j), s);
      w[p * n + i] = constant - 0.5f * hand::sum_of_lanes(s);
    }
    return squares;
  }
  /// Weights of the points from `i` on; returns the sum of their logarithms of sums of exponentials.
  template <class T>
  double weigh(std::int64_t i) {
    using std::exp, std::log, std::max, xsimd::exp, xsimd::log, xsimd::max;
    auto load = [&](std::int64_t p) {
      if constexpr (std::is_same_v<T, float>) return w[p * n + i];
      else return at(w.data() + p * n + i);
    };
    T m = load(0), s(0.0f);
    for (std::int64_t p = 1; p < k; ++p) m = max(m, load(p));
    for (std::int64_t p = 0; p < k; ++p) s += exp(load(p) - m);
    T const share = T(1 / static_cast<float>(n)) / s;
    for (std::int64_t p = 0; p < k; ++p) {
      T const v = exp(load(p) - m) * share;
      if constexpr (std::is_same_v<T, float>) w[p * n + i] = v;
      else v.store_unaligned(w.data() + p * n + i);
    }
    if constexpr (std::is_same_v<T, float>) return log(s) + m;
    else return hand::sum_of_lanes(log(s) + m);
  }
  void backward(std::int64_t p) {
    float* residual = z.data() + p * n * d;
    float const* m = l.data() + p * d * d;
    float total = 0;
    problem::floats dl(d * d), sum(d);
    for (std::int64_t i = 0; i < n; ++i) {
      total += w[p * n + i];
      batch const v(-w[p * n + i]);
      for (std::int64_t j = 0; j < d; j += lanes) {
        batch const g = v * at(residual + i * d + j);
        g.store_unaligned(residual + i * d + j);
        (at(sum.data() + j) + g).store_unaligned(sum.data() + j);
      }
    }
    product(turned, plain, d, d, n, residual, centred.data() + p * n * d, dl.data());
    dalpha[p] += total;
    for (std::int64_t j = 0; j < d; ++j) dmean[p * d + j] = 0;
    for (std::int64_t i = 0; i < d; ++i) {
      for (std::int64_t j = 0; j < d; ++j) {
        dmean[p * d + j] -= sum[i] * m[i * d + j];
        dbelow[(p * d + i) * d + j] = j < i ? dl[i * d + j] + m[i * d + j] / static_cast<float>(n) : 0.0f;
      }
      ddiagonal[p * d + i] = total + m[i * d + i] * (dl[i * d + i] + m[i * d + i] / static_cast<float>(n));
    }
  }
};

int main(int argc, char** argv) {
  problem::gaussian_mixture const in(contender::size(argc, argv, 1), contender::size(argc, argv, 2), contender::size(argc, argv, 3));
  mixture m{in};
  double loss = 0;
  return contender::serve("hand", [&] { loss = m.run(); }, [&] { return contender::checksum().scalar(loss).array(m.dalpha).array(m.dmean).array(m.ddiagonal).array(m.dbelow); });
}
