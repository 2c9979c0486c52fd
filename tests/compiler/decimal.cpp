// The values of literals: the published hard cases while compiling, and many random literals against strtod.
// A wrong last bit in a constant would go unseen everywhere else.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE decimal
#include "../../compiler/decimal.hpp"

#include <boost/test/unit_test.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>
#include <string_view>

using ctgrad::detail::parse_literal;

namespace {

// Integers.
constexpr bool integer(std::string_view text, std::int64_t value) {
  const auto parsed = parse_literal(text);
  return parsed.valid && parsed.is_integer && parsed.integer == value && parsed.real == static_cast<double>(value);
}
static_assert(integer("0", 0));
static_assert(integer("7", 7));
static_assert(integer("784", 784));
static_assert(integer("1'000'000", 1'000'000));
static_assert(integer("9223372036854775807", std::numeric_limits<std::int64_t>::max()));
static_assert(integer("9007199254740993", 9007199254740993));  // 2^53 + 1: no double
static_assert(integer("0x7fff'ffff'FFFF'FFFF", std::numeric_limits<std::int64_t>::max()));
static_assert(integer("0XdeadBEEF", 0xdeadbeef));
static_assert(integer("0x1e5", 0x1e5));  // no exponent
static_assert(integer("0b1010'0101", 0b10100101));
static_assert(integer("0B1", 1));
static_assert(integer("0777", 0777));
static_assert(integer("0'17", 017));
static_assert(integer("00", 0));
static_assert(integer("0777777777777777777777", std::numeric_limits<std::int64_t>::max()));

// What is no literal, or has no value.
constexpr bool invalid(std::string_view text) { return !parse_literal(text).valid; }
static_assert(invalid("9223372036854775808"));     // 2^63
static_assert(invalid("92233720368547758070"));    // and not the prefix of it that would fit
static_assert(invalid("0x8000000000000000"));
static_assert(invalid("01000000000000000000000"));
static_assert(invalid("0b1000000000000000000000000000000000000000000000000000000000000000"));
static_assert(invalid("1.7976931348623159e308"));
static_assert(invalid("1.797693134862315808e308"));
static_assert(invalid("1e309"));
static_assert(invalid("1e999999999999999999999999"));
static_assert(invalid("0x1p1024"));
static_assert(invalid("0x1.fffffffffffff8p1023"));  // the tie above the largest double goes to infinity
static_assert(invalid("2.4703282292062327e-324"));  // just below half of the smallest double
static_assert(invalid("1e-324"));
static_assert(invalid("1e-999999999999999999999999"));
static_assert(invalid("0x1p-1075"));                // exactly half of it: the tie goes to zero
static_assert(invalid("") && invalid(".") && invalid("-1") && invalid("+1") && invalid("1.0.0") && invalid(" 1"));
static_assert(invalid("0x") && invalid("0b") && invalid("0xg") && invalid("0b2") && invalid("0b1.0") && invalid("08"));
static_assert(invalid("1e") && invalid("1e+") && invalid("e5") && invalid(".e5") && invalid("1p5") && invalid("1f"));
static_assert(invalid("0x1.8") && invalid("0x.p1") && invalid("0x1p") && invalid("0x1pa"));
static_assert(invalid("1''0") && invalid("'1") && invalid("1'") && invalid("1'.5") && invalid("1.'5") && invalid("0x'1"));
static_assert(invalid("1e'5") && invalid("1e5'") && invalid("1'e5") && invalid("0x1'p5") && invalid("0b'1"));

// Floats.
constexpr std::uint64_t bits(std::string_view text) {
  const auto parsed = parse_literal(text);
  return parsed.valid && !parsed.is_integer ? std::bit_cast<std::uint64_t>(parsed.real) : ~std::uint64_t{0};
}
constexpr std::uint64_t bits(double value) { return std::bit_cast<std::uint64_t>(value); }
static_assert(bits("0.0") == 0 && bits("0e999999999999999") == 0 && bits("0x0p99999") == 0 && bits(".0") == 0);
static_assert(bits("1.") == bits(1.0) && bits(".5") == bits(0.5) && bits("0.5") == bits(0.5) && bits("1e0") == bits(1.0));
static_assert(bits("09.5") == bits(9.5) && bits("010e1") == bits(100.0) && bits("010.") == bits(10.0));  // not octal
static_assert(bits("1'0.2'5e0'1") == bits(102.5) && bits("3.141592653589793") == bits(3.141592653589793));
static_assert(bits("1E+2") == bits(100.0) && bits("1e-2") == bits(0.01) && bits("0.000001") == bits(1e-6));
static_assert(bits("0x1.8p1") == bits(3.0) && bits("0x.8p0") == bits(0.5) && bits("0X1P-1'0") == bits(0x1p-10));
static_assert(bits("0xA'B.c'Dp+4") == bits(2748.8125));
static_assert(bits("0x1p-1074") == 1 && bits("0x1.8p-1075") == 1 && bits("0x0.0000001p-1046") == 1);
static_assert(bits("0x1.00000000000008p0") == bits(1.0) && bits("0x1.000000000000080000000001p0") == 0x3ff0000000000001);
static_assert(bits("0x1.00000000000018p0") == 0x3ff0000000000002 && bits("0x1.fffffffffffff7fp1023") == 0x7fefffffffffffff);
static_assert(bits("100000000000000000000000000000000000000000000000000000000000.0") == bits(1e59));

// The ends of the range. 2.2250738585072011e-308 and ...12e-308 are the numbers that hung PHP and Java (R. Regan,
// exploringbinary.com, 2011).
static_assert(bits("2.2250738585072011e-308") == 0x000fffffffffffff);
static_assert(bits("2.2250738585072012e-308") == 0x0010000000000000);
static_assert(bits("2.2250738585072014e-308") == 0x0010000000000000);
static_assert(bits("1.7976931348623157e308") == 0x7fefffffffffffff);
static_assert(bits("1.7976931348623158e308") == 0x7fefffffffffffff);
static_assert(bits("1.797693134862315807e308") == 0x7fefffffffffffff);
static_assert(bits("4.9e-324") == 1 && bits("4.9406564584124654e-324") == 1);
static_assert(bits("2.4703282292062328e-324") == 1);  // just above half

// Ties, and their neighbours in digits far to the right.
static_assert(bits("9007199254740993.0") == 0x4340000000000000);
static_assert(bits("9007199254740992.99999999999999") == 0x4340000000000000);
static_assert(bits("9007199254740993.00000000000001") == 0x4340000000000001);
static_assert(bits("1.00000000000000011102230246251565404236316680908203125") == 0x3ff0000000000000);
static_assert(bits("1.00000000000000011102230246251565404236316680908203124") == 0x3ff0000000000000);
static_assert(bits("1.00000000000000011102230246251565404236316680908203126") == 0x3ff0000000000001);
static_assert(bits("6929495644600919.5") == 0x43389e56ee5e7a58);
static_assert(bits("3.518437208883201171875e13") == 0x42c0000000000002);
static_assert(bits("0.500000000000000166533453693773481063544750213623046875") == 0x3fe0000000000002);
static_assert(bits("0.1000000000000000055511151231257827") == 0x3fb999999999999a);
static_assert(bits("1e23") == 0x44b52d02c7e14af6 && bits("8.5e22") == 0x44b1ffdbf6b2b2eb);

// The stress inputs of V. Paxson, A Program for Testing IEEE Decimal-Binary Conversion (1991), tables 1 and 2: the
// decimals of 1 to 22 digits that are nearest to a tie. Bit patterns from David Gay's strtod.
static_assert(bits("5e125") == 0x5a07a2ecc414a03f && bits("69e267") == 0x77c0b7cb60c994da);
static_assert(bits("999e-26") == 0x3b282782afe1869e && bits("7861e-34") == 0x39afe3544145e9d8);
static_assert(bits("75569e-254") == 0x0c35a462d91c6ab3 && bits("928609e-261") == 0x0afbe2dd66200bef);
static_assert(bits("9210917e80") == 0x51fda232347e6032 && bits("84863171e114") == 0x59406e98f5ec8f37);
static_assert(bits("653777767e273") == 0x7a720223f2b3a881 && bits("5232604057e-298") == 0x041465b896c24520);
static_assert(bits("27235667517e-109") == 0x2b77d41824d64fb2 && bits("653532977297e-123") == 0x28d925a0aabcdc68);
static_assert(bits("3142213164987e-294") == 0x057d3409dfbca26f && bits("46202199371337e-72") == 0x33d28f9edfbd341f);
static_assert(bits("231010996856685e-73") == 0x33c28f9edfbd341f && bits("9324754620109615e212") == 0x6f43ae60753af6ca);
static_assert(bits("78459735791271921e49") == 0x4d9dcd0089c1314e && bits("272104041512242479e200") == 0x6d13bbb4bf05f087);
static_assert(bits("6802601037806061975e198") == 0x6cf3bbb4bf05f087);
static_assert(bits("20505426358836677347e-221") == 0x161012954b6aabba);
static_assert(bits("836168422905420598437e-234") == 0x13b20403a628a9ca);
static_assert(bits("4891559871276714924261e222") == 0x7286ecaf7694a3c7);
static_assert(bits("9e-265") == 0x091d05244fe5066a && bits("85e-037") == 0x38a698ccdc60015a);
static_assert(bits("623e100") == 0x554640a62f3a83df && bits("3571e263") == 0x77462644c61d41aa);
static_assert(bits("81661e153") == 0x60b7ca8e3d68578e && bits("920657e-023") == 0x3c653a9985dbde6c);
static_assert(bits("87575437e-309") == 0x016e07320602056c && bits("245540327e122") == 0x5b01b6231e18c5cb);
static_assert(bits("83356057653e193") == 0x6a4544e6daee2a18 && bits("619534293513e124") == 0x5c210c20303fe0f1);
static_assert(bits("36167929443327e-159") == 0x21bce77c2b3328fc && bits("609610927149051e-255") == 0x0e104273b18918b1);
static_assert(bits("94080055902682397e-242") == 0x11364981e39e66ca);
static_assert(bits("899810892172646163e283") == 0x7e6adf51fa055e03);
static_assert(bits("25188282901709339043e-252") == 0x0fa4059af3db2a84);
static_assert(bits("308984926168550152811e-052") == 0x39640de48676653b);
static_assert(bits("6372891218502368041059e064") == 0x51c067047dbb38fe);

/// Holds one literal against strtod, which is correctly rounded in glibc.
bool agrees(std::string const& text) {
  const double expected = std::strtod(text.c_str(), nullptr);
  const auto parsed = parse_literal(text);
  const bool has_value = expected <= std::numeric_limits<double>::max() &&
                         (expected != 0 || text.find_first_of("123456789abcdef") >= text.find_first_of("ep"));
  const bool same = parsed.valid == has_value && (!has_value || bits(parsed.real) == bits(expected));
  if (!same)
    BOOST_TEST_MESSAGE(text << ": expected " << expected << ", got " << parsed.real << ", valid " << parsed.valid);
  return same;
}

std::string print(const char* format, int digits, long double value) {
  char buffer[2000];
  std::snprintf(buffer, sizeof buffer, format, digits, value);
  return buffer;
}

}  // namespace

BOOST_AUTO_TEST_CASE(random_digits_and_exponents) {
  std::mt19937_64 random(1);
  long wrong = 0;
  for (int i = 0; i < 60'000; ++i) {
    std::string text;
    for (std::uint64_t n = 1 + random() % (i % 100 == 0 ? 1200 : 25); n > 0; --n)
      text += static_cast<char>('0' + random() % 10);
    text.insert(random() % (text.size() + 1), ".");
    text += "e" + std::to_string(static_cast<int>(random() % 700) - 360);
    wrong += !agrees(text);
  }
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(random_doubles) {
  std::mt19937_64 random(2);
  long wrong = 0;
  for (int i = 0; i < 60'000; ++i) {
    const double value = std::fabs(std::bit_cast<double>(random()));
    if (!std::isfinite(value)) continue;
    wrong += !agrees(print("%.*Le", static_cast<int>(random() % 40), value));
    char hexadecimal[64];
    std::snprintf(hexadecimal, sizeof hexadecimal, "%.*a", static_cast<int>(random() % 14), value);
    wrong += !agrees(hexadecimal);
  }
  BOOST_TEST(wrong == 0);
}

// Points half-way between two doubles, written out in full, and just above and below. Up to 767 digits.
BOOST_AUTO_TEST_CASE(ties) {
  std::mt19937_64 random(3);
  long wrong = 0;
  for (int i = 0; i < 4'000; ++i) {
    std::uint64_t pattern = random() & 0x7fff'ffff'ffff'ffff;
    if (i % 4 == 0) pattern >>= 11 + random() % 52;  // subnormal
    const double below = std::bit_cast<double>(pattern), above = std::bit_cast<double>(pattern + 1);
    if (!(above <= std::numeric_limits<double>::max())) continue;
    const std::string tie = print("%.*Le", 1100, (static_cast<long double>(below) + above) / 2);
    const std::size_t e = tie.find('e');
    std::string up = tie, down = tie;
    up.insert(e, "000000001");
    std::size_t last = tie.find_last_not_of('0', e - 1);
    down[last] = static_cast<char>(down[last] - 1);
    for (std::size_t j = last + 1; j < e; ++j) down[j] = '9';
    wrong += !agrees(tie) + !agrees(up) + !agrees(down);
  }
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_CASE(hexadecimal_floats) {
  std::mt19937_64 random(4);
  long wrong = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string text = "0x";
    for (std::uint64_t n = 1 + random() % 30; n > 0; --n) text += "0123456789abcdef"[random() % (i % 2 == 0 ? 16 : 2)];
    text.insert(2 + random() % (text.size() - 1), ".");
    text += "p" + std::to_string(static_cast<int>(random() % 2400) - 1200);
    const double expected = std::strtod(text.c_str(), nullptr);
    const auto parsed = parse_literal(text);
    const bool zero = text.find_first_of("123456789abcdef", 2) > text.find('p');
    const bool has_value = expected <= std::numeric_limits<double>::max() && (expected != 0 || zero);
    wrong += parsed.valid != has_value || (has_value && bits(parsed.real) != bits(expected));
  }
  BOOST_TEST(wrong == 0);
}
