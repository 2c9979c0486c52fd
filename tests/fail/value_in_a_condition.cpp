// expect: ctgrad: what a value holds is not known while compiling: for `if` and `?:` write ct::where(condition, a, b)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
constexpr auto e = ct::fn([](auto h) {
#ifdef CTGRAD_FIXED
  return ct::where(h > 0, h, -h);
#else
  if (h > 0) return h;  // here
  return -h;
#endif
})(w);
