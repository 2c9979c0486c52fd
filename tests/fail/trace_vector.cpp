// expect: ctgrad: trace of v[4]: it has to have two axes or more
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/diagonal.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto v = ct::tensor<float>("v"_s, 4_c);
#ifdef CTGRAD_FIXED
constexpr auto result = ct::trace(ct::unsqueeze(v, 0_c));
#else
constexpr auto result = ct::trace(v);
#endif
