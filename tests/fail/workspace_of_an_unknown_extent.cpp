// expect: ctgrad: workspace is bound to a name that is no extent of this program
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
auto space = program.workspace(N = 4);
#else
auto space = program.workspace(ct::dim("M"_s) = 4);
#endif
