// Mean square of GELU of a layer norm (Ba, Kiros, Hinton 2016), with the gradients by the matrix, the scale and the shift.
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
constexpr auto scale = ct::tensor<float>("scale"_s, C);
constexpr auto shift = ct::tensor<float>("shift"_s, C);

constexpr auto centred = X - ct::mean(X, 1_c, ct::keepdim);
constexpr auto normal = centred * ct::rsqrt(ct::mean(centred * centred, 1_c, ct::keepdim) + 1e-5_c);
constexpr auto activated = ct::gelu(normal * scale + shift);
constexpr auto loss = ct::mean(activated * activated);
constexpr auto dX = ct::grad(loss, X);
constexpr auto dscale = ct::grad(loss, scale);
constexpr auto dshift = ct::grad(loss, shift);
constexpr auto step = ct::compile(loss, dX, dscale, dshift);
static_assert(ct::report(step).nests == 1 && ct::report(step).temporaries == 0);

int main(int argc, char** argv) {
  problem::norm_gelu const in{contender::size(argc, argv, 1), contender::size(argc, argv, 2)};
  auto space = step.workspace(N = in.rows, C = in.columns);
  float l = 0;
  problem::floats d(in.x.size()), ds(in.scale.size()), dt(in.shift.size());
  ct::view<float const, 2> const x(in.x.data(), {in.rows, in.columns});
  ct::view<float, 2> const dx(d.data(), {in.rows, in.columns});
  return contender::serve("ctgrad", [&] { step.into(space, X = x, scale = in.scale, shift = in.shift, loss = l, dX = dx, dscale = ds, dshift = dt); },
                          [&] { return contender::checksum().scalar(l).array(d).array(ds).array(dt); });
}
