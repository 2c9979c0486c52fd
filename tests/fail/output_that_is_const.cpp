// expect: ctgrad: output 1 is bound to an array that cannot be written
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
void call(ct::workspace_memory& space, ct::array<float, 1> const& a, float& l, ct::array<float, 1>& out) { program.into(space, x = a, total = l, twice = out); }
#else
void call(ct::workspace_memory& space, ct::array<float, 1> const& a, float& l, ct::array<float, 1> const& out) { program.into(space, x = a, total = l, twice = out); }
#endif
