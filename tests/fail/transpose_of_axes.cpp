// expect: ctgrad: this function takes 1 tensor, and is given 3: it swaps the last two axes; for any order of them write ct::permute(x, 1_c, 0_c)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
constexpr auto e = ct::permute(X, 1_c, 0_c);
#else
constexpr auto e = ct::transpose(X, 1_c, 0_c);  // here
#endif
