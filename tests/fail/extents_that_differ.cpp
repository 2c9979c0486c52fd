// expect: ctgrad: extent 784 (axis 1 of X[N, 784]) and extent N (axis 0 of y[N]) differ, and neither is 1
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto y = ct::tensor<float>("y"_s, N);

#ifdef CTGRAD_FIXED
constexpr auto sum = X + ct::tensor<float>("y"_s, 784_c);
#else
constexpr auto sum = X + y;
#endif
