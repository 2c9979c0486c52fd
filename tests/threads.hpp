// Runs on several numbers of threads, which have to agree to the bit.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <ctgrad/array.hpp>

#include <boost/test/unit_test.hpp>

#include <cstring>
#include <tuple>
#include <type_traits>
#if defined(_OPENMP)
#include <omp.h>
#endif

namespace ctgrad::test {

inline void set_threads([[maybe_unused]] int count) {
#if defined(_OPENMP)
  omp_set_num_threads(count);
#endif
}

template <class T, std::size_t Rank>
bool same_bits(array<T, Rank> const& x, array<T, Rank> const& y) {
  return x.size() == y.size() && (x.size() == 0 || std::memcmp(x.data(), y.data(), static_cast<std::size_t>(x.size()) * sizeof(T)) == 0);
}
template <class T>
  requires std::is_arithmetic_v<T>
bool same_bits(T x, T y) {
  return std::memcmp(&x, &y, sizeof x) == 0;
}
/// Whether all results of two calls are the same.
template <class Results>
bool same_results(Results const& a, Results const& b) {
  return std::apply([&](auto const&... x) { return std::apply([&](auto const&... y) { return (same_bits(x, y) && ...); }, b.values); }, a.values);
}

/// Calls `run` on 1 to 4 threads; every result has to be that of one thread, to the bit.
template <class Run>
auto on_all_threads(Run run) {
  set_threads(1);
  auto const expected = run();
  for (int threads : {2, 3, 4}) {
    set_threads(threads);
    BOOST_TEST(same_results(run(), expected), threads << " threads");
  }
  set_threads(2);
  return expected;
}

}  // namespace ctgrad::test
