// expect: ctgrad: norm of X[N, 6]: its order is -1, and has to be positive
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/statistics.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto w = ct::tensor<float>("w"_s, 6_c);
#ifdef CTGRAD_FIXED
constexpr auto size = ct::vector_norm(X, 1_c);
#else
constexpr auto size = ct::vector_norm(X, -1_c);
#endif
