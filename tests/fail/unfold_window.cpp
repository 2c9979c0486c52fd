// expect: ctgrad: unfold: a window of 7 does not fit 6 elements
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/convolution.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
#ifdef CTGRAD_FIXED
constexpr auto result = ct::unfold(X, 1_c, 6_c, 1_c);
#else
constexpr auto result = ct::unfold(X, 1_c, 7_c, 1_c);
#endif
