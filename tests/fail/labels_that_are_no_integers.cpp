// expect: ctgrad: cross_entropy of logits z[N, 10] and labels y[N] (float32): the labels have to be integers, one for each row of logits
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto z = ct::tensor<float>("z"_s, N, 10_c);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::tensor<int>("y"_s, N);
#else
constexpr auto y = ct::tensor<float>("y"_s, N);
#endif
constexpr auto loss = ct::cross_entropy(z, y);
