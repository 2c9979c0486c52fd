// Random functions of doubles, with all their gradients, compiled and held against the interpreter.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE emission_double
#include "../emission.hpp"

using namespace ctgrad::test;

BOOST_AUTO_TEST_CASE(small) { check_random_functions<double, 4, 100>(std::make_index_sequence<10>{}); }
BOOST_AUTO_TEST_CASE(bigger) { check_random_functions<double, 9, 200>(std::make_index_sequence<10>{}); }
