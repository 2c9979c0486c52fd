// expect: ctgrad: axis 0 of parameter w has extent H, which has to be known to make it; give it data, as ct::parameters(w = ...)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/generator.hpp>
#include <ctgrad/parameters.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

#ifdef CTGRAD_FIXED
constexpr auto w = ct::parameter<float>("w"_s, 4_c);
#else
constexpr auto w = ct::parameter<float>("w"_s, ct::dim("H"_s));
#endif
void make() { static_cast<void>(ct::parameters(ct::sum(w * w), ct::generator(1))); }
