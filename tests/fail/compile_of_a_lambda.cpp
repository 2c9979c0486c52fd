// expect: ctgrad: compile takes expressions, and tuples of them as ct::grad makes; a lambda f becomes one by ct::fn(f)(X, w)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/fn.hpp>
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
constexpr auto p = ct::compile(ct::fn([](auto v) { return v; })(w));
#else
constexpr auto p = ct::compile([](auto v) { return v; });  // here
#endif
