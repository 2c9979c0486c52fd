// Logistic regression of two features by name, into memory of the caller: the program of run/logistic_regression.cpp.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto x1 = ct::tensor<float>("x1"_s, N);
constexpr auto x2 = ct::tensor<float>("x2"_s, N);
constexpr auto y = ct::tensor<float>("y"_s, N);
constexpr auto w1 = ct::scalar<float>("w1"_s);
constexpr auto w2 = ct::scalar<float>("w2"_s);
constexpr auto b = ct::scalar<float>("b"_s);

constexpr auto p = ct::sigmoid(w1 * x1 + w2 * x2 + b);
constexpr auto loss = -ct::mean(y * ct::log(p) + (1_c - y) * ct::log(1_c - p));
constexpr auto dw1 = ct::grad(loss, w1);
constexpr auto dw2 = ct::grad(loss, w2);
constexpr auto db = ct::grad(loss, b);
constexpr auto step = ct::compile(loss, dw1, dw2, db);

void run(ct::workspace_memory& space, ct::view<float const, 1> v1, ct::view<float const, 1> v2, ct::view<float const, 1> labels, float* out) {
  step.into(space, x1 = v1, x2 = v2, y = labels, w1 = 0.5f, w2 = 0.25f, b = 0.5f, loss = out[0], dw1 = out[1], dw2 = out[2], db = out[3]);
}
