// expect: ctgrad: train_step takes a loss, its parameters and an optimiser: ct::train_step(loss, params, adam)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/train.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
constexpr auto y = ct::tensor<float>("y"_s, N);
constexpr auto loss = ct::mse(ct::matmul(X, w), y);
using parameters = decltype(ct::parameters(w = ct::array<float, 1>{}));

#ifdef CTGRAD_FIXED
auto f(parameters& p, ct::optim::adam& adam) { return ct::train_step(loss, p, adam); }
#else
auto f(parameters& p) { return ct::train_step(loss, p); }  // here
#endif
