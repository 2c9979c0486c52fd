// A function or variable of a header that is not inline is defined twice once this is linked with a.cpp.
//
// SPDX-License-Identifier: BSL-1.0
#include "elsewhere.hpp"
#include "program.hpp"

float from_b() {
  auto [here] = step(x = 3.0f);
  return here;
}

float cubes_from_b() { return cubes(v = ctgrad::array<float, 1>{1}, scale = 1.0f)[cube]; }
