// Random functions of doubles, with all their gradients, compiled and held against the interpreter.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE emission_double
#include "../emission.hpp"

using namespace ctgrad::test;

// A seed is a program of its own: these take about 4 s each to compile.
BOOST_AUTO_TEST_CASE(small) { check_random_functions<double, 4, 100>(std::make_index_sequence<5>{}); }
BOOST_AUTO_TEST_CASE(bigger) { check_random_functions<double, 12, 200>(std::make_index_sequence<5>{}); }
