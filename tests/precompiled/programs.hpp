// What nearly every test of programs includes: compiled once for all of them (tests/meson.build).
// Boost.Test's part is what does not hang on BOOST_TEST_MODULE, which each test defines for itself.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>

#include <boost/test/framework.hpp>
#include <boost/test/test_tools.hpp>
#include <boost/test/tree/auto_registration.hpp>
#include <boost/test/tree/global_fixture.hpp>
#include <boost/test/tree/test_case_template.hpp>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <random>
#include <string>
#include <vector>
