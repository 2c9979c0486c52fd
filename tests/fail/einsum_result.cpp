// expect: the result has the letter i twice
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/einsum.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto a = ct::tensor<float>("a"_s, 4_c, 5_c);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::einsum("ij->ji"_s, a);
#else
constexpr auto y = ct::einsum("ij->ii"_s, a);
#endif
