// Users include this; the parts stand alone as well. Apart from it are the functions of networks (nn.hpp), einsum.hpp, files (npy.hpp, npz.hpp, safetensors.hpp), data in tiles (stream.hpp),
// and what people look at programs with (seeing.hpp).
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "expression.hpp"  // first: compile_error.hpp says why

#include "array.hpp"
#include "dlpack.hpp"
#include "eager.hpp"
#include "equivalent.hpp"
#include "evaluate.hpp"
#include "fn.hpp"
#include "functions.hpp"
#include "gradient.hpp"
#include "optim.hpp"
#include "parameters.hpp"
#include "print.hpp"
#include "program.hpp"
#include "report.hpp"
#include "shapes.hpp"
#include "statistics.hpp"
#include "symbol.hpp"
#include "train.hpp"
