// expect: ctgrad: a program takes its arrays by name: step(X = images, w = weights)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
constexpr auto step = ct::compile(-w);

#ifdef CTGRAD_FIXED
auto f(ct::array<float, 1> const& a) { return step(w = a); }
#else
auto f(ct::array<float, 1> const& a) { return step(a); }  // here
#endif
