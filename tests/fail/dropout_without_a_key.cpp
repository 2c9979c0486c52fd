// expect: ctgrad: dropout takes a key, too, an int64 scalar that the program is given anew at each call: ct::dropout(h, 0.1_c, seed)
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/random.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto X = ct::tensor<float>("X"_s, ct::dim("N"_s), 6_c);
constexpr auto seed = ct::scalar<std::int64_t>("seed"_s);
#ifdef CTGRAD_FIXED
constexpr auto y = ct::dropout(X, 0.1_c, seed);
#else
constexpr auto y = ct::dropout(X, 0.1_c);
#endif
