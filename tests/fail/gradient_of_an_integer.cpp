// expect: ctgrad: the gradient of sum(...): it is int64, and only floating-point numbers have gradients
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto i = ct::tensor<int>("i"_s, ct::dim("N"_s));
constexpr auto x = ct::scalar<float>("x"_s);

#ifdef CTGRAD_FIXED
constexpr auto slope = ct::grad(ct::sum(i * x), x);
#else
constexpr auto slope = ct::grad(ct::sum(i), x);
#endif
