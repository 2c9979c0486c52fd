// expect: ctgrad: backward takes the parameters, then arrays by name: float l = backward(params, X = images, y = labels)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/parameters.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
constexpr auto y = ct::tensor<float>("y"_s, N);
constexpr auto loss = ct::mse(ct::matmul(X, w), y);
constexpr auto backward = ct::backward(loss, w);
using parameters = decltype(ct::parameters(w = ct::array<float, 1>{}));

#ifdef CTGRAD_FIXED
float f(parameters& p, ct::array<float, 2>& a, ct::array<float, 1>& b) { return backward(p, X = a, y = b); }
#else
auto f(ct::array<float, 2>& a, ct::array<float, 1>& b) { return backward(X = a, y = b); }  // here
#endif
