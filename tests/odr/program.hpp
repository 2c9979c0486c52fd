// The program that both units have.
// Its loops are instantiated in each of them.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <ctgrad/ctgrad.hpp>

using namespace ctgrad::literals;
inline constexpr auto x = ctgrad::scalar<float>("x"_s);
inline constexpr auto step = ctgrad::compile(ctgrad::grad(x * x, x));
