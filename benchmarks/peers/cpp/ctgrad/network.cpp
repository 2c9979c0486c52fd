// One step of a network 784-H-H-10: relu, cross-entropy, all six gradients.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto H = ct::dim("H"_s);
constexpr auto images = ct::tensor<float>("images"_s, N, 784_c);
constexpr auto labels = ct::tensor<std::int32_t>("labels"_s, N);
constexpr auto W1 = ct::tensor<float>("W1"_s, 784_c, H);
constexpr auto b1 = ct::tensor<float>("b1"_s, H);
constexpr auto W2 = ct::tensor<float>("W2"_s, H, H);
constexpr auto b2 = ct::tensor<float>("b2"_s, H);
constexpr auto W3 = ct::tensor<float>("W3"_s, H, 10_c);
constexpr auto b3 = ct::tensor<float>("b3"_s, 10_c);

constexpr auto first = ct::relu(ct::matmul(images, W1) + b1);
constexpr auto second = ct::relu(ct::matmul(first, W2) + b2);
constexpr auto loss = ct::cross_entropy(ct::matmul(second, W3) + b3, labels);
constexpr auto dW1 = ct::grad(loss, W1);
constexpr auto db1 = ct::grad(loss, b1);
constexpr auto dW2 = ct::grad(loss, W2);
constexpr auto db2 = ct::grad(loss, b2);
constexpr auto dW3 = ct::grad(loss, W3);
constexpr auto db3 = ct::grad(loss, b3);
constexpr auto step = ct::compile(loss, dW1, db1, dW2, db2, dW3, db3);
static_assert(ct::report(step).products == 8);  // three forward, five backward: no product is computed twice

int main(int argc, char** argv) {
  problem::network const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  using matrix = ct::view<float, 2>;
  using input = ct::view<float const, 2>;
  auto const i = in.inputs, h = in.hidden, c = in.classes;
  auto space = step.workspace(N = in.batch, H = h);
  float l = 0;
  problem::floats d1(in.w1.size()), d2(in.w2.size()), d3(in.w3.size()), e1(in.b1.size()), e2(in.b2.size()), e3(in.b3.size());
  return contender::serve(
      "ctgrad",
      [&] {
        step.into(space, images = input(in.x.data(), {in.batch, i}), labels = in.labels, W1 = input(in.w1.data(), {i, h}), b1 = in.b1, W2 = input(in.w2.data(), {h, h}), b2 = in.b2,
                  W3 = input(in.w3.data(), {h, c}), b3 = in.b3, loss = l, dW1 = matrix(d1.data(), {i, h}), db1 = e1, dW2 = matrix(d2.data(), {h, h}), db2 = e2,
                  dW3 = matrix(d3.data(), {h, c}), db3 = e3);
      },
      [&] { return contender::checksum().scalar(l).array(d1).array(e1).array(d2).array(e2).array(d3).array(e3); });
}
