// Energy of particles under Lennard-Jones' potential (1924), all pairs, and its gradient: minus the forces.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <ctgrad/ctgrad.hpp>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto x = ct::tensor<float>("x"_s, N, 1_c);
constexpr auto y = ct::tensor<float>("y"_s, N, 1_c);
constexpr auto z = ct::tensor<float>("z"_s, N, 1_c);

constexpr auto square = [](auto a) { return a * a; };
constexpr auto r2 = square(x - ct::transpose(x)) + square(y - ct::transpose(y)) + square(z - ct::transpose(z));
constexpr auto other = r2 > 0_c;
constexpr auto inverse = 1_c / ct::where(other, r2, 1_c);
constexpr auto attraction = inverse * inverse * inverse;
constexpr auto energy = 2_c * ct::sum(ct::where(other, attraction * attraction - attraction, 0_c));  // each pair counts twice: half of 4
constexpr auto dx = ct::grad(energy, x);
constexpr auto dy = ct::grad(energy, y);
constexpr auto dz = ct::grad(energy, z);
constexpr auto forces = ct::compile(energy, dx, dy, dz);
static_assert(ct::report(forces).nests == 1);  // what both ends of a pair feel is added up for one of them

int main(int argc, char** argv) {
  problem::lennard_jones const in{contender::size(argc, argv, 1)};
  auto space = forces.workspace(N = in.n);
  float e = 0;
  problem::floats fx(in.x.size()), fy(in.x.size()), fz(in.x.size());
  auto of = [&](auto const& a) { return ct::view<float const, 2>(a.data(), {in.n, 1}); };
  auto to = [&](auto& a) { return ct::view<float, 2>(a.data(), {in.n, 1}); };
  return contender::serve("ctgrad", [&] { forces.into(space, x = of(in.x), y = of(in.y), z = of(in.z), energy = e, dx = to(fx), dy = to(fy), dz = to(fz)); },
                          [&] { return contender::checksum().scalar(e).array(fx).array(fy).array(fz); });
}
