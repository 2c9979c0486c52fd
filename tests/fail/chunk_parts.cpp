// expect: ctgrad: chunk of Y[N, 5] into 2 parts along axis 1: the extent 5 is no known multiple of 2
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto Y = ct::tensor<float>("Y"_s, ct::dim("N"_s), 5_c);
#ifdef CTGRAD_FIXED
constexpr auto parts = ct::chunk(X, 2_c, 1_c);
#else
constexpr auto parts = ct::chunk(Y, 2_c, 1_c);
#endif
