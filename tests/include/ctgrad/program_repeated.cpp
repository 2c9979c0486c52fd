// Nests that are equal but for their arrays and numbers: compiled once, and right for each; what is only alike is not taken for equal.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE program_repeated
#define CTGRAD_PART_WORK 4096
#include <ctgrad/ctgrad.hpp>

#include "../../arrays.hpp"
#include "../../threads.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto C = ct::dim("C"_s);
constexpr auto u = ct::tensor<float>("u"_s, N);
constexpr auto v = ct::tensor<float>("v"_s, N);
constexpr auto w = ct::tensor<float>("w"_s, N);
constexpr auto d = ct::tensor<double>("d"_s, N);
constexpr auto p = ct::tensor<float>("p"_s, ct::dim("M"_s));
constexpr auto X = ct::tensor<float>("X"_s, N, C);
constexpr auto Y = ct::tensor<float>("Y"_s, N, C);
constexpr auto a = ct::scalar<float>("a"_s);
constexpr auto b = ct::scalar<float>("b"_s);

/// How many nests a program has, and of how many there is code.
struct counts {
  int nests = 0, codes = 0;
  friend constexpr bool operator==(counts const&, counts const&) = default;
};
template <int Assigned, class... Outputs>
constexpr counts nests_of(ct::program<Assigned, Outputs...>) {
  counts c;
  for (auto const& n : ct::detail::nests_of<ct::detail::compiled<Assigned, Outputs...>>::table.nests) ++c.nests, c.codes += n.like < 0 || n.like == n.begin;
  return c;
}

double sum_of(ct::array<float, 1> const& x, auto f) {
  double sum = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) sum += f(static_cast<double>(x(i)));
  return sum;
}

constexpr auto sums = ct::compile(ct::sum(ct::exp(a * u)), ct::sum(ct::exp(b * v)), ct::sum(ct::exp(a * w)));
static_assert(nests_of(sums) == counts{3, 1});

// One array or two, another constant, another extent, another dtype, another function, one number twice: other code.
static_assert(nests_of(ct::compile(ct::sum(u * u), ct::sum(v * w))) == counts{2, 2});
static_assert(nests_of(ct::compile(ct::sum(ct::exp(2_c * u)), ct::sum(ct::exp(3_c * v)))) == counts{2, 2});
static_assert(nests_of(ct::compile(ct::sum(ct::exp(u)), ct::sum(ct::exp(p)))) == counts{2, 2});
static_assert(nests_of(ct::compile(ct::sum(ct::exp(u)), ct::sum(ct::exp(d)))) == counts{2, 2});
static_assert(nests_of(ct::compile(ct::sum(ct::exp(u)), ct::sum(ct::tanh(v)))) == counts{2, 2});
static_assert(nests_of(ct::compile(ct::sum(ct::exp(a * u) + a), ct::sum(ct::exp(a * v) + b))) == counts{2, 2});
static_assert(nests_of(ct::compile(ct::exp(u), ct::sum(ct::exp(v)))) == counts{2, 2});

constexpr auto rows = ct::compile(ct::softmax(X, 1_c), ct::softmax(Y, 1_c), ct::sum(X, 0_c), ct::sum(Y, 0_c));
static_assert(nests_of(rows) == counts{2, 1});

constexpr auto loss = ct::sum(ct::log(1_c + ct::exp(u * a))) + ct::sum(ct::log(1_c + ct::exp(v * b)));

template <class T>
bool same_bits(T const* x, T const* y, std::int64_t count) {
  return std::memcmp(x, y, static_cast<std::size_t>(count) * sizeof(T)) == 0;
}

}  // namespace

BOOST_AUTO_TEST_CASE(sums_to_numbers_of_each) {
  for (int n : {1, 7, 1000, 40000}) {
    auto const x = filled<float>(1, n), y = filled<float>(2, n), z = filled<float>(3, n);
    float first[3]{};
    for (int threads : {1, 2, 3}) {
      set_threads(threads);
      auto const [p, q, r] = sums(u = x, v = y, w = z, a = 0.5f, b = -1.5f);
      float const seen[]{p, q, r};
      if (threads == 1) std::memcpy(first, seen, sizeof seen);
      BOOST_TEST(same_bits(first, seen, 3), n << " elements, " << threads << " threads");
      BOOST_TEST(double{p} == sum_of(x, [](double e) { return std::exp(0.5 * e); }), boost::test_tools::tolerance(1e-5));
      BOOST_TEST(double{q} == sum_of(y, [](double e) { return std::exp(-1.5 * e); }), boost::test_tools::tolerance(1e-5));
      BOOST_TEST(double{r} == sum_of(z, [](double e) { return std::exp(0.5 * e); }), boost::test_tools::tolerance(1e-5));
    }
  }
}

BOOST_AUTO_TEST_CASE(rows_and_arrays_of_each) {
  for (int n : {1, 300, 1000})
    for (int c : {1, 10, 100}) {
      auto const x = filled<float>(1, n, c), y = filled<float>(2, n, c);
      for (int threads : {1, 2}) {
        set_threads(threads);
        auto const [sx, sy, tx, ty] = rows(X = x, Y = y);
        for (auto const& [from, soft, total] : {std::tuple(&x, &sx, &tx), std::tuple(&y, &sy, &ty)}) {
          float worst = 0, worst_total = 0;
          for (std::int64_t i = 0; i < n; ++i) {
            double sum = 0;
            for (std::int64_t k = 0; k < c; ++k) sum += std::exp(static_cast<double>((*from)(i, k)));
            for (std::int64_t k = 0; k < c; ++k) worst = std::max(worst, static_cast<float>(std::abs((*soft)(i, k) - std::exp(static_cast<double>((*from)(i, k))) / sum)));
          }
          for (std::int64_t k = 0; k < c; ++k) {
            double sum = 0;
            for (std::int64_t i = 0; i < n; ++i) sum += (*from)(i, k);
            worst_total = std::max(worst_total, static_cast<float>(std::abs((*total)(k)-sum) / (1 + std::abs(sum))));
          }
          BOOST_TEST(worst <= 1e-6f);
          BOOST_TEST(worst_total <= 1e-5f);
        }
      }
    }
}

BOOST_AUTO_TEST_CASE(gradients_are_added_to_those_of_each) {
  int const n = 500;
  auto const x = filled<float>(1, n), y = filled<float>(2, n);
  constexpr auto backward = ct::backward(loss, u, v);
  auto params = ct::parameters(u = x, v = y);
  double const expected = sum_of(x, [](double e) { return std::log1p(std::exp(2 * e)); }) + sum_of(y, [](double e) { return std::log1p(std::exp(-3 * e)); });
  for (int times : {1, 2}) {
    float const l = backward(params, a = 2.0f, b = -3.0f);
    BOOST_TEST(double{l} == expected, boost::test_tools::tolerance(1e-5));
    for (int i = 0; i < n; ++i) {
      BOOST_TEST(double{params[u].grad(i)} == times * 2 / (1 + std::exp(-2.0 * x(i))), boost::test_tools::tolerance(1e-5));
      BOOST_TEST(double{params[v].grad(i)} == times * -3 / (1 + std::exp(3.0 * y(i))), boost::test_tools::tolerance(1e-5));
    }
  }
}
