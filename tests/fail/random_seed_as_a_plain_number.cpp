// expect: ctgrad: a plain number
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/random.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

#ifdef CTGRAD_FIXED
constexpr auto z = ct::random::uniform(7_c, ct::dim("N"_s), 6_c);
#else
constexpr auto z = ct::random::uniform(7, ct::dim("N"_s), 6_c);
#endif
