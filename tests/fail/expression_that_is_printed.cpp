// expect: ctgrad: an expression is printed as text: std::cout << ct::to_string(loss)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/report.hpp>
#include <iostream>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
void f() { std::cout << ct::to_string(-w); }
#else
void f() { std::cout << -w; }  // here
#endif
