// expect: ctgrad: negative of t[N]: it is bool, and has no negative; cast it first
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto t = ct::tensor<bool>("t"_s, ct::dim("N"_s));

#ifdef CTGRAD_FIXED
constexpr auto opposite = -ct::cast<float>(t);
#else
constexpr auto opposite = -t;
#endif
