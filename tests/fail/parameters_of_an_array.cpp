// expect: ctgrad: parameters takes symbols with their first values, as ct::parameters(w = ct::zeros<float>(784)), or what declares some, as ct::parameters(loss, ct::generator(1))
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/parameters.hpp>
#include <ctgrad/array_factories.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, 784_c);
constexpr auto w = ct::tensor<float>("w"_s, 784_c);

#ifdef CTGRAD_FIXED
auto f() { return ct::parameters(w = ct::zeros<float>(784)); }
#else
auto f() { return ct::parameters(ct::zeros<float>(784)); }  // here
#endif
