// One of two units that include everything and call the same programs: see b.cpp.
//
// SPDX-License-Identifier: BSL-1.0
#include "elsewhere.hpp"
#include "program.hpp"

float from_b();
float cubes_from_b();

namespace {

bool calls_what_is_elsewhere() {
  auto [value, gradient] = cubes(v = ctgrad::array<float, 1>{1, 2}, scale = 3.0f);
  if (value != 27.0f || gradient(0) != 9.0f || gradient(1) != 36.0f) return false;
  auto parameters = ctgrad::parameters(scale = 2.0f);
  for (int turn = 0; turn < 2; ++turn)
    if (add_cubes(parameters, v = ctgrad::array<float, 1>{1, 2}) != 18.0f) return false;
  return parameters[scale].grad() == 18.0f;  // 1 + 8, twice
}

}  // namespace

int main() {
  auto [here] = step(x = 3.0f);
  return here == from_b() && from_b() == 6.0f && calls_what_is_elsewhere() && cubes_from_b() == 1.0f ? 0 : 1;
}
