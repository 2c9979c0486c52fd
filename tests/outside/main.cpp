// The program that each outside project builds: what a newcomer writes first, with a matrix product so that BLAS is linked where it is used.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/ctgrad.hpp>

#include <cstdio>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto x = ct::scalar<double>("x"_s);
constexpr auto f = ct::pow(x, 2_c) - 3_c;
static_assert(ct::evaluate(ct::grad(f, x), x = 2.0) == 4.0);

constexpr auto A = ct::matrix<float>("A"_s);
constexpr auto B = ct::matrix<float>("B"_s);
constexpr auto total = ct::sum(ct::matmul(A, B));

int main() {
  const ct::array<float, 2> left{{1, 2}, {3, 4}};
  const ct::array<float, 2> right{{5, 6}, {7, 8}};
  constexpr auto product = ct::compile(total);
  const float sum = product(A = left, B = right)[total];
  std::printf("%g\n", static_cast<double>(sum));
  return sum == 134.0f ? 0 : 1;  // 19 + 22 + 43 + 50
}
