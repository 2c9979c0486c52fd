// expect: ctgrad: concat takes the axis first, a constant: ct::concat(0_c, a, b)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto Y = ct::tensor<float>("Y"_s, ct::dim("N"_s), 6_c);
#ifdef CTGRAD_FIXED
constexpr auto both = ct::concat(0_c, X, Y);
#else
constexpr auto both = ct::concat(X, Y);
#endif
