// Prices of European calls (Black and Scholes 1973) with their greeks: first derivatives of the sum in reverse mode, gamma as the gradient of delta.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto spot = ct::tensor<float>("spot"_s, N);
constexpr auto strike = ct::tensor<float>("strike"_s, N);
constexpr auto years = ct::tensor<float>("years"_s, N);
constexpr auto volatility = ct::tensor<float>("volatility"_s, N);
constexpr auto rate = ct::tensor<float>("rate"_s, N);

constexpr auto normal = [](auto x) { return 0.5_c + 0.5_c * ct::erf(x * 0.7071067811865476_c); };
constexpr auto spread = volatility * ct::sqrt(years);
constexpr auto d1 = (ct::log(spot / strike) + (rate + 0.5_c * volatility * volatility) * years) / spread;
constexpr auto price = spot * normal(d1) - strike * ct::exp(-rate * years) * normal(d1 - spread);
constexpr auto total = ct::sum(price);
constexpr auto delta = ct::grad(total, spot);
constexpr auto vega = ct::grad(total, volatility);
constexpr auto theta = ct::grad(total, years);
constexpr auto rho = ct::grad(total, rate);
constexpr auto curvature = ct::grad(ct::sum(delta), spot);
constexpr auto greeks = ct::compile(price, delta, curvature, vega, theta, rho);
static_assert(ct::report(greeks).nests == 1 && ct::report(greeks).temporaries == 0);

int main(int argc, char** argv) {
  problem::black_scholes const in{contender::size(argc, argv, 1)};
  auto space = greeks.workspace(N = in.n);
  problem::floats out[6];
  for (auto& x : out) x.resize(in.spot.size());
  return contender::serve(
      "ctgrad",
      [&] {
        greeks.into(space, spot = in.spot, strike = in.strike, years = in.years, volatility = in.volatility, rate = in.rate, price = out[0], delta = out[1], curvature = out[2],
                    vega = out[3], theta = out[4], rho = out[5]);
      },
      [&] {
        contender::checksum sums;
        for (auto const& x : out) sums.array(x);
        return sums;
      });
}
