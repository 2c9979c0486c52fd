// What the peers of features.cpp compute: the loss of a logistic regression of two features, and its gradients by w1, w2, b, into out.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

void run(float const* x1, float const* x2, float const* y, std::ptrdiff_t n, float w1, float w2, float b, float* out);
