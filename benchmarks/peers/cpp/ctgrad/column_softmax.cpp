// Softmax of the columns of a matrix of rows: the reductions run across the memory.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto C = ct::dim("C"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, C);
constexpr auto soft = ct::softmax(X, 0_c);
constexpr auto softmax = ct::compile(soft);
static_assert(ct::report(softmax).nests == 5);  // three over the matrix, two over a row

int main(int argc, char** argv) {
  problem::column_softmax const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  auto space = softmax.workspace(N = in.rows, C = in.columns);
  problem::floats out(in.x.size());
  ct::view<float const, 2> const x(in.x.data(), {in.rows, in.columns});
  ct::view<float, 2> const y(out.data(), {in.rows, in.columns});
  return contender::serve("ctgrad", [&] { softmax.into(space, X = x, soft = y); }, [&] { return contender::checksum().array(out); });
}
