// expect: ctgrad: an expression is no number: write ct::exp for std::exp, and so on; for what it holds, compile it and call the program
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <cmath>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
auto f() { return ct::exp(w); }
#else
auto f() { return std::exp(w); }  // here
#endif
