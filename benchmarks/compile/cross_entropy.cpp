// Softmax cross-entropy of logits, and its gradient.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto C = ct::dim("C"_s);
constexpr auto x = ct::tensor<float>("x"_s, N, C);
constexpr auto labels = ct::tensor<std::int64_t>("labels"_s, N);
constexpr auto loss = ct::cross_entropy(x, labels);
constexpr auto dx = ct::grad(loss, x);
constexpr auto step = ct::compile(loss, dx);

void run(ct::workspace_memory& space, ct::view<float const, 2> logits, ct::view<std::int64_t const, 1> classes, float& l, ct::view<float, 2> g) {
  step.into(space, x = logits, labels = classes, loss = l, dx = g);
}
