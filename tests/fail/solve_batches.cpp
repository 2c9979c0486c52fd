// expect: ctgrad: triangular_solve of A[2, 3, 3] and b[5, 3, 1]: the right side has to have the rows of the matrices, and axes before them that repeat to theirs
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/core.hpp>
#include <ctgrad/linalg.hpp>
namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto A = ct::tensor<float>("A"_s, 2_c, 3_c, 3_c);
constexpr auto b = ct::tensor<float>("b"_s, 5_c, 3_c, 1_c);
#ifdef CTGRAD_FIXED
constexpr auto result = ct::triangular_solve(ct::matrix<float>("B"_s), ct::vector<float>("c"_s));
#else
constexpr auto result = ct::triangular_solve(A, b);
#endif
