// ADBench's objective of a Gaussian mixture (Srajer, Kukelova, Fitzgibbon 2018), as a mean over the points and without its constants, with all gradients.
// The triangular matrices are whole ones here, times ones and zeros; the prior is Wishart's with gamma 1 and m 0.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <ctgrad/ctgrad.hpp>
#include <ctgrad/einsum.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto K = ct::dim("K"_s);
constexpr auto D = ct::dim("D"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, D);
constexpr auto alpha = ct::tensor<float>("alpha"_s, K, 1_c);
constexpr auto mu = ct::tensor<float>("mu"_s, K, 1_c, D);
constexpr auto q = ct::tensor<float>("q"_s, K, D, 1_c);
constexpr auto M = ct::tensor<float>("M"_s, K, D, D);
constexpr auto triangle = ct::tensor<float>("triangle"_s, D, D);
constexpr auto unit = ct::tensor<float>("unit"_s, D, D);
constexpr auto share = ct::scalar<float>("share"_s);

constexpr auto L = triangle * M + unit * ct::exp(q);
constexpr auto z = ct::einsum("kij,knj->kni"_s, L, X - mu);
constexpr auto terms = alpha + ct::sum(q, 1_c) - 0.5_c * ct::sum(z * z, -1_c);
constexpr auto loss = ct::mean(ct::logsumexp(terms, 0_c)) - ct::logsumexp(alpha) + 0.5_c * share * ct::sum(L * L);
constexpr auto dalpha = ct::grad(loss, alpha);
constexpr auto dmu = ct::grad(loss, mu);
constexpr auto dq = ct::grad(loss, q);
constexpr auto dM = ct::grad(loss, M);
constexpr auto step = ct::compile(loss, dalpha, dmu, dq, dM);
static_assert(ct::report(step).products == 2 && ct::report(step).groups == 1);  // residuals forward; the gradient by the matrices backward, for that by the means needs sums of residuals only

int main(int argc, char** argv) {
  problem::gaussian_mixture const in(contender::size(argc, argv, 1), contender::size(argc, argv, 2), contender::size(argc, argv, 3));
  auto const n = in.points, k = in.parts, d = in.columns;
  auto space = step.workspace(N = n, K = k, D = d);
  float l = 0;
  problem::floats ga(in.alpha.size()), gm(in.mean.size()), gq(in.diagonal.size()), gb(in.below.size());
  return contender::serve(
      "ctgrad",
      [&] {
        step.into(space, X = ct::view<float const, 2>(in.x.data(), {n, d}), alpha = ct::view<float const, 2>(in.alpha.data(), {k, 1}), mu = ct::view<float const, 3>(in.mean.data(), {k, 1, d}),
                  q = ct::view<float const, 3>(in.diagonal.data(), {k, d, 1}), M = ct::view<float const, 3>(in.below.data(), {k, d, d}),
                  triangle = ct::view<float const, 2>(in.triangle.data(), {d, d}), unit = ct::view<float const, 2>(in.unit.data(), {d, d}), share = 1 / static_cast<float>(n),
                  loss = l, dalpha = ct::view<float, 2>(ga.data(), {k, 1}), dmu = ct::view<float, 3>(gm.data(), {k, 1, d}), dq = ct::view<float, 3>(gq.data(), {k, d, 1}), dM = ct::view<float, 3>(gb.data(), {k, d, d}));
      },
      [&] { return contender::checksum().scalar(l).array(ga).array(gm).array(gq).array(gb); });
}
