// The Euclidean norm of an array by hand.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "reduction.hpp"

int main(int argc, char** argv) {
  problem::reduction const in{contender::size(argc, argv, 1)};
  double result = 0;
  return contender::serve(
      "hand", [&] { result = std::sqrt(hand::reduce(in.x.data(), in.n, [](auto s, auto x) { return xsimd::fma(x, x, s); }, [](float x) { return x * x; })); },
      [&] { return contender::checksum().scalar(result); });
}
