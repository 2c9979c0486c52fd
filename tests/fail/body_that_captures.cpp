// expect: ctgrad: the body of a ct::fn captures nothing; pass what it needs as an argument
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::scalar<float>("x"_s);

auto scaled(int times) {
#ifdef CTGRAD_FIXED
  static_cast<void>(times);
  return ct::fn([](auto v) { return v + v; })(x);
#else
  return ct::fn([times](auto v) { return v * times; })(x);
#endif
}
