// expect: ctgrad: x is bound twice
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto x = ct::tensor<float>("x"_s, N);
constexpr auto y = ct::tensor<float>("y"_s, N);
constexpr auto b = ct::scalar<float>("b"_s);
constexpr auto total = ct::sum(x * y) + b;
constexpr auto program = ct::compile(total);

#ifdef CTGRAD_FIXED
float call(ct::array<float, 1> const& a) { return program(x = a, y = a, b = 1)[total]; }
#else
float call(ct::array<float, 1> const& a) { return program(x = a, y = a, x = a, b = 1)[total]; }
#endif
