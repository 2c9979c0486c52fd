// Arrays of random numbers and first values of parameters: the same numbers as expressions have, shapes, bounds and moments by closed forms, errors.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE init
#include <ctgrad/init.hpp>
#include <ctgrad/parameters.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto seed = ct::scalar<std::int64_t>("seed"_s);
constexpr auto stream = ct::scalar<std::int64_t>("stream"_s);
constexpr auto k = ct::random::key(seed, stream);

template <class T, std::size_t Rank>
double moment(ct::array<T, Rank> const& a, int power, double about = 0) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a.data()[i]) - about, power);
  return sum / static_cast<double>(a.size());
}
template <class T, std::size_t Rank>
double largest(ct::array<T, Rank> const& a) {
  double most = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(static_cast<double>(a.data()[i])));
  return most;
}
/// Mean 0 and a deviation, each within four standard deviations of its estimate; `kurtosis` is that of the distribution.
template <class T, std::size_t Rank>
void check_deviation(ct::array<T, Rank> const& a, double deviation, double kurtosis) {
  double const n = static_cast<double>(a.size()), variance = deviation * deviation;
  BOOST_TEST(std::abs(moment(a, 1)) < 4 * deviation / std::sqrt(n));
  BOOST_TEST(std::abs(moment(a, 2) - variance) < 4 * variance * std::sqrt((kurtosis - 1) / n), "variance " << moment(a, 2) << ", expected " << variance);
}
constexpr double uniform_kurtosis = 1.8, normal_kurtosis = 3;

}  // namespace

// The n-th array of a generator has stream n.
BOOST_AUTO_TEST_CASE(arrays_hold_what_expressions_compute) {
  constexpr auto X = ct::tensor<float>("X"_s, N, 5_c);
  constexpr auto program = ct::compile(ct::random::uniform(k, N, 5_c), ct::random::normal<double>(k, N, 5_c), ct::random::randint(k, -4_c, 11_c, N, 5_c), X + 0_c);
  ct::generator g(99);
  auto const u = ct::rand<float>(g, 7, 5);
  auto const z = ct::randn<double>(g, 7, 5);
  auto const r = ct::randint(g, -4, 11, 7, 5);
  auto const [u0, z0, r0, x0] = program(X = ct::ones<float>(7, 5), seed = 99, stream = 0);
  auto const [u1, z1, r1, x1] = program(X = ct::ones<float>(7, 5), seed = 99, stream = 1);
  auto const [u2, z2, r2, x2] = program(X = ct::ones<float>(7, 5), seed = 99, stream = 2);
  for (std::int64_t i = 0; i < 35; ++i) BOOST_TEST((u.data()[i] == u0.data()[i] && z.data()[i] == z1.data()[i] && r.data()[i] == r2.data()[i]));
  BOOST_TEST(g.next_stream() == 3);
  ct::generator again(99);
  BOOST_TEST(ct::rand<float>(again, 35)(34) == u.data()[34]);
  BOOST_TEST((ct::rand<double>(g).item() < 1 && ct::rand<double>(g, 0, 3).size() == 0));
}

BOOST_AUTO_TEST_CASE(truth_values_and_permutations) {
  ct::generator g(1);
  auto const b = ct::bernoulli(g, 0.2, 10000);
  BOOST_TEST(std::abs(static_cast<double>(std::count(b.data(), b.data() + b.size(), true)) - 2000) < 4 * 40);
  BOOST_TEST((!ct::bernoulli(g, 0, 1)(0) && ct::bernoulli(g, 1, 1)(0)));
  // Each of the 24 orders of four, equally often: chi-square with 23 degrees of freedom is above 57.07 once in 10,000.
  std::array<double, 256> count{};
  for (int i = 0; i < 2400; ++i) {
    auto const p = ct::randperm(g, 4);
    count[static_cast<std::size_t>(p(0) * 64 + p(1) * 16 + p(2) * 4 + p(3))] += 1;
  }
  double square = 0;
  std::array<std::int64_t, 4> order{0, 1, 2, 3};
  do {
    double& c = count[static_cast<std::size_t>(order[0] * 64 + order[1] * 16 + order[2] * 4 + order[3])];
    square += (c - 100) * (c - 100) / 100, c = 0;
  } while (std::next_permutation(order.begin(), order.end()));
  BOOST_TEST(square < 57.07);
  BOOST_TEST(std::count(count.begin(), count.end(), 0.0) == 256);  // and nothing else
  auto p = ct::randperm(g, 1000);
  std::sort(p.data(), p.data() + 1000);
  for (std::int64_t i = 0; i < 1000; ++i) BOOST_REQUIRE_EQUAL(p(i), i);
  BOOST_TEST(ct::randperm(g, 0).size() == 0);
}

BOOST_AUTO_TEST_CASE(schemes) {
  using namespace ct::init;
  ct::generator g(7);
  // Of a convolution's weight[out, in, 5, 5], the fans are 20 · 25 and 40 · 25.
  double const in = 500, out = 1000;
  auto const xu = xavier_uniform<float>(g, {40, 20, 5, 5}, 2);
  check_deviation(xu, 2 * std::sqrt(2 / (in + out)), uniform_kurtosis);
  BOOST_TEST(largest(xu) <= static_cast<float>(2 * std::sqrt(6 / (in + out))));
  check_deviation(xavier_normal<double>(g, {40, 20, 5, 5}), std::sqrt(2 / (in + out)), normal_kurtosis);
  auto const ku = kaiming_uniform<double>(g, {40, 20, 5, 5});
  check_deviation(ku, std::sqrt(2 / in), uniform_kurtosis);
  BOOST_TEST(largest(ku) <= std::sqrt(6 / in));
  check_deviation(kaiming_normal<float>(g, {40, 20, 5, 5}, {.follows = nonlinearity::tanh, .mode = fan::out}), 5.0 / 3 / std::sqrt(out), normal_kurtosis);
  check_deviation(kaiming_normal<float>(g, {200, 100}, {.follows = nonlinearity::leaky_relu, .slope = 0.5}), std::sqrt(2 / 1.25 / 100), normal_kurtosis);
  auto const u = uniform<float>(g, {20000}, -1, 3);
  BOOST_TEST(std::abs(moment(u, 1) - 1) < 4 * std::sqrt(16.0 / 12 / 20000));
  BOOST_TEST((*std::min_element(u.data(), u.data() + 20000) >= -1 && *std::max_element(u.data(), u.data() + 20000) <= 3));
  auto const n = normal<double>(g, {100, 200}, 5, 0.5);
  BOOST_TEST(std::abs(moment(n, 1) - 5) < 4 * 0.5 / std::sqrt(20000.0));
  BOOST_TEST(std::abs(moment(n, 2, 5) - 0.25) < 4 * 0.25 * std::sqrt(2 / 20000.0));
}
// torch.nn.init.calculate_gain's table.
BOOST_AUTO_TEST_CASE(gains) {
  using ct::init::gain, ct::init::nonlinearity;
  BOOST_TEST((gain(nonlinearity::linear) == 1 && gain(nonlinearity::sigmoid) == 1 && gain(nonlinearity::tanh) == 5.0 / 3 && gain(nonlinearity::selu) == 0.75));
  BOOST_TEST(gain(nonlinearity::relu) == std::sqrt(2.0));
  BOOST_TEST(near(gain(nonlinearity::leaky_relu), 1.4141428569978354, 1e-15));
}

// Mean and variance of the truncated distribution: those of textbooks, by the density and the distribution at the ends.
BOOST_AUTO_TEST_CASE(truncated_normal) {
  ct::generator g(5);
  auto const density = [](double x) { return std::exp(-x * x / 2) / std::sqrt(2 * 3.141592653589793); };
  auto const distribution = [](double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; };
  struct { double mean, deviation, low, high; } const cases[] = {{0, 1, -2, 2}, {1, 2, 0, 1.5}, {0, 0.02, -0.04, 0.04}, {0, 1, 1.5, 9}, {3, 1, 0.9, 1.2}};
  for (auto const& c : cases) {
    auto const x = ct::init::trunc_normal<double>(g, {200, 100}, c.mean, c.deviation, c.low, c.high);
    double const a = (c.low - c.mean) / c.deviation, b = (c.high - c.mean) / c.deviation, mass = distribution(b) - distribution(a), shift = (density(a) - density(b)) / mass;
    double const mean = c.mean + c.deviation * shift, variance = c.deviation * c.deviation * (1 + (a * density(a) - b * density(b)) / mass - shift * shift);
    double const spread = std::sqrt(moment(x, 4, mean) - variance * variance);
    BOOST_TEST((*std::min_element(x.data(), x.data() + x.size()) >= c.low && *std::max_element(x.data(), x.data() + x.size()) <= c.high));
    BOOST_TEST(std::abs(moment(x, 1) - mean) < 4 * std::sqrt(variance / 20000));
    BOOST_TEST(std::abs(moment(x, 2, mean) - variance) < 4 * spread / std::sqrt(20000.0));
  }
  BOOST_TEST(ct::init::trunc_normal<float>(g, {0, 3}).size() == 0);
}

BOOST_AUTO_TEST_CASE(orthogonal_matrices) {
  ct::generator g(5);
  auto check = [](ct::array<double, 2> const& q, double square) {
    for (std::int64_t i = 0; i < q.extent(0); ++i)
      for (std::int64_t j = 0; j < q.extent(0); ++j) {
        double sum = 0;
        for (std::int64_t c = 0; c < q.extent(1); ++c) sum += q(i, c) * q(j, c);
        BOOST_REQUIRE(near(sum, i == j ? square : 0, 1e-14));
      }
  };
  check(ct::init::orthogonal<double>(g, {20, 30}), 1);
  check(ct::init::orthogonal<double>(g, {25, 25}, 3), 9);
  check(ct::array<double, 2>(ct::init::orthogonal<double>(g, {30, 12}).t()), 1);
  check(ct::array<double, 2>(ct::init::orthogonal<double>(g, {4, 3, 3}).reshape(4, 9)), 1);
  BOOST_TEST(ct::init::orthogonal<float>(g, {0, 3}).size() == 0);
}
// A convolution with it, padded by half, changes nothing.
BOOST_AUTO_TEST_CASE(dirac_weights) {
  auto const w = ct::init::dirac<float>({3, 2, 3, 5});
  for (std::int64_t o = 0; o < 3; ++o)
    for (std::int64_t i = 0; i < 2; ++i)
      for (std::int64_t y = 0; y < 3; ++y)
        for (std::int64_t z = 0; z < 5; ++z) BOOST_TEST(w(o, i, y, z) == (o == i && y == 1 && z == 2));
}

BOOST_AUTO_TEST_CASE(parameters_that_start_at_random) {
  constexpr auto W = ct::tensor<float>("W"_s, 8_c, 4_c);
  ct::generator g(3), same(3);
  auto p = ct::parameters(W = ct::init::xavier_uniform<float>(g, {8, 4}));
  auto const expected = ct::init::xavier_uniform<float>(same, {8, 4});
  for (std::int64_t i = 0; i < 32; ++i) BOOST_TEST(p.values()(i) == expected.data()[i]);
}

BOOST_AUTO_TEST_CASE(errors) {
  ct::generator g(0);
  using invalid = std::invalid_argument;
  BOOST_TEST(message_of<invalid>([&] { ct::randint(g, 3, 3, 2); }) == "ctgrad: randint: there have to be 1 to 2^53 integers from 3 to before 3");
  BOOST_TEST(message_of<invalid>([&] { ct::randint(g, INT64_MIN, INT64_MAX, 2); }).find("ctgrad: randint: there have to be 1 to 2^53 integers") == 0);
  BOOST_TEST(message_of<invalid>([&] { ct::bernoulli(g, 1.5, 2); }) == "ctgrad: bernoulli: the probability 1.500000 is not in [0, 1]");
  BOOST_TEST(message_of<invalid>([&] { ct::bernoulli(g, not_a_number, 2); }).find("ctgrad: bernoulli: the probability") == 0);
  BOOST_TEST(message_of<invalid>([&] { ct::init::trunc_normal<float>(g, {2}, 0, 1, 2, -2); }).find("ctgrad: init::trunc_normal: from 2.000000 to -2.000000") == 0);
  BOOST_TEST(message_of<invalid>([&] { ct::init::trunc_normal<float>(g, {2}, 0, 1, 3, 4); }).find("more than two deviations outside") != std::string::npos);
  BOOST_CHECK_THROW(ct::rand<float>(g, -1, 2), ct::shape_error);
  BOOST_CHECK_THROW(ct::init::kaiming_normal<float>(g, {-3, 2}), ct::shape_error);
  BOOST_CHECK_THROW(ct::randperm(g, -1), ct::shape_error);
  BOOST_TEST(g.next_stream() == 0);  // what was refused took none
}
