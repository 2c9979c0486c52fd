// Functions that packs compute by ways of their own: how far they are off, and what they give for special numbers.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE pack_functions
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/explain.hpp>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;

namespace {

template <class T>
constexpr int width = 2 * ct::simd::lanes<T>;
template <class T>
constexpr T infinity = std::numeric_limits<T>::infinity();

/// The unit of the last place of `exact`, in T.
template <class T>
long double unit_of(long double exact) {
  using limits = std::numeric_limits<T>;
  return std::ldexp(1.0L, std::max(exact == 0 ? limits::min_exponent : std::ilogb(exact) + 1, limits::min_exponent) - limits::digits);
}

/// The largest error of `of(pack)` over all of `x`, in units of the last place of `exact(x)`, and where it is. NaN has to be NaN.
template <class T, class Of, class Exact>
std::pair<double, T> largest_error(std::vector<T> const& x, Of of, Exact exact) {
  constexpr int w = width<T>;
  std::pair<double, T> worst{0, 0};
  for (std::size_t i = 0; i < x.size(); i += w) {
    alignas(64) T in[w], out[w];
    for (int k = 0; k < w; ++k) in[k] = x[std::min(i + static_cast<std::size_t>(k), x.size() - 1)];
    ct::simd::pack<T, w> p;
    p.load(in);
    of(p).store(out);
    for (int k = 0; k < w; ++k) {
      long double const e = exact(static_cast<long double>(in[k]));
      double const error = std::isnan(e) != std::isnan(out[k]) ? HUGE_VAL : std::isnan(e) ? 0 : static_cast<double>(std::fabs(out[k] - e) / unit_of<T>(e));
      if (error > worst.first) worst = {error, in[k]};
    }
  }
  return worst;
}

/// Numbers of (0, most] of all magnitudes, and as many evenly over them; the ends, and what is next to them.
template <class T>
std::vector<T> numbers_up_to(T most, int count) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<T> even(0, most), exponent(-static_cast<T>(std::numeric_limits<T>::digits) * 2, 0);
  std::vector<T> x{0, most, std::nextafter(most, T(0)), std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::min(), std::numeric_limits<T>::quiet_NaN()};
  for (int i = 0; i < count; ++i) x.push_back(even(random)), x.push_back(most * std::exp2(exponent(random)));
  return x;
}

using types = std::tuple<float, double>;

}  // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(log1p_of_the_unit_interval, T, types) {
  auto const [error, at] = largest_error(numbers_up_to<T>(1, 400'000), [](auto const& x) { return log1p_unit(x); }, [](long double x) { return std::log1p(x); });
  BOOST_TEST(error < 1.75, "off by " << error << " at " << at);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(error_function_by_its_exponential, T, types) {
  auto x = numbers_up_to<T>(7, 400'000);
  for (T special : {T(30), T(1e10), std::numeric_limits<T>::max(), infinity<T>}) x.push_back(special);
  for (std::size_t n = x.size(), i = 0; i < n; ++i) x.push_back(-x[i]);
  // (xsimd's approximations: of doubles, that beyond 2.2 is the worst.)
  double const most = std::is_same_v<T, float> ? 2.5 : 70;
  auto const check = [&](char const* name, auto of) {
    auto const [error, at] = largest_error(x, of, [](long double a) { return std::erf(a); });
    BOOST_TEST(error < most, name << " is off by " << error << " at " << at);
  };
  check("erf_by_exp", [](auto const& p) { return erf_by_exp(p, exp(-(p * p))); });
  check("erf", [](auto const& p) { return erf(p); });
}

BOOST_AUTO_TEST_CASE_TEMPLATE(zeros_keep_their_sign, T, types) {
  ct::simd::pack<T, width<T>> x(T(-0.0));
  alignas(64) T out[width<T>];
  erf_by_exp(x, exp(-(x * x))).store(out);
  for (T y : out) BOOST_TEST((y == 0 && std::signbit(y)));
}

// The rows have them for packs: of 9, which is not in the unit interval, and of 0 for e^-1, the functions that they stand for give other results.
BOOST_AUTO_TEST_CASE_TEMPLATE(rows_compute_by_them, T, types) {
  using pack = ct::simd::pack<T, width<T>>;
  alignas(64) T logarithm[width<T>], integral[width<T>];
  ct::detail::row<ct::detail::op::log1p_unit>::eval(pack(T(9))).store(logarithm);
  ct::detail::row<ct::detail::op::erf_by_exp>::eval(pack(T(1)), pack(T(0))).store(integral);
  for (T y : logarithm) BOOST_TEST(std::fabs(y - std::log(T(10))) > 1);
  for (T y : integral) BOOST_TEST(y == 1);
}

// One exponential for the error function and its slope, in whatever loop they are: x Phi(x), and Phi(x) + x phi(x).
BOOST_AUTO_TEST_CASE(a_value_and_its_gradient_share_an_exponential) {
  constexpr auto N = ct::dim("N"_s);
  constexpr auto x = ct::tensor<double>("x"_s, N);
  constexpr auto y = ct::gelu(x);
  constexpr auto dx = ct::grad(ct::sum(y), x);
  constexpr auto both = ct::compile(y, dx);
  std::string const text = ct::explain(both);
  std::size_t exponentials = 0;
  for (std::size_t at = text.find("= exp("); at != std::string::npos; at = text.find("= exp(", at + 1)) ++exponentials;
  BOOST_TEST(exponentials == 1u, text);
  BOOST_TEST(text.find("erf_by_exp(") != std::string::npos, text);
  std::vector<double> const at{-6, -3.1, -1, -0.5, 0, 0.25, 0.9, 1.7, 5};
  auto const [value, slope] = both(x = at);
  for (std::size_t i = 0; i < at.size(); ++i) {
    long double const a = at[i], phi = std::exp(-a * a / 2) / std::sqrt(2 * 3.14159265358979323846L), below = std::erfc(-a / std::sqrt(2.0L)) / 2;
    BOOST_TEST(std::fabs(value(static_cast<std::int64_t>(i)) - a * below) < 1e-15L * (1 + std::fabs(a)));
    BOOST_TEST(std::fabs(slope(static_cast<std::int64_t>(i)) - (below + a * phi)) < 1e-15L * (1 + std::fabs(a)));
  }
}

#if defined(__FMA__) && defined(__OPTIMIZE__)
// x x - y, where y is x x rounded: what the rounding lost, in one instruction; 0 in two.
BOOST_AUTO_TEST_CASE_TEMPLATE(multiplications_and_additions_are_fused, T, types) {
  T const element = 1 + std::ldexp(T(1), -std::numeric_limits<T>::digits / 2 - 1), lost = std::ldexp(T(1), 2 * (-std::numeric_limits<T>::digits / 2 - 1));
  std::vector<T> const a(5, element), b(5, 2 * element - 1);  // (which is the square, rounded)
  constexpr auto N = ct::dim("N"_s);
  constexpr auto x = ct::tensor<T>("x"_s, N);
  constexpr auto y = ct::tensor<T>("y"_s, N);
  constexpr auto rest = ct::compile(x * x - y);
  auto const [r] = rest(x = a, y = b);
  for (std::int64_t i = 0; i < 5; ++i) BOOST_TEST(r(i) == lost);
}
#endif
