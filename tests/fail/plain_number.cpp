// expect: ctgrad: a plain number in an expression of symbols: write a constant, as 3_c, or name a run-time scalar, as ct::scalar<int>(
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<float>("x"_s, ct::dim("N"_s));

#ifdef CTGRAD_FIXED
constexpr auto twice = 2_c * x;
#else
constexpr auto twice = 2 * x;
#endif
