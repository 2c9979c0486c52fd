// Loss and gradients of the logistic regression from one exponential, summed in registers, added up in double after each block.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "parallel.hpp"

#include <array>

using hand::at, hand::batch, hand::lanes;

struct sums {
  batch part[4][2];
  double total[4]{};
  sums() { clear(); }
  void clear() {
    for (auto& s : part) s[0] = s[1] = batch(0.0f);
  }
  void flush() {
    for (int i = 0; i < 4; ++i) total[i] += hand::sum_of_lanes(part[i][0] + part[i][1]);
    clear();
  }
};

struct weights {
  batch w1, w2, b;
};

/// loss = max(t, 0) - y t + log(1 + e^-|t|), and sigmoid(t) - y from the same exponential; `valid` is 0 where there is no element.
template <class... Valid>
inline void pack(sums& s, int side, batch a1, batch a2, batch y, weights const& w, Valid... valid) {
  batch const zero(0.0f), one(1.0f);
  batch const t = xsimd::fma(w.w1, a1, xsimd::fma(w.w2, a2, w.b));
  batch const e = xsimd::exp(-xsimd::abs(t));
  s.part[0][side] += ((xsimd::max(t, zero) - y * t + xsimd::log1p(e)) * ... * valid);
  batch const d = ((xsimd::select(t >= zero, one, e) / (one + e) - y) * ... * valid);
  s.part[1][side] = xsimd::fma(d, a1, s.part[1][side]);
  s.part[2][side] = xsimd::fma(d, a2, s.part[2][side]);
  s.part[3][side] += d;
}

void share(problem::logistic_regression const& q, std::int64_t i, std::int64_t last, sums& s) {
  float const *a1 = q.x1.data(), *a2 = q.x2.data(), *y = q.y.data();
  weights const w{batch(q.w1), batch(q.w2), batch(q.b)};
  while (i + 2 * lanes <= last) {
    for (std::int64_t const end = std::min(i + 8192, last - (last - i) % (2 * lanes)); i < end; i += 2 * lanes) {
      pack(s, 0, at(a1 + i), at(a2 + i), at(y + i), w);
      pack(s, 1, at(a1 + i + lanes), at(a2 + i + lanes), at(y + i + lanes), w);
    }
    s.flush();
  }
  for (; i < last; i += lanes) {
    std::int64_t const left = std::min(lanes, last - i);
    static constexpr auto ones = [] {
      std::array<float, lanes> x{};
      x.fill(1);
      return x;
    }();
    pack(s, 0, hand::padded(a1 + i, left, 0), hand::padded(a2 + i, left, 0), hand::padded(y + i, left, 0), w, batch(hand::padded(ones.data(), left, 0)));
  }
  s.flush();
}

int main(int argc, char** argv) {
  problem::logistic_regression const in(contender::size(argc, argv, 1));
  double result[4];
  return contender::serve(
      "hand",
      [&] {
        double total[hand::most_threads][4];
        hand::in_shares(in.n, 8192, [&](std::int64_t first, std::int64_t last, int thread) {
          sums s;
          share(in, first, last, s);
          std::copy(s.total, s.total + 4, total[thread]);
        });
        for (int k = 0; k < 4; ++k) {
          result[k] = 0;
          for (int t = 0; t < hand::threads(); ++t) result[k] += total[t][k];
          result[k] /= static_cast<double>(in.n);
        }
      },
      [&] { return contender::checksum().scalar(result[0]).scalar(result[1]).scalar(result[2]).scalar(result[3]); });
}
