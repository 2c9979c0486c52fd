// All of examples/digits.cpp: a network, its training in one program, its picture.
//
// SPDX-License-Identifier: BSL-1.0
#define CTGRAD_EXAMPLES "."
#include "../../examples/digits.cpp"
