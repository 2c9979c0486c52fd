// expect: ctgrad: dropout of X[N, 6]: it is int64, and has to be floating-point
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/random.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<std::int64_t>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto seed = ct::scalar<std::int64_t>("seed"_s);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::dropout(ct::cast<float>(X), 0.5_c, seed);
#else
constexpr auto y = ct::dropout(X, 0.5_c, seed);
#endif
