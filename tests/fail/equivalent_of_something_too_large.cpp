// A power of a sum has too many terms to be written out.
// expect: ctgrad: equivalent: these expressions are too large to be written out as sums of products; compare parts of them
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/equivalent.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto a = ct::scalar<double>("a"_s);
constexpr auto b = ct::scalar<double>("b"_s);
constexpr auto c = ct::scalar<double>("c"_s);
constexpr auto d = ct::scalar<double>("d"_s);
constexpr auto f = (a + b + c + d) * (a - b + 2_c * c + d) * (a + 3_c * b - c + d);
#ifdef CTGRAD_FIXED
static_assert(ct::equivalent(f, (a + b + c + d) * (a - b + 2_c * c + d) * (a + 3_c * b - c + d)));
#else
static_assert(ct::equivalent(ct::pow(f, 9_c), ct::pow(f, 8_c) * f));
#endif
