// expect: ctgrad: matmul of b and w[3]: both have to have one to 5 axes
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto w = ct::tensor<float>("w"_s, 3_c);
#ifdef CTGRAD_FIXED
constexpr auto b = ct::tensor<float>("b"_s, 3_c);
#else
constexpr auto b = ct::scalar<float>("b"_s);
#endif
constexpr auto product = ct::matmul(b, w);
