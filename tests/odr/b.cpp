// A function or variable of a header that is not inline is defined twice once this is linked with a.cpp.
//
// SPDX-License-Identifier: BSL-1.0
#include "program.hpp"

float from_b() {
  auto [here] = step(x = 3.0f);
  return here;
}
