// Special values of every function while compiling, and the fall-back's error against long double functions.
// g++ folds its own builtins, so the algorithms that clang uses while compiling are also called at run time here.
// The limits in ulp are what 9 million arguments gave, rounded up; they need a long double of 64 bits or more (x86).
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE constexpr_math
#include "../../compiler/constexpr_math.hpp"
#include "../accuracy.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <type_traits>
#include <utility>
#include <vector>

namespace cmath = ctgrad::detail::cmath;
namespace fallback = ctgrad::detail::cmath::fallback;
using namespace ctgrad::test;

namespace {

using ctgrad::test::nan;  // not <cmath>'s

/// The same number, zeros by their sign; or both NaN.
constexpr bool same(double a, double b) {
  return (cmath::isnan(a) && cmath::isnan(b)) || std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

// Each line holds the function that is used while compiling, and the fall-back.
#define CHECK1(f, x, expected) static_assert(same(cmath::f(x), expected) && same(fallback::f(x), expected))
#define CHECK2(f, x, y, expected) static_assert(same(cmath::f(x, y), expected) && same(fallback::f(x, y), expected))

// C99, Annex F.9.
CHECK1(exp, 0.0, 1.0);
CHECK1(exp, -0.0, 1.0);
CHECK1(exp, inf, inf);
CHECK1(exp, -inf, 0.0);
CHECK1(exp, nan, nan);
CHECK1(exp, 709.79, inf);
CHECK1(exp, largest, inf);
CHECK1(exp, -745.14, 0.0);
CHECK1(exp, -745.13, smallest);
CHECK1(exp, -largest, 0.0);
CHECK1(exp, 1.0, 0x1.5bf0a8b145769p+1);
CHECK1(expm1, 0.0, 0.0);
CHECK1(expm1, -0.0, -0.0);
CHECK1(expm1, inf, inf);
CHECK1(expm1, -inf, -1.0);
CHECK1(expm1, nan, nan);
CHECK1(expm1, 1000.0, inf);
CHECK1(expm1, -1000.0, -1.0);
CHECK1(expm1, smallest, smallest);
CHECK1(log, 1.0, 0.0);
CHECK1(log, 0.0, -inf);
CHECK1(log, -0.0, -inf);
CHECK1(log, -1.0, nan);
CHECK1(log, -inf, nan);
CHECK1(log, inf, inf);
CHECK1(log, nan, nan);
CHECK1(log, 2.0, 0x1.62e42fefa39efp-1);
CHECK1(log, smallest, -0x1.74385446d71c3p+9);
CHECK1(log1p, 0.0, 0.0);
CHECK1(log1p, -0.0, -0.0);
CHECK1(log1p, -1.0, -inf);
CHECK1(log1p, -1.5, nan);
CHECK1(log1p, inf, inf);
CHECK1(log1p, -inf, nan);
CHECK1(log1p, nan, nan);
CHECK1(log1p, smallest, smallest);
CHECK1(sqrt, 0.0, 0.0);
CHECK1(sqrt, -0.0, -0.0);
CHECK1(sqrt, -1.0, nan);
CHECK1(sqrt, -inf, nan);
CHECK1(sqrt, inf, inf);
CHECK1(sqrt, nan, nan);
CHECK1(sqrt, 4.0, 2.0);
CHECK1(sqrt, 2.0, 0x1.6a09e667f3bcdp+0);
CHECK1(sqrt, 0x1.ffffffffffffep+1, 0x1.fffffffffffffp+0);
CHECK1(sqrt, largest, 0x1.fffffffffffffp+511);
CHECK1(sqrt, smallest, 0x1p-537);
CHECK1(cbrt, 0.0, 0.0);
CHECK1(cbrt, -0.0, -0.0);
CHECK1(cbrt, inf, inf);
CHECK1(cbrt, -inf, -inf);
CHECK1(cbrt, nan, nan);
CHECK1(cbrt, -27.0, -3.0);
CHECK1(cbrt, 0x1p-1074, 0x1p-358);
CHECK1(sin, 0.0, 0.0);
CHECK1(sin, -0.0, -0.0);
CHECK1(sin, inf, nan);
CHECK1(sin, -inf, nan);
CHECK1(sin, nan, nan);
CHECK1(sin, smallest, smallest);
CHECK1(cos, 0.0, 1.0);
CHECK1(cos, -0.0, 1.0);
CHECK1(cos, inf, nan);
CHECK1(cos, nan, nan);
CHECK1(tan, 0.0, 0.0);
CHECK1(tan, -0.0, -0.0);
CHECK1(tan, inf, nan);
CHECK1(tan, nan, nan);
// J.-M. Muller, Elementary Functions: 6381956970095103 * 2^797 is the double nearest to a multiple of pi/2, at
// 4.6871659e-19; sin(1e22) = -0.8522008497671888 is W. Kahan's example.
CHECK1(cos, 0x1.6ac5b262ca1ffp+849, -0x1.14ae72e6ba22fp-61);
CHECK1(sin, 1e22, -0.8522008497671888);
CHECK1(asin, 0.0, 0.0);
CHECK1(asin, -0.0, -0.0);
CHECK1(asin, 1.0, pi / 2);
CHECK1(asin, -1.0, -pi / 2);
CHECK1(asin, 1.5, nan);
CHECK1(asin, inf, nan);
CHECK1(asin, nan, nan);
CHECK1(acos, 1.0, 0.0);
CHECK1(acos, -1.0, pi);
CHECK1(acos, 0.0, pi / 2);
CHECK1(acos, -0.0, pi / 2);
CHECK1(acos, -1.5, nan);
CHECK1(acos, nan, nan);
CHECK1(atan, 0.0, 0.0);
CHECK1(atan, -0.0, -0.0);
CHECK1(atan, inf, pi / 2);
CHECK1(atan, -inf, -pi / 2);
CHECK1(atan, 1.0, pi / 4);
CHECK1(atan, nan, nan);
CHECK1(sinh, 0.0, 0.0);
CHECK1(sinh, -0.0, -0.0);
CHECK1(sinh, inf, inf);
CHECK1(sinh, -inf, -inf);
CHECK1(sinh, -711.0, -inf);
CHECK1(sinh, nan, nan);
CHECK1(cosh, 0.0, 1.0);
CHECK1(cosh, -0.0, 1.0);
CHECK1(cosh, inf, inf);
CHECK1(cosh, -inf, inf);
CHECK1(cosh, -711.0, inf);
CHECK1(cosh, nan, nan);
CHECK1(tanh, 0.0, 0.0);
CHECK1(tanh, -0.0, -0.0);
CHECK1(tanh, inf, 1.0);
CHECK1(tanh, -inf, -1.0);
CHECK1(tanh, nan, nan);
CHECK1(erf, 0.0, 0.0);
CHECK1(erf, -0.0, -0.0);
CHECK1(erf, inf, 1.0);
CHECK1(erf, -inf, -1.0);
CHECK1(erf, nan, nan);

CHECK2(atan2, 0.0, 0.0, 0.0);
CHECK2(atan2, -0.0, 0.0, -0.0);
CHECK2(atan2, 0.0, -0.0, pi);
CHECK2(atan2, -0.0, -0.0, -pi);
CHECK2(atan2, 0.0, -1.0, pi);
CHECK2(atan2, -0.0, -1.0, -pi);
CHECK2(atan2, -0.0, 1.0, -0.0);
CHECK2(atan2, 1.0, 0.0, pi / 2);
CHECK2(atan2, -1.0, -0.0, -pi / 2);
CHECK2(atan2, 1.0, -inf, pi);
CHECK2(atan2, -1.0, -inf, -pi);
CHECK2(atan2, 1.0, inf, 0.0);
CHECK2(atan2, -1.0, inf, -0.0);
CHECK2(atan2, inf, 1.0, pi / 2);
CHECK2(atan2, -inf, -1.0, -pi / 2);
CHECK2(atan2, inf, inf, pi / 4);
CHECK2(atan2, -inf, inf, -pi / 4);
CHECK2(atan2, inf, -inf, 3 * (pi / 4));
CHECK2(atan2, -inf, -inf, -3 * (pi / 4));
CHECK2(atan2, nan, 1.0, nan);
CHECK2(atan2, 1.0, nan, nan);
CHECK2(atan2, largest, smallest, pi / 2);
CHECK2(atan2, smallest, largest, 0.0);
CHECK2(atan2, smallest, -largest, pi);

CHECK2(pow, 0.0, -3.0, inf);
CHECK2(pow, -0.0, -3.0, -inf);
CHECK2(pow, -0.0, -2.0, inf);
CHECK2(pow, -0.0, -0.5, inf);
CHECK2(pow, 0.0, -inf, inf);
CHECK2(pow, -0.0, 3.0, -0.0);
CHECK2(pow, -0.0, 2.0, 0.0);
CHECK2(pow, -0.0, 0.5, 0.0);
CHECK2(pow, -1.0, inf, 1.0);
CHECK2(pow, -1.0, -inf, 1.0);
CHECK2(pow, 1.0, nan, 1.0);
CHECK2(pow, 1.0, -inf, 1.0);
CHECK2(pow, nan, 0.0, 1.0);
CHECK2(pow, nan, -0.0, 1.0);
CHECK2(pow, nan, 1.0, nan);
CHECK2(pow, 2.0, nan, nan);
CHECK2(pow, -8.0, 1.0 / 3, nan);
CHECK2(pow, -inf, 0.5, inf);
CHECK2(pow, 0.5, -inf, inf);
CHECK2(pow, -0.5, inf, 0.0);
CHECK2(pow, 1.5, -inf, 0.0);
CHECK2(pow, -1.5, inf, inf);
CHECK2(pow, -inf, -3.0, -0.0);
CHECK2(pow, -inf, -2.0, 0.0);
CHECK2(pow, -inf, 3.0, -inf);
CHECK2(pow, -inf, 2.0, inf);
CHECK2(pow, inf, -1.0, 0.0);
CHECK2(pow, inf, 1.0, inf);
CHECK2(pow, 3.0, 2.0, 9.0);
CHECK2(pow, -2.0, 3.0, -8.0);
CHECK2(pow, -2.0, -1074.0, smallest);
CHECK2(pow, 2.0, 1023.0, 0x1p1023);
CHECK2(pow, 2.0, 1024.0, inf);
CHECK2(pow, -2.0, 1025.0, -inf);
CHECK2(pow, -2.0, -1077.0, -0.0);
CHECK2(pow, largest, largest, inf);
CHECK2(pow, -1.0, 9007199254740991.0, -1.0);
CHECK2(pow, -1.0, 9007199254740992.0, 1.0);
CHECK2(pow, 10.0, 22.0, 1e22);
CHECK2(pow, 2.0, 0.5, 0x1.6a09e667f3bcdp+0);

CHECK2(hypot, inf, nan, inf);
CHECK2(hypot, nan, -inf, inf);
CHECK2(hypot, nan, 1.0, nan);
CHECK2(hypot, 0.0, -0.0, 0.0);
CHECK2(hypot, -3.0, 4.0, 5.0);
CHECK2(hypot, 0.0, -smallest, smallest);
CHECK2(hypot, largest, largest, inf);
CHECK2(hypot, 0x3p1000, 0x4p1000, 0x5p1000);
CHECK2(hypot, 0x3p-1070, 0x4p-1070, 0x5p-1070);

CHECK2(fmod, 0.0, 1.0, 0.0);
CHECK2(fmod, -0.0, 1.0, -0.0);
CHECK2(fmod, 1.0, 0.0, nan);
CHECK2(fmod, inf, 1.0, nan);
CHECK2(fmod, nan, 1.0, nan);
CHECK2(fmod, 1.0, nan, nan);
CHECK2(fmod, 1.0, -inf, 1.0);
CHECK2(fmod, -7.0, 2.0, -1.0);
CHECK2(fmod, 7.0, -2.0, 1.0);
CHECK2(fmod, -6.0, 3.0, -0.0);
CHECK2(fmod, largest, smallest, 0.0);
CHECK2(fmod, 1.0, smallest * 3, smallest);  // 2^1074 mod 3

CHECK1(floor, -0.0, -0.0);
CHECK1(floor, -0.5, -1.0);
CHECK1(floor, 0.5, 0.0);
CHECK1(floor, inf, inf);
CHECK1(floor, nan, nan);
CHECK1(floor, 2251799813685249.5, 2251799813685249.0);
CHECK1(ceil, -0.5, -0.0);
CHECK1(ceil, 0.5, 1.0);
CHECK1(ceil, -inf, -inf);
CHECK1(ceil, smallest, 1.0);
CHECK1(trunc, -1.75, -1.0);
CHECK1(trunc, -0.75, -0.0);
CHECK1(trunc, nan, nan);
CHECK1(round, 0.5, 0.0);
CHECK1(round, 1.5, 2.0);
CHECK1(round, 2.5, 2.0);
CHECK1(round, -0.5, -0.0);
CHECK1(round, -2.5, -2.0);
CHECK1(round, -3.5, -4.0);
CHECK1(round, 0.49999999999999994, 0.0);
CHECK1(round, 2251799813685249.5, 2251799813685250.0);
CHECK1(round, -inf, -inf);
CHECK1(round, nan, nan);

CHECK1(fabs, -0.0, 0.0);
CHECK1(fabs, -inf, inf);
CHECK2(copysign, 2.0, -0.0, -2.0);
CHECK2(copysign, nan, -1.0, nan);
CHECK2(ldexp, 1.0, -1074, smallest);
CHECK2(ldexp, 1.0, -1075, 0.0);
CHECK2(ldexp, 1.5, -1075, smallest);
CHECK2(ldexp, -1.0, 1024, -inf);
CHECK2(ldexp, smallest, 2097, 0x1p1023);
CHECK2(ldexp, -0.0, 5, -0.0);
CHECK2(ldexp, inf, -5, inf);
CHECK2(ldexp, 1.0, std::numeric_limits<int>::max(), inf);
CHECK2(ldexp, 1.0, std::numeric_limits<int>::min(), 0.0);
CHECK2(ldexp, 0x1.0000000000001p0, -1023, 0x1p-1023);  // to even, in one rounding
static_assert(cmath::isnan(nan) && !cmath::isnan(inf) && cmath::isinf(-inf) && !cmath::isinf(largest));
static_assert(cmath::isfinite(largest) && !cmath::isfinite(nan) && cmath::signbit(-0.0) && !cmath::signbit(0.0));

// float.
static_assert(std::is_same_v<decltype(cmath::exp(1.0f)), float> && std::is_same_v<decltype(cmath::pow(1.0f, 1.0f)), float>);
static_assert(cmath::exp(1.0f) == 0x1.5bf0a8p+1f && cmath::tanh(0.5f) == 0x1.d9353ep-2f);
static_assert(cmath::exp(100.0f) == std::numeric_limits<float>::infinity() && cmath::isnan(cmath::log(-1.0f)));
static_assert(cmath::copysign(1.0f, -0.0f) == -1 && cmath::fabs(-1.5f) == 1.5f && cmath::ldexp(1.0f, -149) > 0);

}  // namespace

#define MEASURE(f, scale, limit) \
  measure(#f, scale, limit, [](double x) { return fallback::f(x); }, [](long double x) { return std::f(x); })
#define MEASURE_PAIRS(f, limit)                                                                     \
  measure_pairs(#f, limit, argument_pairs(), [](double x, double y) { return fallback::f(x, y); }, \
                [](long double x, long double y) { return std::f(x, y); })

BOOST_AUTO_TEST_CASE(exponentials) {
  MEASURE(exp, 746, 0.51);
  MEASURE(expm1, 50, 0.51);
  MEASURE(sinh, 50, 0.51);
  MEASURE(cosh, 50, 0.51);
  MEASURE(tanh, 20, 0.51);
}

BOOST_AUTO_TEST_CASE(logarithms) {
  MEASURE(log, 10, 0.51);
  MEASURE(log1p, 2, 0.51);
}

BOOST_AUTO_TEST_CASE(roots) {
  MEASURE(sqrt, 10, 0.5001);
  MEASURE(cbrt, 10, 0.51);
}

BOOST_AUTO_TEST_CASE(trigonometric) {
  MEASURE(sin, 20, 0.53);
  MEASURE(cos, 20, 0.53);
  MEASURE(tan, 20, 0.53);
  MEASURE(asin, 1, 0.51);
  MEASURE(acos, 1, 0.51);
  MEASURE(atan, 10, 0.51);
}

BOOST_AUTO_TEST_CASE(error_function) { MEASURE(erf, 6, 0.63); }

BOOST_AUTO_TEST_CASE(two_arguments) {
  MEASURE_PAIRS(pow, 0.51);
  MEASURE_PAIRS(atan2, 0.51);
  MEASURE_PAIRS(hypot, 0.51);
  MEASURE_PAIRS(fmod, 0);
}

BOOST_AUTO_TEST_CASE(rounding) {
  MEASURE(floor, 1e6, 0);
  MEASURE(ceil, 1e6, 0);
  MEASURE(trunc, 1e6, 0);
  measure("round", 1e6, 0, [](double x) { return fallback::round(x); }, [](long double x) { return std::nearbyint(x); });
  measure("ldexp", 1, 0, [](double x) { return fallback::ldexp(x, -7); },
          [](long double x) { return static_cast<long double>(static_cast<double>(std::ldexp(x, -7))); });
}

// What the rest of the compiler calls at run time is the standard library.
BOOST_AUTO_TEST_CASE(run_time) {
  for (const double x : {0.25, -0.75, 3.5}) {
    BOOST_TEST(cmath::exp(x) == std::exp(x));
    BOOST_TEST(cmath::round(x) == std::nearbyint(x));
    BOOST_TEST(cmath::atan2(x, 2.0) == std::atan2(x, 2.0));
    BOOST_TEST(cmath::sin(static_cast<float>(x)) == static_cast<float>(std::sin(x)));
  }
}
