// What a row of the op table is written with.
// Kept apart from the table so that the rows can stand in several files by subject.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "builder.hpp"
#include "functions.hpp"
#include "latex_form.hpp"
#include "math.hpp"
#include "scalar.hpp"

#include <limits>

namespace ctgrad::detail {

// What a row holds:
//   info       facts (op.hpp)
//   eval       maps: one element, for numbers, SIMD packs and device code alike
//   identity, combine   reductions
//   in_latex   how it is written in LaTeX, where it has a notation of its own
//   d0 d1 d2   the derivative by each operand: g is the gradient of the result y. A missing one is zero.

constexpr value zeros_like(value x) { return {x.b, x.b->broadcast(x.b->real(0, x.type()), x.get().shape, 0)}; }
constexpr value broadcast_like(value g, value x, axis_mask inserted) { return {x.b, x.b->broadcast(g.id, x.get().shape, inserted)}; }
constexpr value reduce(op code, value x, axis_mask axes) { return {x.b, x.b->reduce(code, x.id, axes)}; }
constexpr value cast(value x, dtype type) { return {x.b, x.b->cast(x.id, type)}; }

template <op Code, class... Arguments>
  requires(traced<Arguments> || ...)
constexpr value call(function<Code>, Arguments... arguments) { return call_map(Code, arguments...); }
}  // namespace ctgrad::detail
