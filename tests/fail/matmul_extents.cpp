// expect: ctgrad: matmul: extent 784 (axis 1 of X[N, 784]) and extent 10 (axis 0 of w[10]) differ
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 784_c);
#ifdef CTGRAD_FIXED
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
#else
constexpr auto w = ct::tensor<float>("w"_s, 10_c);
#endif
constexpr auto product = ct::matmul(X, w);
