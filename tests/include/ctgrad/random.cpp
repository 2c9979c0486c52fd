// Random numbers in expressions: Philox's words against the authors' vectors and against the paper's algorithm written plainly, distributions against closed
// forms, dropout's gradient.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE random
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/random.hpp>

#include "../../arrays.hpp"
#include "../../threads.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

namespace {

using block = std::array<std::uint32_t, 4>;
constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
/// The paper's figure 2, on words of 32 bits.
constexpr block reference(block c, std::uint32_t k0, std::uint32_t k1) {
  for (int round = 0; round < 10; ++round, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
    std::uint64_t const p = 0xD2511F53ull * c[0], q = 0xCD9E8D57ull * c[2];
    c = {low(q >> 32) ^ c[1] ^ k0, low(q), low(p >> 32) ^ c[3] ^ k1, low(p)};
  }
  return c;
}
constexpr std::uint32_t word(std::int64_t seed, std::int64_t stream, std::int64_t counter) {
  auto const k = static_cast<std::uint64_t>(seed), s = static_cast<std::uint64_t>(stream), c = static_cast<std::uint64_t>(counter);
  return reference({low(c >> 2), low(c >> 34), low(s), low(s >> 32)}, low(k), low(k >> 32))[c % 4];
}
constexpr block ours(block c, std::uint32_t k0, std::uint32_t k1) {
  auto const w = ct::detail::philox4x32<std::uint64_t>({{c[0], c[1], c[2], c[3]}}, k0, k1);
  return {low(w.word[0]), low(w.word[1]), low(w.word[2]), low(w.word[3])};
}
// tests/kat_vectors of Random123, the lines "philox4x32 10": counter, key, words.
constexpr std::uint32_t all = 0xffffffff;
static_assert(ours({0, 0, 0, 0}, 0, 0) == block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
static_assert(ours({all, all, all, all}, all, all) == block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
static_assert(ours({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0) == block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
static_assert(reference({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0xa4093822, 0x299f31d0) == block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});

/// As documented: 24 bits of a word, or 32 and 21 bits of two.
float unit24(std::uint32_t w) { return static_cast<float>((w & 0xffffff) ^ 0x800000) * 0x1p-24f; }
constexpr double unit53(std::uint32_t w, std::uint32_t more) {
  return static_cast<double>((std::uint64_t{w ^ 0x80000000u} << 21) + ((more & 0x1fffff) ^ 0x100000)) * 0x1p-53;
}
constexpr std::int64_t part(int number) { return std::int64_t{number} << 60; }
constexpr std::int64_t integer(std::int64_t seed, std::int64_t stream, std::int64_t place) {
  return -3 + static_cast<std::int64_t>(unit53(word(seed, stream, place), word(seed, stream, place + part(1))) * 10);
}

constexpr auto N = ct::dim("N"_s);
constexpr auto seed = ct::scalar<std::int64_t>("seed"_s);
constexpr auto stream = ct::scalar<std::int64_t>("stream"_s);
constexpr auto k = ct::random::key(seed, stream);
constexpr auto x = ct::tensor<double>("x"_s, N);   // an extent has to be that of an array
constexpr auto X = ct::tensor<float>("X"_s, N, 7_c);

/// The largest distance of the distribution of `sample` from `distribution`, times sqrt(n): by Kolmogorov below 2.23 but for one sample in 10,000.
template <class T, class F>
double kolmogorov(ct::array<T, 1> const& a, F distribution) {
  doubles sample(a.data(), a.data() + a.size());
  std::sort(sample.begin(), sample.end());
  double worst = 0, n = static_cast<double>(sample.size());
  for (std::size_t i = 0; i < sample.size(); ++i) {
    double const d = distribution(sample[i]);
    worst = std::max({worst, std::abs(d - static_cast<double>(i) / n), std::abs(static_cast<double>(i + 1) / n - d)});
  }
  return worst * std::sqrt(n);
}
constexpr double kolmogorov_bound = 2.23;
template <class T>
double mean_of(ct::array<T, 1> const& a, int power = 1) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a(i)), power);
  return sum / static_cast<double>(a.size());
}
double normal_distribution(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

}  // namespace

// Counters that follow each other share blocks, others do not; seeds and streams may differ from element to element, too.
BOOST_AUTO_TEST_CASE(words) {
  constexpr auto s = ct::tensor<std::int64_t>("s"_s, N);
  constexpr auto t = ct::tensor<std::int64_t>("t"_s, N);
  constexpr auto c = ct::tensor<std::int64_t>("c"_s, N);
  constexpr auto program = ct::compile(ct::random::philox(s, t, c));
  static_assert(ct::evaluate(ct::random::philox(seed, stream, 2_c), seed = 0, stream = 0) == static_cast<std::int32_t>(0xbc57ac4c));
  static_assert(ct::evaluate(ct::random::philox(-1_c, -1_c, -1_c)) == static_cast<std::int32_t>(word(-1, -1, -1)));
  random_numbers r{1};
  for (std::int64_t n : {1, 5, 16, 31, 32, 33, 64, 100})
    for (int way = 0; way < 6; ++way) {
      auto a = ct::array<std::int64_t, 1>::uninitialized({n}), b = a, d = a;
      std::int64_t const first = way == 0 ? 0 : way == 1 ? -40 : way == 5 ? INT64_MAX - 3 : static_cast<std::int64_t>(r.next()), step = way == 2 ? 3 : 1;
      a.fill(static_cast<std::int64_t>(r.next())), b.fill(static_cast<std::int64_t>(r.next()));
      for (std::int64_t i = 0; i < n; ++i) d(i) = static_cast<std::int64_t>(static_cast<std::uint64_t>(first) + static_cast<std::uint64_t>(i * step));
      if (way == 3) a(n - 1) = 5;
      if (way == 4) b(n / 2) = 5;
      auto const [seen] = program(s = a, t = b, c = d);
      for (std::int64_t i = 0; i < n; ++i) BOOST_REQUIRE_EQUAL(low(static_cast<std::uint64_t>(seen(i))), word(a(i), b(i), d(i)));
    }
}

BOOST_AUTO_TEST_CASE(uniform_numbers_are_the_documented_bits) {
  constexpr auto Y = ct::tensor<float>("Y"_s, 2_c, N, 7_c);
  constexpr auto f = ct::random::uniform(k, 2_c, N, 7_c);
  constexpr auto d = ct::random::uniform<double>(seed, N);
  constexpr auto program = ct::compile(f, d, Y + 0_c);
  static_assert(ct::report(program).temporaries == 0);
  static_assert(ct::evaluate(ct::random::uniform(seed), seed = 0) == 0x27e8d5 * 0x1p-24f + 0.5f);  // the first word of the first vector
  for (std::int64_t n : {1, 3, 40}) {
    auto const [a, b, same] = program(Y = ct::ones<float>(2, n, 7), seed = 17, stream = 1L << 40);
    for (std::int64_t i = 0; i < a.size(); ++i) BOOST_REQUIRE_EQUAL(a.data()[i], unit24(word(17, 1L << 40, i)));
    for (std::int64_t i = 0; i < n; ++i) BOOST_REQUIRE_EQUAL(b(i), unit53(word(17, 0, i), word(17, 0, i + part(1))));
  }
}

BOOST_AUTO_TEST_CASE(distributions) {
  constexpr auto u = ct::random::uniform(k, N);
  constexpr auto z = ct::random::normal(k, N);
  constexpr auto zd = ct::random::normal<double>(k, N);
  constexpr auto r = ct::random::randint(k, -3_c, 7_c, N);
  constexpr auto b = ct::random::bernoulli(k, 0.3_c, N);
  static_assert(ct::evaluate(ct::random::randint(k, -3_c, 7_c), seed = 5, stream = 6) == integer(5, 6, 0));
  constexpr auto all_of_them = ct::compile(u, z, zd, r, b, x + 0_c);
  std::int64_t const n = 100000;
  auto const [us, zs, zds, rs, bs, same] = all_of_them(x = ct::ones<double>(n), seed = 2024, stream = 3);
  BOOST_TEST(kolmogorov(us, [](double t) { return t; }) < kolmogorov_bound);
  BOOST_TEST(kolmogorov(zs, normal_distribution) < kolmogorov_bound);
  BOOST_TEST(kolmogorov(zds, normal_distribution) < kolmogorov_bound);
  // Four standard deviations of each moment: those of z^2, z^3, z^4 are sqrt(2), sqrt(15), sqrt(96).
  double const four = 4 / std::sqrt(static_cast<double>(n));
  BOOST_TEST(std::abs(mean_of(zds)) < four);
  BOOST_TEST(std::abs(mean_of(zds, 2) - 1) < std::sqrt(2.0) * four);
  BOOST_TEST(std::abs(mean_of(zds, 3)) < std::sqrt(15.0) * four);
  BOOST_TEST(std::abs(mean_of(zds, 4) - 3) < std::sqrt(96.0) * four);
  std::array<double, 10> count{};
  double truths = 0, square = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    BOOST_REQUIRE((rs(i) >= -3 && rs(i) < 7));
    BOOST_REQUIRE_EQUAL(rs(i), integer(2024, 3, i));
    BOOST_REQUIRE_EQUAL(bs(i), us(i) < 0.3f);
    count[static_cast<std::size_t>(rs(i) + 3)] += 1;
    truths += bs(i);
  }
  for (double c : count) square += (c - 10000) * (c - 10000) / 10000;
  BOOST_TEST(square < 33.72);  // chi-square with 9 degrees of freedom: 1 in 10,000 is above
  BOOST_TEST(std::abs(truths / static_cast<double>(n) - 0.3) < std::sqrt(0.21) * four);
  // Box and Muller's formula of the documented uniform numbers.
  for (std::int64_t i = 0; i < 1000; ++i) {
    double const a = unit24(word(2024, 3, i)), c = unit24(word(2024, 3, i + part(1)));
    BOOST_TEST(near(zs(i), std::sqrt(-2 * std::log(1 - a)) * std::cos(2 * 3.141592653589793 * (c - 0.5)), 1e-6));
  }
}

// Neighbouring seeds, streams and elements have nothing to do with each other: correlations of n pairs are within 4 / sqrt(n).
BOOST_AUTO_TEST_CASE(sequences_are_independent) {
  constexpr auto one = ct::random::uniform<double>(seed, N) - 0.5_c;
  constexpr auto next_stream = ct::random::uniform<double>(ct::random::key(seed, 1_c), N) - 0.5_c;
  constexpr auto next_seed = ct::random::uniform<double>(seed + 1_c, N) - 0.5_c;
  constexpr auto again = ct::random::uniform<double>(ct::random::key(seed, 0_c), N) - 0.5_c;
  constexpr auto program = ct::compile(one, ct::mean(one * next_stream) * 12_c, ct::mean(one * next_seed) * 12_c, ct::mean(again - one), ct::sum(x));
  std::int64_t const n = 100000;
  auto const [a, streams, seeds, same, sum] = program(x = ct::ones<double>(n), seed = -9);
  double const four = 4 / std::sqrt(static_cast<double>(n));
  BOOST_TEST(std::abs(streams) < four);
  BOOST_TEST(std::abs(seeds) < four);
  BOOST_TEST(same == 0);
  for (std::int64_t lag : {1, 2, 4, 32}) {
    double product = 0;
    for (std::int64_t i = lag; i < n; ++i) product += a(i) * a(i - lag);
    BOOST_TEST(std::abs(product * 12 / static_cast<double>(n)) < four);
  }
}

// A probability for each row, of a shape of its own, and one that is an expression.
BOOST_AUTO_TEST_CASE(probabilities_with_axes) {
  constexpr auto p = ct::tensor<float>("p"_s, N, 1_c);
  constexpr auto program = ct::compile(ct::random::bernoulli(seed, p, 9_c), ct::random::bernoulli(seed, p / 2_c));
  auto const [wide, own] = program(p = ct::array<float, 2>{{0.2f}, {1.0f}, {0.0f}, {0.6f}}, seed = 5);
  float const given[] = {0.2f, 1.0f, 0.0f, 0.6f};
  for (std::int64_t i = 0; i < 4; ++i) {
    for (std::int64_t j = 0; j < 9; ++j) BOOST_TEST(wide(i, j) == (unit24(word(5, 0, 9 * i + j)) < given[i]));
    BOOST_TEST(own(i, 0) == (unit24(word(5, 0, i)) < given[i] / 2));
  }
}

BOOST_AUTO_TEST_CASE(dropout_and_its_gradient) {
  constexpr auto y = ct::dropout(X, 0.25_c, k);
  constexpr auto loss = ct::sum(ct::sin(y) * X);
  constexpr auto program = ct::compile(loss, ct::grad(loss, X), y);
  static_assert(ct::report(program).nests == 1 && ct::report(program).temporaries == 0);
  auto const v = filled<float>(3, 50, 7);
  auto const [l, g, d] = program(X = v, seed = 11, stream = 2);
  int gone = 0;
  for (std::int64_t i = 0; i < v.size(); ++i) {
    double const scale = unit24(word(11, 2, i)) >= 0.25f ? 1 / 0.75 : 0, e = v.data()[i];
    gone += scale == 0;
    BOOST_TEST(near(d.data()[i], scale * e, 1e-6));
    BOOST_TEST(near(g.data()[i], std::sin(scale * e) + e * scale * std::cos(scale * e), 1e-6));
  }
  BOOST_TEST(std::abs(gone - 87.5) < 4 * std::sqrt(350 * 0.1875));
}
BOOST_AUTO_TEST_CASE(dropout_of_all_and_of_nothing) {
  constexpr auto p = ct::scalar<float>("p"_s);
  constexpr auto all_go = ct::sum(ct::dropout(X, 1_c, seed));
  constexpr auto none_go = ct::sum(ct::dropout(X, 0_c, seed));
  constexpr auto some_go = ct::sum(ct::dropout(X, p, seed));
  constexpr auto program = ct::compile(all_go, ct::grad(all_go, X), none_go, ct::grad(none_go, X), some_go, ct::grad(some_go, X));
  auto const v = ct::ones<float>(5, 7);
  auto const [a, da, b, db, c, dc] = program(X = v, seed = 1, p = 1.0f);
  BOOST_TEST((a == 0 && c == 0 && b == 35));
  for (std::int64_t i = 0; i < v.size(); ++i) BOOST_TEST((da.data()[i] == 0 && dc.data()[i] == 0 && db.data()[i] == 1));
}
// The mask is computed in both passes: a network with dropout keeps the arrays of one without.
BOOST_AUTO_TEST_CASE(dropout_keeps_no_mask) {
  constexpr auto W = ct::tensor<float>("W"_s, 7_c, 20_c);
  constexpr auto V = ct::tensor<float>("V"_s, 20_c, 3_c);
  constexpr auto hidden = ct::relu(ct::matmul(X, W));
  constexpr auto with = ct::mean(ct::sin(ct::matmul(ct::dropout(hidden, 0.5_c, seed), V)));
  constexpr auto without = ct::mean(ct::sin(ct::matmul(hidden, V)));
  constexpr auto step = ct::compile(with, ct::grad(with, W, V));
  static_assert(ct::report(step).temporaries == ct::report(ct::compile(without, ct::grad(without, W, V))).temporaries);
  auto const a = filled<float>(1, 6, 7), w = filled<float>(2, 7, 20), o = filled<float>(3, 20, 3);
  auto const [l, dW, dV] = step(X = a, W = w, V = o, seed = 8);
  // By hand, in double.
  doubles expected_dW(140, 0.0), h(120), dropped(120);
  double loss = 0;
  for (std::int64_t i = 0; i < 6; ++i)
    for (std::int64_t j = 0; j < 20; ++j) {
      double sum = 0;
      for (std::int64_t m = 0; m < 7; ++m) sum += double(a(i, m)) * w(m, j);
      double const scale = unit24(word(8, 0, 20 * i + j)) >= 0.5f ? 2 : 0;
      dropped[at(20 * i + j)] = scale * std::max(sum, 0.0), h[at(20 * i + j)] = sum > 0 ? scale : 0;
    }
  for (std::int64_t i = 0; i < 6; ++i)
    for (std::int64_t c = 0; c < 3; ++c) {
      double sum = 0;
      for (std::int64_t j = 0; j < 20; ++j) sum += dropped[at(20 * i + j)] * o(j, c);
      loss += std::sin(sum) / 18;
      for (std::int64_t j = 0; j < 20; ++j)
        for (std::int64_t m = 0; m < 7; ++m) expected_dW[at(20 * m + j)] += std::cos(sum) / 18 * o(j, c) * h[at(20 * i + j)] * a(i, m);
    }
  BOOST_TEST(near(l, loss, 1e-5));
  BOOST_TEST(near(dW, expected_dW, 1e-5));
}

BOOST_AUTO_TEST_CASE(same_bits_on_any_number_of_threads) {
  constexpr auto y = ct::dropout(X, 0.4_c, k) + ct::random::normal(seed, N, 7_c);
  constexpr auto program = ct::compile(y, ct::sum(y, 0_c));
  auto const v = filled<float>(1, 9001, 7);
  auto const [one, sum] = ct::test::on_all_threads([&] { return program(X = v, seed = 1, stream = 2); });
  // A tile of rows and a row alone have the numbers of their places.
  auto const [first, first_sum] = program(X = v.slice(0, 0, 13), seed = 1, stream = 2);
  BOOST_TEST(std::memcmp(first.data(), one.data(), 13 * 7 * sizeof(float)) == 0);
}

BOOST_AUTO_TEST_CASE(in_a_traced_function) {
  constexpr auto noisy = ct::fn([](auto v, auto s) {
    for (int i = 0; i < 3; ++i) v = v + ct::random::uniform(ct::random::key(s, i), 4_c);
    return ct::dropout(v, 0.5, ct::random::key(s, 3));
  });
  constexpr auto v = ct::tensor<float>("v"_s, 4_c);
  auto const [y] = ct::compile(noisy(v, seed))(v = ct::zeros<float>(4), seed = 77);
  for (std::int64_t i = 0; i < 4; ++i) {
    float const sum = unit24(word(77, 0, i)) + unit24(word(77, 1, i)) + unit24(word(77, 2, i));
    BOOST_TEST(y(i) == (unit24(word(77, 3, i)) >= 0.5f ? sum * 2 : 0));
  }
}
