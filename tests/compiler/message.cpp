// Texts that are put together in the compiler: characters, integers, and doubles as a reader would write them.
// Compile errors, printed graphs and `to_string` are made of them.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE message
#include "../../compiler/message.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <string_view>

using ctgrad::detail::message;

namespace {

template <class T>
constexpr bool prints(T x, std::string_view text) { return (message() << x).view() == text; }

static_assert(message().empty() && message().view() == "");
static_assert((message() << "extent " << 3 << ' ' << (message() << "of " << -4)).view() == "extent 3 of -4");
static_assert((message() << "abc").size() == 3);

static_assert(prints(0, "0") && prints(-1, "-1") && prints(1234567890, "1234567890"));
static_assert(prints(std::numeric_limits<std::int64_t>::max(), "9223372036854775807"));
static_assert(prints(std::numeric_limits<std::int64_t>::min(), "-9223372036854775808"));

static_assert(prints(0.0, "0") && prints(-0.0, "-0") && prints(1.0, "1") && prints(-2.0, "-2"));
static_assert(prints(0.5, "0.5") && prints(-0.125, "-0.125") && prints(0.1, "0.1") && prints(3.25, "3.25") && prints(123.456, "123.456"));
static_assert(prints(1e6, "1000000") && prints(123456789012345.0, "123456789012345"));
static_assert(prints(1e15, "1e15") && prints(1e22, "1e22") && prints(2.5e17, "2.5e17"));
static_assert(prints(0.001, "0.001") && prints(0.0001, "0.0001"));
static_assert(prints(std::numeric_limits<double>::infinity(), "inf") && prints(-std::numeric_limits<double>::infinity(), "-inf"));
static_assert(prints(std::numeric_limits<double>::quiet_NaN(), "nan"));
static_assert(prints(0.9999999999, "1") && prints(9.9999999999, "10") && prints(1.0 / 3, "0.333333333"));

}  // namespace

BOOST_AUTO_TEST_CASE(short_decimals_give_the_number_back) {
  for (char const* text : {"0", "7", "0.25", "0.3", "2.718281", "100.001", "99999.5", "0.0001", "0.002", "123456.789", "1e15", "1e22", "1e-5", "1e-7", "2.5e-9", "6.02e23", "1e100", "1e300", "2.5e-300", "-3.5e-20"})
    BOOST_TEST((message() << std::strtod(text, nullptr)).view() == text);
}
BOOST_AUTO_TEST_CASE(any_number_is_printed_to_six_digits) {
  std::mt19937_64 random(20240501);
  std::uniform_real_distribution<double> mantissa(-10, 10);
  std::uniform_int_distribution<int> exponent(-300, 300);
  for (int i = 0; i < 20000; ++i) {
    double const x = mantissa(random) * std::pow(10.0, i % 2 ? exponent(random) : exponent(random) % 12);
    std::string const text((message() << x).view());
    char* end = nullptr;
    double const back = std::strtod(text.c_str(), &end);
    BOOST_REQUIRE_MESSAGE(*end == 0 && (std::fabs(back - x) <= 5e-6 * std::fabs(x) || std::fabs(x) < 1e-9), x << " is printed as " << text);
    auto const point = text.find('.');
    BOOST_REQUIRE_MESSAGE(point == std::string::npos || text[(text.find('e') == std::string::npos ? text.size() : text.find('e')) - 1] != '0', x << " is printed with a zero at its end: " << text);
    if (auto const e = text.find('e'); e != std::string::npos) BOOST_REQUIRE_MESSAGE(std::fabs(std::strtod(text.substr(0, e).c_str(), nullptr)) < 10, x << " is printed as " << text);
  }
}
BOOST_AUTO_TEST_CASE(appending) {
  message m;
  m << "a" << 'b' << 1 << 2.5;
  BOOST_TEST(m.view() == "ab12.5");
}
