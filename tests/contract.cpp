// The design's snippets, as written there: what the library promises its users.
// Values are those of the formulas, worked out by hand or by plain loops below.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE contract
#include <boost/test/unit_test.hpp>

#include <ctgrad/ctgrad.hpp>
#include <ctgrad/explain.hpp>

#include <cmath>
#include <random>
#include <sstream>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;

// 1.1 Symbols and expressions

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);
constexpr auto b = ct::scalar<float>("b"_s);
constexpr auto y = ct::tensor<float>("y"_s, N);

constexpr auto p = ct::sigmoid(ct::matmul(X, w) + b);
constexpr auto loss = -ct::mean(y * ct::log(p) + (1_c - y) * ct::log(1_c - p));

static_assert(std::is_empty_v<decltype(loss)>);
constexpr auto dw = ct::grad(loss, w);

// 1.2 Gradients that are checked while compiling

namespace checked {
constexpr auto x = ct::scalar<double>("x"_s);
constexpr auto f = ct::pow(x, 2_c) - 3_c;
constexpr auto z = ct::pow(f, 3_c) - 2_c * f;

static_assert(ct::equivalent(ct::grad(f, x), 2_c * x));
static_assert(ct::evaluate(ct::grad(z, x), x = 2.0) == 4.0);
static_assert(ct::gradient_check(z, x = 2.0));
static_assert(ct::to_string(ct::grad(f, x)) == "2 * x");
// The gradient of a gradient: z'' = 6 (x^2 - 3) (2x)^2 + (3 (x^2 - 3)^2 - 2) 2 = 98 at 2.
static_assert(ct::evaluate(ct::grad(ct::grad(z, x), x), x = 2.0) == 98.0);
// A wrong gradient does not pass.
static_assert(!ct::equivalent(ct::grad(f, x), 3_c * x));
}  // namespace checked

// 1.3 Functions, traced by value

constexpr auto residual = ct::fn([](auto h, auto w) {
  for (int i = 0; i < 12; ++i) h = h + 0.5 * ct::tanh(h * w);
  return h;
});
constexpr auto out = residual(X, w);

// 1.4 Programs

constexpr auto step = ct::compile(loss, ct::grad(loss, w, b));

// 1.7 Certificates

static_assert(ct::report(step).nests == 1);
static_assert(ct::report(step).temporaries == 0);
static_assert(ct::report(step).flops(N = 1000) <= 3 * ct::report(ct::compile(loss)).flops(N = 1000));

struct data {
  ct::array<float, 2> images = ct::zeros<float>(37, 784);
  ct::array<float, 1> labels = ct::zeros<float>(37), weights = ct::zeros<float>(784);
  data() {
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0, 1);
    for (std::int64_t i = 0; i < 37; ++i) {
      labels(i) = static_cast<float>(i % 2);
      for (std::int64_t k = 0; k < 784; ++k) images(i, k) = normal(random);
    }
    for (std::int64_t k = 0; k < 784; ++k) weights(k) = 0.05f * normal(random);
  }
  struct expected {
    double loss = 0, db = 0;
    std::vector<double> dw = std::vector<double>(784);
  };
  expected by_hand(float bias) const {
    expected e;
    for (std::int64_t i = 0; i < 37; ++i) {
      double t = bias;
      for (std::int64_t k = 0; k < 784; ++k) t += double{images(i, k)} * weights(k);
      double const q = 1 / (1 + std::exp(-t));
      e.loss -= (labels(i) * std::log(q) + (1 - labels(i)) * std::log(1 - q)) / 37;
      e.db += (q - labels(i)) / 37;
      for (std::int64_t k = 0; k < 784; ++k) e.dw[static_cast<std::size_t>(k)] += (q - labels(i)) * images(i, k) / 37;
    }
    return e;
  }
};

BOOST_AUTO_TEST_CASE(programs) {
  data d;
  auto const expected = d.by_hand(0.5f);
  auto& images = d.images;
  auto& labels = d.labels;
  auto& weights = d.weights;

  auto r = step(X = images, y = labels, w = weights, b = 0.5f);
  float l = r[loss];
  auto const& gw = r[dw];
  auto [l2, gw2, gb2] = step(b = 0.5f, w = weights, y = labels, X = images);

  BOOST_TEST(l == expected.loss, boost::test_tools::tolerance(1e-5));
  BOOST_TEST(l2 == l);
  BOOST_TEST(gb2 == expected.db, boost::test_tools::tolerance(1e-4));
  for (std::int64_t k = 0; k < 784; ++k) {
    BOOST_TEST(std::abs(gw(k) - expected.dw[static_cast<std::size_t>(k)]) < 2e-6);
    BOOST_TEST(gw2(k) == gw(k));
  }

  auto space = step.workspace(N = 4096);
  ct::array<float, 1> buffer = ct::zeros<float>(784);
  float bias_gradient = 0;
  l = 0;
  step.into(space, X = images, y = labels, w = weights, b = 0.5f, loss = l, dw = buffer, ct::grad(loss, b) = bias_gradient);
  BOOST_TEST(l == l2);
  BOOST_TEST(bias_gradient == gb2);
  for (std::int64_t k = 0; k < 784; ++k) BOOST_TEST(buffer(k) == gw(k));
}

BOOST_AUTO_TEST_CASE(functions) {
  ct::array<float, 2> h = ct::ones<float>(3, 784);
  ct::array<float, 1> weights = ct::full<float>(0.25f, 784);
  auto [result] = ct::compile(out)(X = h, w = weights);
  double value = 1;
  for (int i = 0; i < 12; ++i) value += 0.5 * std::tanh(value * 0.25);
  for (std::int64_t k = 0; k < 784; ++k) BOOST_TEST(result(2, k) == value, boost::test_tools::tolerance(1e-5));
  // The same body as plain C++.
  BOOST_TEST(residual(1.0, 0.25) == value, boost::test_tools::tolerance(1e-12));
  auto eager = residual(ct::array<double, 1>{1, 1}, ct::array<double, 1>{0.25, 0.25});
  BOOST_TEST(eager(1) == value, boost::test_tools::tolerance(1e-12));
}

// 1.5 Parameters, accumulation, optimisers

BOOST_AUTO_TEST_CASE(parameters) {
  data d;
  auto& images = d.images;
  auto& labels = d.labels;
  auto params = ct::parameters(w = ct::zeros<float>(784), b = 0.0f);
  constexpr auto backward = ct::backward(loss, w, b);
  float l = backward(params, X = images, y = labels);
  BOOST_TEST(l == std::log(2.0), boost::test_tools::tolerance(1e-6));  // all weights 0: p = 1/2
  float const once = params[w].grad(5), bias_once = params[b].grad();
  BOOST_TEST(once != 0);
  backward(params, X = images, y = labels);
  BOOST_TEST(params[w].grad(5) == 2 * once, boost::test_tools::tolerance(1e-5f));
  BOOST_TEST(params[b].grad() == 2 * bias_once, boost::test_tools::tolerance(1e-5f));
  params.zero_grad();
  BOOST_TEST(params[w].grad(5) == 0);
  backward(params, X = images, y = labels);
  auto sgd = ct::optim::sgd({.learning_rate = 0.1f});
  sgd.step(params);
  BOOST_TEST(params[w].value(5) == -0.1f * once, boost::test_tools::tolerance(1e-6f));
  float const next = backward(params, X = images, y = labels);
  BOOST_TEST(next < l);
}

// 1.6 Arrays and views

BOOST_AUTO_TEST_CASE(arrays) {
  std::ostringstream s;
  ct::array<std::int64_t, 2> a{{1, 0, 1}, {2, 1, 1}}, c{{0, 1, 0}, {1, 1, 1}};
  s << a + c << '\n' << ct::sum(a) << '\n' << ct::sum(a, 1_c) << '\n' << 2 * a << '\n' << a * c << '\n' << ct::dot(a[1], c[1]) << '\n' << ct::matmul(a, c.t());
  BOOST_TEST(s.str() ==
             "tensor([[1, 1, 1],\n        [3, 2, 2]])\ntensor(6)\ntensor([2, 4])\ntensor([[2, 0, 2],\n        [4, 2, 2]])\n"
             "tensor([[0, 0, 0],\n        [2, 1, 1]])\ntensor(4)\ntensor([[0, 2],\n        [1, 4]])");
}

BOOST_AUTO_TEST_CASE(pictures) {
  BOOST_TEST(ct::explain(step).starts_with("1 nest, 0 products, 0 temporaries"));
  BOOST_TEST(ct::to_dot(loss).starts_with("digraph ctgrad {"));
  BOOST_TEST(ct::to_mermaid(loss).starts_with("graph TD\n"));
}
