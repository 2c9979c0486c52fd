// Attention (Vaswani et al. 2017), the mean square of its result, the gradients by queries, keys and values: one program, called for each head.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto D = ct::dim("D"_s);
constexpr auto Q = ct::tensor<float>("Q"_s, N, D);
constexpr auto K = ct::tensor<float>("K"_s, N, D);
constexpr auto V = ct::tensor<float>("V"_s, N, D);
constexpr auto scale = ct::scalar<float>("scale"_s);
constexpr auto weights = ct::softmax(ct::matmul(Q, ct::transpose(K)) * scale);
constexpr auto out = ct::matmul(weights, V);
constexpr auto loss = ct::mean(out * out);
constexpr auto dQ = ct::grad(loss, Q);
constexpr auto dK = ct::grad(loss, K);
constexpr auto dV = ct::grad(loss, V);
constexpr auto step = ct::compile(loss, dQ, dK, dV);
static_assert(ct::report(step).products == 6 && ct::report(step).nests == 4);  // two products forward, four backward

int main(int argc, char** argv) {
  problem::attention const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2), contender::size(argc, argv, 3)};
  using matrix = ct::view<float, 2>;
  using input = ct::view<float const, 2>;
  std::int64_t const head = in.rows * in.columns;
  auto space = step.workspace(N = in.rows, D = in.columns);
  float const s = 1 / std::sqrt(static_cast<float>(in.columns));
  float total = 0;
  problem::floats dq(in.q.size()), dk(in.q.size()), dv(in.q.size());
  return contender::serve(
      "ctgrad",
      [&] {
        total = 0;
        for (std::int64_t h = 0; h < in.heads; ++h) {
          auto of = [&](auto const& x) { return input(x.data() + h * head, {in.rows, in.columns}); };
          auto to = [&](auto& x) { return matrix(x.data() + h * head, {in.rows, in.columns}); };
          float l = 0;
          step.into(space, Q = of(in.q), K = of(in.k), V = of(in.v), scale = s, loss = l, dQ = to(dq), dK = to(dk), dV = to(dv));
          total += l;
        }
      },
      [&] { return contender::checksum().scalar(total).array(dq).array(dk).array(dv); });
}
