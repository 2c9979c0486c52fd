// Prices and greeks by ADOL-C: the tape of one option, for each option forward along the spot, then in reverse to second order. In double.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <adolc/adolc.h>

adouble normal(adouble const& x) { return 0.5 + 0.5 * erf(x * 0.7071067811865476); }

int main(int argc, char** argv) {
  problem::black_scholes const in{contender::size(argc, argv, 1)};
  double start[5] = {100, 100, 1, 0.2, 0.01}, y = 0, slope = 0, along_spot[5] = {1, 0, 0, 0, 0}, one = 1;
  trace_on(1);
  adouble spot, strike, years, volatility, rate;
  spot <<= start[0], strike <<= start[1], years <<= start[2], volatility <<= start[3], rate <<= start[4];
  adouble const spread = volatility * sqrt(years);
  adouble const d1 = (log(spot / strike) + (rate + 0.5 * volatility * volatility) * years) / spread;
  adouble price = spot * normal(d1) - strike * exp(-rate * years) * normal(d1 - spread);
  price >>= y;
  trace_off();

  std::vector<double> out[6];
  for (auto& x : out) x.resize(in.spot.size());
  double rows[5][2], *z[5] = {rows[0], rows[1], rows[2], rows[3], rows[4]};
  return contender::serve(
      "adolc",
      [&] {
        for (std::size_t i = 0; i < in.spot.size(); ++i) {
          double at[5] = {in.spot[i], in.strike[i], in.years[i], in.volatility[i], in.rate[i]};
          fos_forward(1, 1, 5, 2, at, along_spot, &y, &slope);
          hos_reverse(1, 1, 5, 1, &one, z);
          out[0][i] = y, out[1][i] = z[0][0], out[2][i] = z[0][1], out[3][i] = z[3][0], out[4][i] = z[2][0], out[5][i] = z[4][0];
        }
      },
      [&] {
        contender::checksum sums;
        for (auto const& x : out) sums.array(x);
        return sums;
      });
}
