// expect: ctgrad: dot of X[N, 3] and X[N, 3]: both have to have one axis
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 3_c);

#ifdef CTGRAD_FIXED
constexpr auto product = ct::matmul(ct::transpose(X), X);
#else
constexpr auto product = ct::dot(X, X);
#endif
