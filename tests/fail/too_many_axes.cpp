// expect: ctgrad: a tensor has at most eight axes
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

#ifdef CTGRAD_FIXED
constexpr auto x = ct::tensor<float>("x"_s, 1_c, 2_c, 3_c, 4_c, 5_c, 6_c, 7_c, 8_c);
#else
constexpr auto x = ct::tensor<float>("x"_s, 1_c, 2_c, 3_c, 4_c, 5_c, 6_c, 7_c, 8_c, 9_c);
#endif
