// expect: ctgrad: pad of X[N, 6]: what it is filled with has to be a scalar
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto v = ct::tensor<float>("v"_s, 6_c);
#ifdef CTGRAD_FIXED
constexpr auto padded = ct::pad(X, 1_c, 1_c, 0_c, ct::scalar<float>("s"_s));
#else
constexpr auto padded = ct::pad(X, 1_c, 1_c, 0_c, v);
#endif
