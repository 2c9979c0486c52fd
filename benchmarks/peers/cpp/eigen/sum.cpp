// The sum of an array by Eigen.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main(int argc, char** argv) {
  problem::reduction const in{contender::size(argc, argv, 1)};
  auto const x = as_array(in.x);
  float result = 0;
  return contender::serve("eigen", [&] { result = x.sum(); }, [&] { return contender::checksum().scalar(result); });
}
