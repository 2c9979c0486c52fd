// The sum of an array by hand.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "reduction.hpp"

int main(int argc, char** argv) {
  problem::reduction const in{contender::size(argc, argv, 1)};
  double result = 0;
  return contender::serve(
      "hand", [&] { result = hand::reduce(in.x.data(), in.n, [](auto s, auto x) { return s + x; }, [](float x) { return x; }); },
      [&] { return contender::checksum().scalar(result); });
}
