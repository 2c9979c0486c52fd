// Every optimiser, gradient clipping and every schedule against PyTorch's trajectories, from tests/golden/optimizers.txt.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE optimizers
#include <ctgrad/optimizers.hpp>
#include <ctgrad/train.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

namespace {

/// The lines of numbers after the first line that begins with `title`.
std::vector<doubles> golden(std::string const& title, std::size_t count) {
  std::ifstream file(CTGRAD_TESTS "/golden/optimizers.txt");
  std::vector<doubles> lines;
  for (std::string text; std::getline(file, text);) {
    if (text.rfind(title, 0) != 0) continue;
    while (lines.size() < count && std::getline(file, text)) {
      std::istringstream line(text);
      lines.emplace_back();
      for (double x; line >> x;) lines.back().push_back(x);
    }
    return lines;
  }
  BOOST_FAIL("no " << title << " in optimizers.txt");
  return lines;
}

template <class T>
constexpr auto w = ct::tensor<T>("w"_s, 5_c);
template <class T>
constexpr auto b = ct::scalar<T>("b"_s);
template <class T>
auto start() {
  return ct::parameters(w<T> = ct::array<T, 1>{T(0.5), -1, 2, 0, 3}, b<T> = T(0.25));
}
template <class T>
constexpr char const* type_name = sizeof(T) == 8 ? "float64" : "float32";

// Twelve steps of a few operations, which PyTorch orders in its own way: rounding adds up, relative to the largest numbers on the way (3).
template <class T>
constexpr double tolerance = sizeof(T) == 8 ? 1e-14 : 4e-6;

template <class T, class Optimiser>
void compare(std::string const& name, Optimiser optimiser) {
  auto p = start<T>();
  std::vector<doubles> const lines = golden("run " + name + " " + type_name<T> + " ", 12);
  BOOST_REQUIRE(lines.size() == 12u);
  for (int step = 0; step < 12; ++step) {
    for (std::int64_t i = 0; i < 6; ++i)
      p.grads()(i) = (p.values()(i) - static_cast<T>(i - 2)) * static_cast<T>(i + 1) / 3 + static_cast<T>(step * (i - 3)) / 16;
    optimiser.step(p);
    BOOST_TEST(near(p.values().data(), 6, lines[at(step)], tolerance<T>), name << ", " << type_name<T> << ", step " << step << ": value 0 is " << p.values()(0));
  }
}
template <class Optimiser>
void compare(std::string const& name, typename Optimiser::options options) {
  compare<double>(name, Optimiser(options));
  compare<float>(name, Optimiser(options));
}

}  // namespace

BOOST_AUTO_TEST_CASE(trajectories) {
  using namespace ct::optim;
  compare<sgd>("sgd", {.learning_rate = 0.1, .weight_decay = 0.02});
  compare<sgd>("sgd_momentum", {.learning_rate = 0.1, .momentum = 0.9, .dampening = 0.4, .weight_decay = 0.02});
  compare<sgd>("sgd_nesterov", {.learning_rate = 0.1, .momentum = 0.9, .nesterov = true});
  compare<adam>("adam", {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-6, .weight_decay = 0.1});
  compare<adamw>("adamw", {.learning_rate = 0.05, .beta1 = 0.8, .beta2 = 0.95, .epsilon = 1e-6, .weight_decay = 0.1});
  compare<rmsprop>("rmsprop", {});
  compare<rmsprop>("rmsprop_decay", {.learning_rate = 0.05, .alpha = 0.9, .epsilon = 1e-6, .weight_decay = 0.1});
  compare<rmsprop>("rmsprop_momentum", {.learning_rate = 0.05, .alpha = 0.9, .momentum = 0.5});
  compare<rmsprop>("rmsprop_centered", {.learning_rate = 0.05, .alpha = 0.9, .centered = true});
  compare<rmsprop>("rmsprop_all", {.learning_rate = 0.05, .alpha = 0.9, .epsilon = 1e-6, .weight_decay = 0.1, .momentum = 0.5, .centered = true});
  compare<adagrad>("adagrad", {});
  compare<adagrad>("adagrad_all", {.learning_rate = 0.3, .learning_rate_decay = 0.05, .weight_decay = 0.1, .initial_accumulator_value = 0.5, .epsilon = 1e-6});
}

// The same formulas at the end of a fused step.
BOOST_AUTO_TEST_CASE(training_steps) {
  constexpr auto x = ct::tensor<double>("x"_s, ct::dim("N"_s), 5_c);
  constexpr auto y = ct::tensor<double>("y"_s, ct::dim("N"_s));
  constexpr auto loss = ct::mse(ct::matmul(x, w<double>) + b<double>, y);
  constexpr auto backward = ct::backward(loss, w<double>, b<double>);
  auto const rows = filled<double>(1, 20, 5);
  auto const targets = filled<double>(2, 20);
  auto both = [&](auto one, auto two) {
    auto p = start<double>(), q = start<double>();
    auto train = ct::train_step(loss, p, one);
    for (int step = 0; step < 5; ++step) {
      double const l = train(x = rows, y = targets);
      q.zero_grad();
      BOOST_TEST(near(l, backward(q, x = rows, y = targets), 1e-13));
      two.step(q);
      for (std::int64_t i = 0; i < 6; ++i) BOOST_REQUIRE(near(p.values()(i), q.values()(i), 1e-12));
    }
  };
  using ct::optim::adagrad, ct::optim::rmsprop;
  both(rmsprop({.weight_decay = 0.1}), rmsprop({.weight_decay = 0.1}));
  both(rmsprop({.momentum = 0.5, .centered = true}), rmsprop({.momentum = 0.5, .centered = true}));
  both(adagrad({.learning_rate = 0.3, .initial_accumulator_value = 0.5}), adagrad({.learning_rate = 0.3, .initial_accumulator_value = 0.5}));
}

// Gradients that are all alike have a variance of zero, which rounding makes negative (PyTorch 2.15 gives NaN at step 14 of these): steps stay finite.
BOOST_AUTO_TEST_CASE(rmsprop_of_a_constant_gradient) {
  auto p = start<float>();
  ct::optim::rmsprop optimiser({.learning_rate = 1e-6, .alpha = 0.3, .centered = true});
  for (int step = 0; step < 200; ++step) {
    p.grads().fill(0.7f);
    optimiser.step(p);
  }
  for (std::int64_t i = 0; i < 6; ++i) BOOST_TEST(std::isfinite(p.values()(i)));
}

namespace {

template <class T>
void compare_lbfgs(std::string const& name, std::size_t steps, ct::optim::lbfgs::options options, double tolerance) {
  constexpr auto r = ct::tensor<T>("r"_s, 2_c);
  auto p = ct::parameters(r = ct::array<T, 1>{T(-1.5), 2});
  int evaluations = 0;
  ct::optim::lbfgs optimiser(options);
  auto closure = [&] {
    ++evaluations;
    T const x = p.values()(0), y = p.values()(1), inner = y - x * x;
    p.grads()(0) = -2 * (1 - x) - 400 * inner * x;
    p.grads()(1) = 200 * inner;
    return (1 - x) * (1 - x) + 100 * inner * inner;
  };
  for (doubles const& line : golden("lbfgs " + name + " " + type_name<T> + " ", steps)) {
    double const loss = optimiser.step(p, closure);
    BOOST_TEST(near(loss, line[0], tolerance), name << ": loss " << loss << ", expected " << line[0]);
    BOOST_TEST(evaluations == line[1], name << ": " << evaluations << " evaluations, expected " << line[1]);
    for (std::int64_t i = 0; i < 2; ++i) BOOST_TEST(near(p.values()(i), line[at(i) + 2], tolerance), name << ": " << p.values()(i) << ", expected " << line[at(i) + 2]);
  }
}

}  // namespace

// In a valley of curvature 1,000 rounding grows from iteration to iteration: what is near is the path, not its last digits.
BOOST_AUTO_TEST_CASE(lbfgs_on_rosenbrock) {
  using ct::optim::lbfgs;
  constexpr auto wolfe = lbfgs::line_search::strong_wolfe;
  compare_lbfgs<double>("none", 5, {.learning_rate = 0.1, .max_iter = 4, .history_size = 3}, 1e-10);
  compare_lbfgs<double>("strong_wolfe", 6, {.max_iter = 5, .history_size = 4, .line_search_fn = wolfe}, 1e-9);
  compare_lbfgs<double>("strong_wolfe_one_step", 1, {.max_iter = 60, .line_search_fn = wolfe}, 1e-9);
  compare_lbfgs<double>("strong_wolfe_few", 8, {.max_iter = 4, .max_eval = 3, .line_search_fn = wolfe}, 1e-9);
  compare_lbfgs<float>("none", 5, {.learning_rate = 0.1, .max_iter = 4, .history_size = 3}, 1e-3);
}

BOOST_AUTO_TEST_CASE(lbfgs_copies_go_their_own_way) {
  constexpr auto r = ct::tensor<double>("r"_s, 3_c);
  auto p = ct::parameters(r = ct::array<double, 1>{4, -2, 1});
  auto closure = [&] {
    double loss = 0;
    for (std::int64_t i = 0; i < 3; ++i) {
      double const k = static_cast<double>(1 + i), x = p.values()(i);
      loss += k * x * x / 2, p.grads()(i) = k * x;
    }
    return loss;
  };
  ct::optim::lbfgs one({.max_iter = 3, .line_search_fn = ct::optim::lbfgs::line_search::strong_wolfe});
  one.step(p, closure);
  auto two = one;
  auto const values = ct::array<double, 1>(p.values());
  one.step(p, closure);
  auto const after = ct::array<double, 1>(p.values());
  p.values().assign(values);
  two.step(p, closure);
  for (std::int64_t i = 0; i < 3; ++i) BOOST_TEST(p.values()(i) == after(i));
  for (int i = 0; i < 8; ++i) two.step(p, closure);
  BOOST_TEST(closure() < 1e-9);  // it stops where the loss changes by less
}

BOOST_AUTO_TEST_CASE(clipping) {
  auto p = start<double>();
  auto set = [&](doubles const& g) {
    for (std::int64_t i = 0; i < 6; ++i) p.grads()(i) = g[at(i)];
  };
  for (auto const& [title, limit] : {std::pair{"clip 100 ", 100.0}, std::pair{"clip 1.5 ", 1.5}}) {
    auto const lines = golden(title, 2);
    set(lines[0]);
    double squares = 0;
    for (double g : lines[0]) squares += g * g;
    BOOST_TEST(near(ct::clip_grad_norm(p, limit), std::sqrt(squares), 1e-15));
    BOOST_TEST(near(p.grads().data(), 6, lines[1], 1e-15));
  }
  auto const lines = golden("value 0.75", 2);
  set(lines[0]);
  ct::clip_grad_value(p, 0.75);
  BOOST_TEST(near(p.grads().data(), 6, lines[1], 0));

  auto f = start<float>();  // the squares are no floats
  f.grads().fill(1e30f);
  BOOST_TEST(near(ct::clip_grad_norm(f, 1), std::sqrt(6.0) * 1e30, 1e-7));
  BOOST_TEST(near(f.grads()(3), 1 / std::sqrt(6.0), 1e-7));
}

BOOST_AUTO_TEST_CASE(schedules) {
  using namespace ct::schedule;
  auto same = [](std::string const& name, auto schedule, double tolerance = 1e-15) {
    doubles const rates = golden("schedule " + name, 1)[0];
    for (int i = 0; i < 25; ++i) BOOST_TEST(near(0.5 * schedule(i), rates[at(i)], tolerance), name << ", step " << i << ": " << 0.5 * schedule(i) << ", expected " << rates[at(i)]);
  };
  same("step", step{.every = 7, .gamma = 0.3});
  same("multi_step", multi_step({4, 11, 20}, 0.3));
  same("exponential", exponential{.gamma = 0.9});
  same("linear", linear{.steps = 6, .first = 0.25});
  same("cosine", cosine{.steps = 10, .lowest = 0.1}, 1e-14);  // PyTorch goes on from the rate before: its rounding grows where rates rise again
  same("warm_up", sequence{linear{.steps = 5, .first = 0.1}, 5, cosine{.steps = 20}});
  static_assert(sequence{linear{.steps = 5, .first = 0}, 5, cosine{.steps = 20}}(15) == 0.5 + 0.0);
  static_assert(multi_step({1, 2}, 0.5)(3) == 0.25 && step{.every = 2, .gamma = 0.5}(5) == 0.25 && linear{.steps = 4, .first = 0}(1) == 0.25);
}

BOOST_AUTO_TEST_CASE(mistakes) {
  using namespace ct::optim;
  BOOST_CHECK_THROW(rmsprop({.alpha = -1}), std::invalid_argument);
  BOOST_CHECK_THROW(adagrad({.epsilon = not_a_number}), std::invalid_argument);
  BOOST_CHECK_THROW(lbfgs({.history_size = 0}), std::invalid_argument);
  BOOST_CHECK_THROW(ct::schedule::step{.every = 0}(3), std::invalid_argument);
  BOOST_CHECK_THROW(ct::schedule::cosine{.steps = 0}(3), std::invalid_argument);
  BOOST_CHECK_THROW(ct::schedule::step{.every = 0}(1), std::invalid_argument);
  BOOST_CHECK_THROW(ct::schedule::cosine{.steps = 0}(1), std::invalid_argument);
  auto p = start<double>();
  p.grads().fill(2);
  BOOST_CHECK_THROW(ct::clip_grad_norm(p, -1), std::invalid_argument);
  BOOST_CHECK_THROW(ct::clip_grad_value(p, not_a_number), std::invalid_argument);
  BOOST_TEST(p.grads()(0) == 2);
}
