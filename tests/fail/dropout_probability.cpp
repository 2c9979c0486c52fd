// expect: ctgrad: dropout: the probability 1.5 is not in [0, 1]
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto seed = ct::scalar<std::int64_t>("seed"_s);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::dropout(X, 0.5_c, seed);
#else
constexpr auto y = ct::dropout(X, 1.5_c, seed);
#endif
