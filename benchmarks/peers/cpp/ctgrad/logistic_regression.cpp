// Loss and three gradients of a logistic regression of two features.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

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
static_assert(ct::report(step).nests == 1 && ct::report(step).temporaries == 0);

int main(int argc, char** argv) {
  problem::logistic_regression const in(contender::size(argc, argv, 1));
  auto space = step.workspace(N = in.n);
  float l = 0, g1 = 0, g2 = 0, g0 = 0;
  return contender::serve(
      "ctgrad", [&] { step.into(space, x1 = in.x1, x2 = in.x2, y = in.y, w1 = in.w1, w2 = in.w2, b = in.b, loss = l, dw1 = g1, dw2 = g2, db = g0); },
      [&] { return contender::checksum().scalar(l).scalar(g1).scalar(g2).scalar(g0); });
}
