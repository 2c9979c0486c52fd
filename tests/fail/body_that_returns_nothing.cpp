// expect: ctgrad: the body of a ct::fn returns one ct::value
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::scalar<float>("x"_s);

#ifdef CTGRAD_FIXED
constexpr auto y = ct::fn([](auto v) { return v + 1; })(x);
#else
constexpr auto y = ct::fn([](auto v) { v + 1; })(x);
#endif
