// expect: ctgrad: batch_norm of w[6]: it has to have a batch and channels, axes 0 and 1
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto w = ct::tensor<float>("w"_s, 6_c);
#ifdef CTGRAD_FIXED
constexpr auto batch = ct::batch_norm(X, w, w);
#else
constexpr auto batch = ct::batch_norm(w, w, w);
#endif
