// All of training's parts: every optimiser, gradient clipping, learning-rate schedules.
// Apart from the umbrella, which has sgd and adam: who needs no more does not compile them.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "optim.hpp"
#include "optim/adagrad.hpp"
#include "optim/clip.hpp"
#include "optim/lbfgs.hpp"
#include "optim/rmsprop.hpp"
#include "optim/schedule.hpp"
