// A residual network of 12 blocks h + relu(h W), its mean square, and the gradients by the 12 matrices.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto x = ct::tensor<float>("x"_s, N, 64_c);
template <int Block>
constexpr auto W = ct::tensor<float>(boost::hana::string_c<'W', 'a' + Block>, 64_c, 64_c);

constexpr auto blocks = ct::fn([](auto h, auto... w) {
  ((h = h + ct::relu(ct::matmul(h, w))), ...);
  return h;
});

template <int... Block>
void run_blocks(std::integer_sequence<int, Block...>, ct::workspace_memory& space, ct::view<float const, 2> in, ct::view<float const, 2> const* weights, float& l, ct::view<float, 2>* gradients) {
  constexpr auto out = blocks(x, W<Block>...);
  constexpr auto loss = ct::mean(out * out);
  ct::compile(loss, ct::grad(loss, W<Block>)...).into(space, x = in, (W<Block> = weights[Block])..., loss = l, (ct::grad(loss, W<Block>) = gradients[Block])...);
}
void run(ct::workspace_memory& space, ct::view<float const, 2> in, ct::view<float const, 2> const* weights, float& l, ct::view<float, 2>* gradients) {
  run_blocks(std::make_integer_sequence<int, 12>{}, space, in, weights, l, gradients);
}
