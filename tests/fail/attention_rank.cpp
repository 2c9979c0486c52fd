// expect: ctgrad: scaled_dot_product_attention of w[6], X[N, 6], X[N, 6]: each has to have two axes or more
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto w = ct::tensor<float>("w"_s, 6_c);
#ifdef CTGRAD_FIXED
constexpr auto out = ct::scaled_dot_product_attention(X, X, X);
#else
constexpr auto out = ct::scaled_dot_product_attention(w, X, X);
#endif
