// expect: ctgrad: a layer of int64 data: cast it to float or double, or look it up by nn::embedding
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<std::int64_t>("x"_s, ct::dim("N"_s), 6_c);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::nn::linear(ct::cast<float>(x), "fc"_s, 6_c, 3_c);
#else
constexpr auto y = ct::nn::linear(x, "fc"_s, 6_c, 3_c);
#endif
