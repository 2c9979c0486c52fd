// expect: ctgrad: randint: the bound high is float32, and has to be an integer
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/random.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto seed = ct::scalar<std::int64_t>("seed"_s);
constexpr auto high = ct::scalar<float>("high"_s);
constexpr auto most = ct::scalar<int>("most"_s);
#ifdef CTGRAD_FIXED
constexpr auto r = ct::random::randint(seed, 5_c, most, ct::dim("N"_s));
#else
constexpr auto r = ct::random::randint(seed, 5_c, high, ct::dim("N"_s));
#endif
