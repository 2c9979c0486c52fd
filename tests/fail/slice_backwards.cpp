// expect: ctgrad: slice of X[N, 6]: its step is -1, and has to be positive; flip goes backwards
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto Y = ct::tensor<float>("Y"_s, ct::dim("N"_s), 5_c);
#ifdef CTGRAD_FIXED
constexpr auto part = ct::flip(X, 1_c);
#else
constexpr auto part = ct::slice(X, 1_c, 5_c, 0_c, -1_c);
#endif
