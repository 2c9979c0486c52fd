// expect: ctgrad: this expression has no parameters; ct::parameter and the layers of ct::nn declare some
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/generator.hpp>
#include <ctgrad/parameters.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

#ifdef CTGRAD_FIXED
constexpr auto w = ct::parameter<float>("w"_s, 4_c);
#else
constexpr auto w = ct::tensor<float>("w"_s, 4_c);
#endif
void make() { static_cast<void>(ct::parameters(ct::sum(w * w), ct::generator(1))); }
