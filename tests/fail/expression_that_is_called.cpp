// expect: ctgrad: an expression is not called: compile it, as constexpr auto step = ct::compile(loss), and call step(X = images)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
constexpr auto loss = -w;

#ifdef CTGRAD_FIXED
auto f(ct::array<float, 1> const& a) { return ct::compile(loss)(w = a); }
#else
auto f(ct::array<float, 1> const& a) { return loss(w = a); }  // here
#endif
