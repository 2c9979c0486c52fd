// expect: ctgrad: extents N and 3 differ, and both have to be the extent v.0
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto v = ct::vector<float>("v"_s);
constexpr auto a = ct::tensor<float>("a"_s, ct::dim("N"_s));
#ifdef CTGRAD_FIXED
constexpr auto b = ct::tensor<float>("b"_s, ct::dim("N"_s));
#else
constexpr auto b = ct::tensor<float>("b"_s, 3_c);
#endif
constexpr auto program = ct::compile(ct::sum(v * a) + ct::sum(v * b));
