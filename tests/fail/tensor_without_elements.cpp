// expect: ctgrad: say what the elements are, float, double, int, std::int64_t or bool: ct::tensor<float>(...)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
constexpr auto v = ct::tensor<float>("v"_s, N);
#else
constexpr auto v = ct::tensor("v"_s, N);  // here
#endif
