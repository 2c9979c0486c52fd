// Attention (Vaswani et al. 2017), the mean square of its result, the gradients by queries, keys and values: one program for all heads.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto H = ct::dim("H"_s);
constexpr auto N = ct::dim("N"_s);
constexpr auto D = ct::dim("D"_s);
constexpr auto Q = ct::tensor<float>("Q"_s, H, N, D);
constexpr auto K = ct::tensor<float>("K"_s, H, N, D);
constexpr auto V = ct::tensor<float>("V"_s, H, N, D);
constexpr auto scale = ct::scalar<float>("scale"_s);
constexpr auto weights = ct::softmax(ct::matmul(Q, ct::transpose(K)) * scale);
constexpr auto out = ct::matmul(weights, V);
constexpr auto loss = ct::sum(ct::mean(out * out, 1_c, 2_c));  // of all heads
constexpr auto dQ = ct::grad(loss, Q);
constexpr auto dK = ct::grad(loss, K);
constexpr auto dV = ct::grad(loss, V);
constexpr auto step = ct::compile(loss, dQ, dK, dV);
static_assert(ct::report(step).products == 6 && ct::report(step).nests == 3 && ct::report(step).groups == 1);  // two products forward, four backward

int main(int argc, char** argv) {
  problem::attention const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2), contender::size(argc, argv, 3)};
  auto space = step.workspace(H = in.heads, N = in.rows, D = in.columns);
  float const s = 1 / std::sqrt(static_cast<float>(in.columns));
  float total = 0;
  problem::floats dq(in.q.size()), dk(in.q.size()), dv(in.q.size());
  auto of = [&](auto const& x) { return ct::view<float const, 3>(x.data(), {in.heads, in.rows, in.columns}); };
  auto to = [&](auto& x) { return ct::view<float, 3>(x.data(), {in.heads, in.rows, in.columns}); };
  return contender::serve(
      "ctgrad", [&] { step.into(space, Q = of(in.q), K = of(in.k), V = of(in.v), scale = s, loss = total, dQ = to(dq), dK = to(dk), dV = to(dv)); },
      [&] { return contender::checksum().scalar(total).array(dq).array(dk).array(dv); });
}
