// Masks: truth values for the lanes of packs (simd.hpp), whatever the registers' width; and xsimd itself.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../compiler/dtype.hpp"
#include "../../../compiler/math.hpp"

#include <array>
#include <cstdint>
#include <cstring>
// clang fuses a multiplication and an addition within an expression only, and here each is a function of its own; g++ fuses them anyway.
#if defined(__clang__)
#define CTGRAD_BEGIN_FUSED _Pragma("float_control(push)") _Pragma("clang fp contract(fast)")
#define CTGRAD_END_FUSED _Pragma("float_control(pop)")
#else
#define CTGRAD_BEGIN_FUSED
#define CTGRAD_END_FUSED
#endif
CTGRAD_BEGIN_FUSED
#if defined(__AVX__)  // below that what xsimd includes is enough, and this takes an eighth of the umbrella's time
#include <immintrin.h>
#endif
// Without optimisation g++ (12 at least) has these as macros that cast what they are given, which xsimd's batches do not allow.
#if defined(_mm512_mask_blend_epi8) && defined(_mm512_mask_blend_epi16)
#undef _mm512_mask_blend_epi8
#undef _mm512_mask_blend_epi16
#define _mm512_mask_blend_epi8(mask, a, b) ((__m512i)__builtin_ia32_blendmb_512_mask((__v64qi)(__m512i)(a), (__v64qi)(__m512i)(b), (__mmask64)(mask)))
#define _mm512_mask_blend_epi16(mask, a, b) ((__m512i)__builtin_ia32_blendmw_512_mask((__v32hi)(__m512i)(a), (__v32hi)(__m512i)(b), (__mmask32)(mask)))
#endif
#include <xsimd/xsimd.hpp>
CTGRAD_END_FUSED

// g++ -O2 would leave a loop around a long function, with its registers in memory.
#if defined(__GNUC__)
#define CTGRAD_UNROLL _Pragma("GCC unroll 8")
#else
#define CTGRAD_UNROLL
#endif

namespace ctgrad::simd {

/// How many vector registers the instruction set has.
#if defined(__AVX512F__) || defined(__aarch64__)
inline constexpr int vector_registers = 32;
#else
inline constexpr int vector_registers = 16;
#endif
template <class T>
inline constexpr int lanes = static_cast<int>(xsimd::batch<T>::size);

/// The element that a mask over lanes of `Bytes` bytes is made for.
template <int Bytes>
using lane_type = std::conditional_t<Bytes == 4, float, double>;

/// `Width` truth values.
template <int Bytes, int Width>
struct mask {
  using lane = lane_type<Bytes>;
  using batch = xsimd::batch_bool<lane>;
  static constexpr int count = Width / lanes<lane>;
  static constexpr bool masked = false;  // (truth values are bytes, which no instruction reads a part of)
  batch part[count];

  mask() = default;
  explicit mask(bool b) {
    for (auto& p : part) p = batch(b);
  }
  /// The same truth values for lanes of another size.
  template <int Other>
  explicit mask(mask<Other, Width> const& from) {
    alignas(64) bool truth[Width];
    from.store(truth);
    load(truth);
  }
  // xsimd 8.1 goes through the lanes one by one, which can take longer than all of a loop (measured: Lennard-Jones forces 6 times slower).
  void load(bool const* from) {
    for (int i = 0; i < count; ++i) part[i] = load_truth<lanes<lane>>(from + i * lanes<lane>);
  }
  void store(bool* to) const {
    for (int i = 0; i < count; ++i) store_truth<lanes<lane>>(part[i], to + i * lanes<lane>);
  }

 private:
  template <int Lanes>
  static batch load_truth(bool const* from) {
#if defined(__AVX512BW__) && defined(__AVX512VL__)
    if constexpr (std::is_integral_v<decltype(batch::data)> && (Lanes == 16 || Lanes == 8)) {
      void const* const bytes = from;
      __m128i const truth = Lanes == 16 ? _mm_loadu_si128(static_cast<__m128i const*>(bytes)) : _mm_loadl_epi64(static_cast<__m128i const*>(bytes));
      return batch(static_cast<decltype(batch::data)>(_mm_test_epi8_mask(truth, truth)));
    } else
#elif defined(__AVX2__)
    if constexpr (Bytes == 4 && sizeof(batch::data) == sizeof(__m256)) {
      __m256i const wide = _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<__m128i const*>(from)));
      return batch(_mm256_castsi256_ps(_mm256_cmpgt_epi32(wide, _mm256_setzero_si256())));
    } else if constexpr (Bytes == 8 && sizeof(batch::data) == sizeof(__m256d)) {
      int bytes;
      std::memcpy(&bytes, from, sizeof bytes);
      return batch(_mm256_castsi256_pd(_mm256_cmpgt_epi64(_mm256_cvtepi8_epi64(_mm_cvtsi32_si128(bytes)), _mm256_setzero_si256())));
    } else
#endif
    {
      alignas(64) bool truth[Lanes];
      std::memcpy(truth, from, Lanes);
      return batch::load_aligned(truth);
    }
  }
  template <int Lanes>
  static void store_truth(batch const& b, bool* to) {
#if defined(__AVX512BW__) && defined(__AVX512VL__)
    if constexpr (std::is_integral_v<decltype(batch::data)> && (Lanes == 16 || Lanes == 8)) {
      void* const bytes = to;
      __m128i const truth = _mm_maskz_set1_epi8(static_cast<__mmask16>(b.data), 1);
      if constexpr (Lanes == 16) _mm_storeu_si128(static_cast<__m128i*>(bytes), truth);
      else _mm_storel_epi64(static_cast<__m128i*>(bytes), truth);
    } else
#elif defined(__AVX2__)
    if constexpr (Bytes == 4 && sizeof(batch::data) == sizeof(__m256)) {
      __m256i const wide = _mm256_castps_si256(b.data);
      __m128i const half = _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_and_si128(_mm_packs_epi16(half, half), _mm_set1_epi8(1)));
    } else if constexpr (Bytes == 8 && sizeof(batch::data) == sizeof(__m256d)) {
      int const bits = _mm256_movemask_pd(b.data);
      for (int i = 0; i < 4; ++i) to[i] = (bits >> i & 1) != 0;
    } else
#endif
    {
      alignas(64) bool truth[Lanes];
      b.store_aligned(truth);
      std::memcpy(to, truth, Lanes);
    }
  }

 public:
  template <class F>
  static mask each(F f) {
    mask r;
    CTGRAD_UNROLL
    for (int i = 0; i < count; ++i) r.part[i] = f(i);
    return r;
  }
  friend mask operator&&(mask const& a, mask const& b) { return each([&](int i) { return a.part[i] & b.part[i]; }); }
  friend mask operator||(mask const& a, mask const& b) { return each([&](int i) { return a.part[i] | b.part[i]; }); }
  friend mask operator!(mask const& a) { return each([&](int i) { return ~a.part[i]; }); }
  friend mask operator==(mask const& a, mask const& b) { return !(a != b); }
  friend mask operator!=(mask const& a, mask const& b) { return (a && !b) || (b && !a); }
  // bool as a number: + is or, * is and, as in PyTorch.
  friend mask operator+(mask const& a, mask const& b) { return a || b; }
  friend mask operator*(mask const& a, mask const& b) { return a && b; }
  friend mask operator<(mask const& a, mask const& b) { return !a && b; }
  friend mask operator>(mask const& a, mask const& b) { return a && !b; }
  friend mask operator<=(mask const& a, mask const& b) { return !a || b; }
  friend mask operator>=(mask const& a, mask const& b) { return a || !b; }
};
template <int Bytes, int Other, int Width>
mask<Bytes, Width> select(mask<Other, Width> const& condition, mask<Bytes, Width> const& a, mask<Bytes, Width> const& b) {
  if constexpr (Bytes == Other) return (condition && a) || (!condition && b);
  else return select(mask<Bytes, Width>(condition), a, b);
}

}  // namespace ctgrad::simd
