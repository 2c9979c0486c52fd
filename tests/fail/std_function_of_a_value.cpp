// expect: ctgrad: a value is no number: write ct::tanh for std::tanh, and so on
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <cmath>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
constexpr auto e = ct::fn([](auto h) {
#ifdef CTGRAD_FIXED
  return h * ct::tanh(h);
#else
  return h * std::tanh(h);  // here
#endif
})(w);
