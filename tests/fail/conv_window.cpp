// expect: ctgrad: conv2d: a window of 3 with dilation does not fit 6 elements
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<float>("x"_s, ct::dim("N"_s), 4_c, ct::dim("H"_s), 6_c);
constexpr auto k = ct::tensor<float>("k"_s, 8_c, 4_c, 3_c, 3_c);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::conv2d(x, k, ct::dilation<1, 2>);
#else
constexpr auto y = ct::conv2d(x, k, ct::dilation<1, 3>);
#endif
