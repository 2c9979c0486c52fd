// expect: ctgrad: slice takes an axis and places that are constants: ct::slice(x, 0_c, 1_c, 5_c) or, with a step, ct::slice(x, 0_c, 1_c, 5_c, 2_c)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
#ifdef CTGRAD_FIXED
constexpr auto part = ct::slice(X, 1_c, 1_c, 5_c);
#else
constexpr auto part = ct::slice(X, 1, 1, 5);
#endif
