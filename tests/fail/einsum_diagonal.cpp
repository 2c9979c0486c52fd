// expect: ctgrad: einsum of ii->i: letter i stands for extents 5 and 6 of b[5, 6]
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/einsum.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

#ifdef CTGRAD_FIXED
constexpr auto b = ct::tensor<float>("b"_s, 5_c, 5_c);
#else
constexpr auto b = ct::tensor<float>("b"_s, 5_c, 6_c);
#endif
constexpr auto diagonal = ct::einsum("ii->i"_s, b);
