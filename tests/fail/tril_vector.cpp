// expect: ctgrad: tril of sum(...)[N]: it has to have two axes or more
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto Y = ct::tensor<float>("Y"_s, ct::dim("N"_s), 5_c);
#ifdef CTGRAD_FIXED
constexpr auto lower = ct::tril(X);
#else
constexpr auto lower = ct::tril(ct::sum(X, 1_c));
#endif
