// All of ctgrad.
// Users include this; the parts stand alone as well.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "array.hpp"
#include "fn.hpp"
#include "functions.hpp"
#include "gradient.hpp"
#include "npy.hpp"
#include "print.hpp"
#include "program.hpp"
#include "symbol.hpp"
