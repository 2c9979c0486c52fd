// A line search for the strong Wolfe conditions: how far to go along a direction.
// L-BFGS needs it, because steps that meet them keep its estimate of the Hessian positive.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "update.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace ctgrad::optim::detail {

/// A point along the direction, with what was found there.
struct trial {
  double step = 0, loss = 0, slope = 0;  ///< slope: the derivative of the loss by the step
  state memory;
  std::int64_t size = 0;

  template <class T>
  trial(double t, double l, double s, view<T, 1> g) : step(t), loss(l), slope(s), size(g.size()) {
    memory.of<T>(size).assign(g);
  }
  template <class T>
  view<T, 1> gradient() {
    return memory.of<T>(size);
  }
};

/// Where the cubic through two points, with their slopes, is least, kept in [low, high]; the middle where it has no minimum.
/// Source: Nocedal and Wright, Numerical Optimization (2006), formula 3.59.
inline double cubic_minimum(trial const& a, trial const& b, double low, double high) {
  auto const &left = a.step <= b.step ? a : b, &right = a.step <= b.step ? b : a;
  double const d1 = left.slope + right.slope - 3 * (left.loss - right.loss) / (left.step - right.step);
  double const square = d1 * d1 - left.slope * right.slope;
  if (!(square >= 0)) return (low + high) / 2;
  double const d2 = std::sqrt(square);
  return std::min(std::max(right.step - (right.step - left.step) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2)), low), high);
}

/// A step where the loss has fallen by 1e-4 of what `start`'s slope promises, and the slope is at most 0.9 of it; the best of what was tried where the search ends first:
/// after more than `most` trials, or in an interval too short. `evaluate` gives the trial of a step; `reach` is the largest element of the direction.
/// Source: Nocedal and Wright, algorithms 3.5 (a bracket is found) and 3.6 (and made smaller), with the safeguards of torch.optim.LBFGS.
template <class Evaluate>
trial strong_wolfe(trial start, double step, double reach, int most, Evaluate const& evaluate) {
  constexpr double decrease = 1e-4, flatness = 0.9, shortest = 1e-9;
  double const loss0 = start.loss, slope0 = start.slope;
  auto falls = [&](trial const& t) { return !(t.loss > loss0 + decrease * t.step * slope0); };
  auto is_flat = [&](trial const& t) { return std::abs(t.slope) <= -flatness * slope0; };

  trial before = start, now = evaluate(step);
  int tried = 0;
  for (; tried < most; ++tried) {
    if (!falls(now) || (tried > 1 && now.loss >= before.loss)) break;
    if (is_flat(now)) return now;
    if (now.slope >= 0) break;
    double const next = cubic_minimum(before, now, now.step + 0.01 * (now.step - before.step), now.step * 10);
    before = std::move(now);
    now = evaluate(next);
  }
  if (tried >= most) before = std::move(start);

  std::array<trial, 2> bracket{std::move(before), std::move(now)};
  auto lower = [&] { return bracket[0].loss <= bracket[1].loss ? 0u : 1u; };
  unsigned low = lower();
  bool was_close = false;
  for (; tried < most; ++tried) {
    auto const [least, greatest] = std::minmax({bracket[0].step, bracket[1].step});
    if ((greatest - least) * reach < shortest) break;
    double t = cubic_minimum(bracket[0], bracket[1], least, greatest);
    // A step close to an end twice, or at it, goes a tenth of the interval inside.
    double const margin = 0.1 * (greatest - least);
    bool const close = std::min(greatest - t, t - least) < margin, moved = close && (was_close || t >= greatest || t <= least);
    if (moved) t = std::abs(t - greatest) < std::abs(t - least) ? greatest - margin : least + margin;
    was_close = close && !moved;

    trial tested = evaluate(t);
    if (!falls(tested) || tested.loss >= bracket[low].loss) {
      bracket[1 - low] = std::move(tested);
      low = lower();
      continue;
    }
    bool const done = is_flat(tested);
    if (!done && tested.slope * (bracket[1 - low].step - bracket[low].step) >= 0) bracket[1 - low] = bracket[low];
    bracket[low] = std::move(tested);
    if (done) break;
  }
  return std::move(bracket[low]);
}

}  // namespace ctgrad::optim::detail
