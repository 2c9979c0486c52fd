// expect: ctgrad: concat of X[N, 6] and Y[N, 5] along axis 0: their other extents have to be equal
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto Y = ct::tensor<float>("Y"_s, ct::dim("N"_s), 5_c);
#ifdef CTGRAD_FIXED
constexpr auto both = ct::concat(1_c, X, Y);
#else
constexpr auto both = ct::concat(0_c, X, Y);
#endif
