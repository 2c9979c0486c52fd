// Philox4x32-10: random words that are a function of a key and a counter.
// Without a state, any thread can compute any element, and a backward pass can compute it again instead of keeping it.
// Source: Salmon, Moraes, Dror, Shaw, Parallel random numbers: as easy as 1, 2, 3 (2011); its constants, in the order of the authors' library Random123.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "math.hpp"

namespace ctgrad::detail {

/// The four words of a block, each in the low half of a 64-bit lane: of one block, or of several beside each other. What is in the high halves means nothing.
template <class Lane>
struct philox_words {
  Lane word[4];
};

constexpr std::uint64_t low_half(std::uint64_t x) { return x & 0xffffffffu; }
constexpr std::uint64_t multiply_low_halves(std::uint64_t a, std::uint64_t b) { return low_half(a) * low_half(b); }

/// The words of the counter `c` under the key (k0, k1). The same for plain numbers and for lanes of a register.
template <class Lane>
constexpr philox_words<Lane> philox4x32(philox_words<Lane> c, Lane k0, Lane k1) {
#if defined(__GNUC__)
#pragma GCC unroll 10
#endif
  for (int round = 0; round < 10; ++round) {
    Lane const p = multiply_low_halves(c.word[0], Lane(0xD2511F53u)), q = multiply_low_halves(c.word[2], Lane(0xCD9E8D57u));
    c = {{(q >> 32) ^ c.word[1] ^ k0, q, (p >> 32) ^ c.word[3] ^ k1, p}};
    k0 = k0 + Lane(0x9E3779B9u), k1 = k1 + Lane(0xBB67AE85u);
  }
  return c;
}

namespace cmath {

/// Word `counter` of the sequence that a seed and a stream have: word counter mod 4 of block counter / 4, with `stream` as the upper half of the block's number and
/// `seed` as the key.
constexpr std::int32_t philox(std::int64_t seed, std::int64_t stream, std::int64_t counter) {
  auto const k = static_cast<std::uint64_t>(seed), s = static_cast<std::uint64_t>(stream), c = static_cast<std::uint64_t>(counter), block = c >> 2;
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(philox4x32<std::uint64_t>({{block, block >> 32, s, s >> 32}}, k, k >> 32).word[c & 3]));
}
constexpr wrapping<std::int32_t> philox(wrapping<std::int64_t> seed, wrapping<std::int64_t> stream, wrapping<std::int64_t> counter) {
  return wrapping<std::int32_t>(philox(seed.raw, stream.raw, counter.raw));
}

}  // namespace cmath
}  // namespace ctgrad::detail
