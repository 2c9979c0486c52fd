// expect: ctgrad: slice with step 2 of X[N, 6]: the number of elements, (N) / 2, has to be known while compiling
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto Y = ct::tensor<float>("Y"_s, ct::dim("N"_s), 5_c);
#ifdef CTGRAD_FIXED
constexpr auto part = ct::slice(X, 1_c, 0_c, 6_c, 2_c);
#else
constexpr auto part = ct::slice(X, 0_c, 0_c, ct::dim("N"_s), 2_c);
#endif
