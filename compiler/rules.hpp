// The rewrite rules, as rows: before → after.
// Those that run by default keep the class (NaN, Inf, signed zero) of every result; stability rules may only turn an overflow into the true value.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ops.hpp"

namespace ctgrad::detail {

struct rule {
  node_id before = node_id::none, after = node_id::none;
  node_id present = node_id::none;  ///< the rule holds only where this is computed as well, before or after
  bool once = false;                ///< … only where operands that the pattern looks into are used nowhere else
};

inline constexpr char const pattern_x[] = "x", pattern_y[] = "y", pattern_z[] = "z", pattern_p[] = "p", pattern_c[] = "c", pattern_d[] = "d";

/// Patterns are graphs of scalars themselves. Symbols match anything, the same thing wherever they stand.
struct rule_writer {
  builder b;
  list<rule> rules;

  constexpr value variable(char const* name) { return {&b, b.symbol(name, dtype::float64, {})}; }
  /// Match a constant from 1 to 2^60, and one whose magnitude is from 2^-60 to 2^60.
  constexpr value large_constant() { return variable(pattern_c); }
  constexpr value constant() { return variable(pattern_d); }
  /// A reduction, over whatever axes.
  constexpr value reduction(op code, value of) { return {&b, b.add({.code = code, .type = dtype::float64, .arity = 1, .operands = {of.id, node_id::none, node_id::none}})}; }
  constexpr value condition(char const* name) { return {&b, b.symbol(name, dtype::bool_, {})}; }
  template <class After>
  constexpr void add(value before, After after) {
    if constexpr (traced<After>) rules.push_back({before.id, after.id});
    else rules.push_back({before.id, b.real(after, dtype::float64)});
  }
  constexpr void add_once(value before, value after) { rules.push_back({before.id, after.id, node_id::none, true}); }
  constexpr void add_beside(value present, value before, value after) { rules.push_back({before.id, after.id, present.id}); }
};

constexpr void write_default_rules(rule_writer& r) {
  value x = r.variable(pattern_x), y = r.variable(pattern_y), z = r.variable(pattern_z), p = r.condition(pattern_p);
  // identities
  r.add(1 * x, x);
  r.add(x / 1, x);
  r.add(x - 0, x);
  r.add(-1 * x, -x);
  r.add(-(-x), x);
  r.add(x + -y, x - y);
  r.add(x - -y, x + y);
  r.add(-x * -y, x * y);
  r.add(-x * y, -(x * y));
  r.add(-x / y, -(x / y));
  r.add(x / -y, -(x / y));
  r.add(x + x, 2 * x);
  r.add(x * x * x, pow(x, 3));
  r.add(pow(x, 1), x);
  r.add(pow(x, 0), 1);
  r.add(pow(x, -1), 1 / x);
  r.add(abs(-x), abs(x));
  r.add(abs(abs(x)), abs(x));
  r.add(relu(relu(x)), relu(x));
  r.add(!!p, p);
  r.add(where(p, x, x), x);
  r.add(where(!p, x, y), where(p, y, x));
  r.add(where(p, where(p, x, y), z), where(p, x, z));
  r.add(where(p, x, where(p, y, z)), where(p, x, z));
  // stability
  r.add(log(1 + exp(x)), softplus(x));
  r.add(log1p(exp(x)), softplus(x));
  r.add(log(sigmoid(x)), -softplus(-x));
  r.add(1 - sigmoid(x), sigmoid(-x));
  r.add(log(exp(x) / y), x - log(y));
  r.add(log(exp(x) * (1 / y)), x - log(y));
  r.add(log(exp(x)), x);
  r.add(exp(x) - 1, expm1(x));
  r.add(log(1 + x), log1p(x));
  r.add(1 / (1 + exp(-x)), sigmoid(x));
  r.add(1 / sqrt(x), rsqrt(x));
}

/// How loops compute what formulas name. These run last, when nothing looks at names any more.
constexpr void write_loop_rules(rule_writer& r) {
  value x = r.variable(pattern_x), y = r.variable(pattern_y), p = r.condition(pattern_p), c = r.large_constant(), d = r.constant();
  r.add(detach(x), x);
  r.add(pow(x, 2), x * x);
  r.add(pow(x, 3), x * x * x);
  r.add(pow(x, 4), (x * x) * (x * x));
  r.add(pow(x, -2), 1 / (x * x));
  r.add(abs(-x), abs(x));
  value const rest = function<op::log1p_unit>{}(exp(-abs(x)));
  r.add(softplus(-x), relu(-x) + rest);
  r.add(softplus(x), relu(x) + rest);
  // Derivatives have the same parts, and find them here.
  r.add(gelu(x), 0.5 * x * (1 + erf(0.7071067811865476 * x)));
  r.add(silu(x), x * sigmoid(x));
  // Factors and signs go outwards and meet, and leave loops through sums: one operation instead of one for each element. A sum starts from 0 and is never -0,
  // so that 0 - sum, unlike -sum, is exact; a factor below 1 might keep from overflow what is multiplied or summed.
  r.add(c * (d * x), (c * d) * x);
  r.add(d * (c * x), (c * d) * x);
  r.add_once(x * (c * y), c * (x * y));
  r.add(-(-x), x);
  r.add_once(x * -(c * y), -(c * (x * y)));
  r.add(x * -y, -(x * y));
  r.add(x + -y, x - y);
  r.add(x - -y, x + y);
  r.add_once(where(p, c * x, 0), c * where(p, x, 0));
  r.add_once(where(p, -(c * x), 0), -(c * where(p, x, -0.0)));
  r.add_once(where(p, -x, 0), -where(p, x, -0.0));
  r.add(r.reduction(op::sum, -x), 0 - r.reduction(op::sum, x));
  r.add(r.reduction(op::sum, c * x), c * r.reduction(op::sum, x));
  r.add(r.reduction(op::sum, x * (c * y)), c * r.reduction(op::sum, x * y));
}

/// What can be had from a value that is there anyway.
constexpr void write_sharing_rules(rule_writer& r) {
  value x = r.variable(pattern_x), y = r.variable(pattern_y), p = r.condition(pattern_p);
  // Softplus and sigmoid of x and -x share one exponential, and one division.
  value const e = exp(-abs(x));
  r.add_beside(e, sigmoid(x), where(x >= 0, 1, e) * (1 / (1 + e)));
  r.add_beside(e, sigmoid(-x), where(x >= 0, e, 1) * (1 / (1 + e)));
  // Of the smaller of a sigmoid and that of the negative, as slopes have it, both are had without loss. Their product has no choice in it: another loop computes it of one number.
  value const smaller = sigmoid(-abs(x));
  r.add_beside(sigmoid(-x), sigmoid(x), where(x >= 0, 1 - smaller, smaller));
  r.add_beside(sigmoid(x), sigmoid(-x), where(x >= 0, smaller, 1 - smaller));
  r.add(where(p, x, y) * where(p, y, x), x * y);
  // The error function's slope is what it is computed by, and that of a root has the root.
  value const density = exp(-(x * x));
  r.add_beside(density, erf(x), function<op::erf_by_exp>{}(x, density));
  r.add_beside(sqrt(x), rsqrt(x), 1 / sqrt(x));
}

/// What `large_constant` and `constant` match.
constexpr bool is_large(node const& n) { return n.is_constant() && is_floating(n.type) && n.real() >= 1 && n.real() <= 0x1p60; }
constexpr bool is_moderate(node const& n) {
  double const size = n.is_constant() && is_floating(n.type) ? cmath::fabs(n.real()) : 0;
  return size >= 0x1p-60 && size <= 0x1p60;
}

/// Rules as a constexpr variable can hold them. Too many do not compile.
struct rule_set {
  static constexpr int most_nodes = 256, most_rules = 64, most_variables = 5;
  node nodes[most_nodes]{};
  symbol_entry symbols[most_variables]{};
  rule rules[most_rules]{};
  int node_count = 0, symbol_count = 0, rule_count = 0;
  /// What operands are told apart by: their operations, and products with constants, and with those that factors may move as, from other products.
  static constexpr int scaled = op_count, enlarged = op_count + 1, kind_count = op_count + 2;
  // Sets of rules, a bit for each.
  std::uint64_t of_code[op_count]{};                                ///< whose outermost operation is this
  std::uint64_t first_is[kind_count]{}, second_is[kind_count]{};    ///< of whose outermost operation this operand is this
  std::uint64_t first_is_any = 0, second_is_any = 0;
  std::uint64_t beside = 0;                                         ///< that hold only where something else is computed as well
  std::uint64_t once = 0;                                           ///< that hold only where operands are used nowhere else
  std::uint64_t reductions = 0;                                     ///< whose outermost operation is one: that hold only where the last axis goes
  std::uint64_t conditional = 0;                                    ///< all of these
  std::uint64_t twins = 0;                                          ///< whose outermost operation is of anything and the same thing

  constexpr explicit rule_set(rule_writer const& w) : node_count(w.b.g.size()), symbol_count(static_cast<int>(w.b.g.symbols.size())), rule_count(static_cast<int>(w.rules.size())) {
    for (int i = 0; i < node_count; ++i) nodes[i] = w.b.g.nodes[i];
    for (int i = 0; i < symbol_count; ++i) symbols[i] = w.b.g.symbols[i];
    for (int i = 0; i < rule_count; ++i) {
      rules[i] = w.rules[i];
      std::uint64_t const bit = std::uint64_t{1} << i;
      node const& before = nodes[index(rules[i].before)];
      of_code[static_cast<int>(before.code)] |= bit;
      if (rules[i].present != node_id::none) beside |= bit;
      if (rules[i].once) once |= bit;
      if (info(before.code).kind == op_kind::reduction) reductions |= bit;
      conditional = beside | once | reductions;
      int const first = kind_in_pattern(before, 0), second = kind_in_pattern(before, 1);
      (first == anything ? first_is_any : first_is[first]) |= bit;
      if (before.arity == 2 && first == anything && before.operands[0] == before.operands[1]) twins |= bit;
      (second == anything ? second_is_any : second_is[second]) |= bit;
    }
  }
  /// The rules that may match at a node, by the kinds of the operands alone, in either order.
  constexpr std::uint64_t candidates(node const& at, node const* of) const {
    std::uint64_t const all = of_code[static_cast<int>(at.code)];
    if (!all || !at.arity) return all;
    sides const a = sides_of(of[static_cast<int>(at.operands[0])], of);
    std::uint64_t straight = a.first, swapped = 0;
    if (at.arity > 1) {
      sides const b = sides_of(of[static_cast<int>(at.operands[1])], of);
      straight &= b.second;
      if (at.arity == 2) swapped = b.first & a.second;
    }
    return all & (straight | swapped) & (at.operands[0] == at.operands[1] ? ~once : ~twins);
  }

 private:
  static constexpr int anything = static_cast<int>(op::symbol);
  /// The rules that may match where `n` is the first operand, and the second.
  struct sides {
    std::uint64_t first, second;
  };
  constexpr sides sides_of(node const& n, node const* of) const {
    int const code = static_cast<int>(n.code);
    sides s{first_is_any | first_is[code], second_is_any | second_is[code]};
    if (n.code != op::multiply) return s;
    node const &left = of[static_cast<int>(n.operands[0])], &right = of[static_cast<int>(n.operands[1])];
    if (left.code != op::constant && right.code != op::constant) return s;
    s.first |= first_is[scaled], s.second |= second_is[scaled];
    if (is_large(left.code == op::constant ? left : right)) s.first |= first_is[enlarged], s.second |= second_is[enlarged];
    return s;
  }
  constexpr bool is_constant(node const& n) const {
    return n.code == op::constant || (n.code == op::symbol && (symbols[n.attribute].name == pattern_c || symbols[n.attribute].name == pattern_d));
  }
  constexpr int kind_in_pattern(node const& n, int which) const {
    if (n.arity <= which) return anything;
    node const& operand = nodes[index(n.operands[which])];
    if (is_constant(operand)) return static_cast<int>(op::constant);
    if (operand.code != op::multiply) return static_cast<int>(operand.code);
    node const &left = nodes[index(operand.operands[0])], &right = nodes[index(operand.operands[1])];
    auto large = [&](node const& n) { return n.code == op::symbol && symbols[n.attribute].name == pattern_c; };
    return large(left) || large(right) ? enlarged : is_constant(left) || is_constant(right) ? scaled : static_cast<int>(operand.code);
  }
};

/// The rules that `Write` writes. Made where they are first used, so that headers alone do not pay for them.
template <auto Write>
inline constexpr rule_set rules_of = [] {
  rule_writer w;
  Write(w);
  return rule_set(w);
}();

}  // namespace ctgrad::detail
