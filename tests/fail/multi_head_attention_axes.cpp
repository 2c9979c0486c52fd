// expect: ctgrad: multi_head_attention of x[6]: it has to have two to seven axes, the last two of which are positions and width
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<float>("x"_s, 6_c);
constexpr auto y = ct::tensor<float>("y"_s, ct::dim("N"_s), 6_c);
#ifdef CTGRAD_FIXED
constexpr auto z = ct::nn::multi_head_attention(y, "attention"_s, 3_c, 6_c);
#else
constexpr auto z = ct::nn::multi_head_attention(x, "attention"_s, 3_c, 6_c);
#endif
