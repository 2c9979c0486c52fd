// LeNet-5 of LeCun, Bottou, Bengio, Haffner (Gradient-based learning applied to document recognition, 1998), on images of 8 x 8, learns digits.
// It begins with parameters of PyTorch's, and has its losses at every step (tests/golden/curves.py).
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
constexpr auto labels = ct::tensor<std::int64_t>("labels"_s, N);

constexpr auto x = ct::reshape(images / 16_c, N, 1_c, 8_c, 8_c);
constexpr auto c1 = ct::avg_pool2d(ct::tanh(nn::conv2d(x, "c1"_s, 1_c, 6_c, 5_c, ct::padding<2>)), 2_c);
constexpr auto c3 = ct::avg_pool2d(ct::tanh(nn::conv2d(c1, "c3"_s, 6_c, 16_c, 5_c, ct::padding<2>)), 2_c);
constexpr auto loss = ct::cross_entropy(nn::mlp(ct::flatten(c3, 1_c), "f"_s, ct::tanh, 64_c, 120_c, 84_c, 10_c), labels);
constexpr auto backward = ct::backward(loss);

int main() {
  auto const file = ct::safetensors::map(CTGRAD_EXAMPLES "/data/lenet.safetensors");
  auto const digits = ct::npy::map<float, 2>(CTGRAD_EXAMPLES "/data/digits_images.npy");
  auto const named = ct::npy::map<std::int64_t, 1>(CTGRAD_EXAMPLES "/data/digits_labels.npy");
  auto params = ct::parameters(loss, ct::generator(1));
  ct::safetensors::load(file.name(), params);
  auto adam = ct::optim::adam({.learning_rate = 1e-3});
  return compare_losses(file.view<float, 1>("losses"), [&](std::int64_t) {
    params.zero_grad();
    float const l = backward(params, images = digits.view().slice(0, 0, 128), labels = named.view().slice(0, 0, 128));
    adam.step(params);
    return l;
  });
}
