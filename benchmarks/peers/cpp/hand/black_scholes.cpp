// The closed formulas of the price and its five greeks, in one loop (Hull, Options, Futures, and Other Derivatives, chapter 19).
// theta is the derivative by the years that are left, so of the other sign than a trader's.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "parallel.hpp"

using hand::batch, hand::lanes;

struct greeks {
  batch price, delta, gamma, vega, theta, rho;
};

inline greeks pack(batch spot, batch strike, batch years, batch volatility, batch rate) {
  batch const half(0.5f), one(1.0f), root_half(0.70710678f), density(0.39894228f);
  batch const root = xsimd::sqrt(years), spread = volatility * root, inverse = one / spread;
  batch const d1 = (xsimd::log(spot / strike) + xsimd::fma(half * volatility, volatility, rate) * years) * inverse, d2 = d1 - spread;
  batch const n1 = xsimd::fma(half, xsimd::erf(d1 * root_half), half), n2 = xsimd::fma(half, xsimd::erf(d2 * root_half), half);
  batch const p = density * xsimd::exp(-half * d1 * d1);
  batch const owed = strike * xsimd::exp(-rate * years) * n2, moved = spot * p;
  return {xsimd::fms(spot, n1, owed), n1, p * inverse / spot, moved * root, xsimd::fma(half * moved, volatility / root, rate * owed), years * owed};
}

int main(int argc, char** argv) {
  problem::black_scholes const in{contender::size(argc, argv, 1)};
  problem::floats out[6];
  for (auto& x : out) x.resize(in.spot.size());
  return contender::serve(
      "hand",
      [&] {
        hand::in_shares(in.n, lanes, [&](std::int64_t i, std::int64_t last, int) {
          for (; i + lanes <= last; i += lanes) {
            greeks const g = pack(hand::at(in.spot.data() + i), hand::at(in.strike.data() + i), hand::at(in.years.data() + i), hand::at(in.volatility.data() + i),
                                  hand::at(in.rate.data() + i));
            g.price.store_unaligned(out[0].data() + i), g.delta.store_unaligned(out[1].data() + i), g.gamma.store_unaligned(out[2].data() + i);
            g.vega.store_unaligned(out[3].data() + i), g.theta.store_unaligned(out[4].data() + i), g.rho.store_unaligned(out[5].data() + i);
          }
          if (i == last) return;
          std::int64_t const left = last - i;
          greeks const g = pack(hand::padded(in.spot.data() + i, left, 1), hand::padded(in.strike.data() + i, left, 1), hand::padded(in.years.data() + i, left, 1),
                                hand::padded(in.volatility.data() + i, left, 1), hand::padded(in.rate.data() + i, left, 1));
          batch const results[] = {g.price, g.delta, g.gamma, g.vega, g.theta, g.rho};
          for (int k = 0; k < 6; ++k) {
            alignas(64) float rest[lanes];
            results[k].store_aligned(rest);
            std::copy(rest, rest + left, out[k].data() + i);
          }
        });
      },
      [&] {
        contender::checksum sums;
        for (auto const& x : out) sums.array(x);
        return sums;
      });
}
