// All of ctgrad but for the functions of networks (nn.hpp).
// Users include this; the parts stand alone as well.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "expression.hpp"  // first: compile_error.hpp says why

#include "array.hpp"
#include "dlpack.hpp"
#include "eager.hpp"
#include "einsum.hpp"
#include "evaluate.hpp"
#include "fn.hpp"
#include "functions.hpp"
#include "gradient.hpp"
#include "npy.hpp"
#include "optim.hpp"
#include "parameters.hpp"
#include "print.hpp"
#include "program.hpp"
#include "report.hpp"
#include "shapes.hpp"
#include "statistics.hpp"
#include "stream.hpp"
#include "symbol.hpp"
#include "train.hpp"
#if __has_include("equivalent.hpp")
#include "equivalent.hpp"
#endif
