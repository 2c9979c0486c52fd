// Optimisers against the algorithms as torch.optim documents them, written as plain loops in double.
// Three steps with gradients that change, so that momentum and bias corrections matter.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE optim
#include <boost/test/unit_test.hpp>

#include <ctgrad/optim.hpp>
#include <ctgrad/symbol.hpp>

#include <cmath>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;

namespace {

constexpr auto w = ct::tensor<double>("w"_s, 5_c);
constexpr auto b = ct::scalar<double>("b"_s);
constexpr int steps = 3;

double gradient(int step, std::size_t i) { return std::sin(1.7 * static_cast<double>(i) + step) - 0.3 * step; }

/// The values after `steps` steps of `optimiser`: five of w, one of b.
template <class Optimiser>
std::vector<double> run(Optimiser optimiser) {
  auto p = ct::parameters(w = ct::array<double, 1>{0.5, -1, 2, 0, 3}, b = 0.25);
  for (int step = 0; step < steps; ++step) {
    for (std::size_t i = 0; i < 6; ++i) p.grads()(static_cast<std::int64_t>(i)) = gradient(step, i);
    optimiser.step(p);
  }
  std::vector<double> values;
  for (std::int64_t i = 0; i < 6; ++i) values.push_back(p.values()(i));
  BOOST_TEST(p[b].value() == values[5]);
  return values;
}

/// The same by `update(value, gradient, step, state)`, for each value.
template <class Update>
std::vector<double> expected(Update update) {
  std::vector<double> values{0.5, -1, 2, 0, 3, 0.25};
  for (std::size_t i = 0; i < values.size(); ++i) {
    double state[2]{};
    for (int step = 0; step < steps; ++step) update(values[i], gradient(step, i), step, state);
  }
  return values;
}

void compare(std::vector<double> const& here, std::vector<double> const& there) {
  for (std::size_t i = 0; i < there.size(); ++i) BOOST_TEST(std::abs(here[i] - there[i]) <= 1e-13 * (1 + std::abs(there[i])), "value " << i << ": " << here[i] << " and " << there[i]);
}

}  // namespace

BOOST_AUTO_TEST_CASE(sgd) {
  compare(run(ct::optim::sgd({.learning_rate = 0.1})), expected([](double& p, double g, int, double*) { p -= 0.1 * g; }));
  compare(run(ct::optim::sgd({.learning_rate = 0.1, .weight_decay = 0.02})), expected([](double& p, double g, int, double*) { p -= 0.1 * (g + 0.02 * p); }));
}

BOOST_AUTO_TEST_CASE(sgd_momentum) {
  for (double dampening : {0.0, 0.4})
    compare(run(ct::optim::sgd({.learning_rate = 0.1, .momentum = 0.9, .dampening = dampening, .weight_decay = 0.02})),
            expected([&](double& p, double g, int step, double* state) {
              g += 0.02 * p;
              state[0] = step == 0 ? g : 0.9 * state[0] + (1 - dampening) * g;
              p -= 0.1 * state[0];
            }));
}

BOOST_AUTO_TEST_CASE(sgd_nesterov) {
  compare(run(ct::optim::sgd({.learning_rate = 0.1, .momentum = 0.9, .nesterov = true})), expected([](double& p, double g, int step, double* state) {
            state[0] = step == 0 ? g : 0.9 * state[0] + g;
            p -= 0.1 * (g + 0.9 * state[0]);
          }));
}

BOOST_AUTO_TEST_CASE(adam_and_adamw) {
  auto update = [](bool decoupled) {
    return [=](double& p, double g, int step, double* state) {
      constexpr double rate = 0.05, beta1 = 0.8, beta2 = 0.95, epsilon = 1e-6, decay = 0.1;
      if (decoupled) p -= rate * decay * p;
      else g += decay * p;
      state[0] = beta1 * state[0] + (1 - beta1) * g;
      state[1] = beta2 * state[1] + (1 - beta2) * g * g;
      double const m = state[0] / (1 - std::pow(beta1, step + 1)), v = state[1] / (1 - std::pow(beta2, step + 1));
      p -= rate * m / (std::sqrt(v) + epsilon);
    };
  };
  ct::optim::adam::options const options{.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-6, .weight_decay = 0.1};
  compare(run(ct::optim::adam(options)), expected(update(false)));
  compare(run(ct::optim::adamw(options)), expected(update(true)));
}

// A copy of an optimiser goes its own way.
BOOST_AUTO_TEST_CASE(copies_have_states_of_their_own) {
  auto p = ct::parameters(w = ct::zeros<double>(5), b = 0.0), q = ct::parameters(w = ct::zeros<double>(5), b = 0.0);
  auto one = ct::optim::sgd({.learning_rate = 1, .momentum = 0.5});
  p.grads().fill(1), q.grads().fill(1);
  one.step(p);  // b = 1, p = -1
  auto two = one;
  two.step(q), two.step(q);  // b = 1.5, 1.75
  one.step(p);               // b = 1.5
  BOOST_TEST(p[b].value() == -2.5);
  BOOST_TEST(q[b].value() == -3.25);
}

BOOST_AUTO_TEST_CASE(mistakes) {
  BOOST_CHECK_THROW(ct::optim::sgd({.learning_rate = -1}), std::invalid_argument);
  BOOST_CHECK_THROW(ct::optim::sgd({.nesterov = true}), std::invalid_argument);
  BOOST_CHECK_THROW(ct::optim::adam({.beta1 = 1}), std::invalid_argument);
  auto adam = ct::optim::adam({});
  auto six = ct::parameters(w = ct::zeros<double>(5), b = 0.0);
  auto five = ct::parameters(w = ct::zeros<double>(5));
  adam.step(six);
  BOOST_CHECK_THROW(adam.step(five), ct::shape_error);
  constexpr auto f = ct::tensor<float>("f"_s, 6_c);
  auto floats = ct::parameters(f = ct::zeros<float>(6));
  BOOST_CHECK_THROW(adam.step(floats), ct::dtype_error);
  BOOST_CHECK_THROW(ct::parameters(w = ct::zeros<double>(4)), ct::shape_error);
}
