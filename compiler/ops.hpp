// The op table: one row for each operation, with its name, properties, computation and derivative.
// No other file of the compiler knows what an operation means; a new one is an enumerator, a row and its public name.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "infer.hpp"
#include "ops/arithmetic.hpp"
#include "ops/comparison.hpp"
#include "ops/exponential.hpp"
#include "ops/factorizations.hpp"
#include "ops/ordering.hpp"
#include "ops/random.hpp"
#include "ops/structural.hpp"
#include "ops/trigonometric.hpp"

#include <utility>

namespace ctgrad::detail {

template <std::size_t... Codes>
constexpr auto info_table(std::index_sequence<Codes...>) {
  return std::array<op_info, op_count>{row<static_cast<op>(Codes)>::info...};
}
inline constexpr auto infos = info_table(std::make_index_sequence<op_count>{});

constexpr op_info const& info(op code) { return infos[static_cast<std::size_t>(code)]; }

/// The gradient of operand `which`, where `g` is that of `y`; an empty value where it is zero.
template <op Code>
constexpr value derivative_of(int which, value g, value const* x, value y) {
  using r = row<Code>;
  if constexpr (r::info.arity == 1) {
    if constexpr (requires { r::d0(g, x[0], y); }) return r::d0(g, x[0], y);
  } else if constexpr (r::info.arity == 2) {
    if constexpr (requires { r::d0(g, x[0], x[1], y); })
      if (which == 0) return r::d0(g, x[0], x[1], y);
    if constexpr (requires { r::d1(g, x[0], x[1], y); })
      if (which == 1) return r::d1(g, x[0], x[1], y);
  } else if constexpr (r::info.arity == 3) {
    if constexpr (requires { r::d0(g, x[0], x[1], x[2], y); })
      if (which == 0) return r::d0(g, x[0], x[1], x[2], y);
    if constexpr (requires { r::d1(g, x[0], x[1], x[2], y); })
      if (which == 1) return r::d1(g, x[0], x[1], x[2], y);
    if constexpr (requires { r::d2(g, x[0], x[1], x[2], y); })
      if (which == 2) return r::d2(g, x[0], x[1], x[2], y);
  }
  return {};
}

using derivative_function = value (*)(int, value, value const*, value);
template <class Needed, std::size_t... Codes>
constexpr std::array<derivative_function, op_count> derivative_table(std::index_sequence<Codes...>) {
  return std::array<derivative_function, op_count>{&derivative_of<static_cast<op>(Codes)>...};
}
/// By code. A template, as what reads it, so that it costs nothing where no program is made.
template <class Needed>
inline constexpr std::array<derivative_function, op_count> derivatives = derivative_table<Needed>(std::make_index_sequence<op_count>{});

/// The shape and the dtype of a library operation's result, from those of its operands.
struct library_rule {
  shape (*result)(shape const*) = nullptr;
  dtype (*type)(dtype) = nullptr;
};
template <class Row>
inline constexpr library_rule library_rule_of{};
template <class Row>
  requires(Row::info.kind == op_kind::library)
inline constexpr library_rule library_rule_of<Row>{&Row::result, &Row::type};
template <std::size_t... Codes>
constexpr auto library_table(std::index_sequence<Codes...>) {
  return std::array<library_rule, op_count>{library_rule_of<row<static_cast<op>(Codes)>>...};
}
inline constexpr auto library_rules = library_table(std::make_index_sequence<op_count>{});

/// The elementwise computation on operands that are taken as `Number`: ieee, wrapping int64 or bool.
template <op Code, class Number>
constexpr auto evaluate_as(scalar const* x) {
  using r = row<Code>;
  if constexpr (r::info.result == result_rule::selected) return r::eval(x[0].integer != 0, x[1].as<Number>(), x[2].as<Number>());
  else if constexpr (r::info.arity == 1) return r::eval(x[0].as<Number>());
  else if constexpr (r::info.arity == 2) return r::eval(x[0].as<Number>(), x[1].as<Number>());
  else return r::eval(x[0].as<Number>(), x[1].as<Number>(), x[2].as<Number>());
}

/// The elementwise computation, on double (float32 is rounded afterwards, which is exact for + - * / sqrt) or int64.
template <op Code>
constexpr scalar evaluate_row(dtype operand_type, dtype type, scalar const* x) {
  constexpr op_info const& facts = row<Code>::info;
  if constexpr (facts.kind != op_kind::map) {
    return {};
  } else if constexpr (facts.result == result_rule::attribute) {
    return x[0].cast(operand_type, type);
  } else if constexpr (facts.result == result_rule::logical) {
    return scalar::of_result(evaluate_as<Code, bool>(x), type);
  } else if constexpr (facts.result == result_rule::word) {
    return scalar::of_result(evaluate_as<Code, cmath::wrapping<std::int64_t>>(x), type);
  } else {
    if constexpr (facts.result != result_rule::floating)
      if (!is_floating(operand_type)) return scalar::of_result(evaluate_as<Code, cmath::wrapping<std::int64_t>>(x), type);
    return scalar::of_result(evaluate_as<Code, cmath::ieee>(x), type);
  }
}

using evaluate_function = scalar (*)(dtype, dtype, scalar const*);
template <std::size_t... Codes>
constexpr auto evaluate_table(std::index_sequence<Codes...>) {
  return std::array<evaluate_function, op_count>{&evaluate_row<static_cast<op>(Codes)>...};
}
inline constexpr auto evaluators = evaluate_table(std::make_index_sequence<op_count>{});

constexpr scalar evaluate_map(op code, dtype operand_type, dtype type, scalar const* operands) {
  return evaluators[static_cast<std::size_t>(code)](operand_type, type, operands);
}

}  // namespace ctgrad::detail
