// The numbers that every contender of a case computes with: a function of the array's number and the element's index.
// python/data.py has the same function, to the bit, so no files are exchanged.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <vector>

namespace data {

/// The finaliser of splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014; constants of Vigna's splitmix64.c).
constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
  z = (z ^ z >> 27) * 0x94D049BB133111EBu;
  return z ^ z >> 31;
}
/// Element `i` of stream `stream`; stream 0 is splitmix64 started at 0.
constexpr std::uint64_t bits(std::uint64_t stream, std::uint64_t i) { return mix(mix(stream) + (i + 1) * 0x9E3779B97F4A7C15u); }

/// In [0, 1), a multiple of 2^-24.
constexpr float uniform(std::uint64_t stream, std::uint64_t i) { return static_cast<float>(bits(stream, i) >> 40) * 0x1p-24f; }

/// Nearly normal: four uniform numbers of 16 bits, added (Irwin and Hall). Mean 0, deviation 1.01, at most 3.5 in size, exact in float.
constexpr float bell(std::uint64_t stream, std::uint64_t i) {
  std::uint64_t const b = bits(stream, i);
  auto const sum = static_cast<std::int32_t>((b & 0xFFFF) + (b >> 16 & 0xFFFF) + (b >> 32 & 0xFFFF) + (b >> 48));
  return static_cast<float>((sum - 131070) * 7) * 0x1p-18f;
}

// splitmix64.c of Vigna, started at 0, begins so.
static_assert(bits(0, 0) == 0xE220A8397B1DCDAFu && bits(0, 1) == 0x6E789E6AA1B965F4u && bits(0, 2) == 0x06C45D188009454Fu);

/// `low` to `high`.
inline std::vector<float> uniforms(std::uint64_t stream, std::int64_t n, float low, float high) {
  std::vector<float> x(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) x[i] = low + (high - low) * uniform(stream, i);
  return x;
}
inline std::vector<float> bells(std::uint64_t stream, std::int64_t n, float mean = 0, float deviation = 1) {
  std::vector<float> x(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) x[i] = mean + deviation * bell(stream, i);
  return x;
}
/// Classes that no order of rows favours.
inline std::vector<std::int32_t> labels(std::int64_t n, std::int64_t classes) {
  std::vector<std::int32_t> x(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) x[i] = static_cast<std::int32_t>(i * 7919 % classes);
  return x;
}

}  // namespace data
