// expect: ctgrad: x is float16, and is bound to bfloat16 data
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<ct::float16>("x"_s, ct::dim("N"_s));
constexpr auto total = ct::sum(x);

#ifdef CTGRAD_FIXED
float call(ct::array<ct::float16, 1> const& a) { return ct::compile(total)(x = a)[total]; }
#else
float call(ct::array<ct::bfloat16, 1> const& a) { return ct::compile(total)(x = a)[total]; }
#endif
