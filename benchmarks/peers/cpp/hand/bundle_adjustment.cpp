// Bundle adjustment by hand: a pack of observations at a time, its cameras and points gathered, the errors and their rows of the Jacobian by the chain rule, written in place.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"
#include "../problems.hpp"
#include "parallel.hpp"

using hand::batch, hand::lanes;

namespace {

using in = problem::bundle_adjustment;

struct three {
  batch x, y, z;
};
inline batch dot(three const& a, three const& b) { return xsimd::fma(a.x, b.x, xsimd::fma(a.y, b.y, a.z * b.z)); }
inline three cross(three const& a, three const& b) { return {xsimd::fms(a.y, b.z, a.z * b.y), xsimd::fms(a.z, b.x, a.x * b.z), xsimd::fms(a.x, b.y, a.y * b.x)}; }
inline three operator*(batch const& s, three const& a) { return {s * a.x, s * a.y, s * a.z}; }
inline three operator+(three const& a, three const& b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }

struct observed {
  batch error[2], row[2][in::row];
};

/// y = R(turn) x is cos x + s turn × x + c (turn · x) turn, with s = sin/angle, c = (1 - cos)/angle². What an error's slope g by y gives: by x it is R' g, and by `turn` the terms of that formula.
inline observed observe(batch const* camera, batch const* point, batch const& weight, batch const* feature) {
  batch const one(1.0f), zero(0.0f);
  three const turn{camera[0], camera[1], camera[2]}, x{point[0] - camera[3], point[1] - camera[4], point[2] - camera[5]};
  batch const square = dot(turn, turn);
  auto const turned = square > zero;
  batch const safe = xsimd::select(turned, square, one), angle = xsimd::sqrt(safe), inverse = one / safe;
  auto const [sine, cosine] = xsimd::sincos(angle);
  // Where there is no angle these are their limits, and their own slopes count for nothing, as turn is zero.
  batch const cos = xsimd::select(turned, cosine, one), s = xsimd::select(turned, sine * angle * inverse, one), c = xsimd::select(turned, (one - cosine) * inverse, zero);
  batch const ds = xsimd::select(turned, (cos - s) * inverse, zero), dc = xsimd::select(turned, (s - c - c) * inverse, zero);  // by the angle, over the angle
  batch const along = dot(turn, x);
  three const moved = cross(turn, x), y = cos * x + s * moved + (c * along) * turn;

  batch const depth = one / y.z, a = y.x * depth, b = y.y * depth, radius = xsimd::fma(a, a, b * b);
  batch const focal = camera[6], k1 = camera[9], k2 = camera[10], bend = xsimd::fma(radius, xsimd::fma(k2, radius, k1), one), slope = xsimd::fma(k2 + k2, radius, k1);
  batch const scale = weight * focal, straight = scale * bend, curved = (scale + scale) * slope;

  observed o;
  for (int k = 0; k < 2; ++k) {
    batch const place = k == 0 ? a : b, other = k == 0 ? b : a, bent = place * bend, miss = xsimd::fma(focal, bent, camera[7 + k] - feature[k]);
    o.error[k] = weight * miss;
    batch const by_place = xsimd::fma(curved * place, place, straight) * depth, by_other = curved * place * other * depth;
    three const g{k == 0 ? by_place : by_other, k == 0 ? by_other : by_place, -xsimd::fma(by_place, place, by_other * other)};
    batch const g_turn = dot(g, turn), g_x = dot(g, x), g_moved = dot(g, moved);
    three const back = cross(g, turn), by_x = cos * g + s * back + (c * g_turn) * turn;
    batch const by_angle = xsimd::fma(ds, g_moved, xsimd::fnma(s, g_x, dc * along * g_turn));
    three const by_turn = s * cross(x, g) + by_angle * turn + (c * g_turn) * x + (c * along) * g;
    batch* const row = o.row[k];
    row[0] = by_turn.x, row[1] = by_turn.y, row[2] = by_turn.z, row[3] = -by_x.x, row[4] = -by_x.y, row[5] = -by_x.z;
    row[6] = weight * bent, row[7 + k] = weight, row[8 - k] = zero;
    row[9] = scale * place * radius, row[10] = row[9] * radius;
    row[11] = by_x.x, row[12] = by_x.y, row[13] = by_x.z, row[14] = miss;
  }
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  in const p(contender::size(argc, argv, 1), contender::size(argc, argv, 2), contender::size(argc, argv, 3));
  problem::floats e(2 * p.observations), we(p.observations), j(2 * in::row * p.observations), wj(p.observations);
  return contender::serve(
      "hand",
      [&] {
        hand::in_shares(p.observations, lanes, [&](std::int64_t first, std::int64_t last, int) {
          for (std::int64_t i = first; i < last; i += lanes) {
            std::int64_t const left = std::min<std::int64_t>(lanes, last - i);
            alignas(64) float camera[in::camera_size][lanes], point[in::point_size][lanes], weight[lanes], feature[2][lanes], results[2 * in::row + 2][lanes];
            for (std::int64_t l = 0; l < lanes; ++l) {  // the last observation again where there is none
              std::int64_t const o = i + std::min(l, left - 1);
              for (int k = 0; k < in::camera_size; ++k) camera[k][l] = p.camera[p.camera_of[o] * in::camera_size + k];
              for (int k = 0; k < in::point_size; ++k) point[k][l] = p.point[p.point_of[o] * in::point_size + k];
              weight[l] = p.weight[o], feature[0][l] = p.feature[2 * o], feature[1][l] = p.feature[2 * o + 1];
            }
            batch c[in::camera_size], x[in::point_size];
            for (int k = 0; k < in::camera_size; ++k) c[k] = batch::load_aligned(camera[k]);
            for (int k = 0; k < in::point_size; ++k) x[k] = batch::load_aligned(point[k]);
            batch const f[] = {batch::load_aligned(feature[0]), batch::load_aligned(feature[1])};
            observed const o = observe(c, x, batch::load_aligned(weight), f);
            for (int k = 0; k < 2; ++k) {
              for (int column = 0; column < in::row; ++column) o.row[k][column].store_aligned(results[k * in::row + column]);
              o.error[k].store_aligned(results[2 * in::row + k]);
            }
            for (std::int64_t l = 0; l < left; ++l) {
              for (int k = 0; k < 2 * in::row; ++k) j[(i + l) * 2 * in::row + k] = results[k][l];
              e[2 * (i + l)] = results[2 * in::row][l], e[2 * (i + l) + 1] = results[2 * in::row + 1][l];
              we[i + l] = 1 - weight[l] * weight[l], wj[i + l] = -2 * weight[l];
            }
          }
        });
      },
      [&] { return contender::checksum().columns(e, 2).array(we).columns(j, 2 * in::row).array(wj); });
}
