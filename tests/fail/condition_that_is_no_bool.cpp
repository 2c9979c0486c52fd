// expect: ctgrad: where: the condition x[N] is float32, and has to be bool
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<float>("x"_s, ct::dim("N"_s));

#ifdef CTGRAD_FIXED
constexpr auto positive = ct::where(x > 0_c, x, 0_c);
#else
constexpr auto positive = ct::where(x, x, 0_c);
#endif
