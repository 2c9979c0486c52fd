// Philox for packs. Elements that stand beside each other have counters that follow each other, and then each block gives the words of four of them.
// Without that, three quarters of the work would be thrown away (measured: 2.4 times slower).
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../compiler/philox.hpp"
#include "simd.hpp"

#include <array>

namespace ctgrad::simd {

// For each kind of register: the products of the low halves of lanes (xsimd multiplies whole lanes, which takes several instructions), and the lanes of two
// registers, one from each in turn. Registers interleave in parts of 128 bits: block_places says in which order.
template <class Register>
Register multiply_low(Register const& a, Register const& b) {
  using batch = xsimd::batch<std::uint64_t>;
  batch const low(0xffffffffu);
  return (batch(a) & low) * (batch(b) & low);
}
template <class Register>
void store_in_turn(Register const& a, Register const& b, void* to) {
  using batch = xsimd::batch<std::uint64_t>;
  constexpr std::size_t count = batch::size;
  std::uint64_t left[count], right[count], turn[2 * count];
  batch(a).store_unaligned(left), batch(b).store_unaligned(right);
  for (std::size_t i = 0, place = 0; i < count; ++i) {
    place = i % 2 * (count / 2) + i / 2;
    turn[2 * place] = left[i], turn[2 * place + 1] = right[i];
  }
  std::memcpy(to, turn, sizeof turn);
}
#if defined(__AVX512F__)
inline __m512i multiply_low(__m512i a, __m512i b) { return _mm512_mul_epu32(a, b); }
inline void store_in_turn(__m512i a, __m512i b, void* to) {
  _mm512_storeu_si512(to, _mm512_unpacklo_epi64(a, b));
  _mm512_storeu_si512(static_cast<__m512i*>(to) + 1, _mm512_unpackhi_epi64(a, b));
}
#endif
#if defined(__AVX2__)
inline __m256i multiply_low(__m256i a, __m256i b) { return _mm256_mul_epu32(a, b); }
inline void store_in_turn(__m256i a, __m256i b, void* to) {
  _mm256_storeu_si256(static_cast<__m256i*>(to), _mm256_unpacklo_epi64(a, b));
  _mm256_storeu_si256(static_cast<__m256i*>(to) + 1, _mm256_unpackhi_epi64(a, b));
}
#endif
#if defined(__SSE2__)
inline __m128i multiply_low(__m128i a, __m128i b) { return _mm_mul_epu32(a, b); }
inline void store_in_turn(__m128i a, __m128i b, void* to) {
  _mm_storeu_si128(static_cast<__m128i*>(to), _mm_unpacklo_epi64(a, b));
  _mm_storeu_si128(static_cast<__m128i*>(to) + 1, _mm_unpackhi_epi64(a, b));
}
#endif

/// A register of 64-bit lanes, for philox4x32. (A template, as all here: who draws no numbers does not wait for operators of registers.)
template <class Word>
struct lanes_of_words {
  using batch = xsimd::batch<Word>;
  static constexpr int count = lanes<Word>;
  batch data;

  lanes_of_words() = default;
  explicit lanes_of_words(Word x) : data(x) {}
  explicit lanes_of_words(batch const& b) : data(b) {}

  batch low() const { return data & batch(0xffffffffu); }
  friend lanes_of_words operator^(lanes_of_words const& a, lanes_of_words const& b) { return lanes_of_words(a.data ^ b.data); }
  friend lanes_of_words operator+(lanes_of_words const& a, lanes_of_words const& b) { return lanes_of_words(a.data + b.data); }
  friend lanes_of_words operator>>(lanes_of_words const& a, int bits) { return lanes_of_words(a.data >> bits); }
  friend lanes_of_words multiply_low_halves(lanes_of_words const& a, lanes_of_words const& b) {
    return lanes_of_words(batch(multiply_low(a.data.data, b.data.data)));
  }
};

using word_lanes = lanes_of_words<std::uint64_t>;

/// In which lane the numbers of blocks stand, so that words that are stored in turn come out in order.
template <class Lanes>
inline constexpr auto block_places = [] {
  std::array<std::uint64_t, static_cast<std::size_t>(Lanes::count)> p{};
  for (std::size_t i = 0; i < p.size(); ++i) p[i] = i % 2 * (p.size() / 2) + i / 2;
  return p;
}();
/// The words of blocks `first`, `first` + 1, …, as many as there are lanes, one behind the other.
template <class Lanes>
void store_blocks(std::uint64_t first, Lanes const (&stream)[2], Lanes const (&key)[2], std::int32_t* to) {
  using batch = typename Lanes::batch;
  Lanes const block(batch(first) + batch::load_unaligned(block_places<Lanes>.data()));
  auto const words = detail::philox4x32<Lanes>({{block, block >> 32, stream[0], stream[1]}}, key[0], key[1]);
  auto const& w = words.word;
  batch const a = w[0].low() | (w[1].data << 32), b = w[2].low() | (w[3].data << 32);
  store_in_turn(a.data, b.data, to);
}

/// A block for each element, of which it gets one word.
template <int Width>
[[gnu::noinline]] pack<std::int32_t, Width> philox_apart(pack<std::int64_t, Width> const& seed, pack<std::int64_t, Width> const& stream,
                                                         pack<std::int64_t, Width> const& counter) {
  constexpr int count = word_lanes::count;
  alignas(64) std::int32_t words[Width];
  auto const counters = counter.elements();
  for (int i = 0; i < Width / count; ++i) {
    auto const lanes_of = [i](pack<std::int64_t, Width> const& p) { return word_lanes(word_lanes::batch(p.part[i].data)); };
    word_lanes const s = lanes_of(seed), t = lanes_of(stream), c = lanes_of(counter), block = c >> 2;
    auto const found = detail::philox4x32<word_lanes>({{block, block >> 32, t, t >> 32}}, s, s >> 32);
    alignas(64) std::uint64_t all[4][count];
    for (int k = 0; k < 4; ++k) found.word[k].data.store_aligned(all[k]);
    for (int lane = 0, at = i * count; lane < count; ++lane, ++at) words[at] = static_cast<std::int32_t>(static_cast<std::uint32_t>(all[counters.values[at] & 3][lane]));
  }
  pack<std::int32_t, Width> result;
  result.load(words);
  return result;
}

/// Word `counter` of the sequence of a seed and a stream (compiler/philox.hpp).
template <int Width>
pack<std::int32_t, Width> philox(pack<std::int64_t, Width> const& seed, pack<std::int64_t, Width> const& stream, pack<std::int64_t, Width> const& counter) {
  using batch = xsimd::batch<std::int64_t>;
  constexpr int count = lanes<std::int64_t>;
  std::int64_t const s = seed.part[0].get(0), t = stream.part[0].get(0), c = counter.part[0].get(0);
  auto const following = count_from<std::int64_t, Width>(c);
  auto same = counter.part[0] == following.part[0];
  CTGRAD_UNROLL
  for (int i = 0; i < Width / count; ++i) same = same & (counter.part[i] == following.part[i]) & (seed.part[i] == batch(s)) & (stream.part[i] == batch(t));
  std::uint64_t const first = static_cast<std::uint64_t>(c);
  if (!xsimd::all(same) || first > ~std::uint64_t{2 * Width + 4 * count}) return philox_apart(seed, stream, counter);
  auto const halves = [](std::int64_t x, int shift) { return word_lanes(static_cast<std::uint64_t>(x) >> shift); };
  word_lanes const key[2] = {halves(s, 0), halves(s, 32)}, upper[2] = {halves(t, 0), halves(t, 32)};
  alignas(64) std::int32_t words[Width + 8 * count];
  std::int64_t const skipped = c & 3;
  for (int at = 0; at < Width + skipped; at += 4 * count) store_blocks((first >> 2) + static_cast<std::uint64_t>(at / 4), upper, key, words + at);
  pack<std::int32_t, Width> result;
  result.load(words + skipped);
  return result;
}

}  // namespace ctgrad::simd
