// Each rewrite rule: what it makes of a formula, and that the value stays, for NaN, infinities, signed zeros and extremes too.
// Rules that are there for stability may differ where the formula as written overflows or rounds, and then have to give the true value.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE simplify
#include "../../compiler/print.hpp"
#include "../../compiler/simplify.hpp"
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <string_view>
#include <vector>

using namespace ctgrad;
using namespace ctgrad::test;
using detail::index;

namespace {

using real = long double;
using truth = real (*)(real, real);
real softplus_of(real x, real) { return (x > 0 ? x : 0) + std::log1p(std::exp(-std::fabs(x))); }
real logistic(real x) { return 1 / (1 + std::exp(-x)); }

/// A rule as it is printed, and, where it is there for stability, the true value.
struct expected_rule {
  std::string_view before, after;
  truth value = nullptr;
  real (*product)(real x, real y, real c, real d) = nullptr;  ///< of rules that move factors: what they may keep from overflow, or make underflow
};

const expected_rule expected_default_rules[] = {
    {"1 * x", "x"},
    {"x / 1", "x"},
    {"x - 0", "x"},
    {"(-1) * x", "-x"},
    {"--x", "x"},
    {"x + -y", "x - y"},
    {"x - -y", "x + y"},
    {"-x * -y", "x * y"},
    {"y * -x", "-(x * y)"},
    {"-x / y", "-(x / y)"},
    {"x / -y", "-(x / y)"},
    {"x + x", "2 * x"},
    {"x * x * x", "pow(x, 3)"},
    {"pow(x, 1)", "x"},
    {"pow(x, 0)", "1"},
    {"pow(x, -1)", "1 / x"},
    {"abs(-x)", "abs(x)"},
    {"abs(abs(x))", "abs(x)"},
    {"relu(relu(x))", "relu(x)"},
    {"!!p", "p"},
    {"where(p, x, x)", "x"},
    {"where(!p, x, y)", "where(p, y, x)"},
    {"where(p, where(p, x, y), z)", "where(p, x, z)"},
    {"where(p, x, where(p, y, z))", "where(p, x, z)"},
    {"log(exp(x) + 1)", "softplus(x)", softplus_of},
    {"log1p(exp(x))", "softplus(x)", softplus_of},
    {"log(sigmoid(x))", "-softplus(-x)", [](real x, real) { return -softplus_of(-x, 0); }},
    {"1 - sigmoid(x)", "sigmoid(-x)", [](real x, real) { return logistic(-x); }},
    {"log(exp(x) / y)", "x - log(y)", [](real x, real y) { return x - std::log(y); }},
    {"log(exp(x) * (1 / y))", "x - log(y)", [](real x, real y) { return x - std::log(y); }},
    {"log(exp(x))", "x", [](real x, real) { return x; }},
    {"exp(x) - 1", "expm1(x)", [](real x, real) { return std::expm1(x); }},
    {"log(x + 1)", "log1p(x)", [](real x, real) { return std::log1p(x); }},
    {"1 / (exp(-x) + 1)", "sigmoid(x)", [](real x, real) { return logistic(x); }},
    {"1 / sqrt(x)", "rsqrt(x)"},
};
const expected_rule expected_loop_rules[] = {
    {"detach(x)", "x"},
    {"pow(x, 2)", "x * x"},
    {"pow(x, 3)", "x * x * x"},
    {"pow(x, 4)", "x * x * x * x"},
    {"pow(x, -2)", "1 / (x * x)", [](real x, real) { return 1 / (x * x); }},
    {"abs(-x)", "abs(x)"},
    {"softplus(-x)", "log1p_unit(exp(-abs(x))) + relu(-x)", [](real x, real) { return softplus_of(-x, 0); }},
    {"softplus(x)", "log1p_unit(exp(-abs(x))) + relu(x)", softplus_of},
    {"gelu(x)", "0.5 * x * (erf(0.707106781 * x) + 1)"},
    {"silu(x)", "x * sigmoid(x)"},
    {"c * x * d", "x * c * d", nullptr, [](real x, real, real c, real d) { return c * d * x; }},
    {"d * x * c", "x * c * d", nullptr, [](real x, real, real c, real d) { return c * d * x; }},
    {"x * y * c", "c * x * y", nullptr, [](real x, real y, real c, real) { return c * (x * y); }},
    {"--x", "x"},
    {"x * -(y * c)", "-(c * x * y)", nullptr, [](real x, real y, real c, real) { return -(c * (x * y)); }},
    {"x * -y", "-(x * y)"},
    {"x + -y", "x - y"},
    {"x - -y", "x + y"},
    {"where(p, x * c, 0)", "c * where(p, x, 0)"},
    {"where(p, -(x * c), 0)", "-(c * where(p, x, -0))"},
    {"where(p, -x, 0)", "-where(p, x, -0)"},
    {"sum(-x)", "0 - sum(x)"},
    {"sum(x * c)", "c * sum(x)"},
    {"sum(x * y * c)", "c * sum(x * y)", nullptr, [](real x, real y, real c, real) { return c * (x * y); }},
};
const expected_rule expected_sharing_rules[] = {
    {"sigmoid(x)", "where(x >= 0, 1, exp(-abs(x))) * (1 / (exp(-abs(x)) + 1))", [](real x, real) { return logistic(x); }},
    {"sigmoid(-x)", "1 / (exp(-abs(x)) + 1) * where(x >= 0, exp(-abs(x)), 1)", [](real x, real) { return logistic(-x); }},
    {"rsqrt(x)", "1 / sqrt(x)"},
    {"erf(x)", "erf_by_exp(x, exp(-(x * x)))", [](real x, real) { return std::erf(x); }},
    {"where(p, x, y) * where(p, y, x)", "x * y"},
    {"sigmoid(x)", "where(x >= 0, 1 - sigmoid(-abs(x)), sigmoid(-abs(x)))", [](real x, real) { return logistic(x); }},
    {"sigmoid(-x)", "where(x >= 0, sigmoid(-abs(x)), 1 - sigmoid(-abs(x)))", [](real x, real) { return logistic(-x); }},
};

/// Both sides of a rule as a graph of two outputs.
graph both_sides(detail::rule_set const& rules, detail::rule const& r) {
  graph g;
  g.nodes = {rules.nodes, rules.nodes + rules.node_count};
  g.symbols = {rules.symbols, rules.symbols + rules.symbol_count};
  g.shapes = {shape{}};
  g.outputs = {r.before, r.after};
  return g;
}
std::string formula(graph const& g, node_id id) {
  detail::message m;
  print_formula(m, g, id);
  return std::string(m.view());
}

const numbers special{-infinity, -1.7976931348623157e308, -1e300, -1e17, -800, -40, -3.7, -2, -1, -0.3, -1e-20, -1e-300, -5e-324, -0.0,
                      0, 5e-324, 1e-300, 1e-20, 0.3, 1, 2, 3.7, 40, 800, 1e17, 1e300, 1.7976931348623157e308, infinity, not_a_number};

/// NaN with NaN, infinities and zeros by their sign, others to 10 units of the last place (of pow(x, 4): three roundings of x^4).
bool same_class(double a, double b) {
  if (std::isnan(a) || std::isnan(b) || std::isinf(a) || std::isinf(b) || a == 0 || b == 0) return same(a, b);
  return std::fabs(a - b) <= 0x1p-49 * std::fabs(b) + 5e-324;
}

bool uses(graph const& g, node_id id, std::string_view name) {
  detail::node const& n = g[id];
  if (n.code == op::symbol) return g.symbols[static_cast<std::size_t>(n.attribute)].view() == name;
  return std::any_of(n.operands, n.operands + n.arity, [&](node_id operand) { return uses(g, operand, name); });
}

template <std::size_t Count>
void check_rules(detail::rule_set const& rules, expected_rule const (&expected)[Count]) {
  BOOST_CHECK_MESSAGE(rules.rule_count == static_cast<int>(Count), "there are " << rules.rule_count << " rules, and " << Count << " are tested here");
  for (detail::rule const& r : std::span(rules.rules).first(static_cast<std::size_t>(rules.rule_count))) {
    graph const g = both_sides(rules, r);
    std::string const before = formula(g, r.before), after = formula(g, r.after);
    auto const row = std::find_if(std::begin(expected), std::end(expected), [&](expected_rule const& e) { return e.before == before && e.after == after; });
    BOOST_REQUIRE_MESSAGE(row != std::end(expected), "no test knows the rule by which " << before << " becomes " << after);

    // The values, over all special numbers for x and y, and few for z and the constants.
    auto const has = [&](std::string_view name) { return uses(g, r.before, name); };
    for (double x : special)
      for (double y : has("y") ? special : numbers{1})
        for (double z : has("z") ? numbers{-1, 7, not_a_number} : numbers{1})
          for (double p : has("p") ? numbers{0, 1} : numbers{1})
            for (double c : has("c") ? numbers{1, 1.5, 0x1p60} : numbers{1})
              for (double d : has("d") ? numbers{-0x1p60, -1, -0x1p-60, 0x1p-60, 0.3, 3} : numbers{1}) {
                if ((before == "log(exp(x) / y)" || before == "log(exp(x) * (1 / y))") && (y <= 0 || std::signbit(y)) && !std::isnan(y)) continue;  // y is a sum of exponentials
                detail::list<tensor_value> inputs;
                for (auto const& symbol : g.symbols) {
                  std::string_view const name = symbol.view();
                  inputs.push_back(tensor(symbol.type, {}, {name == "x" ? x : name == "y" ? y : name == "z" ? z : name == "p" ? p : name == "c" ? c : d}));
                }
                dtype const type = g[r.before].type;
                auto const values = interpret(g, inputs, {});
                double const was = numbers_of(values[0], type)[0], is = numbers_of(values[1], type)[0];
                if (same_class(was, is)) continue;
                bool good = false;
                if (row->product) {
                  real const exact = row->product(x, y, c, d);
                  good = std::fabs(is - exact) <= 0x1p-50L * std::fabs(exact) + 0x1p-1074L * 0x1p60L || (std::isinf(is) && std::fabs(exact) > 1.79e308L && std::signbit(exact) == std::signbit(is));
                } else if (row->value) {
                  double const exact = static_cast<double>(row->value(x, y));
                  good = same_class(is, exact) || std::fabs(is - exact) <= (has("y") ? 0x1p-51 * (1 + std::fabs(x)) : 1e-305) || (is == 0 && exact == 0);
                }
                BOOST_CHECK_MESSAGE(good, before << " at x = " << x << ", y = " << y << ", z = " << z << ", p = " << p << ", c = " << c << ", d = " << d << " was " << was << " and becomes " << is);
              }
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(default_rules_keep_values) { check_rules(detail::rules_of<&detail::write_default_rules>, expected_default_rules); }
BOOST_AUTO_TEST_CASE(loop_rules_keep_values) { check_rules(detail::rules_of<&detail::write_loop_rules>, expected_loop_rules); }
BOOST_AUTO_TEST_CASE(sharing_rules_keep_values) { check_rules(detail::rules_of<&detail::write_sharing_rules>, expected_sharing_rules); }

namespace {

constexpr char x_name[] = "x", y_name[] = "y", v_name[] = "v";

constexpr graph simplified_graph(graph const& g) { return detail::simplify<&detail::write_default_rules>(g); }

/// The formula that `make(x, y)` is simplified to.
template <auto Write = &detail::write_default_rules, class Make>
constexpr detail::message simplified(Make make, sizes const& extents = {}, dtype type = dtype::float64) {
  builder b;
  value x = symbol(b, x_name, type, extents), y = symbol(b, y_name, type, extents);
  graph const g = detail::simplify<Write>(with_outputs(b, {make(x, y)}));
  detail::message m;
  print_formula(m, g, g.outputs[0]);
  return m;
}
#define SIMPLIFIES(formula, text) static_assert(simplified([]([[maybe_unused]] value x, [[maybe_unused]] value y) { return formula; }).view() == text)

// Rules apply to results of rules, at any depth, and in any order of commutative operands.
SIMPLIFIES(-(-(-x)), "-x");
SIMPLIFIES(1 * (x * 1), "x");
SIMPLIFIES(y + -x, "y - x");
SIMPLIFIES(-y + x, "x - y");
static_assert(simplified([](value x, value y) { value const first = -y; return first + ctgrad::exp(x); }).view() == "exp(x) - y");
SIMPLIFIES(x - (-1 * y), "x + y");
SIMPLIFIES(ctgrad::log(ctgrad::exp(x) + 1), "softplus(x)");
SIMPLIFIES(ctgrad::log(1 + ctgrad::exp(x * y)), "softplus(x * y)");
SIMPLIFIES(ctgrad::log(ctgrad::sigmoid(x)), "-softplus(-x)");
SIMPLIFIES(1 / (1 + ctgrad::exp(-x)), "sigmoid(x)");
SIMPLIFIES(ctgrad::pow(x, 1) * ctgrad::pow(y, 0), "x");
SIMPLIFIES(ctgrad::abs(ctgrad::abs(-x)), "abs(x)");
SIMPLIFIES(3 * -x, "-(3 * x)");
SIMPLIFIES(ctgrad::where(x.constant(true), x, y), "x");
SIMPLIFIES(ctgrad::where(x.constant(false), x, y), "y");
SIMPLIFIES(ctgrad::where(!(x < y), x, y), "where(x < y, y, x)");
// What would change NaN, an infinity or the sign of a zero stays.
SIMPLIFIES(x * 0, "0 * x");
SIMPLIFIES(x - x, "x - x");
SIMPLIFIES(x / x, "x / x");
SIMPLIFIES(x + 0, "x + 0");
SIMPLIFIES(0 - x, "0 - x");
SIMPLIFIES(x - -0.0, "x - -0");
SIMPLIFIES(ctgrad::exp(ctgrad::log(x)), "exp(log(x))");
SIMPLIFIES(ctgrad::pow(x, 2), "pow(x, 2)");
// float32 has the same rules, and shapes are kept.
static_assert(simplified([](value x, value y) { return ctgrad::log(1 + ctgrad::exp(x)) * 1 + -y; }, {2, 3}, dtype::float32).view() == "softplus(x) - y");
static_assert(simplified<&detail::write_loop_rules>([](value x, value) { return ctgrad::pow(x, 2) + ctgrad::pow(x, 3); }).view() == "x * x + x * x * x");
// Integers are left alone, but for structure.
static_assert(simplified([](value x, value y) { return x + -y; }, {}, dtype::int32).view() == "x + -y");

// A sigmoid is made of an exponential that is there anyway, and only then.
constexpr detail::message shared(bool present) {
  builder b;
  value x = symbol(b, x_name, dtype::float64);
  graph from = with_outputs(b, {ctgrad::sigmoid(x)});
  if (present) {
    builder other;
    x = symbol(other, x_name, dtype::float64);
    value e = ctgrad::exp(-ctgrad::abs(x));
    from = with_outputs(other, {ctgrad::sigmoid(x), e});
  }
  graph const g = detail::simplify<&detail::write_sharing_rules>(from);
  detail::message m;
  print_formula(m, g, g.outputs[0]);
  return m;
}
// What is beside a node may come after it, and be what the node's operand was before it was rewritten.
constexpr detail::message error_function(bool rewritten) {
  builder b;
  value x = symbol(b, x_name, dtype::float64), u = rewritten ? ctgrad::rsqrt(x) : x;
  value const f = ctgrad::erf(u), density = ctgrad::exp(-(u * u));
  graph const g = detail::simplify<&detail::write_sharing_rules>(with_outputs(b, {f, density, ctgrad::sqrt(x)}));
  detail::message m;
  print_formula(m, g, g.outputs[0]);
  return m;
}
static_assert(error_function(false).view() == "erf_by_exp(x, exp(-(x * x)))" && error_function(true).view() == "erf_by_exp(1 / sqrt(x), exp(-(1 / sqrt(x) * (1 / sqrt(x)))))");
static_assert(shared(true).view() == "where(x >= 0, 1, exp(-abs(x))) * (1 / (exp(-abs(x)) + 1))");
static_assert(shared(false).view() == "sigmoid(x)");
// So is a pair of them, as a sigmoid and its slope are, in whatever order they come: each of the smaller one.
constexpr detail::message paired(bool negative_first, bool product) {
  builder b;
  value x = symbol(b, x_name, dtype::float64);
  value const first = ctgrad::sigmoid(negative_first ? -x : x), second = ctgrad::sigmoid(negative_first ? x : -x);
  graph const g = detail::simplify<&detail::write_sharing_rules>(with_outputs(b, {product ? first * second : first, second}));
  detail::message m;
  print_formula(m, g, g.outputs[0]);
  return m;
}
static_assert(paired(false, false).view() == "where(x >= 0, 1 - sigmoid(-abs(x)), sigmoid(-abs(x)))");
static_assert(paired(true, false).view() == "where(x >= 0, sigmoid(-abs(x)), 1 - sigmoid(-abs(x)))");
static_assert(paired(false, true).view() == "sigmoid(-abs(x)) * (1 - sigmoid(-abs(x)))" && paired(true, true).view() == "sigmoid(-abs(x)) * (1 - sigmoid(-abs(x)))");

/// d f(u) / du, u = make(v), worked out after the rules have had their way.
template <class Make, class Function>
numbers gradient_by_part(Make make, Function function, sizes const& extents, numbers const& at) {
  builder b;
  value v = symbol(b, v_name, dtype::float64, extents);
  value u = make(v);
  value by_u = gradient(function(u), u);
  return run(simplified_graph(with_outputs(b, {by_u})), {tensor(dtype::float64, extents, at)});
}

}  // namespace

// What somebody asked for the gradient by stays visible: rules do not look into it.
BOOST_AUTO_TEST_CASE(rules_leave_what_gradients_are_by) {
  BOOST_TEST(near(gradient_by_part([](value v) { return ctgrad::exp(v); }, [](value u) { return ctgrad::log(u); }, {}, {2}), {std::exp(-2.0)}, 1e-15));
  BOOST_TEST(near(gradient_by_part([](value v) { return ctgrad::exp(v); }, [](value u) { return ctgrad::log(1 + u); }, {}, {2}), {1 / (1 + std::exp(2.0))}, 1e-15));
  BOOST_TEST(near(gradient_by_part([](value v) { return ctgrad::sigmoid(v); }, [](value u) { return ctgrad::log(u); }, {}, {0}), {2}, 1e-15));
  BOOST_TEST(near(gradient_by_part([](value v) { return -v; }, [](value u) { return u * 3; }, {}, {2}), {3}, 0));
  BOOST_TEST(near(gradient_by_part([](value v) { return -v; }, [](value u) { return -u; }, {}, {2}), {-1}, 0));
}
// Not even what is a number, or another node: its uses would be mixed with the other's, or lost.
BOOST_AUTO_TEST_CASE(parts_stay_apart) {
  BOOST_TEST(near(gradient_by_part([](value v) { return ctgrad::sin(ctgrad::pow(v, 0)); }, [](value u) { return u * u; }, {}, {2}), {2 * std::sin(1.0)}, 1e-15));
  BOOST_TEST(near(gradient_by_part([](value v) { return v * 1; }, [](value u) { return u + value{u.b, node_id{0}}; }, {}, {2}), {1}, 0));
}
BOOST_AUTO_TEST_CASE(structure_is_left_where_gradients_are_by_it) {
  BOOST_TEST(near(gradient_by_part([](value v) { return -v; }, [](value u) { return sum_of(u); }, {3}, {1, 2, 3}), {1, 1, 1}, 0));
  auto const repeated = [](value v) { return value{v.b, v.b->broadcast(v.id, v.b->intern(shape_of({3, 1})), 0)}; };
  auto const again = [](value u) { return sum_of(ctgrad::sin(value{u.b, u.b->broadcast(u.id, u.b->intern(shape_of({3, 4})), 0)})); };
  BOOST_TEST(near(gradient_by_part(repeated, again, {1, 1}, {0}), {4, 4, 4}, 0));
}

// A sum is never -0, and minus a sum that is 0 is: loops take 0 - sum(v) for sum(-v), which has the sign of the zero, too.
BOOST_AUTO_TEST_CASE(negation_moves_out_of_a_sum) {
  builder b;
  value v = symbol(b, v_name, dtype::float64, {3});
  graph const before = with_outputs(b, {sum_of(-v)}), with_default_rules = simplified_graph(before), after = without_dead_nodes(detail::simplify<&detail::write_loop_rules>(before));
  BOOST_TEST(formula(with_default_rules, with_default_rules.outputs[0]) == "sum(-v)");
  BOOST_TEST(formula(after, after.outputs[0]) == "0 - sum(v)");
  for (numbers const& x : {numbers{1, 2, 3}, numbers{1, -1, 0}, numbers{-0.0, -0.0, -0.0}, numbers{-1, infinity, 2}, numbers{infinity, -infinity, 0}, numbers{not_a_number, 1, 1}, numbers{1e308, 1e308, -1e308}})
    BOOST_TEST(same(run(before, {tensor(dtype::float64, {3}, x)}), run(after, {tensor(dtype::float64, {3}, x)})));
}
// So does a factor from 1 to 2^60, for a smaller one might have kept the sum finite; elements or rows of them.
BOOST_AUTO_TEST_CASE(factors_move_out_of_a_sum) {
  auto by_loops = [](value sum) {
    graph const g = without_dead_nodes(detail::simplify<&detail::write_loop_rules>(with_outputs(*sum.b, {sum})));
    return formula(g, g.outputs[0]);
  };
  builder b;
  value const v = symbol(b, v_name, dtype::float64, {2, 3}), n = symbol(b, x_name, dtype::int64, {3});
  BOOST_TEST(by_loops(sum_of(2 * v)) == "2 * sum(v)");
  BOOST_TEST(by_loops(detail::reduce(op::sum, 1e5 * v, 0b10)).substr(0, 14) == "100000 * sum(v");
  BOOST_TEST(by_loops(detail::reduce(op::sum, -v, 0b10)).substr(0, 9) == "0 - sum(v");
  // A row of sums over columns would have to be gone through again.
  BOOST_TEST(by_loops(detail::reduce(op::sum, -v, 0b01)).substr(0, 6) == "sum(-v");
  BOOST_TEST(by_loops(detail::reduce(op::sum, 2 * v, 0b01)).substr(0, 4) == "sum(");
  for (double factor : {0.5, -2.0, 0.0, infinity, not_a_number}) BOOST_TEST(by_loops(sum_of(factor * v)).substr(0, 4) == "sum(");
  BOOST_TEST(by_loops(sum_of(2 * n)).substr(0, 4) == "sum(");
  BOOST_TEST(by_loops(detail::reduce(op::max, 2 * v, 0b11)).substr(0, 4) == "max(");
  // They meet on the way, whatever is between; and stay where somebody else has the operand with its factor.
  value const w = symbol(b, y_name, dtype::float64, {2, 3}), twice = 2 * w;
  BOOST_TEST(by_loops(sum_of(-(2 * (v * ctgrad::where(w > 0, 3 * w, 0))))) == "0 - 6 * sum(v * where(y > 0, y, 0))");
  auto first_of_two = [](value one, value other) {
    graph const g = without_dead_nodes(detail::simplify<&detail::write_loop_rules>(with_outputs(*one.b, {one, other})));
    return formula(g, g.outputs[0]);
  };
  BOOST_TEST(first_of_two(ctgrad::exp(v * twice), w) == "exp(2 * v * y)");
  BOOST_TEST(first_of_two(ctgrad::exp(v * twice), twice) == "exp(v * 2 * y)");
  BOOST_TEST(first_of_two(ctgrad::exp(twice * twice), w) == "exp(2 * y * 2 * y)");
  graph const before = with_outputs(b, {sum_of(3 * v)}), after = detail::simplify<&detail::write_loop_rules>(before);
  for (numbers const& x : {numbers{1, 2, 3, 4, 5, 7}, numbers{1, -1, 0, 0, 0, 0}, numbers{-0.0, -0.0, -0.0, -0.0, -0.0, -0.0}, numbers{-1, infinity, 2, 3, 4, 5}, numbers{infinity, -infinity, 0, 1, 1, 1}, numbers{not_a_number, 1, 1, 1, 1, 1}}) {
    detail::list<tensor_value> const in{tensor(dtype::float64, {2, 3}, x), tensor(dtype::int64, {3}, {1, 2, 3}), tensor(dtype::float64, {2, 3}, {0, 0, 0, 0, 0, 0})};
    BOOST_TEST(same(run(before, in), run(after, in)));
  }
}
BOOST_AUTO_TEST_CASE(dead_nodes_go_and_requests_stay) {
  builder b;
  value x = symbol(b, x_name, dtype::float64), y = symbol(b, y_name, dtype::float64);
  ctgrad::exp(y);
  graph const g = without_dead_nodes(simplified_graph(with_outputs(b, {gradient(x * 1, x)})));
  BOOST_TEST(g.size() == 2);
  BOOST_TEST((g[g.outputs[0]].code == op::gradient));
  BOOST_TEST(g.symbols.size() == 2u);
}
BOOST_AUTO_TEST_CASE(formulas_at_run_time) {
  BOOST_TEST(simplified([](value x, value) { return -(-(-x)); }).view() == "-x");
  BOOST_TEST(simplified([](value x, value) { return x - -0.0; }).view() == "x - -0");
  BOOST_TEST(shared(true).view() == "where(x >= 0, 1, exp(-abs(x))) * (1 / (exp(-abs(x)) + 1))");
}
