// expect: ctgrad: npy::load is told the elements and the number of axes: ct::npy::load<float, 2>("images.npy")
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/npy.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

#ifdef CTGRAD_FIXED
auto f() { return ct::npy::load<float, 2>("images.npy"); }
#else
auto f() { return ct::npy::load("images.npy"); }  // here
#endif
