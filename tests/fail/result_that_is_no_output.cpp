// expect: ctgrad: this expression is no output of the program that was called
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto x = ct::tensor<float>("x"_s, N);
constexpr auto total = ct::sum(x);
constexpr auto twice = 2_c * x;
constexpr auto program = ct::compile(total, twice);

#ifdef CTGRAD_FIXED
float call(ct::array<float, 1> const& a) { return program(x = a)[ct::sum(x)]; }
#else
float call(ct::array<float, 1> const& a) { return program(x = a)[ct::mean(x)]; }
#endif
