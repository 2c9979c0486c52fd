// A variational autoencoder of handwritten digits, which draws the noise that PyTorch drew.
// It begins with parameters of PyTorch's, and has its losses at every step (tests/golden/curves.py). Source: Kingma and Welling, Auto-encoding variational Bayes (2014).
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/nn.hpp>
#include <ctgrad/npy.hpp>
#include <ctgrad/safetensors.hpp>

#include "curve.hpp"

namespace ct = ctgrad;
namespace nn = ct::nn;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto images = ct::tensor<float>("images"_s, N, 64_c);
constexpr auto noise = ct::tensor<float>("noise"_s, N, 4_c);

constexpr auto x = images / 16_c;
constexpr auto h = ct::tanh(nn::linear(x, "encoder.0"_s, 64_c, 32_c));
constexpr auto mean = nn::linear(h, "mean"_s, 32_c, 4_c);
constexpr auto log_variance = nn::linear(h, "log_variance"_s, 32_c, 4_c);
constexpr auto logits = nn::mlp(mean + ct::exp(0.5_c * log_variance) * noise, "decoder"_s, ct::tanh, 4_c, 32_c, 64_c);
constexpr auto reconstruction = ct::sum(ct::softplus(logits) - x * logits, 1_c);
constexpr auto divergence = 0.5_c * ct::sum(mean * mean + ct::exp(log_variance) - 1_c - log_variance, 1_c);
constexpr auto loss = ct::mean(reconstruction + divergence);
constexpr auto backward = ct::backward(loss);

int main() {
  auto const file = ct::safetensors::map(CTGRAD_EXAMPLES "/data/autoencoder.safetensors");
  auto const digits = ct::npy::map<float, 2>(CTGRAD_EXAMPLES "/data/digits_images.npy");
  auto const draws = file.view<float, 3>("noise");
  auto params = ct::parameters(loss, ct::generator(1));
  ct::safetensors::load(file.name(), params);
  auto adam = ct::optim::adam({.learning_rate = 1e-2});
  return compare_losses(file.view<float, 1>("losses"), [&](std::int64_t step) {
    params.zero_grad();
    float const l = backward(params, images = digits.view().slice(0, 0, 96), noise = draws[step]);
    adam.step(params);
    return l;
  });
}
