// expect: ctgrad: no symbol of this program has the extent M, so no call can know it
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/program.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::tensor<float>("x"_s, ct::dim("N"_s));
constexpr auto y = ct::tensor<float>("y"_s, ct::dim("M"_s));
constexpr auto s = ct::scalar<float>("s"_s);
constexpr auto repeated = ct::broadcast_to(s, ct::dim("M"_s));
#ifdef CTGRAD_FIXED
constexpr auto step = ct::compile(ct::sum(repeated * y), x);
#else
constexpr auto step = ct::compile(ct::sum(repeated), x);
#endif
