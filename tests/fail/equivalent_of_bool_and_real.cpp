// expect: ctgrad: equivalent: one side is bool, the other float32; cast the one that is bool
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/equivalent.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::scalar<float>("x"_s);
#ifdef CTGRAD_FIXED
static_assert(ct::equivalent(x > 0_c, x + x > 0_c));
#else
static_assert(ct::equivalent(x > 0_c, x));
#endif
