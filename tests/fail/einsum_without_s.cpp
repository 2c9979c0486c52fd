// expect: ctgrad: the subscripts of einsum are a literal with _s
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/einsum.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
constexpr auto e = ct::einsum("ij,j->i"_s, X, w);
#else
constexpr auto e = ct::einsum("ij,j->i", X, w);  // here
#endif
