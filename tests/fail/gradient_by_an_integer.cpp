// expect: ctgrad: the gradient by i[N]: it is int32, and only floating-point numbers have gradients
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto x = ct::tensor<float>("x"_s, N);
constexpr auto i = ct::tensor<int>("i"_s, N);

#ifdef CTGRAD_FIXED
constexpr auto slope = ct::grad(ct::sum(x * i), x);
#else
constexpr auto slope = ct::grad(ct::sum(x * i), i);
#endif
