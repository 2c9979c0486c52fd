// expect: ctgrad: split of X[N, 6] along axis 1: the parts have 5 elements together, and the axis has 6
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
#ifdef CTGRAD_FIXED
constexpr auto result = ct::split(X, 1_c, 2_c, 4_c);
#else
constexpr auto result = ct::split(X, 1_c, 2_c, 3_c);
#endif
