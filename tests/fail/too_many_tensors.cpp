// expect: ctgrad: this function takes 2 tensors, and is given 3
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
constexpr auto e = ct::dot(w, w);
#else
constexpr auto e = ct::dot(w, w, w);  // here
#endif
