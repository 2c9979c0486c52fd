// Losses, step by step, beside PyTorch's.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <ctgrad/view.hpp>

#include <cmath>
#include <cstdint>
#include <cstdio>

/// Calls `step(0)`, `step(1)`, … for each of the expected losses, prints some, and returns what main does: 0 where all are within 1e-4 of the expected, relatively.
template <class Step>
int compare_losses(ctgrad::view<float const, 1> expected, Step const& step) {
  double largest = 0;
  std::printf("step      loss   PyTorch\n");
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    double const loss = step(i), theirs = expected(i);
    largest = std::fmax(largest, std::abs(loss - theirs) / std::abs(theirs));
    if (!std::isfinite(loss)) largest = INFINITY;
    if (i % 10 == 0 || i + 1 == expected.size()) std::printf("%4d  %8.5f  %8.5f\n", static_cast<int>(i), loss, theirs);
  }
  std::printf("largest relative difference: %.1e\n", largest);
  return largest <= 1e-4 ? 0 : 1;
}
