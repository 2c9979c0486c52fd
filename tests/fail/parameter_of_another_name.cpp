// expect: ctgrad: fc.weights is none of these parameters
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<float>("x"_s, ct::dim("N"_s), 6_c);
void look() {
  auto p = ct::parameters(ct::nn::linear(x, "fc"_s, 6_c, 3_c), ct::generator(1));
#ifdef CTGRAD_FIXED
  static_cast<void>(p["fc.weight"_s]);
#else
  static_cast<void>(p["fc.weights"_s]);
#endif
}
