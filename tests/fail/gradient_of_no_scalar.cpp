// expect: ctgrad: the gradient of multiply(...)[N]: only a scalar has a gradient; sum or mean it, with weights ct::sum(weights * it)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<float>("x"_s, ct::dim("N"_s));

#ifdef CTGRAD_FIXED
constexpr auto slope = ct::grad(ct::sum(x * x), x);
#else
constexpr auto slope = ct::grad(x * x, x);
#endif
