// What a contender is: a process that says what it computed, then times a batch of calls each time it is told to.
// compare.py starts all contenders of a case, compares what they computed, and lets them run in turns.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "data.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace contender {

/// The shortest time that is measured.
inline constexpr double batch_seconds = 20e-3;

/// The status of a contender that cannot take part, after a line that says why; what meson takes for a skipped test.
inline constexpr int not_available = 77;

/// Numbers that stand for the results: `value@scale`, where differences are relative to the scale.
class checksum {
 public:
  checksum& scalar(double value) { return put(value, std::abs(value)); }
  /// An array by its root mean square, a mean weighted at random, and four elements, at the scale of the first.
  template <class T>
  checksum& array(T const* x, std::int64_t n) {
    double squares = 0, weighted = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      double const v = static_cast<double>(x[i]);
      squares += v * v;
      weighted += v * static_cast<double>(data::uniform(99, static_cast<std::uint64_t>(i)));
    }
    double const size = std::sqrt(squares / static_cast<double>(n));
    put(size, size).put(weighted / static_cast<double>(n), size);
    for (std::int64_t i : {std::int64_t{0}, n / 3, 2 * n / 3, n - 1}) put(static_cast<double>(x[i]), size);
    return *this;
  }
  template <class Container>
  checksum& array(Container const& x) {
    return array(x.data(), static_cast<std::int64_t>(x.size()));
  }
  /// Each column of a matrix as an array, where one's size says nothing of another's.
  template <class Container>
  checksum& columns(Container const& x, std::int64_t count) {
    std::vector<typename Container::value_type> column(x.size() / static_cast<std::size_t>(count));
    for (std::int64_t k = 0; k < count; ++k) {
      for (std::size_t i = 0; i < column.size(); ++i) column[i] = x[i * static_cast<std::size_t>(count) + static_cast<std::size_t>(k)];
      array(column);
    }
    return *this;
  }
  std::string const& text() const { return text_; }

 private:
  std::string text_;
  checksum& put(double value, double scale) {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, " %.9g@%.3g", value, scale);
    text_ += buffer;
    return *this;
  }
};

/// Seconds per call. The compiler has to think that anybody reads and writes what `call` refers to, between all calls.
template <class Call>
double seconds(long calls, Call const& call) {
  auto const start = std::chrono::steady_clock::now();
  for (long i = 0; i < calls; ++i) {
    call();
    asm volatile("" : : "g"(&call) : "memory");
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / static_cast<double>(calls);
}

/// Serves `name`: `call` computes, `check` gives the checksum of what it has computed. Returns main's status.
template <class Call, class Check>
int serve(char const* name, Call const& call, Check const& check) {
  call();
  std::printf("ready %s%s\n", name, check().text().c_str());
  std::fflush(stdout);
  long calls = 0;
  char line[16];
  while (std::fgets(line, sizeof line, stdin) && std::strcmp(line, "run\n") == 0) {
    if (calls == 0) {
      // (The least of three: one that something else delayed would make batches of single calls, which begin with what a first call waits for.)
      for (calls = 1; std::min({seconds(calls, call), seconds(calls, call), seconds(calls, call)}) * static_cast<double>(calls) < batch_seconds;) calls *= 2;
    } else if (calls > 1) {
      call();  // the caches are this contender's again
    }
    std::printf("%.9g\n", seconds(calls, call));
    std::fflush(stdout);
  }
  return 0;
}

/// A size given on the command line.
inline std::int64_t size(int argc, char** argv, int number) {
  long long const value = number < argc ? std::atoll(argv[number]) : 0;
  if (value > 0) return value;
  std::fprintf(stderr, "%s: argument %d has to be a size\n", argv[0], number);
  std::exit(2);
}

}  // namespace contender
