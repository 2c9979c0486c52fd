// Packs of float16 and bfloat16: bits that are loaded, stored, and turned into floats and back.
// By instructions where the processor has them. (AVX512-BF16's conversion takes subnormal numbers for zeros: bfloat16 is rounded by integers.)
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "simd.hpp"

namespace ctgrad::simd {

#if defined(__AVX512F__)
inline constexpr int half_lanes = 16;
using half_register = __m256i;
inline __m512 widened(__m256i x, float16) { return _mm512_cvtph_ps(x); }
inline __m512 widened(__m256i x, bfloat16) { return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(x), 16)); }
inline __m256i narrowed(__m512 x, float16) { return _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline __m256i narrowed(__m512 x, bfloat16) {
  __m512i const bits = _mm512_castps_si512(x), high = _mm512_srli_epi32(bits, 16);
  __m512i const rounded = _mm512_srli_epi32(_mm512_add_epi32(bits, _mm512_add_epi32(_mm512_set1_epi32(0x7fff), _mm512_and_si512(high, _mm512_set1_epi32(1)))), 16);
  return _mm512_cvtepi32_epi16(_mm512_mask_or_epi32(rounded, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), high, _mm512_set1_epi32(0x40)));
}
#elif defined(__AVX2__) && defined(__F16C__)
inline constexpr int half_lanes = 8;
using half_register = __m128i;
inline __m256 widened(__m128i x, float16) { return _mm256_cvtph_ps(x); }
inline __m256 widened(__m128i x, bfloat16) { return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16)); }
inline __m128i narrowed(__m256 x, float16) { return _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }
inline __m128i narrowed(__m256 x, bfloat16) {
  __m256i const bits = _mm256_castps_si256(x), high = _mm256_srli_epi32(bits, 16);
  __m256i const rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, _mm256_add_epi32(_mm256_set1_epi32(0x7fff), _mm256_and_si256(high, _mm256_set1_epi32(1)))), 16);
  __m256i const kept = _mm256_blendv_epi8(rounded, _mm256_or_si256(high, _mm256_set1_epi32(0x40)), _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q)));
  return _mm256_castsi256_si128(_mm256_permute4x64_epi64(_mm256_packus_epi32(kept, kept), 0b1000));
}
#else
inline constexpr int half_lanes = 1;
using half_register = std::uint16_t;
#endif

template <class T, int Width>
  requires detail::is_half<T>
struct pack<T, Width> {
  using truth = mask<2, Width>;  // (none is made: it says that this is a pack)
  static constexpr int count = Width / half_lanes;
  static constexpr bool masked = false;
  half_register part[count];

  pack() = default;
  explicit pack(T number) {
    alignas(64) T all[Width];
    for (T& x : all) x = number;
    load(all);
  }
  template <class Number>
    requires std::is_arithmetic_v<Number>
  explicit pack(Number number) : pack(T(number)) {}
  void load(T const* from) { std::memcpy(part, from, sizeof part); }
  void store(T* to) const { std::memcpy(to, part, sizeof part); }
};

template <class T, int Width>
  requires detail::is_half<T>
pack<float, Width> floats_of(pack<T, Width> const& x) {
  pack<float, Width> r;
  if constexpr (half_lanes == lanes<float> && half_lanes > 1) {
    CTGRAD_UNROLL for (int i = 0; i < pack<T, Width>::count; ++i) r.part[i] = widened(x.part[i], T{});
  } else {
    alignas(64) T from[Width];
    alignas(64) float to[Width];
    x.store(from);
    for (int i = 0; i < Width; ++i) to[i] = from[i];
    r.load(to);
  }
  return r;
}
template <class T, int Width>
  requires detail::is_half<T>
pack<T, Width> halves_of(pack<float, Width> const& x) {
  pack<T, Width> r;
  if constexpr (half_lanes == lanes<float> && half_lanes > 1) {
    CTGRAD_UNROLL for (int i = 0; i < pack<T, Width>::count; ++i) r.part[i] = narrowed(x.part[i].data, T{});
  } else {
    alignas(64) float from[Width];
    alignas(64) T to[Width];
    x.store(from);
    for (int i = 0; i < Width; ++i) to[i] = T(from[i]);
    r.load(to);
  }
  return r;
}

}  // namespace ctgrad::simd
