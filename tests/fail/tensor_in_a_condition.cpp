// expect: ctgrad: what a tensor holds is not known while compiling: for `if` and `?:` write ct::where(condition, a, b)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
constexpr auto e = ct::where(w > 0_c, w, -w);
#else
auto f() { return w > 0_c ? w : w; }  // here
#endif
