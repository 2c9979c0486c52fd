// expect: ctgrad: matmul: extent B (axis 0 of a[B, 4, 5]) and extent C (axis 0 of b[C, 5, 6]) differ
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto a = ct::tensor<float>("a"_s, ct::dim("B"_s), 4_c, 5_c);
#ifdef CTGRAD_FIXED
constexpr auto b = ct::tensor<float>("b"_s, ct::dim("B"_s), 5_c, 6_c);
#else
constexpr auto b = ct::tensor<float>("b"_s, ct::dim("C"_s), 5_c, 6_c);
#endif
constexpr auto product = ct::matmul(a, b);
