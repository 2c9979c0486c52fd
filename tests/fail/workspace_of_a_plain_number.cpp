// expect: ctgrad: a workspace is told extents by name: step.workspace(N = 4096)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
constexpr auto step = ct::compile(-X);

#ifdef CTGRAD_FIXED
auto f() { return step.workspace(N = 4096); }
#else
auto f() { return step.workspace(4096); }  // here
#endif
