// expect: ctgrad: layer_norm of w[6]: its weight X[N, 6] has to have the extents of its last axes
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto w = ct::tensor<float>("w"_s, 6_c);
#ifdef CTGRAD_FIXED
constexpr auto rows = ct::layer_norm(X, w, w);
#else
constexpr auto rows = ct::layer_norm(w, X, w);
#endif
