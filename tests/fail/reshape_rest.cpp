// expect: ctgrad: reshape of Y[N, 5]: its number of elements is no known multiple of what the other extents hold
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto Y = ct::tensor<float>("Y"_s, ct::dim("N"_s), 5_c);
#ifdef CTGRAD_FIXED
constexpr auto cut = ct::reshape(Y, -1_c, 5_c);
#else
constexpr auto cut = ct::reshape(Y, -1_c, 6_c);
#endif
