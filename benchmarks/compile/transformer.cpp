// A transformer of LAYERS blocks between an embedding and a head, cross-entropy, and the gradients by all of its parameters.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/nn.hpp>

#ifndef LAYERS
#define LAYERS 12
#endif

namespace ct = ctgrad;
namespace nn = ct::nn;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto tokens = ct::tensor<int>("tokens"_s, N, 32_c);
constexpr auto following = ct::tensor<int>("following"_s, N, 32_c);

template <int Layer>
constexpr auto block(auto h) {
  if constexpr (Layer == LAYERS) return h;
  else return block<Layer + 1>(nn::transformer_block(h, boost::hana::string_c<'b', 'a' + Layer>, 4_c, 64_c, 256_c, nn::causal));
}
constexpr auto h = block<0>(nn::embedding(tokens, "words"_s, 100_c, 64_c));
constexpr auto loss = ct::cross_entropy(nn::linear(h, "head"_s, 64_c, 100_c), following);
constexpr auto backward = ct::backward(loss);

float run(decltype(ct::parameters(loss, ct::generator(1)))& parameters, ct::view<int const, 2> in, ct::view<int const, 2> out) { return backward(parameters, tokens = in, following = out); }
