// expect: ctgrad: step takes the parameters that it updates: adam.step(params)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/optim.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

using parameters = decltype(ct::parameters(ct::scalar<float>("b"_s) = 0.0f));

#ifdef CTGRAD_FIXED
void f(parameters& p, ct::optim::adam& adam) { adam.step(p); }
#else
void f(parameters&, ct::optim::adam& adam) { adam.step(); }  // here
#endif
