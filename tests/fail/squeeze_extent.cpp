// expect: ctgrad: squeeze of X[N, 6]: an axis that goes has to have extent 1
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto Y = ct::tensor<float>("Y"_s, ct::dim("N"_s), 5_c);
#ifdef CTGRAD_FIXED
constexpr auto same = ct::squeeze(ct::unsqueeze(X, 1_c), 1_c);
#else
constexpr auto same = ct::squeeze(X, 1_c);
#endif
