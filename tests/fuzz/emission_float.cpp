// Random functions of floats, with all their gradients, compiled and held against the interpreter.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE emission_float
#include "../emission.hpp"

using namespace ctgrad::test;

BOOST_AUTO_TEST_CASE(small) { check_random_functions<float, 4, 300>(std::make_index_sequence<5>{}); }
BOOST_AUTO_TEST_CASE(bigger) { check_random_functions<float, 12, 400>(std::make_index_sequence<5>{}); }
