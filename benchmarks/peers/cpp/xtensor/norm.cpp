// The Euclidean norm of an array by xtensor, summed in double: one sum in float is 3 % off.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main(int argc, char** argv) {
  problem::reduction const in{contender::size(argc, argv, 1)};
  array const x = as_array(in.x);
  float result = 0;
  return contender::serve("xtensor", [&] { result = static_cast<float>(std::sqrt(xt::sum<double>(x * x)())); }, [&] { return contender::checksum().scalar(result); });
}
