// expect: ctgrad: multi_head_attention: a width of 6 is no multiple of 4 heads
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<float>("x"_s, ct::dim("N"_s), 6_c);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::nn::multi_head_attention(x, "attention"_s, 3_c, 6_c);
#else
constexpr auto y = ct::nn::multi_head_attention(x, "attention"_s, 4_c, 6_c);
#endif
