// The step of examples/digits.cpp: a 64-128-10 network, cross-entropy, the gradients by its four parameters.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto images = ct::tensor<float>("images"_s, N, 64_c);
constexpr auto labels = ct::tensor<std::int64_t>("labels"_s, N);
constexpr auto W1 = ct::tensor<float>("W1"_s, 64_c, 128_c);
constexpr auto b1 = ct::tensor<float>("b1"_s, 128_c);
constexpr auto W2 = ct::tensor<float>("W2"_s, 128_c, 10_c);
constexpr auto b2 = ct::tensor<float>("b2"_s, 10_c);

constexpr auto hidden = ct::relu(ct::matmul(images, W1) + b1);
constexpr auto loss = ct::cross_entropy(ct::matmul(hidden, W2) + b2, labels);
constexpr auto step = ct::compile(loss, ct::grad(loss, W1, b1, W2, b2));

float run(ct::view<float const, 2> x, ct::view<std::int64_t const, 1> y, ct::view<float const, 2> w1, ct::view<float const, 1> v1, ct::view<float const, 2> w2, ct::view<float const, 1> v2) {
  return step(images = x, labels = y, W1 = w1, b1 = v1, W2 = w2, b2 = v2)[loss];
}
