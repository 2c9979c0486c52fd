// expect: ctgrad: i is int32, and is bound to float64 data
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/functions.hpp>
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto i = ct::scalar<int>("i"_s);
constexpr auto square = i * i;

#ifdef CTGRAD_FIXED
int call() { return ct::compile(square)(i = 2)[square]; }
#else
int call() { return ct::compile(square)(i = 2.5)[square]; }
#endif
