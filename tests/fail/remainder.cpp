// expect: ctgrad: there is no %: the remainder is a - b * ct::floor(a / b)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
constexpr auto e = w - 2_c * ct::floor(w / 2_c);
#else
constexpr auto e = w % 2_c;  // here
#endif
