// expect: ctgrad: scatter_add of X[N, 6] to Y[N, 3] along axis 1 at p[N, 3]: places and what is added have to have one shape, and their other extents those of the first
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/indexing.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto Y = ct::tensor<float>("Y"_s, ct::dim("N"_s), 3_c);
constexpr auto p = ct::tensor<std::int32_t>("p"_s, ct::dim("N"_s), 3_c);
constexpr auto q = ct::tensor<std::int32_t>("q"_s, ct::dim("M"_s), 3_c);
constexpr auto b = ct::tensor<bool>("b"_s, ct::dim("N"_s));
constexpr auto i = ct::tensor<std::int64_t>("i"_s, ct::dim("N"_s));
#ifdef CTGRAD_FIXED
constexpr auto result = ct::scatter_add(X, 1_c, p, Y);
#else
constexpr auto result = ct::scatter_add(Y, 1_c, p, X);
#endif
