// expect: ctgrad: into takes a workspace, then arrays by name
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
constexpr auto e = -w;
constexpr auto step = ct::compile(e);

#ifdef CTGRAD_FIXED
void f(ct::workspace_memory& space, ct::array<float, 1>& a, ct::array<float, 1>& to) { step.into(space, w = a, e = to); }
#else
void f(ct::array<float, 1>& a, ct::array<float, 1>& to) { step.into(w = a, e = to); }  // here
#endif
