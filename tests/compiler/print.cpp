// Formulas as users write them, lists of nodes, and pictures.
// Whole texts are compared, and parentheses are those that C++ needs.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE print
#include "../../compiler/print.hpp"
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

using namespace ctgrad;
using namespace ctgrad::test;

namespace {

constexpr char x_name[] = "x", y_name[] = "y", z_name[] = "z", n_name[] = "N";

template <class Make>
constexpr bool prints(Make make, std::string_view text, sizes const& extents = {}) {
  builder b;
  value x = symbol(b, x_name, dtype::float64, extents), y = symbol(b, y_name, dtype::float64, extents), z = symbol(b, z_name, dtype::float64, extents);
  detail::message m;
  print_formula(m, b.g, make(x, y, z).id);
  return m.view() == text;
}
#define PRINTS(text, ...) \
  static_assert(prints([]([[maybe_unused]] value x, [[maybe_unused]] value y, [[maybe_unused]] value z) { return __VA_ARGS__; }, text))
#define PRINTS_OF_MATRIX(text, ...) \
  static_assert(prints([]([[maybe_unused]] value x, [[maybe_unused]] value y, [[maybe_unused]] value z) { return __VA_ARGS__; }, text, {2, 2}))

// Parentheses stand where C++ needs them.
PRINTS("x + y * z", x + y * z);
PRINTS("z * (x + y)", (x + y) * z);  // of operands that may be swapped, the older stands first
PRINTS("x - y - z", x - y - z);
PRINTS("x - (y - z)", x - (y - z));
PRINTS("x - (y + z)", x - (y + z));
PRINTS("x + (y - z)", x + (y - z));
PRINTS("x / y / z", x / y / z);
PRINTS("x / (y * z)", x / (y * z));
PRINTS("x * (y / z)", x * (y / z));
PRINTS("x * y / z", x * y / z);
PRINTS("-(x + y)", -(x + y));
PRINTS("y * -x", -x * y);
PRINTS("-(x * y)", -(x * y));
PRINTS("z * x * y", x * y * z);
PRINTS("z + x + y", x + y + z);
// Constants: first in a product, last in a sum; negative ones are taken off.
PRINTS("2 * x", x * 2);
PRINTS("x + 2", 2 + x);
PRINTS("x - 2", x + -2);
PRINTS("x - 0.5", x - 0.5);
PRINTS("2 - x", 2 - x);
PRINTS("(-2) * x", -2 * x);
PRINTS("pow(x, -2)", ctgrad::pow(x, -2));
PRINTS("x / 3", x / 3);
PRINTS("0.1 * x", x * 0.1);
// Functions, comparisons, logic, casts.
PRINTS("exp(x + y)", ctgrad::exp(x + y));
PRINTS("where(x < y, x, y)", ctgrad::where(x < y, x, y));
PRINTS("clamp(x, -1, 1)", ctgrad::clamp(x, -1, 1));
PRINTS("x < y && !(y < z)", x < y && !(y < z));
PRINTS("(x < y || y < z) && x == 2", (x < y || y < z) && x == 2);
PRINTS("cast<float32>(x) + 1", detail::cast(x, dtype::float32) + 1);
PRINTS("cast<int32>(x)", detail::cast(x, dtype::int32));
PRINTS("true", x.constant(true));
PRINTS("grad(exp(x), x)", gradient(ctgrad::exp(x), x));
// Reductions name their axes where not all go; repetition is not shown.
PRINTS_OF_MATRIX("sum(x)", sum_of(x));
PRINTS_OF_MATRIX("max(x, 1)", detail::reduce(op::max, x, 2));
PRINTS_OF_MATRIX("x - max(x, 0)", x - detail::reduce(op::max, x, 1));
PRINTS_OF_MATRIX("slice(x, axis 0, 1:2)", value{x.b, x.b->slice(x.id, 0, 1, 1, 1)});
PRINTS_OF_MATRIX("slice(x, axis 1, 1::-1) + 1", value{x.b, x.b->slice(x.id, 1, 1, 2, -1)} + 1);
PRINTS_OF_MATRIX("concat(x, exp(x), axis 1)", value{x.b, x.b->concat(x.id, ctgrad::exp(x).id, 1)});
PRINTS_OF_MATRIX("matmul(x, y)", value{x.b, x.b->matmul(x.id, y.id)});

// An extent is a number, of which only products and sums need parentheses; a formula may be cut to a width.
constexpr bool prints_extents() {
  builder b;
  detail::extent const n(detail::extent_name{n_name});
  value x{&b, b.symbol(x_name, dtype::float32, {})};
  auto text = [&](detail::shape const& s, std::string_view expected) {
    detail::message m;
    print_formula(m, b.g, (x / value{&b, b.size_of(s, dtype::float32)}).id);
    return m.view() == expected;
  };
  return text({1, {n}}, "x / N") && text({2, {n, 3}}, "x / (N * 3)") && text({1, {n - 1}}, "x / (N - 1)") && text({2, {n - 1, n}}, "x / ((N - 1) * N)");
}
static_assert(prints_extents());
constexpr bool prints_short(std::size_t width, std::string_view text) {
  builder b;
  value x{&b, b.symbol(x_name, dtype::float32, {})};
  detail::message m;
  print_short_formula(m, b.g, (ctgrad::exp(x + ctgrad::log(x)) * x).id, width);
  return m.view() == text;
}
static_assert(prints_short(80, "x * exp(x + log(x))") && prints_short(18, "x * exp(x + ...)") && prints_short(10, "x * ...") && prints_short(0, "x * ..."));

constexpr graph sample() {
  builder b;
  detail::extent const n(detail::extent_name{n_name});
  value x{&b, b.symbol(x_name, dtype::float32, {2, {n, 3}})};
  value size{&b, b.size_of({1, {n}}, dtype::float32)};
  return with_outputs(b, {detail::reduce(op::sum, ctgrad::exp(x), 1) / size, value{&b, b.permute(x.id, {1, 0})}});
}
}  // namespace

BOOST_AUTO_TEST_CASE(lists_of_nodes) {
  BOOST_TEST(print_graph(sample()).view() ==
             "%0 = x : float32[N, 3]\n"
             "%1 = N : float32[]\n"
             "%2 = exp %0 : float32[N, 3]\n"
             "%3 = sum over 0 %2 : float32[3]\n"
             "%4 = broadcast %1 : float32[3]\n"
             "%5 = divide %3 %4 : float32[3]\n"
             "%6 = permute 1, 0 %0 : float32[3, N]\n"
             "outputs %5 %6\n");
}
BOOST_AUTO_TEST_CASE(graphviz) {
  builder b;
  value x = symbol(b, x_name, dtype::float32, {3});
  BOOST_TEST(print_dot(with_outputs(b, {sum_of(x)})).view() ==
             "digraph ctgrad {\n"
             "  rankdir=TB;\n"
             "  node [shape=box, style=\"rounded,filled\", fillcolor=\"#f4f4f8\", fontname=\"Helvetica\"];\n"
             "  n0 [label=\"x\\n[3]\", fillcolor=\"#cfe8ff\"];\n"
             "  n1 [label=\"sum over 0\", fillcolor=\"#ffe3b8\"];\n"
             "  n0 -> n1;\n"
             "  o0 [label=\"output 0\", shape=plaintext, fillcolor=\"white\"];\n"
             "  n1 -> o0;\n"
             "}\n");
}
BOOST_AUTO_TEST_CASE(mermaid) {
  builder b;
  value x = symbol(b, x_name, dtype::float32, {3});
  BOOST_TEST(print_mermaid(with_outputs(b, {sum_of(x)})).view() ==
             "graph TD\n"
             "  n0[\"x<br/>[3]\"]\n"
             "  n1[\"sum over 0\"]\n"
             "  n0 --> n1\n"
             "  n1 --> o0((output 0))\n");
}
BOOST_AUTO_TEST_CASE(formulas_at_run_time) {
  BOOST_TEST(prints([](value x, value y, value z) { return x - (y - z); }, "x - (y - z)"));
  BOOST_TEST(prints([](value x, value, value) { return x - detail::reduce(op::max, x, 1); }, "x - max(x, 0)", {2, 2}));
}
