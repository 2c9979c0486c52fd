// expect: ctgrad: mean: axis -1 of X[N, 3] is named twice
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 3_c);

#ifdef CTGRAD_FIXED
constexpr auto all = ct::mean(X, 0_c, -1_c);
#else
constexpr auto all = ct::mean(X, 1_c, -1_c);
#endif
