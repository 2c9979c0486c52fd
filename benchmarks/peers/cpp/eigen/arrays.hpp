// Eigen's views of a problem's arrays. Eigen has no gradients of arrays: they are written by hand, as expressions.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <Eigen/Core>
#include <unsupported/Eigen/SpecialFunctions>

#include "../contender.hpp"
#include "../problems.hpp"

using array = Eigen::ArrayXf;
using matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

inline Eigen::Map<array const> as_array(problem::floats const& x) { return {x.data(), static_cast<Eigen::Index>(x.size())}; }
inline Eigen::Map<matrix const> as_matrix(problem::floats const& x, std::int64_t rows, std::int64_t columns) { return {x.data(), rows, columns}; }
