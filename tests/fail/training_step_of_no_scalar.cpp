// expect: ctgrad: the loss of a training step is a scalar: sum or mean it
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/train.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
constexpr auto errors = ct::matmul(X, w);
using parameters = decltype(ct::parameters(w = ct::array<float, 1>{}));

#ifdef CTGRAD_FIXED
auto f(parameters& p, ct::optim::adam& adam) { return ct::train_step(ct::mean(errors * errors), p, adam); }
#else
auto f(parameters& p, ct::optim::adam& adam) { return ct::train_step(errors * errors, p, adam); }  // here
#endif
