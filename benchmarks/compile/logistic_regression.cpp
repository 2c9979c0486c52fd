// The program of the README: logistic regression, its gradient, one call.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 2_c);
constexpr auto y = ct::tensor<float>("y"_s, N);
constexpr auto w = ct::tensor<float>("w"_s, 2_c);
constexpr auto b = ct::scalar<float>("b"_s);

constexpr auto p = ct::sigmoid(ct::matmul(X, w) + b);
constexpr auto loss = -ct::mean(y * ct::log(p) + (1_c - y) * ct::log(1_c - p));
constexpr auto step = ct::compile(loss, ct::grad(loss, w, b));

float run(ct::array<float, 2> const& images, ct::array<float, 1> const& labels, ct::array<float, 1> const& weights, ct::array<float, 1>& gradient) {
  auto const [l, dw, db] = step(X = images, y = labels, w = weights, b = 0.5f);
  gradient = dw;
  return l + db;
}
