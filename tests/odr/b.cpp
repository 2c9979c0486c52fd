// A function or variable of a header that is not inline is defined twice once this is linked with a.cpp.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>

int from_b() { return 0; }
