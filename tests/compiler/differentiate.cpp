// Requests for gradients: which are errors, what they become, and gradients of gradients.
// The derivatives themselves are the rows' (tests/laws); here it is the sweep that is tested.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE differentiate
#include "../../compiler/print.hpp"
#include "../../compiler/simplify.hpp"
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <string_view>
#include <vector>

using namespace ctgrad;
using namespace ctgrad::test;

namespace {

constexpr char x_name[] = "x", y_name[] = "y", i_name[] = "i", m_name[] = "m", w_name[] = "w";

template <class Make>
constexpr bool says(Make make, std::string_view text) {
  builder b;
  make(b);
  return b.error.view() == text;
}
static_assert(says([](builder& b) { value m = symbol(b, m_name, dtype::float32, {2, 3}); gradient(m, m); },
                   "ctgrad: the gradient of m[2, 3]: only a scalar has a gradient; sum or mean it, with weights ct::sum(weights * it)"));
static_assert(says([](builder& b) { value x = symbol(b, x_name, dtype::float32, {3}); gradient(ctgrad::exp(x), x); },
                   "ctgrad: the gradient of exp(...)[3]: only a scalar has a gradient; sum or mean it, with weights ct::sum(weights * it)"));
static_assert(says([](builder& b) { value x = symbol(b, x_name, dtype::float32), i = symbol(b, i_name, dtype::int32); gradient(i, x); },
                   "ctgrad: the gradient of i: it is int32, and only floating-point numbers have gradients"));
static_assert(says([](builder& b) { value x = symbol(b, x_name, dtype::float32); gradient(x < 2, x); },
                   "ctgrad: the gradient of less(...): it is bool, and only floating-point numbers have gradients"));
static_assert(says([](builder& b) { value x = symbol(b, x_name, dtype::float32), i = symbol(b, i_name, dtype::int64, {4}); gradient(x, i); },
                   "ctgrad: the gradient by i[4]: it is int64, and only floating-point numbers have gradients"));
static_assert(says([](builder& b) { value x = symbol(b, x_name, dtype::float32); gradient(ctgrad::exp(x), x); }, ""));

/// d^order f / dx^order at `at`, while compiling.
template <class Function>
constexpr double derivative(Function f, double at, int order = 1) {
  builder b;
  value x = symbol(b, x_name);
  value y = f(x);
  for (; order > 0; --order) y = gradient(y, x);
  return run(with_outputs(b, {y}), {tensor(dtype::float64, {}, {at})})[0];
}
// x^5 and its derivatives 5 x^4, 20 x^3, 60 x^2, 120 x, 120, 0.
constexpr auto fifth = [](value x) { return x * x * x * x * x; };
static_assert(derivative(fifth, 2) == 80 && derivative(fifth, 2, 2) == 160 && derivative(fifth, 2, 3) == 240 && derivative(fifth, 2, 4) == 240 && derivative(fifth, 2, 5) == 120 &&
              derivative(fifth, 2, 6) == 0);
static_assert(derivative([](value x) { return 1 / x; }, 2, 3) == -6.0 / 16);
static_assert(derivative([](value x) { return x; }, 7) == 1 && derivative([](value x) { return x; }, 7, 2) == 0);
static_assert(derivative([](value x) { return x - x; }, 7) == 0 && derivative([](value x) { return x + x; }, 7) == 2);
static_assert(derivative([](value x) { return ctgrad::detach(x) * x; }, 3) == 3);
static_assert(derivative([](value x) { return ctgrad::detach(x * x); }, 3) == 0);

// The gradient of a function that holds a gradient: d/dx (x f'(x)), f = x^3, is 9 x^2.
static_assert(derivative([](value x) { return x * gradient(x * x * x, x); }, 2) == 36);
// A function of the seed notebook: f = x^2 - 3, z = f^3 - 2 f; dz/dx = 6 x f^2 - 4 x.
static_assert(derivative([](value x) { value f = x * x - 3; return f * f * f - 2 * f; }, 2) == 4);

// Nothing is left but what is needed: no requests, no value that only the request needed.
constexpr bool requests_are_gone() {
  builder b;
  value x = symbol(b, x_name), y = symbol(b, y_name);
  graph const g = without_dead_nodes(differentiate(with_outputs(b, {gradient(x * y + ctgrad::exp(x), y), gradient(gradient(x * x * x, x), x)})));
  for (auto const& n : g.nodes)
    if (n.code == op::gradient || n.code == op::exp) return false;
  return g.outputs.size() == 2;
}
static_assert(requests_are_gone());

// A graph without requests stays as it is.
constexpr bool graphs_without_requests_stay() {
  builder b;
  value x = symbol(b, x_name);
  graph const g = with_outputs(b, {ctgrad::exp(x)});
  graph const after = differentiate(g);
  return after.nodes == g.nodes && after.outputs == g.outputs;
}
static_assert(graphs_without_requests_stay());

int count(graph const& g, op code) {
  int n = 0;
  for (auto const& one : g.nodes) n += one.code == code;
  return n;
}

}  // namespace

BOOST_AUTO_TEST_CASE(unused_variables_get_zeros) {
  builder b;
  value x = symbol(b, x_name), w = symbol(b, w_name, dtype::float32, {2, 3}), y = symbol(b, y_name, dtype::float64, {2});
  graph const g = with_outputs(b, {gradient(ctgrad::exp(x), w), gradient(sum_of(w * 0), y), gradient(x, x)});
  BOOST_TEST((g[g.outputs[0]].type == dtype::float32));
  detail::list<tensor_value> const in{tensor(dtype::float64, {}, {1}), tensor(dtype::float32, {2, 3}, {1, 2, 3, 4, 5, 6}), tensor(dtype::float64, {2}, {1, 2})};
  BOOST_TEST(same(run(g, in, 0), {0, 0, 0, 0, 0, 0}));
  BOOST_TEST(same(run(g, in, 1), {0, 0}));
  BOOST_TEST(same(run(g, in, 2), {1}));
}
// One sweep serves all variables: the work of the function is not done again for each.
BOOST_AUTO_TEST_CASE(one_sweep_for_many_variables) {
  builder b;
  std::vector<value> x;
  for (char const* name : {"a", "b", "c", "d"}) x.push_back(symbol(b, name));
  value f = ctgrad::sin(ctgrad::exp(x[0] * x[1]) * ctgrad::exp(x[2] * x[3]));
  graph g = b.g;
  for (value v : x) {
    node_id const id = b.gradient(f.id, v.id);
    detail::list<node_id> outputs = g.outputs;
    g = b.g;
    g.outputs = outputs;
    g.outputs.push_back(id);
  }
  graph const after = without_dead_nodes(differentiate(g));
  BOOST_TEST(count(after, op::exp) == 2);
  BOOST_TEST(count(after, op::cos) == 1);
  double const p = std::exp(0.5 * 0.2), q = std::exp(-0.3 * 0.7), c = std::cos(p * q) * p * q;
  detail::list<tensor_value> in;
  for (double v : {0.5, 0.2, -0.3, 0.7}) in.push_back(tensor(dtype::float64, {}, {v}));
  double const expected[] = {c * 0.2, c * 0.5, c * 0.7, c * -0.3};
  for (std::size_t k = 0; k < 4; ++k) BOOST_TEST(near(run(g, in, k), {expected[k]}, 1e-15));
}
// The graph grows by a constant factor: no path is walked twice.
BOOST_AUTO_TEST_CASE(shared_values_are_differentiated_once) {
  builder b;
  value x = symbol(b, x_name), y = x;
  for (int i = 0; i < 60; ++i) y = ctgrad::sin(y) + y;  // 2^60 paths
  graph const after = without_dead_nodes(differentiate(with_outputs(b, {gradient(y, x)})));
  BOOST_TEST(after.size() < 60 * 8);
  double value_at = 0.1, slope = 1;
  for (int i = 0; i < 60; ++i) slope *= std::cos(value_at) + 1, value_at += std::sin(value_at);
  BOOST_TEST(near(run(after, {tensor(dtype::float64, {}, {0.1})}), {slope}, 1e-13));
}
// What a square has of its operand is put together before it meets the rest: 2 x - 1, not x + (x - 1).
BOOST_AUTO_TEST_CASE(both_operands_of_a_square_go_together) {
  builder b;
  value x = symbol(b, x_name);
  graph const g = without_dead_nodes(differentiate(with_outputs(b, {gradient(x * x - x, x), gradient(ctgrad::pow(x, x), x), gradient(x / x, x)})));
  detail::message m;
  graph const simple = detail::simplify<&detail::write_default_rules>(g);
  detail::print_formula(m, simple, simple.outputs[0]);
  BOOST_TEST(m.view() == "2 * x - 1");
  for (double v : {0.5, 3.0}) {
    detail::list<tensor_value> const in{tensor(dtype::float64, {}, {v})};
    BOOST_TEST(near(run(g, in, 0), {2 * v - 1}, 1e-15));
    BOOST_TEST(near(run(g, in, 1), {std::pow(v, v) * (std::log(v) + 1)}, 1e-14));
    BOOST_TEST(near(run(g, in, 2), {0}, 1e-15));
  }
}
// By a part of the function: as if the part were a variable.
BOOST_AUTO_TEST_CASE(gradients_by_parts) {
  builder b;
  value x = symbol(b, x_name), u = x * x, f = ctgrad::exp(u) + u * x;
  graph const g = with_outputs(b, {gradient(f, u), gradient(f, x), gradient(f, f)});
  detail::list<tensor_value> const in{tensor(dtype::float64, {}, {0.5})};
  BOOST_TEST(near(run(g, in, 0), {std::exp(0.25) + 0.5}, 1e-15));
  BOOST_TEST(near(run(g, in, 1), {std::exp(0.25) + 3 * 0.25}, 1e-15));
  BOOST_TEST(same(run(g, in, 2), {1}));
}
// Gradients by parts of a value stand beside each other, and are added up where parts are the same or overlap: f = x0 x1 + (x3 + x4) x1 + (x2 x3 + x3 x4) / 2.
BOOST_AUTO_TEST_CASE(parts_of_a_value) {
  builder b;
  value x = symbol(b, x_name, dtype::float64, {5});
  auto part = [&](int first, int count = 1) { return value{&b, b.slice(x.id, 0, first, count, 1)}; };
  value const apart = sum_of(part(0) * part(1)) + sum_of(part(3, 2) * part(1)), overlapping = sum_of(part(2, 2) * part(3, 2) / 2);
  graph const beside = without_dead_nodes(differentiate(with_outputs(b, {gradient(apart, x)})));
  for (auto const& n : beside.nodes) BOOST_TEST(!(n.code == op::add && beside[n.shape] == shape{1, {5}}));
  graph const all = with_outputs(b, {gradient(apart, x), gradient(apart + overlapping, x)});
  detail::list<tensor_value> const in{tensor(dtype::float64, {5}, {2, 3, 5, 7, 11})};
  BOOST_TEST(same(run(all, in, 0), {3, 2 + 18, 0, 3, 3}));
  BOOST_TEST(same(run(all, in, 1), {3, 20, 3.5, 3 + (5 + 11) / 2., 3 + 3.5}));
  // The same part by two ways: f = (x1^2 + x2^2) + 3 (x1 + x2).
  value const inner{&b, b.slice(part(0, 4).id, 0, 1, 2, 1)};
  graph const twice = with_outputs(b, {gradient(sum_of(inner * inner) + sum_of(3 * part(1, 2)), x)});
  BOOST_TEST(same(run(twice, in), {0, 2 * 3 + 3, 2 * 5 + 3, 0, 0}));
}
// d/dx_j of sum_i (d f / dx_i)^2, f = sum x^3: 36 x^3.
BOOST_AUTO_TEST_CASE(gradient_of_the_norm_of_a_gradient) {
  builder b;
  value x = symbol(b, x_name, dtype::float64, {3});
  value g1 = gradient(sum_of(x * x * x), x);
  graph const g = with_outputs(b, {gradient(sum_of(g1 * g1), x)});
  BOOST_TEST(same(run(g, {tensor(dtype::float64, {3}, {1, -2, 0.5})}), {36, -288, 4.5}));
}
// d2 f / dx dy = d2 f / dy dx, for variables of different shapes.
BOOST_AUTO_TEST_CASE(mixed_second_derivatives) {
  builder b;
  value x = symbol(b, x_name, dtype::float64, {3}), y = symbol(b, y_name);
  value f = sum_of(ctgrad::sin(x * y));
  graph const g = with_outputs(b, {gradient(gradient(f, y), x), gradient(sum_of(gradient(f, x)), y)});
  numbers const at{0.3, -1, 2};
  double const t = 0.7;
  numbers by_x;
  double by_y = 0;
  for (double v : at) by_x.push_back(std::cos(v * t) - v * t * std::sin(v * t)), by_y += by_x.back();
  detail::list<tensor_value> const in{tensor(dtype::float64, {3}, at), tensor(dtype::float64, {}, {t})};
  BOOST_TEST(near(run(g, in, 0), by_x, 1e-15));
  BOOST_TEST(near(run(g, in, 1), {by_y}, 1e-15));
}
BOOST_AUTO_TEST_CASE(dtypes_of_gradients) {
  builder b;
  value x = symbol(b, x_name, dtype::float32), y = symbol(b, y_name), i = symbol(b, i_name, dtype::int32);
  value f = x * y * i;
  graph const g = with_outputs(b, {gradient(f, x), gradient(f, y)});
  BOOST_TEST((g[g.outputs[0]].type == dtype::float32));
  BOOST_TEST((g[g.outputs[1]].type == dtype::float64));
  detail::list<tensor_value> const in{tensor(dtype::float32, {}, {1.5}), tensor(dtype::float64, {}, {0.1}), tensor(dtype::int32, {}, {3})};
  // The adjoint of x is float64 until it is cast: 0.1 * 3 rounded to float32.
  BOOST_TEST(same(run(g, in, 0), {static_cast<double>(static_cast<float>(0.1 * 3))}));
  BOOST_TEST(same(run(g, in, 1), {4.5}));
}
BOOST_AUTO_TEST_CASE(derivatives_at_run_time) {
  BOOST_TEST(derivative(fifth, 2, 3) == 240);
  BOOST_TEST(derivative([](value x) { return ctgrad::detach(x) * x; }, 3) == 3);
  BOOST_TEST(requests_are_gone());
}
