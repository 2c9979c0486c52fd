// expect: ctgrad: conv1d of x[N, 4, H, 6] and k[8, 4, 3, 3]: both have to have 3 axes: a batch and channels, channels out and in, then what is convolved
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<float>("x"_s, ct::dim("N"_s), 4_c, ct::dim("H"_s), 6_c);
constexpr auto k = ct::tensor<float>("k"_s, 8_c, 4_c, 3_c, 3_c);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::conv2d(x, k);
#else
constexpr auto y = ct::conv1d(x, k);
#endif
