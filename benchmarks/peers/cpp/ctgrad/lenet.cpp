// One step of LeNet-5 (LeCun, Bottou, Bengio, Haffner 1998), with rectifiers and the largest of windows: cross-entropy, all ten gradients.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <ctgrad/ctgrad.hpp>
#include <ctgrad/nn.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto x = ct::tensor<float>("x"_s, N, 1_c, 28_c, 28_c);
constexpr auto labels = ct::tensor<std::int32_t>("labels"_s, N);
constexpr auto k1 = ct::tensor<float>("k1"_s, 6_c, 1_c, 5_c, 5_c);
constexpr auto c1 = ct::tensor<float>("c1"_s, 6_c);
constexpr auto k2 = ct::tensor<float>("k2"_s, 16_c, 6_c, 5_c, 5_c);
constexpr auto c2 = ct::tensor<float>("c2"_s, 16_c);
constexpr auto w3 = ct::tensor<float>("w3"_s, 120_c, 400_c);
constexpr auto b3 = ct::tensor<float>("b3"_s, 120_c);
constexpr auto w4 = ct::tensor<float>("w4"_s, 84_c, 120_c);
constexpr auto b4 = ct::tensor<float>("b4"_s, 84_c);
constexpr auto w5 = ct::tensor<float>("w5"_s, 10_c, 84_c);
constexpr auto b5 = ct::tensor<float>("b5"_s, 10_c);

constexpr auto first = ct::max_pool2d(ct::relu(ct::conv2d(x, k1, c1, ct::padding<2>)), 2_c);
constexpr auto second = ct::flatten(ct::max_pool2d(ct::relu(ct::conv2d(first, k2, c2)), 2_c), 1_c);
constexpr auto third = ct::relu(ct::linear(ct::relu(ct::linear(second, w3, b3)), w4, b4));
constexpr auto loss = ct::cross_entropy(ct::linear(third, w5, b5), labels);
constexpr auto step = ct::compile(loss, ct::grad(loss, k1, c1, k2, c2, w3, b3, w4, b4, w5, b5));
static_assert(ct::report(step).products == 14);  // five forward, nine backward: none by the images

int main(int argc, char** argv) {
  problem::lenet const in{contender::size(argc, argv, 1)};
  auto image = [&](auto const& a, std::array<std::int64_t, 4> shape) { return ct::view<float const, 4>(a.data(), shape); };
  auto matrix = [&](auto const& a, std::array<std::int64_t, 2> shape) { return ct::view<float const, 2>(a.data(), shape); };
  auto call = [&] {
    return step(x = image(in.x, {in.batch, 1, 28, 28}), labels = in.labels, k1 = image(in.k1, {6, 1, 5, 5}), c1 = in.c1, k2 = image(in.k2, {16, 6, 5, 5}), c2 = in.c2, w3 = matrix(in.w3, {120, 400}),
                b3 = in.b3, w4 = matrix(in.w4, {84, 120}), b4 = in.b4, w5 = matrix(in.w5, {10, 84}), b5 = in.b5);
  };
  auto results = call();
  return contender::serve(
      "ctgrad", [&] { results = call(); },
      [&] {
        contender::checksum sum;
        std::apply([&](float l, auto const&... gradients) { sum.scalar(l), (sum.array(gradients), ...); }, results.values);
        return sum;
      });
}
