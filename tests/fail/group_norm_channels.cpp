// expect: ctgrad: group_norm of X[N, 6]: its channels, axis 1, have to be a known multiple of 4
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto w = ct::tensor<float>("w"_s, 6_c);
#ifdef CTGRAD_FIXED
constexpr auto groups = ct::group_norm(X, 3_c, w, w);
#else
constexpr auto groups = ct::group_norm(X, 4_c, w, w);
#endif
