// expect: ctgrad: einsum of ij,jk->ik: it names 2 operands, and is given 1
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/einsum.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto b = ct::tensor<float>("b"_s, 5_c, 6_c);
#ifdef CTGRAD_FIXED
constexpr auto product = ct::einsum("ij,kj->ik"_s, b, b);
#else
constexpr auto product = ct::einsum("ij,jk->ik"_s, b);
#endif
