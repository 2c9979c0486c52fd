// expect: ctgrad: take of X[N, 6] at p[2, 2, 2, 2, 2, 2, 2, 2]: the places have too many axes
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/indexing.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto p = ct::tensor<int>("p"_s, 2_c, 2_c, 2_c, 2_c, 2_c, 2_c, 2_c, 2_c);
constexpr auto q = ct::tensor<int>("q"_s, 2_c, 2_c, 2_c, 2_c, 2_c, 2_c, 2_c);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::take(X, q);
#else
constexpr auto y = ct::take(X, p);
#endif
