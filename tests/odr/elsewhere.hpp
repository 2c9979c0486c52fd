// Programs whose loops are in elsewhere.cpp alone.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <ctgrad/ctgrad.hpp>
#include <ctgrad/extern_program.hpp>

using namespace ctgrad::literals;
inline constexpr auto N = ctgrad::dim("N"_s);
inline constexpr auto v = ctgrad::tensor<float>("v"_s, N);
inline constexpr auto scale = ctgrad::scalar<float>("scale"_s);
inline constexpr auto cube = ctgrad::sum(scale * v * v * v);
inline constexpr auto cubes = ctgrad::compile(cube, ctgrad::grad(cube, v));
inline constexpr auto add_cubes = ctgrad::backward(cube, scale);
CTGRAD_EXTERN_PROGRAM(cubes);
CTGRAD_EXTERN_PROGRAM(add_cubes);
