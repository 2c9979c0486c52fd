// expect: ctgrad: permute of X[N, 6]: an axis is named twice
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto Y = ct::tensor<float>("Y"_s, ct::dim("N"_s), 5_c);
#ifdef CTGRAD_FIXED
constexpr auto turned = ct::permute(X, 1_c, 0_c);
#else
constexpr auto turned = ct::permute(X, 1_c, -1_c);
#endif
