// expect: ctgrad: this expression has more than 2000 operations; write it in a ct::fn, which is traced by value
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::scalar<double>("x"_s);

template <int Depth>
constexpr auto doubled(auto e) {
  if constexpr (Depth == 0) return e;
  else return doubled<Depth - 1>(e * e);
}
#ifdef CTGRAD_FIXED
constexpr auto y = ct::fn([](auto v) {
  for (int i = 0; i < 11; ++i) v = v * v;
  return v;
})(x);
#else
constexpr auto y = doubled<11>(x);
#endif
