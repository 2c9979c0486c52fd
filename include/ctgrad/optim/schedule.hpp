// Schedules: from the number of a step, or epoch, to the factor that the learning rate is multiplied by.
// Plain values without state, for constants as well: `adam.settings().learning_rate = 1e-3 * schedule(step);`
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../compiler/math.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <stdexcept>

// Steps count from 0. Formulas are those of torch.optim.lr_scheduler.
namespace ctgrad::schedule {

/// gamma^floor(step / every): StepLR. Throws std::invalid_argument unless `every` is positive.
struct step {
  std::int64_t every;
  double gamma = 0.1;
  constexpr double operator()(std::int64_t number) const {
    if (every < 1) throw std::invalid_argument("ctgrad: schedule::step: `every` is at least 1");
    return detail::cmath::pow(gamma, static_cast<double>(number / every));
  }
};

/// gamma once for each milestone that is reached: MultiStepLR. `multi_step({30, 80}, 0.1)`.
template <std::size_t Count>
struct multi_step {
  std::int64_t milestones[Count];
  double gamma;
  constexpr multi_step(std::int64_t const (&at)[Count], double factor = 0.1) : gamma(factor) { std::copy(at, at + Count, milestones); }
  constexpr double operator()(std::int64_t number) const {
    double factor = 1;
    for (std::int64_t milestone : milestones) factor *= number >= milestone ? gamma : 1;
    return factor;
  }
};

/// gamma^step: ExponentialLR.
struct exponential {
  double gamma;
  constexpr double operator()(std::int64_t number) const { return detail::cmath::pow(gamma, static_cast<double>(number)); }
};

/// From `first` to `last` along a line over `steps` steps, `last` from then on: LinearLR. A warm-up: `linear{.steps = 500}`.
struct linear {
  std::int64_t steps = 5;
  double first = 1.0 / 3, last = 1;
  constexpr double operator()(std::int64_t number) const {
    return number >= steps ? last : first + (last - first) * (static_cast<double>(number) / static_cast<double>(steps));
  }
};

/// lowest + (1 - lowest) (1 + cos(pi step / steps)) / 2: CosineAnnealingLR, lowest being its eta_min in parts of the learning rate. It rises again after `steps`.
/// Throws std::invalid_argument unless `steps` is positive.
/// Source: Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts (2017), formula 5.
struct cosine {
  std::int64_t steps;
  double lowest = 0;
  constexpr double operator()(std::int64_t number) const {
    if (steps < 1) throw std::invalid_argument("ctgrad: schedule::cosine: `steps` is at least 1");
    if (steps < 1 || steps > std::numeric_limits<std::int64_t>::max() / 2) throw std::invalid_argument("ctgrad: schedule::cosine: steps has to be at least 1, and below 2^62");
    constexpr double pi = 3.14159265358979323846;
    double const angle = pi * (static_cast<double>(number % steps) / static_cast<double>(steps) + static_cast<double>(number / steps % 2));
    return lowest + (1 - lowest) * (1 + detail::cmath::cos(angle)) / 2;
  }
};

/// One schedule for the first `steps` steps, then another, which counts from 0: SequentialLR. `sequence{linear{.steps = 500}, 500, cosine{.steps = 9500}}`.
template <class First, class Second>
struct sequence {
  First first;
  std::int64_t steps;
  Second second;
  constexpr double operator()(std::int64_t number) const { return number < steps ? first(number) : second(number - steps); }
};
template <class First, class Second>
sequence(First, std::int64_t, Second) -> sequence<First, Second>;

}  // namespace ctgrad::schedule
