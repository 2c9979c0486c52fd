// expect: ctgrad: the body of this ct::fn takes another number of arguments
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
constexpr auto e = ct::fn([](auto a) { return a * a; })(w);
#else
constexpr auto e = ct::fn([](auto a) { return a * a; })(w, w);  // here
#endif
