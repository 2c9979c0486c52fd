// xtensor's views of a problem's arrays, with its SIMD on. xtensor has no gradients: they are written by hand, as expressions.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#define XTENSOR_USE_XSIMD
#include <xtensor/xadapt.hpp>
#include <xtensor/xmath.hpp>
#include <xtensor/xnoalias.hpp>
#include <xtensor/xtensor.hpp>

#include "../contender.hpp"
#include "../problems.hpp"

using array = xt::xtensor<float, 1>;
using matrix = xt::xtensor<float, 2>;

inline array as_array(problem::floats const& x) { return xt::adapt(x, {x.size()}); }
inline matrix as_matrix(problem::floats const& x, std::int64_t rows, std::int64_t columns) { return xt::adapt(x, {static_cast<std::size_t>(rows), static_cast<std::size_t>(columns)}); }
