// One of two units that include everything and call the same program: see b.cpp.
//
// SPDX-License-Identifier: BSL-1.0
#include "program.hpp"

float from_b();

int main() {
  auto [here] = step(x = 3.0f);
  return here == from_b() && from_b() == 6.0f ? 0 : 1;
}
