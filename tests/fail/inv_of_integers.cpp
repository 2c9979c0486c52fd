// expect: ctgrad: inv of i[N, N]: it is int64, and has to be floating-point; cast it first
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/linalg.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 6_c);
constexpr auto A = ct::tensor<float>("A"_s, N, N);
constexpr auto b = ct::tensor<float>("b"_s, 6_c);
constexpr auto c = ct::tensor<float>("c"_s, N);
constexpr auto i = ct::tensor<std::int64_t>("i"_s, N, N);
#ifdef CTGRAD_FIXED
constexpr auto result = ct::inv(A);
#else
constexpr auto result = ct::inv(i);
#endif
