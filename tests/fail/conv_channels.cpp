// expect: ctgrad: conv2d of x[N, 4, H, 6] and k[8, 4, 3, 3]: the weight has 4 channels in, and 2 are given to each group
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
constexpr auto y = ct::conv2d(x, k, ct::groups<2>);
#endif
