// expect: ctgrad: einsum of bij,jk->bil: no operand has the letter l of the result
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
constexpr auto product = ct::einsum("bij,jk->bil"_s, a, b);
#endif
