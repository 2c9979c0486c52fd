// expect: ctgrad: philox of s: it is float32, and has to be an integer
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/random.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto s = ct::scalar<float>("s"_s);
#ifdef CTGRAD_FIXED
constexpr auto w = ct::random::philox(ct::cast<std::int64_t>(s), 0_c, 1_c);
#else
constexpr auto w = ct::random::philox(s, 0_c, 1_c);
#endif
