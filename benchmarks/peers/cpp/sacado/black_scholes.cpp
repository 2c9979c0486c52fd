// Prices and greeks in Sacado's forward mode: five derivatives, each with its own by the spot.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "number.hpp"

using first = Sacado::Fad::SFad<float, 1>;
using number = Sacado::Fad::SFad<first, 5>;

number normal(number const& x) { return 0.5f + 0.5f * error_function(number(x * 0.70710678f)); }

int main(int argc, char** argv) {
  problem::black_scholes const in{contender::size(argc, argv, 1)};
  problem::floats out[6];
  for (auto& x : out) x.resize(in.spot.size());
  return contender::serve(
      "sacado",
      [&] {
        for (std::size_t i = 0; i < in.spot.size(); ++i) {
          number const spot(5, 0, first(1, 0, in.spot[i])), strike(5, 1, first(in.strike[i])), years(5, 2, first(in.years[i])), volatility(5, 3, first(in.volatility[i])),
              rate(5, 4, first(in.rate[i]));
          number const spread = volatility * sqrt(years);
          number const d1 = (log(spot / strike) + (rate + 0.5f * volatility * volatility) * years) / spread;
          number const price = spot * normal(d1) - strike * exp(-rate * years) * normal(d1 - spread);
          out[0][i] = price.val().val(), out[1][i] = price.dx(0).val(), out[2][i] = price.dx(0).dx(0), out[3][i] = price.dx(3).val();
          out[4][i] = price.dx(2).val(), out[5][i] = price.dx(4).val();
        }
      },
      [&] {
        contender::checksum sums;
        for (auto const& x : out) sums.array(x);
        return sums;
      });
}
