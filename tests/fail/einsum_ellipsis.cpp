// expect: ctgrad: einsum of ...ij->...ji: the character . is no letter of an axis
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/einsum.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto b = ct::tensor<float>("b"_s, 5_c, 6_c);
#ifdef CTGRAD_FIXED
constexpr auto turned = ct::einsum("ij->ji"_s, b);
#else
constexpr auto turned = ct::einsum("...ij->...ji"_s, b);
#endif
