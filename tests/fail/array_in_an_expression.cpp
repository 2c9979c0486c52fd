// expect: ctgrad: an array in an expression of symbols: name a tensor, as ct::tensor<float>(
// expect: "_s, N), and bind the array in the call, X = array
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::vector<float>("x"_s);

auto sum(ct::array<float, 1> const& a) {
#ifdef CTGRAD_FIXED
  constexpr auto total = x + ct::vector<float>("a"_s);
  return ct::compile(total)(x = a, ct::vector<float>("a"_s) = a)[total];
#else
  return x + a;
#endif
}
