// expect: ctgrad: the literal 99999999999999999999_c has no exact value: an integer has to fit int64, a number with a point has to be finite in double
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

#ifdef CTGRAD_FIXED
constexpr auto huge = 9223372036854775807_c;
#else
constexpr auto huge = 99999999999999999999_c;
#endif
