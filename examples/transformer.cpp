// A transformer of two layers learns to count: sequences of words that go on by a stride of their own.
// It begins with parameters of PyTorch's, and has its losses at every step (tests/golden/curves.py).
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/nn.hpp>
#include <ctgrad/safetensors.hpp>

#include "curve.hpp"

namespace ct = ctgrad;
namespace nn = ct::nn;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto tokens = ct::tensor<std::int64_t>("tokens"_s, N, 10_c);
constexpr auto following = ct::tensor<std::int64_t>("following"_s, N, 10_c);

constexpr auto x = nn::embedding(tokens, "words"_s, 12_c, 16_c) + ct::parameter<float>("places"_s, ct::initial::normal{}, 10_c, 16_c);
constexpr auto h0 = nn::transformer_block(x, "block0"_s, 4_c, 16_c, 32_c, nn::causal);
constexpr auto h1 = nn::transformer_block(h0, "block1"_s, 4_c, 16_c, 32_c, nn::causal);
constexpr auto loss = ct::cross_entropy(nn::linear(h1, "head"_s, 16_c, 12_c), following);
constexpr auto backward = ct::backward(loss);

int main() {
  auto const file = ct::safetensors::map(CTGRAD_EXAMPLES "/data/transformer.safetensors");
  auto const words = file.view<std::int64_t, 2>("tokens"), next = file.view<std::int64_t, 2>("following");
  auto params = ct::parameters(loss, ct::generator(1));
  ct::safetensors::load(file.name(), params);
  auto adam = ct::optim::adam({.learning_rate = 3e-3});
  return compare_losses(file.view<float, 1>("losses"), [&](std::int64_t) {
    params.zero_grad();
    float const l = backward(params, tokens = words, following = next);
    adam.step(params);
    return l;
  });
}
