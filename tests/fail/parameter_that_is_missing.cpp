// expect: ctgrad: w is none of these parameters: add w = ... in ct::parameters
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/optim.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
constexpr auto v = ct::tensor<float>("v"_s, 784_c);
constexpr auto backward = ct::backward(ct::sum(w * w), w);

#ifdef CTGRAD_FIXED
void f(ct::array<float, 1>& a) { auto p = ct::parameters(w = a); backward(p); }
#else
void f(ct::array<float, 1>& a) { auto p = ct::parameters(v = a); backward(p); }  // here
#endif
