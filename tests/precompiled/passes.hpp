// What the tests of passes include, where the names of programs would be in the way: compiled once for all of them (tests/meson.build).
//
// SPDX-License-Identifier: BSL-1.0
#include "../../compiler/pipeline.hpp"
#include "../../compiler/verify.hpp"

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
