// Expressions evaluated in the compiler, gradients checked there, formulas and figures as constants.
// Values are worked out by hand.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE evaluate
#include <boost/test/unit_test.hpp>

#include <ctgrad/ctgrad.hpp>

#include <array>
#include <limits>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto v = ct::tensor<double>("v"_s, N);
constexpr auto M = ct::tensor<double>("M"_s, N, 2_c);
constexpr auto s = ct::scalar<double>("s"_s);
constexpr auto n = ct::scalar<int>("n"_s);

// Numbers, vectors and matrices.
static_assert(ct::evaluate(2_c * s + 1_c, s = 3.0) == 7.0);
static_assert(ct::evaluate(ct::sum(v * v), v = std::array{1.0, 2.0, 3.0}) == 14.0);
static_assert(ct::evaluate(v + 1_c, v = std::array{1.0, 2.0})[1] == 3.0);
static_assert(ct::evaluate(ct::matmul(M, ct::transpose(M)), M = std::array{std::array{1.0, 2.0}, std::array{3.0, 4.0}})[1] == 11.0);
static_assert(ct::evaluate(n * 3_c, n = 5) == 15);
// The gradient of a matrix product: d sum(M M^T) / dM = 2 (column sums).
static_assert(ct::evaluate(ct::grad(ct::sum(ct::matmul(M, ct::transpose(M))), M), M = std::array{std::array{1.0, 2.0}, std::array{3.0, 4.0}})[0] == 8.0);

static_assert(ct::gradient_check(ct::sum(ct::tanh(v) * s), v = std::array{0.3, -1.2}, s = 0.7));
static_assert(ct::gradient_check(ct::logsumexp(ct::matmul(M, ct::transpose(M))), M = std::array{std::array{0.1, 0.2}, std::array{0.3, 0.4}}));
// At the kink of |x| the difference is 0 and so is the gradient; of relu it is 1/2 and 0.
static_assert(ct::gradient_check(ct::abs(s), s = 0.0));
static_assert(!ct::gradient_check(ct::relu(s), s = 0.0));

static_assert(ct::to_string(ct::grad(ct::sin(s) * s, s)) == "sin(s) + s * cos(s)");

// Constants alone are folded, in full precision: 2 / sqrt(3), log(2) / log(10).
static_assert(ct::evaluate(2_c / ct::sqrt(3_c) * s, s = 3.0) == 2 / 1.7320508075688772 * 3);
static_assert(ct::gradient_check(ct::log(2_c) / ct::log(10_c) * s, s = 3.0));

// What C++ calls no constants has its IEEE value: division by zero, overflow, inf - inf.
constexpr double infinity = std::numeric_limits<double>::infinity(), largest = std::numeric_limits<double>::max();
constexpr auto f = ct::scalar<float>("f"_s);
constexpr bool is_nan(double x) { return x != x; }
static_assert(ct::evaluate(1_c / (s - s), s = 2.0) == infinity && ct::evaluate(-1_c / (s - s), s = 2.0) == -infinity);
static_assert(is_nan(ct::evaluate(s / s, s = 0.0)) && is_nan(ct::evaluate(s - s, s = infinity)) && is_nan(ct::evaluate((s - s) * s, s = infinity)));
static_assert(ct::evaluate(s * s, s = 1e200) == infinity && ct::evaluate(-s * s, s = 1e200) == -infinity && ct::evaluate(s * 1e-200_c, s = 1e200) == 1e200 * 1e-200);
static_assert(ct::evaluate(s + s, s = largest) == infinity && ct::evaluate(s - 1_c, s = largest) == largest);
static_assert(ct::evaluate(s / 1e-300_c, s = 1e300) == infinity && ct::evaluate(s * 2_c, s = largest / 2) == largest);
static_assert(ct::evaluate(f * f, f = 1e30f) == std::numeric_limits<float>::infinity() && ct::evaluate(f * 2_c, f = 1e38f) == 2e38f);
static_assert(ct::evaluate(ct::grad(ct::sqrt(s), s), s = 0.0) == infinity && ct::evaluate(ct::grad(ct::log(s), s), s = 0.0) == infinity);
static_assert(is_nan(ct::evaluate(ct::sum(v), v = std::array{largest, largest, -infinity})));

// Figures: one nest of N steps, two operations and one sum for each element.
constexpr auto program = ct::compile(ct::sum(v * 2_c + 1_c));
static_assert(ct::report(program).nests == 1 && ct::report(program).operations == 2);
static_assert(ct::report(program).flops(N = 100) == 300);
static_assert(ct::report(program).bytes(N = 100) == 808);

}  // namespace

BOOST_AUTO_TEST_CASE(at_run_time) {
  double const x = 3;
  BOOST_TEST(ct::evaluate(2_c * s + 1_c, s = x) == 7.0);
  BOOST_TEST(ct::evaluate(ct::sum(v), v = ct::array<double, 1>{1, 2, 4}) == 7.0);
  BOOST_TEST(ct::gradient_check(ct::mean(ct::exp(v)), v = std::vector<double>{0.5, -2}));
}

BOOST_AUTO_TEST_CASE(eager) {
  ct::array<float, 2> a{{1, 2}, {3, 4}};
  ct::array<float, 1> row{10, 20};
  auto sum = a + row;
  BOOST_TEST(sum(1, 0) == 13.0f);
  BOOST_TEST((2 * a)(1, 1) == 8.0f);
  BOOST_TEST((ct::array<std::int64_t, 1>{1, 2} * 0.5)(1) == 1.0f);
  BOOST_TEST(ct::softmax(a)(0, 1) == 1 / (1 + std::exp(-1.0f)), boost::test_tools::tolerance(1e-6f));
  BOOST_TEST(ct::max(a).item() == 4.0f);
  BOOST_TEST((a > 2)(1, 0) == true);
  BOOST_TEST(ct::exp(a.t())(0, 1) == std::exp(3.0f), boost::test_tools::tolerance(1e-6f));
  BOOST_CHECK_THROW((a + ct::array<float, 1>{1, 2, 3}), ct::shape_error);
  BOOST_CHECK_THROW(ct::matmul(a, ct::ones<float>(3, 2)), ct::shape_error);
}
