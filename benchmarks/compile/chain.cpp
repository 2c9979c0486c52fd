// A chain of about NODES nodes, traced by ct::fn: h + 0.5 tanh(h w + x), the sum of it and its gradients by two vectors, about 14 nodes a step.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>

#ifndef NODES
#define NODES 100
#endif

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto x = ct::tensor<float>("x"_s, N);
constexpr auto w = ct::tensor<float>("w"_s, N);
constexpr auto chain = ct::fn([](auto x, auto w) {
  auto h = x;
  for (int i = 0; i < (NODES + 7) / 14; ++i) h = h + 0.5 * ct::tanh(h * w + x);
  return h;
});
constexpr auto loss = ct::sum(chain(x, w));
constexpr auto dx = ct::grad(loss, x);
constexpr auto dw = ct::grad(loss, w);
constexpr auto step = ct::compile(loss, dx, dw);

void run(ct::workspace_memory& space, ct::view<float const, 1> values, ct::view<float const, 1> weights, float& l, ct::view<float, 1> gx, ct::view<float, 1> gw) {
  step.into(space, x = values, w = weights, loss = l, dx = gx, dw = gw);
}
