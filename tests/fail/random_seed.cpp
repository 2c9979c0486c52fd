// expect: ctgrad: normal: the seed or stream seed is float32, and has to be an integer without axes
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/random.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

#ifdef CTGRAD_FIXED
constexpr auto seed = ct::scalar<std::int64_t>("seed"_s);
#else
constexpr auto seed = ct::scalar<float>("seed"_s);
#endif
constexpr auto z = ct::random::normal(seed, ct::dim("N"_s), 6_c);
