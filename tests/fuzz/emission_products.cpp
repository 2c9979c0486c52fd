// Random functions with several matrix products, compiled and held against the interpreter.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE emission_products
#include "../emission.hpp"

using namespace ctgrad::test;

BOOST_AUTO_TEST_CASE(of_doubles) { check_random_functions<double, 8, 500, 12>(std::make_index_sequence<5>{}); }
BOOST_AUTO_TEST_CASE(of_floats) { check_random_functions<float, 8, 600, 12>(std::make_index_sequence<5>{}); }
