// L-BFGS: steps along an inverse Hessian that is estimated from the last few steps.
// For losses that are evaluated whole, not in random batches: far fewer evaluations than gradient descent.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "line_search.hpp"
#include "update.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

namespace ctgrad::optim {
namespace detail {

/// What is computed with vectors over all parameters: each a program of one loop. Sums are in double.
template <class T>
struct vectors {
  using s = symbols<T>;
  using vector = view<T, 1>;
  static constexpr auto a = s::value, b = s::gradient;

  static double dot(vector x, vector y) { return get<0>(compile(sum(cast<double>(a) * cast<double>(b)))(a = x, b = y)); }
  static double sum_of_sizes(vector x) { return get<0>(compile(sum(abs(cast<double>(a))))(a = x)); }
  static double largest_size(vector x) { return get<0>(compile(max(abs(a)))(a = x)); }
  /// to = scale x
  static void scale(vector to, double scale, vector x) {
    constexpr auto scaled = s::scale * a;
    workspace_memory none(0);
    compile(scaled).into(none, a = x, s::scale = scale, scaled = to);
  }
  /// to = x + scale y
  static void add(vector to, vector x, double scale, vector y) {
    constexpr auto total = a + s::scale * b;
    workspace_memory none(0);
    compile(total).into(none, a = x, b = y, s::scale = scale, total = to);
  }
};

}  // namespace detail

/// The limited-memory method of Broyden, Fletcher, Goldfarb and Shanno, as torch.optim.LBFGS. One step is up to max_iter iterations and, but for the end of
/// a line search, up to max_eval evaluations; it ends early where no element of the gradient is above tolerance_grad, and where a slope, a change of the parameters or of
/// the loss is below tolerance_change. Without a line search an iteration moves by learning_rate times the direction.
/// Source: Nocedal and Wright, Numerical Optimization (2006), algorithms 7.4 and 7.5, 3.5 and 3.6 (the line search).
class lbfgs {
 public:
  enum class line_search { none, strong_wolfe };
  struct options {
    double learning_rate = 1;
    int max_iter = 20;
    int max_eval = 0;  ///< 0: max_iter 5/4
    double tolerance_grad = 1e-7, tolerance_change = 1e-9;
    int history_size = 100;
    line_search line_search_fn = line_search::none;
  };
  /// Throws std::invalid_argument for options outside of their range.
  explicit lbfgs(options o) : o_(o) {
    if (!(o.learning_rate >= 0) || o.max_iter < 1 || o.max_eval < 0 || o.history_size < 1 || !(o.tolerance_grad >= 0) || !(o.tolerance_change >= 0))
      throw std::invalid_argument("ctgrad: lbfgs: learning_rate, max_eval and tolerances are at least 0, max_iter and history_size at least 1");
  }
  template <class Other = detail::other_settings>
    requires(!std::derived_from<Other, lbfgs>)
  explicit lbfgs(Other const&) {
    static_assert(!sizeof(Other), "ctgrad: lbfgs takes its settings, learning_rate, max_iter, max_eval, tolerance_grad, tolerance_change, history_size, line_search_fn, by name: ct::optim::lbfgs({.learning_rate = 1e-3})");
  }
  options& settings() { return o_; }

  /// One step. `closure` takes nothing, computes the loss and the gradients of `p` (from zero), and returns the loss:
  /// `[&] { params.zero_grad(); return backward(params, X = images, y = labels); }`. Returns the loss before the step. Where `closure` throws, `p` has the values of that trial.
  template <class T, class... Symbols, class Closure>
  double step(parameter_set<T, Symbols...>& p, Closure&& closure) {
    using v = detail::vectors<T>;
    view<T, 1> const values = p.values(), gradient = gradient_.of<T>(p.size()), previous = previous_.of<T>(p.size()), direction = direction_.of<T>(p.size());
    auto evaluate = [&] {
      double const loss = static_cast<double>(closure());
      gradient.assign(p.grads());
      return loss;
    };
    double const first_loss = evaluate();
    int const evaluations_allowed = o_.max_eval > 0 ? o_.max_eval : o_.max_iter + o_.max_iter / 4;
    int evaluations = 1;
    double loss = first_loss;
    if (p.size() == 0) return loss;
    for (int iteration = 1; v::largest_size(gradient) > o_.tolerance_grad || std::isnan(loss); ++iteration) {
      bool const first = iterations_++ == 0;
      if (!first) remember<T>(gradient, previous, direction);
      choose_direction<T>(direction, gradient);
      previous.assign(gradient);
      double const slope = v::dot(gradient, direction), previous_loss = loss;
      step_ = first ? std::min(1.0, 1 / v::sum_of_sizes(gradient)) * o_.learning_rate : o_.learning_rate;
      if (slope > -o_.tolerance_change) break;
      if (o_.line_search_fn == line_search::strong_wolfe) {
        detail::state start_memory;
        auto const start = start_memory.of<T>(p.size());
        start.assign(values);
        detail::trial from(0, loss, slope, gradient);
        detail::trial chosen = detail::strong_wolfe(std::move(from), step_, v::largest_size(direction), evaluations_allowed - evaluations, [&](double t) {
          v::add(values, start, t, direction);
          double const there = evaluate();
          ++evaluations;
          return detail::trial(t, there, v::dot(gradient, direction), gradient);
        });
        step_ = chosen.step, loss = chosen.loss;
        gradient.assign(chosen.template gradient<T>());
        v::add(values, start, step_, direction);
      } else {
        v::add(values, values, step_, direction);
        if (iteration < o_.max_iter) loss = evaluate(), ++evaluations;
      }
      bool const small = v::largest_size(direction) * std::abs(step_) <= o_.tolerance_change || std::abs(loss - previous_loss) < o_.tolerance_change;
      if (iteration >= o_.max_iter || evaluations >= evaluations_allowed || small) break;
    }
    return first_loss;
  }

 private:
  /// A step s and the change y of the gradient along it.
  struct curvature {
    detail::state s, y;
    double reciprocal;  ///< 1 / (y · s)
  };
  options o_;
  std::int64_t iterations_ = 0;
  double step_ = 0, scale_ = 1;  ///< of the last direction; of the inverse Hessian before the history
  detail::state gradient_, previous_, direction_;
  std::vector<curvature> history_;

  /// Adds the last step to the history, if the loss was convex along it.
  template <class T>
  void remember(view<T, 1> gradient, view<T, 1> previous, view<T, 1> direction) {
    using v = detail::vectors<T>;
    curvature c{};
    auto const s = c.s.of<T>(gradient.size()), y = c.y.of<T>(gradient.size());
    v::scale(s, step_, direction);
    v::add(y, gradient, -1, previous);
    double const along = v::dot(y, s);
    if (!(along > 1e-10)) return;
    c.reciprocal = 1 / along;
    scale_ = along / v::dot(y, y);
    while (history_.size() >= static_cast<std::size_t>(o_.history_size)) history_.erase(history_.begin());
    history_.push_back(std::move(c));
  }
  /// direction = -H gradient, by two loops over the history.
  template <class T>
  void choose_direction(view<T, 1> direction, view<T, 1> gradient) {
    using v = detail::vectors<T>;
    std::int64_t const size = gradient.size();
    std::vector<double> alpha(history_.size());
    v::scale(direction, -1, gradient);
    for (std::size_t i = history_.size(); i-- > 0;) {
      auto& c = history_[i];
      alpha[i] = c.reciprocal * v::dot(c.s.of<T>(size), direction);
      v::add(direction, direction, -alpha[i], c.y.of<T>(size));
    }
    v::scale(direction, scale_, direction);
    for (std::size_t i = 0; i < history_.size(); ++i) {
      auto& c = history_[i];
      double const beta = c.reciprocal * v::dot(c.y.of<T>(size), direction);
      v::add(direction, direction, alpha[i] - beta, c.s.of<T>(size));
    }
  }
};

}  // namespace ctgrad::optim
