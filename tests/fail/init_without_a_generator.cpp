// expect: ctgrad: init::kaiming_uniform takes a generator first: ct::generator g(42); ct::init::kaiming_uniform<float>(g, {128, 64})
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/init.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

#ifdef CTGRAD_FIXED
auto f(ct::generator& g) { return ct::init::kaiming_uniform<float>(g, {128, 64}); }
#else
auto f() { return ct::init::kaiming_uniform<float>({128, 64}); }  // here
#endif
