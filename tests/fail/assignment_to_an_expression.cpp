// expect: ctgrad: an expression does not change: give the next one a name of its own
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
void f() { [[maybe_unused]] auto v = w + 1_c; }
#else
void f(decltype(w) v) { v += 1_c; }  // here
#endif
