// expect: ctgrad: reshape of X[N, 6] to [N, 2, 4]: that is another number of elements
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto Y = ct::tensor<float>("Y"_s, ct::dim("N"_s), 5_c);
#ifdef CTGRAD_FIXED
constexpr auto cut = ct::reshape(X, ct::dim("N"_s), 2_c, 3_c);
#else
constexpr auto cut = ct::reshape(X, ct::dim("N"_s), 2_c, 4_c);
#endif
