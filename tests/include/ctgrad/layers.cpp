// Layers: the names, extents and first values of what they declare, and that they compute what the functions do of which they are made.
// Those functions are held against PyTorch in tests/laws/pytorch.cpp, attention and the transformer block included.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE layers
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/nn.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>

namespace ct = ctgrad;
namespace nn = ct::nn;
namespace hana = boost::hana;
using namespace ct::literals;
using namespace ct::test;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<double>("X"_s, N, 6_c);
constexpr auto labels = ct::tensor<std::int32_t>("labels"_s, N);
constexpr auto logits = nn::mlp(X, "mlp"_s, ct::tanh, 6_c, 5_c, 3_c);
constexpr auto loss = ct::cross_entropy(logits, labels);
constexpr auto backward = ct::backward(loss);

/// "name[2, 3] …", of every parameter.
template <class Expression>
std::string declared(Expression const& e) {
  std::string text;
  ct::parameters(e, ct::generator(1)).for_each([&](char const* name, auto const& value, auto const&) { text += std::string(name) + ct::detail::shape_text(value.shape()) + ' '; });
  return text;
}

// The same parameters, as symbols: what the layers have to be.
constexpr auto W0 = ct::parameter<double>("mlp.0.weight"_s, ct::initial::uniform<6>{}, 5_c, 6_c);
constexpr auto b0 = ct::parameter<double>("mlp.0.bias"_s, ct::initial::uniform<6>{}, 5_c);
constexpr auto W1 = ct::parameter<double>("mlp.1.weight"_s, ct::initial::uniform<5>{}, 3_c, 5_c);
constexpr auto b1 = ct::parameter<double>("mlp.1.bias"_s, ct::initial::uniform<5>{}, 3_c);

constexpr bool are_parameters(ct::expression auto const& e, auto... expected) {
  return hana::unpack(ct::parameters_of(e), [=]<class... Symbols>(Symbols...) {
    if constexpr (sizeof...(Symbols) == sizeof...(expected)) return ((ct::detail::target_name<Symbols> == ct::detail::target_name<decltype(expected)>)&&...);
    else return false;
  });
}
static_assert(are_parameters(loss, W0, b0, W1, b1));
static_assert(are_parameters(ct::sum(b1 * ct::grad(loss, b1)) + loss, b1, W0, b0, W1));
static_assert(are_parameters(ct::sum(X)));
static_assert(ct::equivalent(nn::linear(X, "mlp.0"_s, 6_c, 5_c), ct::linear(X, W0, b0)));

}  // namespace

BOOST_AUTO_TEST_CASE(names_and_extents) {
  constexpr auto image = ct::tensor<float>("image"_s, N, 4_c, 8_c, 8_c);
  constexpr auto signal = ct::tensor<float>("signal"_s, N, 4_c, 9_c);
  constexpr auto words = ct::tensor<std::int64_t>("words"_s, N, 7_c);
  constexpr auto x = nn::embedding(words, "words"_s, 50_c, 8_c);
  BOOST_TEST(declared(loss) == "mlp.0.weight(5, 6) mlp.0.bias(5,) mlp.1.weight(3, 5) mlp.1.bias(3,) ");
  BOOST_TEST(declared(nn::conv2d(image, "conv"_s, 4_c, 6_c, 3_c, ct::padding<1>, ct::groups<2>)) == "conv.weight(6, 2, 3, 3) conv.bias(6,) ");
  BOOST_TEST(declared(nn::conv1d(signal, "conv"_s, 4_c, 6_c, 3_c)) == "conv.weight(6, 4, 3) conv.bias(6,) ");
  BOOST_TEST(declared(nn::rms_norm(x, "norm"_s, 8_c)) == "words.weight(50, 8) norm.weight(8,) ");
  BOOST_TEST(declared(nn::transformer_block(x, "block0"_s, 2_c, 8_c, 16_c, nn::causal)) ==
             "words.weight(50, 8) block0.norm1.weight(8,) block0.norm1.bias(8,) block0.attention.q.weight(8, 8) block0.attention.q.bias(8,) block0.attention.k.weight(8, 8) "
             "block0.attention.k.bias(8,) block0.attention.v.weight(8, 8) block0.attention.v.bias(8,) block0.attention.out.weight(8, 8) block0.attention.out.bias(8,) "
             "block0.norm2.weight(8,) block0.norm2.bias(8,) block0.mlp.0.weight(16, 8) block0.mlp.0.bias(16,) block0.mlp.1.weight(8, 16) block0.mlp.1.bias(8,) ");
}

BOOST_AUTO_TEST_CASE(first_values) {
  auto p = ct::parameters(ct::sum(nn::layer_norm(nn::linear(X, "fc"_s, 6_c, 400_c), "norm"_s, 400_c)), ct::generator(1));
  BOOST_TEST(p.size() == 6 * 400 + 3 * 400);
  auto const weight = p["fc.weight"_s].value;
  double largest = 0, sum = 0;
  for (std::int64_t i = 0; i < weight.size(); ++i) largest = std::max(largest, std::abs(weight.data()[i])), sum += weight.data()[i];
  double const bound = 1 / std::sqrt(6.0);
  BOOST_TEST(largest <= bound);
  BOOST_TEST(largest > 0.99 * bound);
  BOOST_TEST(std::abs(sum) < 5 * bound * std::sqrt(2400 / 3.0));  // five standard deviations of a sum of 2,400
  for (std::int64_t i = 0; i < 400; ++i) BOOST_REQUIRE((p["norm.weight"_s].value(i) == 1 && p["norm.bias"_s].value(i) == 0));
  auto const again = [&](unsigned seed) {
    auto q = ct::parameters(ct::sum(nn::linear(X, "fc"_s, 6_c, 400_c)), ct::generator(seed));
    return std::equal(weight.data(), weight.data() + weight.size(), q["fc.weight"_s].value.data());
  };
  BOOST_TEST(again(1));
  BOOST_TEST(!again(2));

  auto q = ct::parameters(ct::sum(ct::parameter<float>("z"_s, ct::initial::normal{}, 100_c, 100_c)), ct::generator(3));
  double square = 0;
  for (std::int64_t i = 0; i < q.size(); ++i) square += q.values()(i) * q.values()(i) / 1e4;
  BOOST_TEST(std::abs(square - 1) < 0.1);  // seven standard deviations
}

// A network of layers against loops, its gradients against differences, and a step of training, which needs no list of parameters.
BOOST_AUTO_TEST_CASE(training) {
  auto p = ct::parameters(loss, ct::generator(7));
  auto const x = filled<double>(1, 9, 6);
  auto y = ct::zeros<std::int32_t>(9);
  for (int i = 0; i < 9; ++i) y(i) = i % 3;
  auto cost = [&] {
    double total = 0;
    for (int i = 0; i < 9; ++i) {
      double h[5], o[3], sum = 0;
      for (int j = 0; j < 5; ++j) {
        h[j] = p["mlp.0.bias"_s].value(j);
        for (int k = 0; k < 6; ++k) h[j] += p["mlp.0.weight"_s].value(j, k) * x(i, k);
        h[j] = std::tanh(h[j]);
      }
      for (int j = 0; j < 3; ++j) {
        o[j] = p["mlp.1.bias"_s].value(j);
        for (int k = 0; k < 5; ++k) o[j] += p["mlp.1.weight"_s].value(j, k) * h[k];
        sum += std::exp(o[j]);
      }
      total += (std::log(sum) - o[y(i)]) / 9;
    }
    return total;
  };
  double const before = cost();
  BOOST_TEST(near(backward(p, X = x, labels = y), before, 1e-13));
  for (std::int64_t i = 0; i < p.size(); ++i) {
    double& value = p.values()(i);
    double const old = value, step = 1e-5;
    value = old + step;
    double const high = cost();
    value = old - step;
    double const slope = (high - cost()) / (2 * step);
    value = old;
    BOOST_TEST(near(p.grads()(i), slope, slope_tolerance));
  }
  auto q = p;
  auto one = ct::optim::sgd({.learning_rate = 0.1, .momentum = 0.9}), other = one;
  one.step(p);
  BOOST_TEST(cost() < before);
  auto train = ct::train_step(loss, q, other);
  BOOST_TEST(near(train(X = x, labels = y), before, 1e-13));
  for (std::int64_t i = 0; i < p.size(); ++i) BOOST_TEST(near(q.values()(i), p.values()(i), 1e-13));
}
