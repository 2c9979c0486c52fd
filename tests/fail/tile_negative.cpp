// expect: ctgrad: tile of X[N, 6]: a negative number of times
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
#ifdef CTGRAD_FIXED
constexpr auto tiles = ct::tile(X, 2_c, 0_c);
#else
constexpr auto tiles = ct::tile(X, -2_c, 0_c);
#endif
