// Hana may have been included before, without its string literal.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE symbol_after_hana
#include <boost/hana.hpp>
#include <ctgrad/functions.hpp>
#include <ctgrad/report.hpp>
#include <ctgrad/symbol.hpp>

#include <boost/test/unit_test.hpp>

namespace ct = ctgrad;
using namespace boost::hana::literals;
using namespace ct::literals;

BOOST_AUTO_TEST_CASE(names_are_hana_strings) {
  constexpr auto N = ct::dim("N"_s);
  constexpr auto x = ct::tensor<float>("x"_s, N);
  static_assert(ct::to_string(ct::exp(x)) == "exp(x)");
  static_assert(std::is_same_v<decltype("N"_s), boost::hana::string<'N'>>);
  BOOST_TEST(ct::to_string(ct::sum(x)) == "sum(x)");
}
