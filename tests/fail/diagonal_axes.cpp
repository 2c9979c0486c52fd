// expect: ctgrad: diagonal of X[4, 6]: it is along two axes, and axis 1 is named twice
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/diagonal.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, 4_c, 6_c);
#ifdef CTGRAD_FIXED
constexpr auto result = ct::diagonal(X, 0_c, 1_c, 0_c);
#else
constexpr auto result = ct::diagonal(X, 0_c, 1_c, -1_c);
#endif
