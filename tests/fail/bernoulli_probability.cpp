// expect: ctgrad: bernoulli: the probability -0.25 is not in [0, 1]
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/random.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto seed = ct::scalar<std::int64_t>("seed"_s);
#ifdef CTGRAD_FIXED
constexpr auto b = ct::random::bernoulli(seed, 0.25_c, ct::dim("N"_s));
#else
constexpr auto b = ct::random::bernoulli(seed, -0.25_c, ct::dim("N"_s));
#endif
