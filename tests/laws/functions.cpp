// The functions of include/ctgrad/functions.hpp on small numbers: values from the definitions, gradients from closed forms and differences.
// They are compositions, so what can be wrong is the composition: axes, shifts, counts, edge cases.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE functions
#include "../../include/ctgrad/functions.hpp"
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

using namespace ctgrad;
using namespace ctgrad::test;
using detail::axis_list;

namespace {

const sizes matrix{2, 3};
const numbers sample{0.5, -1.25, 2, 3, 0.75, -0.5};
using all_axes = axis_list<false>;

/// `trace` of the symbols a, b, c with the shapes and dtypes of `in`: the value, and the gradient of sum(w * value) by the first, w = 1, 2, 3, ….
template <class Trace>
std::pair<numbers, numbers> value_and_gradient(std::vector<std::pair<dtype, tensor_value>> const& in, Trace trace) {
  constexpr char const* names[] = {"a", "b", "c"};
  builder b;
  std::vector<value> symbols;
  detail::list<tensor_value> inputs;
  for (auto const& [type, t] : in) symbols.push_back(ctgrad::test::symbol(b, names[symbols.size()], type, t.extents)), inputs.push_back(t);
  value y = trace(symbols);
  BOOST_REQUIRE_MESSAGE(b.ok(), b.error.view());
  auto const count = run(with_outputs(b, {y}), inputs).size();
  sizes weight_sizes;
  for (int i = 0; i < y.rank(); ++i) weight_sizes.push_back(y.shape()[i].constant);
  value w = ctgrad::test::symbol(b, "w", y.type(), weight_sizes);
  numbers weights;
  for (std::size_t i = 0; i < count; ++i) weights.push_back(static_cast<double>(i + 1));
  inputs.push_back(tensor(y.type(), weight_sizes, weights));
  graph const g = with_outputs(b, {y, gradient(sum_of(w * y), symbols[0])});
  return {run(g, inputs, 0), run(g, inputs, 1)};
}
template <class Trace>
std::pair<numbers, numbers> of_matrix(numbers const& x, Trace trace, dtype type = dtype::float64) {
  return value_and_gradient({{type, tensor(type, matrix, x)}}, [&](auto const& s) { return trace(s[0]); });
}
/// The same gradient by differences of values.
template <class Trace>
numbers differences(numbers x, Trace trace) {
  numbers result;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double const at = x[i], h = 1e-5;
    auto weighted = [&](double moved) {
      x[i] = moved;
      auto const values = of_matrix(x, trace).first;
      double sum = 0;
      for (std::size_t k = 0; k < values.size(); ++k) sum += static_cast<double>(k + 1) * values[k];
      return sum;
    };
    result.push_back((weighted(at + h) - weighted(at - h)) / (2 * h));
    x[i] = at;
  }
  return result;
}

template <class Axes>
constexpr auto softmax_over = [](value x) { return detail::softmax_function<Axes>::trace(x); };
template <class Axes>
constexpr auto log_softmax_over = [](value x) { return detail::log_softmax_function<Axes>::trace(x); };
template <class Axes>
constexpr auto logsumexp_over = [](value x) { return detail::logsumexp_function<Axes>::trace(x); };
template <class Axes>
constexpr auto mean_over = [](value x) { return detail::mean_function<Axes>::trace(x); };

/// softmax of `x` over its rows (`axis` 1) or columns, in long double.
numbers softmax_of(numbers const& x, int axis) {
  numbers result(6);
  for (std::size_t i = 0; i < 6; ++i) {
    long double sum = 0;
    for (std::size_t j = 0; j < 6; ++j)
      if (axis == 1 ? i / 3 == j / 3 : i % 3 == j % 3) sum += std::exp(static_cast<long double>(x[j]) - x[i]);
    result[i] = static_cast<double>(1 / sum);
  }
  return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(softmax_by_definition) {
  BOOST_TEST(near(of_matrix(sample, softmax_over<axis_list<false, -1>>).first, softmax_of(sample, 1), 1e-15));
  BOOST_TEST(near(of_matrix(sample, softmax_over<axis_list<false, 0>>).first, softmax_of(sample, 0), 1e-15));
  BOOST_TEST(near(of_matrix(sample, softmax_over<axis_list<false, -1>>).second, differences(sample, softmax_over<axis_list<false, -1>>), 1e-8));
  BOOST_TEST(near(of_matrix(sample, softmax_over<axis_list<false, 0>>).second, differences(sample, softmax_over<axis_list<false, 0>>), 1e-8));
  BOOST_TEST(near(of_matrix(sample, softmax_over<all_axes>).second, differences(sample, softmax_over<all_axes>), 1e-8));
}
// d/dx_j sum_i w_i p_i = p_j (w_j - sum_i w_i p_i)
BOOST_AUTO_TEST_CASE(softmax_gradient_in_closed_form) {
  auto const p = softmax_of(sample, 1);
  numbers expected;
  for (std::size_t j = 0; j < 6; ++j) {
    double inner = 0;
    for (std::size_t i = j / 3 * 3; i < j / 3 * 3 + 3; ++i) inner += static_cast<double>(i + 1) * p[i];
    expected.push_back(p[j] * (static_cast<double>(j + 1) - inner));
  }
  BOOST_TEST(near(of_matrix(sample, softmax_over<axis_list<false, -1>>).second, expected, 1e-14));
}
BOOST_AUTO_TEST_CASE(softmax_of_extremes) {
  auto const rows = of_matrix({1000, 1000, 999, -1000, -2000, -1000}, softmax_over<axis_list<false, -1>>);
  double const e = std::exp(-1.0);
  BOOST_TEST(near(rows.first, {1 / (2 + e), 1 / (2 + e), e / (2 + e), 0.5, 0, 0.5}, 1e-15));
  BOOST_TEST(near(of_matrix({-infinity, 0, 0, 5, -infinity, -infinity}, softmax_over<axis_list<false, -1>>).first, {0, 0.5, 0.5, 1, 0, 0}, 1e-15));
  // As torch.softmax: a row of -inf, with an inf or a NaN is NaN throughout, and leaves the other row alone.
  constexpr double n = not_a_number;
  BOOST_TEST(same(of_matrix({-infinity, -infinity, -infinity, 0, 0, -infinity}, softmax_over<axis_list<false, -1>>).first, {n, n, n, 0.5, 0.5, 0}));
  BOOST_TEST(same(of_matrix({n, 1, 2, 0, 0, -infinity}, softmax_over<axis_list<false, -1>>).first, {n, n, n, 0.5, 0.5, 0}));
  BOOST_TEST(std::isnan(of_matrix({infinity, 1, 2, 0, 0, 0}, softmax_over<axis_list<false, -1>>).first[0]));
}

BOOST_AUTO_TEST_CASE(log_softmax_by_definition) {
  auto const p = softmax_of(sample, 1);
  auto const [y, g] = of_matrix(sample, log_softmax_over<axis_list<false, -1>>);
  numbers expected, gradients;
  for (std::size_t i = 0; i < 6; ++i) {
    expected.push_back(std::log(p[i]));
    double const row = i < 3 ? 1 + 2 + 3 : 4 + 5 + 6;
    gradients.push_back(static_cast<double>(i + 1) - p[i] * row);  // w_j - p_j sum w
  }
  BOOST_TEST(near(y, expected, 1e-15));
  BOOST_TEST(near(g, gradients, 1e-14));
  BOOST_TEST(near(of_matrix({1000, 0, -1000, -1e5, 1e5, 0}, log_softmax_over<axis_list<false, -1>>).first, {0, -1000, -2000, -2e5, 0, -1e5}, 0));
}

BOOST_AUTO_TEST_CASE(logsumexp_by_definition) {
  auto const rows = of_matrix(sample, logsumexp_over<axis_list<false, 1>>), columns = of_matrix(sample, logsumexp_over<axis_list<false, 0>>);
  auto lse = [](std::initializer_list<double> x) {
    long double sum = 0;
    for (double e : x) sum += std::exp(static_cast<long double>(e));
    return static_cast<double>(std::log(sum));
  };
  BOOST_TEST(near(rows.first, {lse({0.5, -1.25, 2}), lse({3, 0.75, -0.5})}, 1e-15));
  BOOST_TEST(near(columns.first, {lse({0.5, 3}), lse({-1.25, 0.75}), lse({2, -0.5})}, 1e-15));
  auto const p = softmax_of(sample, 1);
  BOOST_TEST(near(rows.second, {p[0], p[1], p[2], 2 * p[3], 2 * p[4], 2 * p[5]}, 1e-15));
  BOOST_TEST(near(of_matrix(sample, logsumexp_over<all_axes>).first, {lse({0.5, -1.25, 2, 3, 0.75, -0.5})}, 1e-15));
  BOOST_TEST(near(of_matrix(sample, logsumexp_over<axis_list<true, 1>>).first, rows.first, 0));
}
BOOST_AUTO_TEST_CASE(logsumexp_of_extremes) {
  auto const of = [](numbers const& x) { return of_matrix(x, logsumexp_over<axis_list<false, 1>>).first; };
  BOOST_TEST(same(of({-infinity, -infinity, -infinity, 0, -infinity, -infinity}), {-infinity, 0}));
  BOOST_TEST(near(of({1000, 1000, 1000, -1000, -1000, -1000}), {1000 + std::log(3.0), -1000 + std::log(3.0)}, 1e-15));
  BOOST_TEST(same(of({infinity, 1, 2, infinity, -infinity, 0}), {infinity, infinity}));
  BOOST_TEST(same(of({not_a_number, 1, infinity, 1.7e308, 1e308, 0}), {not_a_number, 1.7e308}));
  // The gradient is softmax, for huge values too.
  BOOST_TEST(near(of_matrix({1000, 1000, -1000, 5, -infinity, 5}, logsumexp_over<axis_list<false, 1>>).second, {0.5, 0.5, 0, 1, 0, 1}, 1e-15));
}

BOOST_AUTO_TEST_CASE(mean_over_axes) {
  BOOST_TEST(near(of_matrix(sample, mean_over<all_axes>).first, {0.75}, 1e-15));
  BOOST_TEST(near(of_matrix(sample, mean_over<all_axes>).second, numbers(6, 1.0 / 6), 1e-15));
  BOOST_TEST(near(of_matrix(sample, mean_over<axis_list<false, 0>>).first, {1.75, -0.25, 0.75}, 1e-15));
  BOOST_TEST(near(of_matrix(sample, mean_over<axis_list<false, -1>>).first, {1.25 / 3, 3.25 / 3}, 1e-15));
  BOOST_TEST(near(of_matrix(sample, mean_over<axis_list<true, -1>>).second, {1.0 / 3, 1.0 / 3, 1.0 / 3, 2.0 / 3, 2.0 / 3, 2.0 / 3}, 1e-15));
}
BOOST_AUTO_TEST_CASE(mean_of_integers_bools_and_nothing) {
  builder b;
  value i = ctgrad::test::symbol(b, "i", dtype::int32, {4}), p = ctgrad::test::symbol(b, "p", dtype::bool_, {4}), n = ctgrad::test::symbol(b, "n", dtype::float64, {0});
  value const means[] = {detail::mean_function<all_axes>::trace(i), detail::mean_function<all_axes>::trace(p), detail::mean_function<all_axes>::trace(n)};
  BOOST_TEST((means[0].type() == dtype::float32));
  BOOST_TEST((means[1].type() == dtype::float32));
  graph const g = with_outputs(b, {means[0], means[1], means[2]});
  detail::list<tensor_value> const in{tensor(dtype::int32, {4}, {1, 2, 3, 5}), tensor(dtype::bool_, {4}, {1, 0, 0, 0}), tensor(dtype::float64, {0}, {})};
  BOOST_TEST(same(run(g, in, 0), {2.75}));
  BOOST_TEST(same(run(g, in, 1), {0.25}));
  BOOST_TEST(same(run(g, in, 2), {not_a_number}));
}

BOOST_AUTO_TEST_CASE(mse_by_definition) {
  auto const t = tensor(dtype::float64, {3}, {1, 2, -1}), u = tensor(dtype::float64, {3}, {0, 4, 2});
  auto const [y, g] = value_and_gradient({{dtype::float64, t}, {dtype::float64, u}}, [](auto const& s) { return detail::mse_function::trace(s[0], s[1]); });
  BOOST_TEST(near(y, {14.0 / 3}, 1e-15));
  BOOST_TEST(near(g, {2.0 / 3, -4.0 / 3, -2}, 1e-15));
}

namespace {
std::pair<numbers, numbers> cross_entropy_of(numbers const& logits, numbers const& labels, dtype label_type = dtype::int64) {
  return value_and_gradient({{dtype::float64, tensor(dtype::float64, matrix, logits)}, {label_type, tensor(label_type, {2}, labels)}},
                            [](auto const& s) { return detail::cross_entropy_function::trace(s[0], s[1]); });
}
}  // namespace
// -mean(log p[label]); its gradient is (p - one hot) / rows.
BOOST_AUTO_TEST_CASE(cross_entropy_by_definition) {
  auto const p = softmax_of(sample, 1);
  for (dtype type : {dtype::int32, dtype::int64}) {
    auto const [y, g] = cross_entropy_of(sample, {2, 1}, type);
    BOOST_TEST(near(y, {-(std::log(p[2]) + std::log(p[4])) / 2}, 1e-15));
    BOOST_TEST(near(g, {p[0] / 2, p[1] / 2, (p[2] - 1) / 2, p[3] / 2, (p[4] - 1) / 2, p[5] / 2}, 1e-15));
  }
}
BOOST_AUTO_TEST_CASE(cross_entropy_of_extremes) {
  BOOST_TEST(near(cross_entropy_of({1000, 0, -1000, 0, 0, 0}, {0, 1}).first, {std::log(3.0) / 2}, 1e-15));
  BOOST_TEST(near(cross_entropy_of({1000, 0, -1000, 0, 0, 0}, {2, 1}).first, {(2000 + std::log(3.0)) / 2}, 1e-15));
  BOOST_TEST(near(cross_entropy_of({-infinity, 0, 0, 0, 0, 0}, {1, 1}).first, {(std::log(2.0) + std::log(3.0)) / 2}, 1e-15));
  BOOST_TEST(same(cross_entropy_of({-infinity, 0, 0, 0, 0, 0}, {0, 1}).first, {infinity}));
  for (double wrong : {-1.0, 3.0, 1e6, -2147483648.0}) BOOST_TEST(std::isnan(cross_entropy_of(sample, {wrong, 0}).first[0]), "label " << wrong);
}
// A label that is no class stays none when it does not fit int32.
BOOST_AUTO_TEST_CASE(cross_entropy_of_labels_beyond_int32) {
  for (double wrong : {4294967296.0, 4294967297.0, -4294967295.0, 0x1p62}) BOOST_TEST(std::isnan(cross_entropy_of(sample, {wrong, 0}).first[0]), "label " << wrong);
}
BOOST_AUTO_TEST_CASE(cross_entropy_errors) {
  builder b;
  value x = ctgrad::test::symbol(b, "x", dtype::float32, {2, 3}), y = ctgrad::test::symbol(b, "y", dtype::float32, {2});
  detail::cross_entropy_function::trace(x, y);
  BOOST_TEST(b.error.view() ==
             "ctgrad: cross_entropy of logits x[2, 3] and labels y[2] (float32): the labels have to be integers, one for each row of logits");
}

// mean(-t log p - (1 - t) log(1 - p)), p = sigmoid(z); its gradient (p - t) / n. Without overflow at any z.
BOOST_AUTO_TEST_CASE(binary_cross_entropy_with_logits_by_definition) {
  auto const of = [](numbers const& z, numbers const& t) {
    sizes const n{static_cast<std::int64_t>(z.size())};
    return value_and_gradient({{dtype::float64, tensor(dtype::float64, n, z)}, {dtype::float64, tensor(dtype::float64, n, t)}},
                              [](auto const& s) { return detail::binary_cross_entropy_with_logits_function::trace(s[0], s[1]); });
  };
  numbers const z{0.5, -2, 3}, t{1, 0, 0.25};
  long double sum = 0;
  numbers gradients;
  for (std::size_t i = 0; i < 3; ++i) {
    long double const p = 1 / (1 + std::exp(-static_cast<long double>(z[i])));
    sum -= t[i] * std::log(p) + (1 - t[i]) * std::log(1 - p);
    gradients.push_back(static_cast<double>((p - t[i]) / 3));
  }
  BOOST_TEST(near(of(z, t).first, {static_cast<double>(sum / 3)}, 1e-15));
  BOOST_TEST(near(of(z, t).second, gradients, 1e-15));
  BOOST_TEST(near(of({1000, -1000}, {1, 0}).first, {0}, 1e-15));
  BOOST_TEST(near(of({1000, -1000}, {0, 1}).first, {1000}, 1e-15));
  BOOST_TEST(near(of({1000, -1000}, {0, 1}).second, {0.5, -0.5}, 1e-15));
}

BOOST_AUTO_TEST_CASE(products_of_vectors) {
  auto const p = tensor(dtype::float64, {2}, {3, 5}), q = tensor(dtype::float64, {3}, {1, 10, 100}), r = tensor(dtype::float64, {2}, {2, -1});
  auto const outer = value_and_gradient({{dtype::float64, p}, {dtype::float64, q}}, [](auto const& s) { return detail::outer_function::trace(s[0], s[1]); });
  BOOST_TEST(same(outer.first, {3, 30, 300, 5, 50, 500}));
  BOOST_TEST(same(outer.second, {321, 654}));
  auto const dot = value_and_gradient({{dtype::float64, p}, {dtype::float64, r}}, [](auto const& s) { return detail::dot_function::trace(s[0], s[1]); });
  BOOST_TEST(same(dot.first, {1}));
  BOOST_TEST(same(dot.second, {2, -1}));
}
BOOST_AUTO_TEST_CASE(product_errors) {
  struct { value (*trace)(value, value); char const* text; } const cases[] = {
      {[](value a, value c) { return detail::dot_function::trace(a, c); }, "ctgrad: dot of m[2, 3] and v[3]: both have to have one axis"},
      {[](value a, value c) { return detail::outer_function::trace(a, c); }, "ctgrad: outer of m[2, 3] and v[3]: both have to have one axis"}};
  for (auto const& c : cases) {
    builder b;
    c.trace(ctgrad::test::symbol(b, "m", dtype::float64, {2, 3}), ctgrad::test::symbol(b, "v", dtype::float64, {3}));
    BOOST_TEST(b.error.view() == c.text);
  }
}
BOOST_AUTO_TEST_CASE(transpose_by_definition) {
  auto const [y, g] = of_matrix(sample, [](value x) { return detail::transpose_function::trace(x); });
  BOOST_TEST(same(y, {0.5, 3, -1.25, 0.75, 2, -0.5}));
  BOOST_TEST(same(g, {1, 3, 5, 2, 4, 6}));
  builder b;
  value v = ctgrad::test::symbol(b, "v", dtype::float64, {3}), cube = ctgrad::test::symbol(b, "cube", dtype::float64, {2, 3, 4});
  BOOST_TEST((detail::transpose_function::trace(v).id == v.id));
  BOOST_TEST((detail::transpose_function::trace(cube).shape() == shape_of({2, 4, 3})));
}
BOOST_AUTO_TEST_CASE(axis_errors) {
  builder b;
  value x = ctgrad::test::symbol(b, "x", dtype::float64, {2, 3});
  detail::softmax_function<axis_list<false, 2>>::trace(x);
  BOOST_TEST(b.error.view() == "ctgrad: softmax over axis 2 of x[2, 3]: it has 2 axes");
  builder c;
  value z = ctgrad::test::symbol(c, "z", dtype::float64, {3});
  detail::mean_function<axis_list<false, 0, -1>>::trace(z);
  BOOST_TEST(c.error.view() == "ctgrad: mean: axis -1 of z[3] is named twice");  // of one axis, 0 and -1 are the same
}
