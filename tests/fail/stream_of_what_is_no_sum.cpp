// expect: ctgrad: stream over N: the value is no sum of what each row gives: `max` mixes rows
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/stream.hpp>
#include <ctgrad/stream.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto x = ct::tensor<float>("x"_s, N);
constexpr auto w = ct::scalar<float>("w"_s);
#ifdef CTGRAD_FIXED
constexpr auto loss = ct::mean(ct::exp(w * x));
#else
constexpr auto loss = ct::mean(ct::exp(w * x - ct::max(w * x)));
#endif
constexpr auto backward = ct::backward(loss, w);

float call(ct::array<float, 1> const& a) {
  auto p = ct::parameters(w = 1.0f);
  return ct::stream(backward, p, N = 100, x = a);
}
