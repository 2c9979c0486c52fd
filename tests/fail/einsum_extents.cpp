// expect: ctgrad: einsum: extent 5 (axis 2 of a[B, 4, 5]) and extent 6 (axis 1 of b[5, 6]) differ
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/einsum.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto a = ct::tensor<float>("a"_s, ct::dim("B"_s), 4_c, 5_c);
constexpr auto b = ct::tensor<float>("b"_s, 5_c, 6_c);
#ifdef CTGRAD_FIXED
constexpr auto product = ct::einsum("bij,jk->bik"_s, a, b);
#else
constexpr auto product = ct::einsum("bij,kj->bik"_s, a, b);
#endif
