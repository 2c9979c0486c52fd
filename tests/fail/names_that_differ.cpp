// expect: ctgrad: extent N (axis 0 of x[N]) and extent M (axis 0 of y[M]) differ, and neither is 1
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<float>("x"_s, ct::dim("N"_s));
#ifdef CTGRAD_FIXED
constexpr auto y = ct::tensor<float>("y"_s, ct::dim("N"_s));
#else
constexpr auto y = ct::tensor<float>("y"_s, ct::dim("M"_s));
#endif
constexpr auto product = x * y;
