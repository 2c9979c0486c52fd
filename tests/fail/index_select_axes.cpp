// expect: ctgrad: index_select of X[2, 2, 2, 2, 2] at p[2, 2, 2, 2]: together they have more than 8 axes
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/indexing.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, 2_c, 2_c, 2_c, 2_c, 2_c);
constexpr auto p = ct::tensor<int>("p"_s, 2_c, 2_c, 2_c, 2_c);
constexpr auto q = ct::tensor<int>("q"_s, 2_c, 2_c, 2_c);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::index_select(X, 0_c, q);
#else
constexpr auto y = ct::index_select(X, 0_c, p);
#endif
