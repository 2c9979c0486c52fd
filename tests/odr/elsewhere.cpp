// The loops of the programs that a.cpp and b.cpp call.
//
// SPDX-License-Identifier: BSL-1.0
#include "elsewhere.hpp"

CTGRAD_PROGRAM(cubes);
CTGRAD_PROGRAM(add_cubes);
