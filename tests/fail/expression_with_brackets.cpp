// expect: ctgrad: an expression has no []: ct::select(x, 0_c, 5_c) is place 5 of axis 0
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
auto f() { return ct::select(w, 0_c, 5_c); }
#else
auto f() { return w[5]; }  // here
#endif
