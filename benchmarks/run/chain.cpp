// A chain of 100 steps, traced by ct::fn, and its gradient by two vectors, against a reverse sweep written by hand with xsimd.
//
// SPDX-License-Identifier: BSL-1.0
#include "hand.hpp"
#include "paired.hpp"

#include <ctgrad/ctgrad.hpp>
#include <random>
#include <vector>

namespace {

namespace ct = ctgrad;
using namespace ct::literals;

constexpr int steps = 100;
constexpr auto N = ct::dim("N"_s);
constexpr auto x = ct::tensor<float>("x"_s, N);
constexpr auto w = ct::tensor<float>("w"_s, N);
constexpr auto chain = ct::fn([](auto x, auto w) {
  auto h = x;
  for (int i = 0; i < steps; ++i) h = h + 0.5 * ct::tanh(h * w + x);
  return h;
});
constexpr auto loss = ct::sum(chain(x, w));
constexpr auto dx = ct::grad(loss, x);
constexpr auto dw = ct::grad(loss, w);
constexpr auto step = ct::compile(loss, dx, dw);

using hand::batch, hand::lanes;

struct problem {
  std::vector<float> x, w;
  explicit problem(std::size_t n) : x(n), w(n) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> in_x(-1, 1), in_w(-0.9f, -0.1f);
    for (auto& v : x) v = in_x(random);
    for (auto& v : w) v = in_w(random);
  }
};
struct result {
  std::vector<float> dx, dw;
  float loss = 0;
  explicit result(std::size_t n) : dx(n), dw(n) {}
};

/// `Packs` registers of elements at once: forward with what the way back needs kept, then back.
template <int Packs>
void sweep(float const* x, float const* w, float* dx, float* dw, batch& total) {
  struct pack {
    batch part[Packs];
  };
  pack before[steps], t[steps], vx, vw, h;
  for (int k = 0; k < Packs; ++k) vx.part[k] = batch::load_unaligned(x + k * lanes), vw.part[k] = batch::load_unaligned(w + k * lanes), h.part[k] = vx.part[k];
  batch const half(0.5f), one(1.0f);
  for (int i = 0; i < steps; ++i)
    for (int k = 0; k < Packs; ++k) {
      before[i].part[k] = h.part[k];
      t[i].part[k] = xsimd::tanh(xsimd::fma(h.part[k], vw.part[k], vx.part[k]));
      h.part[k] = xsimd::fma(half, t[i].part[k], h.part[k]);
    }
  pack g, gx, gw;
  for (int k = 0; k < Packs; ++k) total += h.part[k], g.part[k] = one, gx.part[k] = batch(0.0f), gw.part[k] = batch(0.0f);
  for (int i = steps; i-- > 0;)
    for (int k = 0; k < Packs; ++k) {
      batch const u = (half * g.part[k]) * (one - t[i].part[k] * t[i].part[k]);
      gx.part[k] += u;
      gw.part[k] = xsimd::fma(u, before[i].part[k], gw.part[k]);
      g.part[k] = xsimd::fma(u, vw.part[k], g.part[k]);
    }
  for (int k = 0; k < Packs; ++k) (gx.part[k] + g.part[k]).store_unaligned(dx + k * lanes), gw.part[k].store_unaligned(dw + k * lanes);
}

template <int Packs>
[[gnu::noinline]] void by_hand(problem const& p, result& r) {
  std::int64_t const n = std::ssize(p.x);
  double total = 0;
  batch sum(0.0f);
  std::int64_t i = 0;
  for (; i + Packs * lanes <= n; i += Packs * lanes) {
    sweep<Packs>(p.x.data() + i, p.w.data() + i, r.dx.data() + i, r.dw.data() + i, sum);
    if (i % 8192 == 0) total += hand::sum_of_lanes(sum), sum = batch(0.0f);
  }
  for (; i < n; ++i) {
    alignas(64) float vx[lanes]{p.x[i]}, vw[lanes]{p.w[i]}, gx[lanes], gw[lanes];
    sweep<1>(vx, vw, gx, gw, sum);
    r.dx[i] = gx[0], r.dw[i] = gw[0];
  }
  r.loss = static_cast<float>(total + hand::sum_of_lanes(sum));
}

/// The same over tiles of 64 floats that stay in L1, one step of the chain at a time, so that many elements are under way at once.
[[gnu::noinline]] void by_hand_tiled(problem const& p, result& r) {
  constexpr std::int64_t tile = 64;
  std::int64_t const n = std::ssize(p.x);
  alignas(64) static float before[steps][tile + 16], t[steps][tile + 16];
  batch const half(0.5f), one(1.0f);
  double total = 0;
  std::int64_t i = 0;
  for (; i + tile <= n; i += tile) {
    alignas(64) float h[tile], g[tile], gx[tile], gw[tile];
    float const *vx = p.x.data() + i, *vw = p.w.data() + i;
    std::copy(vx, vx + tile, h);
    for (int s = 0; s < steps; ++s)
      for (std::int64_t k = 0; k < tile; k += lanes) {
        batch const was = batch::load_aligned(h + k);
        was.store_aligned(before[s] + k);
        batch const v = xsimd::tanh(xsimd::fma(was, batch::load_unaligned(vw + k), batch::load_unaligned(vx + k)));
        v.store_aligned(t[s] + k);
        xsimd::fma(half, v, was).store_aligned(h + k);
      }
    batch sum(0.0f);
    for (std::int64_t k = 0; k < tile; k += lanes) sum += batch::load_aligned(h + k);
    total += hand::sum_of_lanes(sum);
    std::fill(g, g + tile, 1.0f), std::fill(gx, gx + tile, 0.0f), std::fill(gw, gw + tile, 0.0f);
    for (int s = steps; s-- > 0;)
      for (std::int64_t k = 0; k < tile; k += lanes) {
        batch const v = batch::load_aligned(t[s] + k), grad = batch::load_aligned(g + k);
        batch const u = (half * grad) * (one - v * v);
        (batch::load_aligned(gx + k) + u).store_aligned(gx + k);
        xsimd::fma(u, batch::load_aligned(before[s] + k), batch::load_aligned(gw + k)).store_aligned(gw + k);
        xsimd::fma(u, batch::load_unaligned(vw + k), grad).store_aligned(g + k);
      }
    for (std::int64_t k = 0; k < tile; ++k) r.dx[i + k] = gx[k] + g[k], r.dw[i + k] = gw[k];
  }
  batch rest(0.0f);
  for (; i < n; ++i) {
    alignas(64) float vx[lanes]{p.x[i]}, vw[lanes]{p.w[i]}, gx[lanes], gw[lanes];
    sweep<1>(vx, vw, gx, gw, rest);
    r.dx[i] = gx[0], r.dw[i] = gw[0];
  }
  r.loss = static_cast<float>(total + hand::sum_of_lanes(rest));
}

void run(benchmark::State& state, void (*peer)(problem const&, result&)) {
  problem const p(99'968);  // whole packs, so that no loop has a tail
  result ours(p.x.size()), theirs(p.x.size());
  auto space = step.workspace(N = std::ssize(p.x));
  auto with_ctgrad = [&] { step.into(space, x = p.x, w = p.w, loss = ours.loss, dx = ours.dx, dw = ours.dw); };
  with_ctgrad();
  peer(p, theirs);
  paired::require_close("loss", ours.loss, theirs.loss, 1e-4);
  for (std::size_t i = 0; i < p.x.size(); ++i) {
    paired::require_close("dx", ours.dx[i], theirs.dx[i], 1e-3, 1e-2);
    paired::require_close("dw", ours.dw[i], theirs.dw[i], 1e-3, 1e-2);
  }
  paired::compare(state, 16.0 * static_cast<double>(p.x.size()), with_ctgrad, [&] { peer(p, theirs); });
}

}  // namespace

int main(int argc, char** argv) {
  paired::add("chain100/one_register_by_hand", [](benchmark::State& s) { run(s, by_hand<1>); });
  paired::add("chain100/two_registers_by_hand", [](benchmark::State& s) { run(s, by_hand<2>); });
  paired::add("chain100/four_registers_by_hand", [](benchmark::State& s) { run(s, by_hand<4>); });
  paired::add("chain100/tiles_by_hand", [](benchmark::State& s) { run(s, by_hand_tiled); });
  return paired::run(argc, argv);
}
