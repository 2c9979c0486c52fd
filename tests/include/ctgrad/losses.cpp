// Losses as loops: several in one nest, against sums in double. (Derivatives and labels: tests/laws/pytorch.cpp.)
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE losses
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/nn.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace ct = ctgrad;
using namespace ct::literals;
using ct::test::filled, ct::test::near;

namespace {
constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<double>("X"_s, N, 6_c);
constexpr auto labels = ct::tensor<std::int64_t>("labels"_s, N);
}  // namespace

BOOST_AUTO_TEST_CASE(losses_in_one_nest) {
  constexpr auto Y = ct::tensor<double>("Y"_s, N, 6_c);
  constexpr auto all = ct::compile(ct::l1_loss(X, Y), ct::smooth_l1_loss(X, Y, 0.5_c), ct::huber_loss(X, Y), ct::mse(X, Y));
  static_assert(ct::report(all).nests == 1 && ct::report(all).temporaries == 0);
  auto const x = filled<double>(1, 50, 6), y = filled<double>(2, 50, 6);
  auto const [l1, smooth, huber, square] = all(X = x, Y = y);
  double a = 0, s = 0, h = 0, q = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    double const d = std::abs(x.data()[i] - y.data()[i]);
    a += d, s += d < 0.5 ? d * d : d - 0.25, h += d <= 1 ? d * d / 2 : d - 0.5, q += d * d;
  }
  BOOST_TEST(near(l1, a / 300, 1e-14));
  BOOST_TEST(near(smooth, s / 300, 1e-14));
  BOOST_TEST(near(huber, h / 300, 1e-14));
  BOOST_TEST(near(square, q / 300, 1e-14));
}

// The label's logit is read after a walk over its row, when it is in the cache. (What is looked up outside of all loops is read there: an output may be bound to its array.)
BOOST_AUTO_TEST_CASE(what_is_looked_up_is_read_when_it_is_needed) {
  constexpr auto wide = ct::tensor<float>("wide"_s, N, 100_c);
  constexpr auto loss = ct::cross_entropy(wide, labels);
  constexpr auto& s = decltype(ct::compile(loss, ct::grad(loss, wide)))::compiled::schedule;
  constexpr int walks_before = [] {
    int ends = 0;
    for (auto const& i : s.instructions) {
      if (i.what == ct::detail::action::end_loop) ++ends;
      if (i.what == ct::detail::action::load && s.accesses[static_cast<std::size_t>(i.access_number)].axis_of(ct::detail::looked_up) >= 0) return ends;
    }
    return -1;
  }();
  static_assert(walks_before == 1);  // for the largest, which is taken off it
}

BOOST_AUTO_TEST_CASE(labels_and_probabilities) {
  constexpr auto chosen = ct::nll_loss(X, labels);
  auto const x = filled<double>(1, 4, 6);
  ct::array<std::int64_t, 1> y{0, 5, 2, 2};
  BOOST_TEST(near(std::get<0>(ct::compile(chosen)(X = x, labels = y).values), -(x(0, 0) + x(1, 5) + x(2, 2) + x(3, 2)) / 4, 1e-14));
  y(3) = 6;  // no class
  BOOST_TEST(std::isnan(std::get<0>(ct::compile(chosen)(X = x, labels = y).values)));
  // Probabilities of 0 and 1 lose at most 100.
  constexpr auto p = ct::tensor<double>("p"_s, 2_c);
  constexpr auto t = ct::tensor<double>("t"_s, 2_c);
  constexpr auto entropy = ct::binary_cross_entropy(p, t);
  auto const [loss, slope] = ct::compile(entropy, ct::grad(entropy, t))(p = ct::array<double, 1>{0, 1}, t = ct::array<double, 1>{1, 0});
  BOOST_TEST(loss == 100);
  BOOST_TEST((slope(0) == 50 && slope(1) == -50));
  // At the right ones it is -log(1 - p) and -log(p), whose slopes are 1 / (1 - p) and -1 / p; PyTorch, which adds to divisors, says 0.
  auto const [nothing, by_p] = ct::compile(entropy, ct::grad(entropy, p))(p = ct::array<double, 1>{0, 1}, t = ct::array<double, 1>{0, 1});
  BOOST_TEST(nothing == 0);
  BOOST_TEST((by_p(0) == 0.5 && by_p(1) == -0.5));
}
