// expect: ctgrad: two different symbols have the name x: float32[N] and float32[3]
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<float>("x"_s, ct::dim("N"_s));
#ifdef CTGRAD_FIXED
constexpr auto other = ct::tensor<float>("other"_s, 3_c);
#else
constexpr auto other = ct::tensor<float>("x"_s, 3_c);
#endif
constexpr auto program = ct::compile(ct::sum(x) + ct::sum(other));
