// expect: ctgrad: unfold of X[2, 2, 2, 2, 2, 2, 2, 2]: there would be more than 8 axes
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/convolution.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, 2_c, 2_c, 2_c, 2_c, 2_c, 2_c, 2_c, 2_c);
constexpr auto Y = ct::tensor<float>("Y"_s, 2_c, 2_c, 2_c, 2_c, 2_c, 2_c, 2_c);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::unfold(Y, 0_c, 2_c, 1_c);
#else
constexpr auto y = ct::unfold(X, 0_c, 2_c, 1_c);
#endif
