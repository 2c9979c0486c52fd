// Mean cross-entropy of the softmax of rows, and its gradient by the logits.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto C = ct::dim("C"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, C);
constexpr auto labels = ct::tensor<std::int32_t>("labels"_s, N);
constexpr auto loss = ct::cross_entropy(X, labels);
constexpr auto dX = ct::grad(loss, X);
constexpr auto step = ct::compile(loss, dX);
static_assert(ct::report(step).nests == 1 && ct::report(step).temporaries == 0);

int main(int argc, char** argv) {
  problem::cross_entropy const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  auto space = step.workspace(N = in.rows, C = in.columns);
  float l = 0;
  problem::floats d(in.x.size());
  ct::view<float const, 2> const x(in.x.data(), {in.rows, in.columns});
  ct::view<float, 2> const dx(d.data(), {in.rows, in.columns});
  return contender::serve("ctgrad", [&] { step.into(space, X = x, labels = in.labels, loss = l, dX = dx); }, [&] { return contender::checksum().scalar(l).array(d); });
}
