// expect: ctgrad: two different symbols have the name x: float32[N] and float64[N]
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<float>("x"_s, ct::dim("N"_s));
#ifdef CTGRAD_FIXED
constexpr auto other = ct::tensor<double>("other"_s, ct::dim("N"_s));
#else
constexpr auto other = ct::tensor<double>("x"_s, ct::dim("N"_s));
#endif
constexpr auto program = ct::compile(2_c * x, 2_c * other);
