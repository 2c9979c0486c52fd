// expect: ctgrad: randint: there is no integer from 5 to before 5
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/random.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto seed = ct::scalar<std::int64_t>("seed"_s);
#ifdef CTGRAD_FIXED
constexpr auto r = ct::random::randint(seed, 5_c, 6_c, ct::dim("N"_s));
#else
constexpr auto r = ct::random::randint(seed, 5_c, 5_c, ct::dim("N"_s));
#endif
