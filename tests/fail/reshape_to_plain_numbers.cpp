// expect: ctgrad: reshape takes extents that are constants, as 28_c, or have names, as N
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/shapes.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
constexpr auto e = ct::reshape(w, 28_c, 28_c);
#else
constexpr auto e = ct::reshape(w, 28, 28);  // here
#endif
