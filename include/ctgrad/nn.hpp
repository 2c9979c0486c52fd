// What networks are made of: activations, normalisations, attention, dropout, losses; and layers, which declare their parameters.
// Apart from the umbrella, as torch.nn is from torch: who needs none of them does not compile them.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "expression.hpp"  // first: compile_error.hpp says why

#include "activations.hpp"
#include "convolution.hpp"
#include "indexing.hpp"
#include "layers.hpp"
#include "losses.hpp"
#include "normalization.hpp"
#include "random.hpp"
