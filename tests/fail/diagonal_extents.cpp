// expect: ctgrad: diagonal of X[N, 6]: the extents of its matrices have to be known while compiling, or equal
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/diagonal.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto Y = ct::tensor<float>("Y"_s, 4_c, 6_c);
#ifdef CTGRAD_FIXED
constexpr auto result = ct::diagonal(Y);
#else
constexpr auto result = ct::diagonal(X);
#endif
