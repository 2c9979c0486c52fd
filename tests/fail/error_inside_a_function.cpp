// expect: ctgrad: extent N (axis 0 of x[N]) and extent 3 (axis 0 of w[3]) differ, and neither is 1
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto w = ct::tensor<float>("w"_s, 3_c);
#ifdef CTGRAD_FIXED
constexpr auto x = ct::tensor<float>("x"_s, 3_c);
#else
constexpr auto x = ct::tensor<float>("x"_s, ct::dim("N"_s));
#endif
constexpr auto y = ct::fn([](auto a, auto b) {
  for (int i = 0; i < 3; ++i) a = a * b;  // here
  return a;
})(x, w);
