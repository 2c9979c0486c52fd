// Prices and greeks by xtensor's expressions.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main(int argc, char** argv) {
  problem::black_scholes const in{contender::size(argc, argv, 1)};
  array const spot = as_array(in.spot), strike = as_array(in.strike), years = as_array(in.years), volatility = as_array(in.volatility), rate = as_array(in.rate);
  array root = spot, spread = spot, d1 = spot, density = spot, owed = spot, price = spot, delta = spot, gamma = spot, vega = spot, theta = spot, rho = spot;
  return contender::serve(
      "xtensor",
      [&] {
        xt::noalias(root) = xt::sqrt(years);
        xt::noalias(spread) = volatility * root;
        xt::noalias(d1) = (xt::log(spot / strike) + (rate + 0.5f * volatility * volatility) * years) / spread;
        xt::noalias(delta) = 0.5f + 0.5f * xt::erf(d1 * 0.70710678f);
        xt::noalias(owed) = strike * xt::exp(-rate * years) * (0.5f + 0.5f * xt::erf((d1 - spread) * 0.70710678f));
        xt::noalias(density) = 0.39894228f * xt::exp(-0.5f * d1 * d1);
        xt::noalias(price) = spot * delta - owed;
        xt::noalias(gamma) = density / (spot * spread);
        xt::noalias(vega) = spot * density * root;
        xt::noalias(theta) = 0.5f * spot * density * volatility / root + rate * owed;
        xt::noalias(rho) = years * owed;
      },
      [&] { return contender::checksum().array(price).array(delta).array(gamma).array(vega).array(theta).array(rho); });
}
