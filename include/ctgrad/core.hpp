// The part of ctgrad that is types and constants: symbols, expressions, gradients, compiled programs without a backend.
// For code that nvcc compiles, and for headers that only declare models.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "expression.hpp"  // first: compile_error.hpp says why

#include "compiled.hpp"
#include "fn.hpp"
#include "functions.hpp"
#include "gradient.hpp"
#include "symbol.hpp"
