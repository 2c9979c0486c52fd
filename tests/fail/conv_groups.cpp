// expect: ctgrad: conv1d of X[N, 4, 16] and W[9, 2, 5]: channels have to be known multiples of 2 groups
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/convolution.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 4_c, 16_c);
constexpr auto W = ct::tensor<float>("W"_s, 9_c, 2_c, 5_c);
constexpr auto V = ct::tensor<float>("V"_s, 8_c, 2_c, 5_c);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::conv1d(X, V, ct::groups<2>);
#else
constexpr auto y = ct::conv1d(X, W, ct::groups<2>);
#endif
