// Prices and greeks by Eigen's array expressions.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main(int argc, char** argv) {
  problem::black_scholes const in{contender::size(argc, argv, 1)};
  auto const spot = as_array(in.spot), strike = as_array(in.strike), years = as_array(in.years), volatility = as_array(in.volatility), rate = as_array(in.rate);
  array root(in.n), spread(in.n), d1(in.n), density(in.n), owed(in.n), price(in.n), delta(in.n), gamma(in.n), vega(in.n), theta(in.n), rho(in.n);
  return contender::serve(
      "eigen",
      [&] {
        root = years.sqrt();
        spread = volatility * root;
        d1 = ((spot / strike).log() + (rate + 0.5f * volatility * volatility) * years) / spread;
        delta = 0.5f + 0.5f * (d1 * 0.70710678f).erf();
        owed = strike * (-rate * years).exp() * (0.5f + 0.5f * ((d1 - spread) * 0.70710678f).erf());
        density = 0.39894228f * (-0.5f * d1 * d1).exp();
        price = spot * delta - owed;
        gamma = density / (spot * spread);
        vega = spot * density * root;
        theta = 0.5f * spot * density * volatility / root + rate * owed;
        rho = years * owed;
      },
      [&] { return contender::checksum().array(price).array(delta).array(gamma).array(vega).array(theta).array(rho); });
}
