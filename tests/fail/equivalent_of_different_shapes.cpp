// Functions of different shapes are never the same.
// expect: ctgrad: equivalent: the sides have different shapes, [N] and []; reduce one, or use keepdim
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/equivalent.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto v = ct::tensor<float>("v"_s, N);
#ifdef CTGRAD_FIXED
static_assert(ct::equivalent(ct::sum(v + v), 2_c * ct::sum(v)));
#else
static_assert(ct::equivalent(v + v, 2_c * ct::sum(v)));
#endif
