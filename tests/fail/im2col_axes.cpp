// expect: ctgrad: im2col of X[N, 6]: it has to have 4 axes: a batch, channels, rows and columns
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/convolution.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
#ifdef CTGRAD_FIXED
constexpr auto result = ct::im2col(ct::reshape(X, ct::dim("N"_s), 1_c, 2_c, 3_c), 2_c);
#else
constexpr auto result = ct::im2col(X, 2_c);
#endif
