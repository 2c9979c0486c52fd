// The tests of program_products.cpp with the built-in matrix product, whether or not the build has CBLAS.
//
// SPDX-License-Identifier: BSL-1.0
#undef CTGRAD_USE_CBLAS
#define BOOST_TEST_MODULE program_builtin_products
#include "program_products.cpp"
