// Training steps as one program, against backward, clipping and the optimiser's step, which are held against torch.optim's in optim.cpp and optimizers.cpp;
// and against plain loops in double for logistic regression.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE train
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/optim/clip.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto H = ct::dim("H"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 7_c);
constexpr auto labels = ct::tensor<std::int32_t>("labels"_s, N);
constexpr auto W1 = ct::tensor<float>("W1"_s, 7_c, H);
constexpr auto b1 = ct::tensor<float>("b1"_s, H);
constexpr auto W2 = ct::tensor<float>("W2"_s, H, 3_c);
constexpr auto b2 = ct::tensor<float>("b2"_s, 3_c);
constexpr auto loss = ct::cross_entropy(ct::matmul(ct::tanh(ct::matmul(X, W1) + b1), W2) + b2, labels);
constexpr auto backward = ct::backward(loss, W1, b1, W2, b2);

auto first_parameters() {
  return ct::parameters(W1 = filled<float>(1, 7, 20), b1 = filled<float>(2, 20), W2 = filled<float>(3, 20, 3), b2 = ct::zeros<float>(3));
}
ct::array<std::int32_t, 1> some_labels(int n) {
  auto y = ct::zeros<std::int32_t>(n);
  for (int i = 0; i < n; ++i) y(i) = i * 5 % 3;
  return y;
}

/// Five steps on batches of other sizes, both ways.
template <class Optimiser>
void compare(Optimiser one, Optimiser two) {
  auto p = first_parameters(), q = first_parameters();
  auto train = ct::train_step(loss, p, one);
  for (int step = 0; step < 5; ++step) {
    int const n = 30 + 7 * step;
    auto const x = filled<float>(static_cast<std::uint64_t>(10 + step), n, 7);
    auto const y = some_labels(n);
    float const l = train(X = x, labels = y);
    q.zero_grad();
    float const expected = backward(q, X = x, labels = y);
    two.step(q);
    BOOST_TEST(near(l, expected, 1e-5), "step " << step);
    for (std::int64_t i = 0; i < q.size(); ++i)
      BOOST_REQUIRE_MESSAGE(near(p.values()(i), q.values()(i), 1e-4), "step " << step << ", value " << i << ": " << p.values()(i) << " and " << q.values()(i));
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(networks_by_every_optimiser) {
  using ct::optim::adam, ct::optim::adamw, ct::optim::sgd;
  compare(sgd({.learning_rate = 0.1, .weight_decay = 0.01}), sgd({.learning_rate = 0.1, .weight_decay = 0.01}));
  for (bool nesterov : {false, true}) compare(sgd({.learning_rate = 0.1, .momentum = 0.9, .nesterov = nesterov}), sgd({.learning_rate = 0.1, .momentum = 0.9, .nesterov = nesterov}));
  compare(adam({.learning_rate = 0.01}), adam({.learning_rate = 0.01}));
  compare(adamw({.learning_rate = 0.01, .weight_decay = 0.1}), adamw({.learning_rate = 0.01, .weight_decay = 0.1}));
}

// Vectors and numbers as parameters: read and updated by loops alone, no product between.
BOOST_AUTO_TEST_CASE(logistic_regression) {
  constexpr auto w = ct::tensor<double>("w"_s, 3_c);
  constexpr auto c = ct::scalar<double>("c"_s);
  constexpr auto Z = ct::tensor<double>("Z"_s, N, 3_c);
  constexpr auto y = ct::tensor<double>("y"_s, N);
  constexpr auto p = ct::sigmoid(ct::matmul(Z, w) + c);
  constexpr auto cost = -ct::mean(y * ct::log(p) + (1_c - y) * ct::log(1_c - p));
  auto params = ct::parameters(w = ct::array<double, 1>{0.5, -1, 0.25}, c = 0.125);
  auto sgd = ct::optim::sgd({.learning_rate = 0.5});
  auto train = ct::train_step(cost, params, sgd);
  auto const z = filled<double>(1, 50, 3);
  auto targets = ct::zeros<double>(50);
  for (int i = 0; i < 50; ++i) targets(i) = i % 3 == 0;
  double weights[] = {0.5, -1, 0.25}, bias = 0.125;
  for (int step = 0; step < 4; ++step) {
    double l = 0, dw[3]{}, dc = 0;
    for (int i = 0; i < 50; ++i) {
      double s = bias;
      for (int j = 0; j < 3; ++j) s += weights[j] * z(i, j);
      double const q = 1 / (1 + std::exp(-s));
      l -= (targets(i) * std::log(q) + (1 - targets(i)) * std::log(1 - q)) / 50;
      for (int j = 0; j < 3; ++j) dw[j] += (q - targets(i)) * z(i, j) / 50;
      dc += (q - targets(i)) / 50;
    }
    BOOST_TEST(near(train(Z = z, y = targets), l, 1e-12));
    for (int j = 0; j < 3; ++j) weights[j] -= 0.5 * dw[j];
    for (int j = 0; j < 3; ++j) BOOST_TEST(near(params[w].value(j), weights[j], 1e-12));
    bias -= 0.5 * dc;
    BOOST_TEST(near(params[c].value(), bias, 1e-12));
  }
}

BOOST_AUTO_TEST_CASE(into_a_workspace) {
  auto p = first_parameters(), q = first_parameters();
  auto one = ct::optim::adam({}), two = ct::optim::adam({});
  auto train = ct::train_step(loss, p, one), other = ct::train_step(loss, q, two);
  auto space = train.workspace(N = 64, H = 20);
  for (int n : {64, 10, 33}) {
    auto const x = filled<float>(static_cast<std::uint64_t>(n), n, 7);
    BOOST_TEST(train.into(space, X = x, labels = some_labels(n)) == other(X = x, labels = some_labels(n)));
    for (std::int64_t i = 0; i < p.size(); ++i) BOOST_REQUIRE(p.values()(i) == q.values()(i));
  }
}

// Limits that cut, and limits that do not.
BOOST_AUTO_TEST_CASE(clipped_gradients) {
  using ct::optim::adam;
  auto const compare_clipped = [](auto clipping, auto const& clip) {
    auto p = first_parameters(), q = first_parameters();
    adam one({.learning_rate = 0.01}), two({.learning_rate = 0.01});
    auto train = ct::train_step(loss, p, one, clipping);
    for (int step = 0; step < 4; ++step) {
      auto const x = filled<float>(static_cast<std::uint64_t>(20 + step), 25, 7);
      float const l = train(X = x, labels = some_labels(25));
      q.zero_grad();
      BOOST_TEST(near(l, backward(q, X = x, labels = some_labels(25)), 1e-5));
      bool const cut = clip(q);
      two.step(q);
      for (std::int64_t i = 0; i < q.size(); ++i) BOOST_REQUIRE_MESSAGE(near(p.values()(i), q.values()(i), 1e-4), "step " << step << ", value " << i);
      BOOST_TEST(cut == (clipping.number < 1));
    }
  };
  for (double most : {0.1, 1e6}) {
    compare_clipped(ct::clip_grad_norm(most), [&](auto& q) { return ct::clip_grad_norm(q, most) > most; });
    compare_clipped(ct::clip_grad_value(most / 10), [&](auto& q) {
      auto const before = ct::array<float, 1>(q.grads());
      ct::clip_grad_value(q, most / 10);
      for (std::int64_t i = 0; i < q.size(); ++i)
        if (before(i) != q.grads()(i)) return true;
      return false;
    });
  }
  BOOST_CHECK_THROW(ct::clip_grad_norm(-1), std::invalid_argument);
  BOOST_CHECK_THROW(ct::clip_grad_value(-1), std::invalid_argument);
}

// The gradient by `c` is a sum over rows that read `a` and `c` again: neither new value can stand where the old one is before the end.
BOOST_AUTO_TEST_CASE(values_that_are_read_late) {
  constexpr auto a = ct::tensor<double>("a"_s, 4_c, 5_c);
  constexpr auto c = ct::tensor<double>("c"_s, 5_c);
  constexpr auto Z = ct::tensor<double>("Z"_s, N, 4_c, 5_c);
  constexpr auto h = ct::softmax(Z * c + a, -1_c);
  constexpr auto cost = ct::sum(h * h * a);
  auto const data = filled<double>(1, 6, 4, 5);
  auto p = ct::parameters(a = filled<double>(2, 4, 5), c = filled<double>(3, 5)), q = ct::parameters(a = filled<double>(2, 4, 5), c = filled<double>(3, 5));
  auto one = ct::optim::sgd({.learning_rate = 0.1, .momentum = 0.5}), two = ct::optim::sgd({.learning_rate = 0.1, .momentum = 0.5});
  auto train = ct::train_step(cost, p, one);
  constexpr auto gradients = ct::backward(cost, a, c);
  for (int step = 0; step < 3; ++step) {
    q.zero_grad();
    BOOST_TEST(near(train(Z = data), gradients(q, Z = data), 1e-12));
    two.step(q);
    for (std::int64_t i = 0; i < q.size(); ++i) BOOST_REQUIRE(near(p.values()(i), q.values()(i), 1e-12));
  }
}

// A call that fails changes nothing: not the parameters, not the states, not the count of steps.
BOOST_AUTO_TEST_CASE(failed_steps_do_not_count) {
  auto p = first_parameters(), q = first_parameters();
  auto one = ct::optim::adam({}), two = ct::optim::adam({});
  auto train = ct::train_step(loss, p, one), other = ct::train_step(loss, q, two);
  auto const x = filled<float>(5, 20, 7);
  BOOST_TEST(message_of<ct::shape_error>([&] { train(X = x, labels = some_labels(19)); }).find("labels") != std::string::npos);
  for (int step = 0; step < 2; ++step) BOOST_TEST(train(X = x, labels = some_labels(20)) == other(X = x, labels = some_labels(20)));
  for (std::int64_t i = 0; i < p.size(); ++i) BOOST_REQUIRE(p.values()(i) == q.values()(i));
}
