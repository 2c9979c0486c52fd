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
};

/// Patterns are graphs of scalars themselves. Symbols match anything, the same thing wherever they stand.
struct rule_writer {
  builder b;
  list<rule> rules;

  constexpr value variable(char const* name) { return {&b, b.symbol(name, dtype::float64, {})}; }
  /// Matches a finite constant of at least 1.
  constexpr value large_constant(char const* name) { return {&b, b.symbol(name, dtype::float64, {})}; }
  /// A reduction, over whatever axes.
  constexpr value reduction(op code, value of) { return {&b, b.add({.code = code, .type = dtype::float64, .arity = 1, .operands = {of.id, node_id::none, node_id::none}})}; }
  constexpr value condition(char const* name) { return {&b, b.symbol(name, dtype::bool_, {})}; }
  template <class After>
  constexpr void add(value before, After after) {
    if constexpr (traced<After>) rules.push_back({before.id, after.id});
    else rules.push_back({before.id, b.real(after, dtype::float64)});
  }
  constexpr void add_beside(value present, value before, value after) { rules.push_back({before.id, after.id, present.id}); }
};

inline constexpr char const pattern_x[] = "x", pattern_y[] = "y", pattern_z[] = "z", pattern_p[] = "p", pattern_c[] = "c";

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
  r.add(2 * (2 * x), 4 * x);
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
  value x = r.variable(pattern_x), c = r.large_constant(pattern_c);
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
  // One negation or multiplication instead of one for each element. A sum starts from 0 and is never -0, so that 0 - sum, unlike -sum, is exact;
  // a factor below 1 might keep from overflow what is summed.
  r.add(r.reduction(op::sum, -x), 0 - r.reduction(op::sum, x));
  r.add(r.reduction(op::sum, c * x), c * r.reduction(op::sum, x));
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

/// Rules as a constexpr variable can hold them. Too many do not compile.
struct rule_set {
  static constexpr int most_nodes = 256, most_rules = 64, most_variables = 4;
  node nodes[most_nodes]{};
  symbol_entry symbols[most_variables]{};
  rule rules[most_rules]{};
  int node_count = 0, symbol_count = 0, rule_count = 0;
  // Sets of rules, a bit for each.
  std::uint64_t of_code[op_count]{};                            ///< whose outermost operation is this
  std::uint64_t first_is[op_count]{}, second_is[op_count]{};    ///< of whose outermost operation this operand is this
  std::uint64_t first_is_any = 0, second_is_any = 0;
  std::uint64_t beside = 0;                                     ///< that hold only where something else is computed as well
  std::uint64_t twins = 0;                                      ///< whose outermost operation is of anything and the same thing

  constexpr explicit rule_set(rule_writer const& w) : node_count(w.b.g.size()), symbol_count(static_cast<int>(w.b.g.symbols.size())), rule_count(static_cast<int>(w.rules.size())) {
    for (int i = 0; i < node_count; ++i) nodes[i] = w.b.g.nodes[i];
    for (int i = 0; i < symbol_count; ++i) symbols[i] = w.b.g.symbols[i];
    for (int i = 0; i < rule_count; ++i) {
      rules[i] = w.rules[i];
      std::uint64_t const bit = std::uint64_t{1} << i;
      node const& before = nodes[index(rules[i].before)];
      of_code[static_cast<int>(before.code)] |= bit;
      if (rules[i].present != node_id::none) beside |= bit;
      op const first = code_of_operand(before, 0, nodes), second = code_of_operand(before, 1, nodes);
      (first == op::symbol ? first_is_any : first_is[static_cast<int>(first)]) |= bit;
      if (before.arity == 2 && first == op::symbol && before.operands[0] == before.operands[1]) twins |= bit;
      (second == op::symbol ? second_is_any : second_is[static_cast<int>(second)]) |= bit;
    }
  }
  /// The rules that may match at a node, by the codes of the operands alone, in either order.
  constexpr std::uint64_t candidates(node const& at, node const* of) const {
    if (!of_code[static_cast<int>(at.code)]) return 0;
    int const a = static_cast<int>(code_of_operand(at, 0, of)), b = static_cast<int>(code_of_operand(at, 1, of));
    std::uint64_t const straight = (first_is_any | first_is[a]) & (second_is_any | second_is[b]), swapped = at.arity == 2 ? (first_is_any | first_is[b]) & (second_is_any | second_is[a]) : 0;
    return of_code[static_cast<int>(at.code)] & (straight | swapped) & (at.operands[0] == at.operands[1] ? ~std::uint64_t{0} : ~twins);
  }

 private:
  static constexpr op code_of_operand(node const& n, int which, node const* of) { return n.arity > which ? of[static_cast<int>(n.operands[which])].code : op::symbol; }
};

/// The rules that `Write` writes. Made where they are first used, so that headers alone do not pay for them.
template <auto Write>
inline constexpr rule_set rules_of = [] {
  rule_writer w;
  Write(w);
  return rule_set(w);
}();

}  // namespace ctgrad::detail
