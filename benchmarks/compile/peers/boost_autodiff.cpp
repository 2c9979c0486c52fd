// By Boost.Math's dual numbers, sample for sample.
//
// SPDX-License-Identifier: BSL-1.0
#include <boost/math/differentiation/autodiff.hpp>

#include "problem.hpp"

void run(float const* x1, float const* x2, float const* y, std::ptrdiff_t n, float value1, float value2, float value, float* out) {
  using namespace boost::math::differentiation;
  auto const [w1, w2, b] = make_ftuple<float, 1, 1, 1>(value1, value2, value);
  std::remove_const_t<decltype(w1 * w2 * b)> loss = 0;
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    auto const p = 1.0f / (1.0f + exp(-(w1 * x1[i] + w2 * x2[i] + b)));
    loss -= y[i] * log(p) + (1.0f - y[i]) * log(1.0f - p);
  }
  loss /= static_cast<float>(n);
  out[0] = static_cast<float>(loss.derivative(0, 0, 0));
  out[1] = static_cast<float>(loss.derivative(1, 0, 0)), out[2] = static_cast<float>(loss.derivative(0, 1, 0)), out[3] = static_cast<float>(loss.derivative(0, 0, 1));
}
