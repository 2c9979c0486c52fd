// Rows: random numbers. One word of 32 bits; every distribution is a formula of it (include/ctgrad/random.hpp).
// A word is a function of its operands, and carries no gradient. A mask is computed again rather than kept until the backward pass.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../philox.hpp"
#include "../row.hpp"

namespace ctgrad::detail {

// clang-format off
template <> struct row<op::philox> {
  static constexpr op_info info{.name = "philox", .arity = 3, .result = result_rule::word, .cost = 60, .cost_again = 2, .takes_bool = false};
  static constexpr auto eval(auto const& seed, auto const& stream, auto const& counter) { using cmath::philox; return philox(seed, stream, counter); }
};
// clang-format on

}  // namespace ctgrad::detail
