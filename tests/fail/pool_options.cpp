// expect: ctgrad: max_pool2d of x[N, 4, H, 6]: an option is out of range, or has not one number or 2
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<float>("x"_s, ct::dim("N"_s), 4_c, ct::dim("H"_s), 6_c);
constexpr auto k = ct::tensor<float>("k"_s, 8_c, 4_c, 3_c, 3_c);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::max_pool2d(x, 2_c, ct::stride<1, 2>);
#else
constexpr auto y = ct::max_pool2d(x, 2_c, ct::stride<1, 2, 3>);
#endif
