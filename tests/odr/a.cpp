// One of two units that include everything: see b.cpp.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>

int from_b();

int main() { return from_b(); }
