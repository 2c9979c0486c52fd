// expect: ctgrad: a call returns all outputs: with auto r = step(X = images), r[loss] is one of them; or auto [l, g] = step(X = images)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
constexpr auto y = ct::tensor<float>("y"_s, N);
constexpr auto loss = ct::mse(ct::matmul(X, w), y);
constexpr auto step = ct::compile(loss);

#ifdef CTGRAD_FIXED
float f(ct::array<float, 2>& a, ct::array<float, 1>& b, ct::array<float, 1>& c) { return step(X = a, w = b, y = c)[loss]; }
#else
float f(ct::array<float, 2>& a, ct::array<float, 1>& b, ct::array<float, 1>& c) { return step(X = a, w = b, y = c); }  // here
#endif
