// Convolutions and pools as loops and products, and the gradients of a small network of them, against loops over every window.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE convolution
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/nn.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using ct::test::filled, ct::test::near;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto H = ct::dim("H"_s);
constexpr auto W = ct::dim("W"_s);

/// conv2d by its definition: of any strides, padding and dilation, one group.
template <class X, class K>
std::vector<double> convolved(X const& x, K const& k, int stride, int padding, int dilation) {
  auto const [n, c, h, w] = x.shape();
  auto const [o, in, kh, kw] = k.shape();
  static_cast<void>(in);
  std::vector<double> result;
  for (std::int64_t image = 0; image < n; ++image)
    for (std::int64_t out = 0; out < o; ++out)
      for (std::int64_t i = 0; i * stride + dilation * (kh - 1) < h + 2 * padding; ++i)
        for (std::int64_t j = 0; j * stride + dilation * (kw - 1) < w + 2 * padding; ++j) {
          double sum = 0;
          for (std::int64_t channel = 0; channel < c; ++channel)
            for (std::int64_t a = 0; a < kh; ++a)
              for (std::int64_t b = 0; b < kw; ++b) {
                std::int64_t const row = i * stride + a * dilation - padding, column = j * stride + b * dilation - padding;
                if (row >= 0 && row < h && column >= 0 && column < w) sum += static_cast<double>(x(image, channel, row, column)) * k(out, channel, a, b);
              }
          result.push_back(sum);
        }
  return result;
}

}  // namespace

BOOST_AUTO_TEST_CASE(images_of_any_size) {
  constexpr auto x = ct::tensor<float>("x"_s, N, 3_c, H, W);
  constexpr auto k = ct::tensor<float>("k"_s, 5_c, 3_c, 3_c, 2_c);
  constexpr auto plain = ct::conv2d(x, k);
  constexpr auto wide = ct::conv2d(x, k, ct::padding<2>, ct::dilation<2, 1>);
  constexpr auto p = ct::compile(plain, wide);
  static_assert(ct::report(p).products == 2);
  auto const k0 = filled<float>(2, 5, 3, 3, 2);
  for (auto [n, h, w] : {std::array{2, 5, 6}, {1, 3, 2}, {0, 4, 4}, {3, 17, 9}, {4, 33, 40}}) {
    auto const x0 = filled<float>(1, n, 3, h, w);
    auto const r = p(x = x0, k = k0);
    BOOST_TEST((r[plain].shape() == std::array<std::int64_t, 4>{n, 5, h - 2, w - 1}));
    BOOST_TEST(near(r[plain], convolved(x0, k0, 1, 0, 1), 2e-5));
  }
  BOOST_CHECK_THROW(p(x = filled<float>(1, 1, 3, 1, 5), k = k0), ct::shape_error);  // smaller than the window
}

BOOST_AUTO_TEST_CASE(strides_and_padding) {
  constexpr auto x = ct::tensor<double>("x"_s, N, 2_c, 9_c, 8_c);
  constexpr auto k = ct::tensor<double>("k"_s, 3_c, 2_c, 3_c, 3_c);
  constexpr auto coarse = ct::conv2d(x, k, ct::stride<2>, ct::padding<1>);
  constexpr auto far = ct::conv2d(x, k, ct::stride<3>, ct::padding<2>, ct::dilation<2>);
  constexpr auto largest = ct::max_pool2d(x, 2_c);
  constexpr auto mean = ct::avg_pool2d(x, 3_c, ct::stride<1>);
  static_assert(ct::report(ct::compile(largest)).nests == 1 && ct::report(ct::compile(largest)).temporaries == 0);
  auto const x0 = filled<double>(1, 4, 2, 9, 8), k0 = filled<double>(2, 3, 2, 3, 3);
  auto const r = ct::compile(coarse, far, largest, mean)(x = x0, k = k0);
  BOOST_TEST(near(r[coarse], convolved(x0, k0, 2, 1, 1), 1e-13));
  BOOST_TEST(near(r[far], convolved(x0, k0, 3, 2, 2), 1e-13));
  for (int n = 0; n < 4; ++n)
    for (int c = 0; c < 2; ++c) {
      for (int i = 0; i < 4; ++i)
        for (int j = 0; j < 4; ++j)
          BOOST_TEST(r[largest](n, c, i, j) == std::max({x0(n, c, 2 * i, 2 * j), x0(n, c, 2 * i, 2 * j + 1), x0(n, c, 2 * i + 1, 2 * j), x0(n, c, 2 * i + 1, 2 * j + 1)}));
      for (int i = 0; i < 7; ++i)
        for (int j = 0; j < 6; ++j) {
          double sum = 0;
          for (int a = 0; a < 9; ++a) sum += x0(n, c, i + a / 3, j + a % 3);
          BOOST_TEST(near(r[mean](n, c, i, j), sum / 9, 1e-13));
        }
    }
}

// A network of both, and the gradients of its weights, by differences of its definition.
BOOST_AUTO_TEST_CASE(gradients_of_a_small_network) {
  constexpr auto x = ct::tensor<double>("x"_s, N, 1_c, 8_c, 8_c);
  constexpr auto k1 = ct::tensor<double>("k1"_s, 2_c, 1_c, 3_c, 3_c);
  constexpr auto b1 = ct::tensor<double>("b1"_s, 2_c);
  constexpr auto k2 = ct::tensor<double>("k2"_s, 3_c, 2_c, 2_c, 2_c);
  constexpr auto h = ct::max_pool2d(ct::tanh(ct::conv2d(x, k1, b1)), 2_c);
  constexpr auto out = ct::flatten(ct::conv2d(h, k2), 1_c);
  constexpr auto loss = ct::mean(out * out);
  constexpr auto step = ct::compile(loss, ct::grad(loss, k1, b1, k2));
  auto const x0 = filled<double>(1, 3, 1, 8, 8);
  auto k10 = filled<double>(2, 2, 1, 3, 3), k20 = filled<double>(4, 3, 2, 2, 2);
  auto b10 = filled<double>(3, 2);
  auto const value = [&] {
    auto first = convolved(x0, k10, 1, 0, 1);
    ct::array<double, 4> pooled = ct::zeros<double>(3, 2, 3, 3);
    for (int n = 0; n < 3; ++n)
      for (int o = 0; o < 2; ++o)
        for (int i = 0; i < 3; ++i)
          for (int j = 0; j < 3; ++j) {
            double most = -1;
            for (int a = 0; a < 4; ++a) most = std::max(most, std::tanh(first[static_cast<std::size_t>(((n * 2 + o) * 6 + 2 * i + a / 2) * 6 + 2 * j + a % 2)] + b10(o)));
            pooled(n, o, i, j) = most;
          }
    auto const second = convolved(pooled, k20, 1, 0, 1);
    double sum = 0;
    for (double y : second) sum += y * y;
    return sum / static_cast<double>(second.size());
  };
  auto const [l, dk1, db1, dk2] = step(x = x0, k1 = k10, b1 = b10, k2 = k20);
  BOOST_TEST(near(l, value(), 1e-13));
  auto const slope = [&](double& place) {
    double const before = place;
    place = before + 1e-5;
    double const high = value();
    place = before - 1e-5;
    double const low = value();
    place = before;
    return (high - low) / 2e-5;
  };
  for (std::int64_t i = 0; i < k10.size(); ++i) BOOST_TEST(near(dk1.data()[i], slope(k10.data()[i]), 1e-8));
  for (std::int64_t i = 0; i < b10.size(); ++i) BOOST_TEST(near(db1.data()[i], slope(b10.data()[i]), 1e-8));
  for (std::int64_t i = 0; i < k20.size(); ++i) BOOST_TEST(near(dk2.data()[i], slope(k20.data()[i]), 1e-8));
}
