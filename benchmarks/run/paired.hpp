// Two ways to compute one thing, timed in turns in one run.
// Timings drift on a machine that others use; the median of the ratios of neighbours does not.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <benchmark/benchmark.h>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace paired {

/// Pairs of each comparison; more where a call is short.
inline constexpr int rounds = 31, short_rounds = 151;

template <class F>
double seconds(int calls, F const& run) {
  auto const start = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i) {
    run();
    benchmark::ClobberMemory();
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / calls;
}

inline double median(std::vector<double> x) {
  std::nth_element(x.begin(), x.begin() + x.size() / 2, x.end());
  return x[x.size() / 2];
}

/// Times `ctgrad` and `peer` in turns. The row's time is ctgrad's; `peer` is in seconds, `ratio` is the median of ctgrad / peer.
/// `bytes` are what one call has to read and write.
template <class Ctgrad, class Peer>
void compare(benchmark::State& state, double bytes, Ctgrad const& ctgrad, Peer const& peer) {
  int calls = 1;
  while (seconds(calls, ctgrad) * calls < 2e-3 && calls < 1 << 24) calls *= 2;
  seconds(calls, peer);
  std::vector<double> ours, theirs, ratios;
  for (auto _ : state) {
    bool const first = ours.size() % 2 == 0;
    double const a = first ? seconds(calls, ctgrad) : 0;
    double const b = seconds(calls, peer);
    ours.push_back(first ? a : seconds(calls, ctgrad));
    theirs.push_back(b);
    ratios.push_back(ours.back() / b);
    state.SetIterationTime(ours.back());
  }
  state.counters["ctgrad"] = median(ours);
  state.counters["peer"] = median(theirs);
  state.counters["ratio"] = median(ratios);
  if (bytes > 0) state.counters["bytes/s"] = benchmark::Counter(bytes / median(ours), benchmark::Counter::kDefaults, benchmark::Counter::kIs1024);
}

/// Registers the comparison `name`.
template <class F>
void add(std::string const& name, F run, int pairs = rounds) {
  benchmark::RegisterBenchmark(name.c_str(), run)->Iterations(pairs)->UseManualTime();
}

/// Ends the program where two results differ by more than `tolerance` of `scale`.
inline void require_close(char const* what, double a, double b, double tolerance, double scale = 0) {
  double const size = std::max({std::abs(a), std::abs(b), scale});
  if (std::abs(a - b) <= tolerance * size) return;
  std::fprintf(stderr, "%s: ctgrad has %.9g, the loop written by hand %.9g\n", what, a, b);
  std::exit(1);
}

inline int run(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace paired
