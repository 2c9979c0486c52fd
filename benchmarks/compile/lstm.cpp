// An LSTM cell (Hochreiter and Schmidhuber 1997, with a forget gate) unrolled STEPS times, the mean square of its last state, and the gradients by its three parameters.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>

#ifndef STEPS
#define STEPS 20
#endif

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto x = ct::tensor<float>("x"_s, ct::constant<false, STEPS>{}, N, 16_c);
constexpr auto h0 = ct::tensor<float>("h0"_s, N, 32_c);
constexpr auto c0 = ct::tensor<float>("c0"_s, N, 32_c);
constexpr auto Wx = ct::tensor<float>("Wx"_s, 16_c, 128_c);
constexpr auto Wh = ct::tensor<float>("Wh"_s, 32_c, 128_c);
constexpr auto b = ct::tensor<float>("b"_s, 128_c);

constexpr auto lstm = ct::fn([](auto x, auto h, auto c, auto wx, auto wh, auto b) {
  auto cell = [&](auto at) {
    auto const gates = ct::chunk(ct::matmul(ct::select(x, 0_c, at), wx) + ct::matmul(h, wh) + b, 4_c, -1_c);
    c = ct::sigmoid(boost::hana::at_c<1>(gates)) * c + ct::sigmoid(boost::hana::at_c<0>(gates)) * ct::tanh(boost::hana::at_c<2>(gates));
    h = ct::sigmoid(boost::hana::at_c<3>(gates)) * ct::tanh(c);
  };
  [&]<std::int64_t... Step>(std::integer_sequence<std::int64_t, Step...>) { (cell(ct::constant<false, Step>{}), ...); }(std::make_integer_sequence<std::int64_t, STEPS>{});
  return h;
});
constexpr auto h = lstm(x, h0, c0, Wx, Wh, b);
constexpr auto loss = ct::mean(h * h);
constexpr auto step = ct::compile(loss, ct::grad(loss, Wx, Wh, b));

float run(ct::view<float const, 3> in, ct::view<float const, 2> state, ct::view<float const, 2> cell, ct::view<float const, 2> wx, ct::view<float const, 2> wh, ct::view<float const, 1> bias) {
  return step(x = in, h0 = state, c0 = cell, Wx = wx, Wh = wh, b = bias)[loss];
}
