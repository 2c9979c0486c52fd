// The optimisers that most training needs: sgd, adam, adamw. The others are in optimizers.hpp.
// Options, defaults and formulas are those of torch.optim; each update of all parameters is one fused program over the contiguous buffers.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "optim/adam.hpp"
#include "optim/sgd.hpp"
