// ADBench's bundle adjustment (Srajer, Kukelova, Fitzgibbon 2018): errors of observations, points seen by cameras, and what is not zero of their Jacobian.
// An error depends on the rows of its own camera and point alone, so a sum of errors has them as its gradient by the rows that were looked up.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"

#include <ctgrad/ctgrad.hpp>
#include <ctgrad/indexing.hpp>

#include <array>

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto M = ct::dim("M"_s);
constexpr auto P = ct::dim("P"_s);
constexpr auto cameras = ct::tensor<float>("cameras"_s, N, 11_c);  // rotation by axis and angle, centre, focal length, principal point, radial distortion
constexpr auto points = ct::tensor<float>("points"_s, M, 3_c);
constexpr auto weight = ct::tensor<float>("weight"_s, P);
constexpr auto feature = ct::tensor<float>("feature"_s, P, 2_c);
constexpr auto camera_of = ct::tensor<int>("camera_of"_s, P);
constexpr auto point_of = ct::tensor<int>("point_of"_s, P);

constexpr auto columns = [](auto a, auto... places) { return std::array{ct::select(a, 1_c, places)...}; };
constexpr auto dot = [](auto const& a, auto const& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; };
constexpr auto cross = [](auto const& a, auto const& b) { return std::array{a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]}; };

constexpr auto reprojection = ct::fn([](auto camera, auto point, auto weight, auto feature) {
  std::array<ct::value, 3> const turn = columns(camera, 0_c, 1_c, 2_c), centre = columns(camera, 3_c, 4_c, 5_c), place = columns(point, 0_c, 1_c, 2_c);
  auto const seen = columns(feature, 0_c, 1_c);
  auto const [focal, u, v, k1, k2] = columns(camera, 6_c, 7_c, 8_c, 9_c, 10_c);
  std::array const x{place[0] - centre[0], place[1] - centre[1], place[2] - centre[2]};
  // Rodrigues' rotation; of an angle that is nothing, what it is to first order.
  auto const square = dot(turn, turn), turned = square > 0, angle = ct::sqrt(ct::where(turned, square, 1)), cosine = ct::cos(angle), sine = ct::sin(angle);
  std::array const axis{turn[0] / angle, turn[1] / angle, turn[2] / angle};
  auto const along = dot(axis, x) * (1 - cosine);
  std::array<ct::value, 3> const across = cross(axis, x), moved = cross(turn, x);
  auto const rotated = [&](int i) { return ct::where(turned, x[i] * cosine + across[i] * sine + axis[i] * along, x[i] + moved[i]); };
  auto const depth = rotated(2), a = rotated(0) / depth, b = rotated(1) / depth, radius = a * a + b * b, scale = focal * (1 + radius * (k1 + k2 * radius));
  return ct::stack(1_c, weight * (a * scale + u - seen[0]), weight * (b * scale + v - seen[1]));
});

constexpr auto camera = ct::index_select(cameras, 0_c, camera_of);
constexpr auto point = ct::index_select(points, 0_c, point_of);
constexpr auto errors = reprojection(camera, point, weight, feature);
constexpr auto weight_errors = 1_c - weight * weight;
constexpr auto row = [](auto place) {
  constexpr auto sum = ct::sum(ct::select(errors, 1_c, decltype(place){}));
  return ct::concat(1_c, ct::grad(sum, camera), ct::grad(sum, point), ct::unsqueeze(ct::grad(sum, weight), 1_c));
};
constexpr auto jacobian = ct::concat(1_c, row(0_c), row(1_c));
constexpr auto weight_jacobian = ct::grad(ct::sum(weight_errors), weight);
constexpr auto step = ct::compile(errors, weight_errors, jacobian, weight_jacobian);
static_assert(ct::report(step).nests == 1 && ct::report(step).temporaries == 0);  // it looks up, and writes rows where they stand, columns of zeros too

int main(int argc, char** argv) {
  problem::bundle_adjustment const in(contender::size(argc, argv, 1), contender::size(argc, argv, 2), contender::size(argc, argv, 3));
  auto const p = in.observations;
  auto space = step.workspace(N = in.cameras, M = in.points, P = p);
  problem::floats e(2 * p), we(p), j(2 * in.row * p), wj(p);
  return contender::serve(
      "ctgrad",
      [&] {
        step.into(space, cameras = ct::view<float const, 2>(in.camera.data(), {in.cameras, 11}), points = ct::view<float const, 2>(in.point.data(), {in.points, 3}), weight = in.weight,
                  feature = ct::view<float const, 2>(in.feature.data(), {p, 2}), camera_of = in.camera_of, point_of = in.point_of, errors = ct::view<float, 2>(e.data(), {p, 2}), weight_errors = we,
                  jacobian = ct::view<float, 2>(j.data(), {p, 2 * in.row}), weight_jacobian = wj);
      },
      [&] { return contender::checksum().columns(e, 2).array(we).columns(j, 2 * in.row).array(wj); });
}
