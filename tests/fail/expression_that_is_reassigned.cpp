// expect: ctgrad: an expression does not change: give the next one a name of its own, or write the loop in a ct::fn, where values do
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto w = ct::tensor<float>("w"_s, 784_c);

auto f() {
  auto e = -w;
#ifdef CTGRAD_FIXED
  auto next = e + w;
  return next;
#else
  e = e + w;  // here
  return e;
#endif
}
