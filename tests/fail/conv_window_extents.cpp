// expect: ctgrad: conv1d of X[N, 3, 16] and W[8, 3, K]: the extents of the window have to be known while compiling
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/convolution.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 3_c, 16_c);
constexpr auto W = ct::tensor<float>("W"_s, 8_c, 3_c, ct::dim("K"_s));
constexpr auto V = ct::tensor<float>("V"_s, 8_c, 3_c, 5_c);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::conv1d(X, V);
#else
constexpr auto y = ct::conv1d(X, W);
#endif
