// expect: ctgrad: glu of X[N, 6] along axis 0: the extent N is no known multiple of 2
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/nn.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto w = ct::tensor<float>("w"_s, 6_c);
#ifdef CTGRAD_FIXED
constexpr auto gate = ct::glu(X);
#else
constexpr auto gate = ct::glu(X, 0_c);
#endif
