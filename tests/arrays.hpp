// Arrays for tests: filled from a seed, compared with what naive loops in double give.
// Kept here so that each test of a program says only what it computes.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <ctgrad/array.hpp>

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

namespace ctgrad::test {

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// Numbers that look random and are the same everywhere (splitmix64, Steele, Lea, Flood 2014).
struct random_numbers {
  std::uint64_t state;
  constexpr std::uint64_t next() {
    std::uint64_t z = state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
  }
  constexpr int below(int n) { return static_cast<int>(next() % static_cast<std::uint64_t>(n)); }
  /// In [-2, 2).
  constexpr double real() { return static_cast<double>(next() >> 11) * 0x1p-51 - 2; }
};

/// Elements in [-2, 2), whole numbers in [-9, 9], or truth values.
template <class T>
T random_element(random_numbers& r) {
  if constexpr (std::is_same_v<T, bool>) return r.below(2) == 1;
  else if constexpr (std::is_integral_v<T>) return static_cast<T>(r.below(19) - 9);
  else return static_cast<T>(r.real());
}
template <class T, class... Extents>
array<T, sizeof...(Extents)> filled(std::uint64_t seed, Extents... extents) {
  auto a = array<T, sizeof...(Extents)>::uninitialized({static_cast<std::int64_t>(extents)...});
  random_numbers r{seed};
  for (std::int64_t i = 0; i < a.size(); ++i) a.data()[i] = random_element<T>(r);
  return a;
}

/// |a - b| <= tolerance (1 + |b|), or the same infinity, or both NaN.
inline bool near(double a, double b, double tolerance) { return (std::isnan(a) && std::isnan(b)) || a == b || std::abs(a - b) <= tolerance * (1 + std::abs(b)); }

/// Whether the elements of `seen`, in row-major order, are near `expected`; says where not.
template <class T>
boost::test_tools::predicate_result near(T const* seen, std::int64_t size, std::vector<double> const& expected, double tolerance) {
  boost::test_tools::predicate_result result(true);
  if (size != static_cast<std::int64_t>(expected.size())) {
    result = false;
    result.message() << size << " elements, expected " << expected.size();
    return result;
  }
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (!near(static_cast<double>(seen[i]), expected[i], tolerance)) {
      result = false;
      result.message() << "element " << i << " of " << size << " is " << static_cast<double>(seen[i]) << ", expected " << expected[i];
      return result;
    }
  return result;
}
template <class T, std::size_t Rank>
boost::test_tools::predicate_result near(array<T, Rank> const& seen, std::vector<double> const& expected, double tolerance) {
  return near(seen.data(), seen.size(), expected, tolerance);
}

/// The message of the exception `Error` that `f` throws, or what happens instead.
template <class Error, class F>
std::string message_of(F const& f) {
  try {
    f();
  } catch (Error const& e) {
    return e.what();
  } catch (std::exception const& e) {
    return std::string("(another exception) ") + e.what();
  }
  return "(no exception)";
}

using doubles = std::vector<double>;
inline std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

/// d f / d x by central differences, for f of the elements of x.
template <std::size_t Rank>
doubles differences(array<double, Rank> x, std::function<double(array<double, Rank> const&)> const& f) {
  doubles result;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    double const before = x.data()[i], step = 1e-5;
    x.data()[i] = before + step;
    double const high = f(x);
    x.data()[i] = before - step;
    result.push_back((high - f(x)) / (2 * step));
    x.data()[i] = before;
  }
  return result;
}
inline constexpr double slope_tolerance = 1e-8;

}  // namespace ctgrad::test
