// The functions that networks are made of: activations, normalisations, attention, dropout, losses.
// Apart from the umbrella, as torch.nn.functional is from torch: who needs none of them does not compile them.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "activations.hpp"
#include "convolution.hpp"
#include "indexing.hpp"
#include "losses.hpp"
#include "normalization.hpp"
#include "random.hpp"
