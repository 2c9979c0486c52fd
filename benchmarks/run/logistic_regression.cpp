// Logistic regression of two features: the loss and its three gradients, against loops written by hand with xsimd.
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

constexpr auto N = ct::dim("N"_s);
constexpr auto x1 = ct::tensor<float>("x1"_s, N);
constexpr auto x2 = ct::tensor<float>("x2"_s, N);
constexpr auto y = ct::tensor<float>("y"_s, N);
constexpr auto w1 = ct::scalar<float>("w1"_s);
constexpr auto w2 = ct::scalar<float>("w2"_s);
constexpr auto b = ct::scalar<float>("b"_s);

constexpr auto p = ct::sigmoid(w1 * x1 + w2 * x2 + b);
constexpr auto loss = -ct::mean(y * ct::log(p) + (1_c - y) * ct::log(1_c - p));
constexpr auto dw1 = ct::grad(loss, w1);
constexpr auto dw2 = ct::grad(loss, w2);
constexpr auto db = ct::grad(loss, b);
constexpr auto step = ct::compile(loss, dw1, dw2, db);

static_assert(ct::report(step).nests == 1);
static_assert(ct::report(step).temporaries == 0);

struct result {
  float loss, dw1, dw2, db;
};

using hand::batch, hand::lanes;

/// Sums of floats in two registers, added up in double after each block, as ctgrad does.
struct sums {
  batch part[4][2];
  double total[4]{};

  sums() { clear(); }
  void clear() {
    for (auto& s : part) s[0] = s[1] = batch(0.0f);
  }
  void flush() {
    for (int i = 0; i < 4; ++i) total[i] += hand::sum_of_lanes(part[i][0] + part[i][1]);
    clear();
  }
};

/// One pack of the stable form: loss = max(t, 0) - y t + log(1 + e^-|t|), p - y from the same exponential.
inline void fused_pack(sums& s, int side, batch a1, batch a2, batch target, batch v1, batch v2, batch c, batch valid) {
  batch const zero(0.0f), one(1.0f);
  batch const t = xsimd::fma(v1, a1, xsimd::fma(v2, a2, c));
  batch const e = xsimd::exp(-xsimd::abs(t));
  batch const l = xsimd::max(t, zero) - target * t + xsimd::log1p(e);
  batch const d = xsimd::select(t >= zero, one, e) / (one + e) - target;
  s.part[0][side] = xsimd::fma(valid, l, s.part[0][side]);
  batch const dv = valid * d;
  s.part[1][side] = xsimd::fma(dv, a1, s.part[1][side]);
  s.part[2][side] = xsimd::fma(dv, a2, s.part[2][side]);
  s.part[3][side] += dv;
}
inline void fused_pack(sums& s, int side, batch a1, batch a2, batch target, batch v1, batch v2, batch c) {
  batch const zero(0.0f), one(1.0f);
  batch const t = xsimd::fma(v1, a1, xsimd::fma(v2, a2, c));
  batch const e = xsimd::exp(-xsimd::abs(t));
  s.part[0][side] += xsimd::max(t, zero) - target * t + xsimd::log1p(e);
  batch const d = xsimd::select(t >= zero, one, e) / (one + e) - target;
  s.part[1][side] = xsimd::fma(d, a1, s.part[1][side]);
  s.part[2][side] = xsimd::fma(d, a2, s.part[2][side]);
  s.part[3][side] += d;
}
/// The formula as a textbook has it.
inline void naive_pack(sums& s, int side, batch a1, batch a2, batch target, batch v1, batch v2, batch c) {
  batch const one(1.0f);
  batch const q = one / (one + xsimd::exp(-(xsimd::fma(v1, a1, xsimd::fma(v2, a2, c)))));
  s.part[0][side] -= target * xsimd::log(q) + (one - target) * xsimd::log(one - q);
  batch const d = q - target;
  s.part[1][side] = xsimd::fma(d, a1, s.part[1][side]);
  s.part[2][side] = xsimd::fma(d, a2, s.part[2][side]);
  s.part[3][side] += d;
}

struct problem {
  std::vector<float> x1, x2, y;
  float w1 = 0.7f, w2 = -1.3f, b = 0.2f;

  explicit problem(std::int64_t n) : x1(n), x2(n), y(n) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (std::int64_t i = 0; i < n; ++i) {
      x1[i] = normal(random), x2[i] = normal(random);
      y[i] = x1[i] - x2[i] + normal(random) > 0 ? 1.0f : 0.0f;
    }
  }
};

template <bool Naive>
[[gnu::noinline]] result by_hand(problem const& q) {
  std::int64_t const n = static_cast<std::int64_t>(q.y.size());
  float const *a1 = q.x1.data(), *a2 = q.x2.data(), *target = q.y.data();
  batch const v1(q.w1), v2(q.w2), c(q.b);
  sums s;
  std::int64_t i = 0;
  while (i + 2 * lanes <= n) {
    std::int64_t const end = std::min(i + 8192, n - n % (2 * lanes));
    for (; i < end; i += 2 * lanes) {
      for (int side = 0; side < 2; ++side) {
        std::int64_t const at = i + side * lanes;
        if constexpr (Naive) naive_pack(s, side, batch::load_unaligned(a1 + at), batch::load_unaligned(a2 + at), batch::load_unaligned(target + at), v1, v2, c);
        else fused_pack(s, side, batch::load_unaligned(a1 + at), batch::load_unaligned(a2 + at), batch::load_unaligned(target + at), v1, v2, c);
      }
    }
    s.flush();
  }
  // The rest, padded with elements that do not count.
  for (; i < n; i += lanes) {
    alignas(64) float rest[4][lanes]{};
    for (std::int64_t k = 0; k < std::min(lanes, n - i); ++k) rest[0][k] = a1[i + k], rest[1][k] = a2[i + k], rest[2][k] = target[i + k], rest[3][k] = 1;
    fused_pack(s, 0, batch::load_aligned(rest[0]), batch::load_aligned(rest[1]), batch::load_aligned(rest[2]), v1, v2, c, batch::load_aligned(rest[3]));
  }
  s.flush();
  auto mean = [&](double total) { return static_cast<float>(total / static_cast<double>(n)); };
  return {mean(s.total[0]), mean(s.total[1]), mean(s.total[2]), mean(s.total[3])};
}

void with_ctgrad(problem const& q, ct::workspace_memory& space, result& r) {
  ct::view<float const, 1> const v1(q.x1.data(), {std::ssize(q.x1)}), v2(q.x2.data(), {std::ssize(q.x2)}), target(q.y.data(), {std::ssize(q.y)});
  step.into(space, x1 = v1, x2 = v2, y = target, w1 = q.w1, w2 = q.w2, b = q.b, loss = r.loss, dw1 = r.dw1, dw2 = r.dw2, db = r.db);
}

template <bool Naive>
void run(benchmark::State& state, std::int64_t n) {
  problem const q(n);
  auto space = step.workspace(N = n);
  result ours{};
  with_ctgrad(q, space, ours);
  result const theirs = by_hand<Naive>(q);
  paired::require_close("loss", ours.loss, theirs.loss, 1e-5);
  paired::require_close("dw1", ours.dw1, theirs.dw1, 1e-4);
  paired::require_close("dw2", ours.dw2, theirs.dw2, 1e-4);
  paired::require_close("db", ours.db, theirs.db, 1e-4, 0.01);
  paired::compare(state, 12.0 * static_cast<double>(n), [&] { with_ctgrad(q, space, ours); },
                  [&] {
                    result r = by_hand<Naive>(q);
                    benchmark::DoNotOptimize(r);
                  });
}

}  // namespace

int main(int argc, char** argv) {
  for (std::int64_t n : {1'000, 10'000'000}) {
    int const pairs = n < 100'000 ? paired::short_rounds : paired::rounds;
    std::string const name = "logistic_regression/" + std::to_string(n);
    paired::add(name + "/fused_by_hand", [n](benchmark::State& s) { run<false>(s, n); }, pairs);
    paired::add(name + "/naive_by_hand", [n](benchmark::State& s) { run<true>(s, n); }, pairs);
  }
  return paired::run(argc, argv);
}
