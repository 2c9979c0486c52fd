// expect: ctgrad: sum of X[N, 3]: an axis is a constant, as 1_c or -1_c; after the axes ct::keepdim may stand
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 3_c);

#ifdef CTGRAD_FIXED
constexpr auto rows = ct::sum(X, 1_c);
#else
constexpr auto rows = ct::sum(X, 1);
#endif
