// expect: ctgrad: nll_loss of X[N, 6] and labels w[6] (float32): the labels have to be integers, one for each row
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto w = ct::tensor<float>("w"_s, 6_c);
#ifdef CTGRAD_FIXED
constexpr auto loss = ct::nll_loss(X, ct::tensor<int>("y"_s, ct::dim("N"_s)));
#else
constexpr auto loss = ct::nll_loss(X, w);
#endif
