// expect: ctgrad: reshape of X[N, 6]: one extent may be -1, not more
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto Y = ct::tensor<float>("Y"_s, ct::dim("N"_s), 5_c);
#ifdef CTGRAD_FIXED
constexpr auto cut = ct::reshape(X, -1_c, 2_c);
#else
constexpr auto cut = ct::reshape(X, -1_c, 2_c, -1_c);
#endif
