// expect: ctgrad: unfold of X[N, 6]: its windows have 2 elements, 0 apart, and both have to be positive
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/convolution.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
#ifdef CTGRAD_FIXED
constexpr auto result = ct::unfold(X, 1_c, 2_c, 2_c);
#else
constexpr auto result = ct::unfold(X, 1_c, 2_c, 0_c);
#endif
