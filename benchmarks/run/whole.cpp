// What takes arrays whole, and random numbers, each against what a user would otherwise take: the standard library, a loop, LAPACK.
//
// SPDX-License-Identifier: BSL-1.0
#include "paired.hpp"

#include <ctgrad/ctgrad.hpp>
#include <ctgrad/linalg.hpp>
#include <ctgrad/random.hpp>
#include <ctgrad/sorting.hpp>

#include <algorithm>
#include <random>
#include <vector>

namespace {

namespace ct = ctgrad;
using namespace ct::literals;

constexpr auto N = ct::dim("N"_s);
constexpr auto x = ct::tensor<float>("x"_s, N);
constexpr std::int64_t count = 1'000'000;

std::vector<float> random_floats(std::size_t n) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> values(n);
  for (auto& v : values) v = normal(random);
  return values;
}

// Both values and places; std::sort has the values only.
constexpr auto sorted = boost::hana::at_c<0>(ct::sort(x));
constexpr auto sorting = ct::compile(sorted);
void run_sort(benchmark::State& state) {
  auto const in = random_floats(count);
  std::vector<float> ours(in.size()), theirs;
  auto space = sorting.workspace(N = count);
  auto with_ctgrad = [&] { sorting.into(space, x = in, sorted = ours); };
  auto by_library = [&] { theirs = in, std::sort(theirs.begin(), theirs.end()); };
  with_ctgrad(), by_library();
  for (std::size_t i = 0; i < in.size(); ++i) paired::require_close("sort", ours[i], theirs[i], 0);
  paired::compare(state, 0, with_ctgrad, by_library);
}

constexpr auto running = ct::cumsum(x, 0_c);
constexpr auto cumsum = ct::compile(running);
void run_cumsum(benchmark::State& state) {
  auto const in = random_floats(count);
  std::vector<float> ours(in.size()), theirs(in.size());
  auto space = cumsum.workspace(N = count);
  auto with_ctgrad = [&] { cumsum.into(space, x = in, running = ours); };
  auto by_hand = [&] {
    double total = 0;
    for (std::size_t i = 0; i < in.size(); ++i) theirs[i] = static_cast<float>(total += in[i]);
  };
  with_ctgrad(), by_hand();
  for (std::size_t i = 0; i < in.size(); ++i) paired::require_close("cumsum", ours[i], theirs[i], 1e-5);
  paired::compare(state, 8.0 * count, with_ctgrad, by_hand);
}

constexpr std::int64_t draws = 1 << 16;
constexpr auto seed = ct::scalar<std::int64_t>("seed"_s);
constexpr auto uniform = ct::random::uniform<float>(seed, 65536_c);
constexpr auto drawing = ct::compile(uniform);
void run_uniform(benchmark::State& state) {
  std::vector<float> ours(draws), theirs(draws);
  std::mt19937_64 random(1);
  std::uniform_real_distribution<float> draw;
  auto space = drawing.workspace();
  std::int64_t number = 0;
  auto with_ctgrad = [&] { drawing.into(space, seed = number++, uniform = ours); };
  auto by_library = [&] {
    for (float& v : theirs) v = draw(random);
  };
  with_ctgrad(), by_library();
  paired::compare(state, 4.0 * draws, with_ctgrad, by_library);
}

#if defined(CTGRAD_USE_CBLAS) && CTGRAD_USE_CBLAS && CTGRAD_USE_LAPACK
constexpr std::int64_t order = 512;
constexpr auto A = ct::tensor<double>("A"_s, N, N);
constexpr auto root = ct::cholesky(A);
constexpr auto factorise = ct::compile(root);
void run_cholesky(benchmark::State& state) {
  std::vector<double> a(order * order), ours(a.size()), theirs(a.size());
  auto const noise = random_floats(a.size());
  for (std::int64_t i = 0; i < order; ++i)
    for (std::int64_t j = 0; j < order; ++j) a[i * order + j] = noise[std::min(i, j) * order + std::max(i, j)] + (i == j ? 2.0 * order : 0.0);
  auto space = factorise.workspace(N = order);
  ct::view<double const, 2> const in(a.data(), {order, order});
  ct::view<double, 2> const out(ours.data(), {order, order});
  auto with_ctgrad = [&] { factorise.into(space, A = in, root = out); };
  auto by_lapack = [&] {
    theirs = a;
    int const n = static_cast<int>(order);
    int info = 0;
    ct::detail::ctgrad_dpotrf("U", &n, theirs.data(), &n, &info, 1);
  };
  with_ctgrad(), by_lapack();
  for (std::int64_t i = 0; i < order; ++i)
    for (std::int64_t j = 0; j <= i; ++j) paired::require_close("cholesky", ours[i * order + j], theirs[i * order + j], 1e-4);
  paired::compare(state, 0, with_ctgrad, by_lapack);
}
#endif

}  // namespace

int main(int argc, char** argv) {
  paired::add("sort/1000000", run_sort);
  paired::add("cumsum/1000000", run_cumsum);
  paired::add("uniform/65536", run_uniform, paired::short_rounds);
#if defined(CTGRAD_USE_CBLAS) && CTGRAD_USE_CBLAS && CTGRAD_USE_LAPACK
  paired::add("cholesky/512", run_cholesky);
#endif
  return paired::run(argc, argv);
}
