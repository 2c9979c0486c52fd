// The Euclidean norm of an array: one pass at the speed of the memory.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto x = ct::tensor<float>("x"_s, N);
constexpr auto result = ct::sqrt(ct::sum(x * x));
constexpr auto reduce = ct::compile(result);
static_assert(ct::report(reduce).nests == 1 && ct::report(reduce).temporaries == 0);

int main(int argc, char** argv) {
  problem::reduction const in{contender::size(argc, argv, 1)};
  auto space = reduce.workspace(N = in.n);
  float r = 0;
  return contender::serve("ctgrad", [&] { reduce.into(space, x = in.x, result = r); }, [&] { return contender::checksum().scalar(r); });
}
