// Packs: as many elements of any dtype as a loop handles at once, whatever the registers' width.
// xsimd's batches differ in length from dtype to dtype; a loop over float32 and float64 needs one length for both.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../../compiler/dtype.hpp"
#include "../../../compiler/math.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#if defined(__x86_64__)
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

// g++ -O2 would leave a loop around a long function, with its registers in memory.
#if defined(__GNUC__)
#define CTGRAD_UNROLL _Pragma("GCC unroll 8")
#else
#define CTGRAD_UNROLL
#endif

namespace ctgrad::simd {

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
    if constexpr (std::is_same_v<decltype(batch::data), __m256>) {
      __m256i const wide = _mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<__m128i const*>(from)));
      return batch(_mm256_castsi256_ps(_mm256_cmpgt_epi32(wide, _mm256_setzero_si256())));
    } else if constexpr (std::is_same_v<decltype(batch::data), __m256d>) {
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
    if constexpr (std::is_same_v<decltype(batch::data), __m256>) {
      __m256i const wide = _mm256_castps_si256(b.data);
      __m128i const half = _mm_packs_epi32(_mm256_castsi256_si128(wide), _mm256_extracti128_si256(wide, 1));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to), _mm_and_si128(_mm_packs_epi16(half, half), _mm_set1_epi8(1)));
    } else if constexpr (std::is_same_v<decltype(batch::data), __m256d>) {
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

/// `Width` elements `T`.
template <class T, int Width>
struct pack {
  using batch = xsimd::batch<T>;
  using truth = mask<static_cast<int>(sizeof(T)), Width>;
  static constexpr int count = Width / lanes<T>;
  static_assert(Width % lanes<T> == 0);
  batch part[count];

  pack() = default;
  template <class Number>
    requires std::is_arithmetic_v<Number>
  explicit pack(Number number) {
    CTGRAD_UNROLL for (int i = 0; i < count; ++i) part[i] = batch(static_cast<T>(number));
  }
  // Two parts are written out: a loop less to unroll shows in the compile time of long bodies.
  void load(T const* from) {
    if constexpr (count == 2) part[0] = batch::load_unaligned(from), part[1] = batch::load_unaligned(from + lanes<T>);
    else
      for (int i = 0; i < count; ++i) part[i] = batch::load_unaligned(from + i * lanes<T>);
  }
  void store(T* to) const {
    if constexpr (count == 2) part[0].store_unaligned(to), part[1].store_unaligned(to + lanes<T>);
    else
      for (int i = 0; i < count; ++i) part[i].store_unaligned(to + i * lanes<T>);
  }

#if defined(__AVX512F__)
  /// Whether a part of a pack can be read and written as it is.
  static constexpr bool masked = lanes<T> * sizeof(T) == 64;
  /// The first `elements` only; no other memory is touched, and other lanes are 0.
  void load_first(T const* from, int elements) {
    for (int i = 0; i < count; ++i) {
      auto const m = first_lanes(elements - i * lanes<T>);
      T const* const at = from + i * lanes<T>;
      if constexpr (std::is_same_v<T, float>) part[i] = batch(_mm512_maskz_loadu_ps(m, at));
      else if constexpr (std::is_same_v<T, double>) part[i] = batch(_mm512_maskz_loadu_pd(m, at));
      else if constexpr (sizeof(T) == 4) part[i] = batch(_mm512_maskz_loadu_epi32(m, at));
      else part[i] = batch(_mm512_maskz_loadu_epi64(m, at));
    }
  }
  void store_first(T* to, int elements) const {
    for (int i = 0; i < count; ++i) {
      auto const m = first_lanes(elements - i * lanes<T>);
      T* const at = to + i * lanes<T>;
      if constexpr (std::is_same_v<T, float>) _mm512_mask_storeu_ps(at, m, part[i].data);
      else if constexpr (std::is_same_v<T, double>) _mm512_mask_storeu_pd(at, m, part[i].data);
      else if constexpr (sizeof(T) == 4) _mm512_mask_storeu_epi32(at, m, part[i].data);
      else _mm512_mask_storeu_epi64(at, m, part[i].data);
    }
  }

 private:
  static auto first_lanes(int elements) {
    using bits = std::conditional_t<sizeof(T) == 4, __mmask16, __mmask8>;
    return static_cast<bits>((1u << (elements < 0 ? 0 : elements < lanes<T> ? elements : lanes<T>)) - 1);
  }

 public:
#else
  static constexpr bool masked = false;
#endif
  template <class F>
  static pack each(F f) {
    pack r;
    if constexpr (count == 2) {
      r.part[0] = f(0), r.part[1] = f(1);
    } else {
      CTGRAD_UNROLL
      for (int i = 0; i < count; ++i) r.part[i] = f(i);
    }
    return r;
  }
  template <class F>
  static truth each_truth(F f) {
    // A comparison of integers gives a mask of integers; the bits are those of the lanes' mask.
    truth r;
    CTGRAD_UNROLL
    for (int i = 0; i < count; ++i) {
      if constexpr (std::is_integral_v<T>) r.part[i] = xsimd::bool_cast(f(i));
      else r.part[i] = f(i);
    }
    return r;
  }
  /// One element after the other, where the instruction set has nothing better.
  template <class F, class... Packs>
  static pack each_element(F f, Packs const&... packs) {
    alignas(64) T result[Width];
    [&](auto const&... elements) {
      for (int i = 0; i < Width; ++i) result[i] = f(elements.values[i]...);
    }(packs.elements()...);
    pack r;
    r.load(result);
    return r;
  }
  struct element_array {
    alignas(64) T values[Width];
  };
  element_array elements() const {
    element_array e;
    store(e.values);
    return e;
  }

  // By the compilers' own vectors, where registers are that: each layer of functions less shows in the compile time of long bodies.
  static constexpr bool native = std::is_floating_point_v<T> && requires(typename batch::register_type v) { v + v, v - v, v * v, v / v, -v; };
#define CTGRAD_PACK_OPERATOR(symbol)                                                        \
  friend pack operator symbol(pack const& a, pack const& b) {                               \
    pack r;                                                                                 \
    if constexpr (native && count == 2) {                                                   \
      r.part[0] = batch(a.part[0].data symbol b.part[0].data);                              \
      r.part[1] = batch(a.part[1].data symbol b.part[1].data);                              \
    } else {                                                                                \
      CTGRAD_UNROLL for (int i = 0; i < count; ++i) {                                       \
        if constexpr (native) r.part[i] = batch(a.part[i].data symbol b.part[i].data);      \
        else r.part[i] = a.part[i] symbol b.part[i];                                        \
      }                                                                                     \
    }                                                                                       \
    return r;                                                                               \
  }
  CTGRAD_PACK_OPERATOR(+)
  CTGRAD_PACK_OPERATOR(-)
  CTGRAD_PACK_OPERATOR(*)
  CTGRAD_PACK_OPERATOR(/)
#undef CTGRAD_PACK_OPERATOR
  friend pack operator-(pack const& a) {
    pack r;
    CTGRAD_UNROLL for (int i = 0; i < count; ++i) {
      if constexpr (native) r.part[i] = batch(-a.part[i].data);
      else r.part[i] = -a.part[i];
    }
    return r;
  }
  friend truth operator==(pack const& a, pack const& b) { return each_truth([&](int i) { return a.part[i] == b.part[i]; }); }
  // Not xsimd's, which is false for NaN with AVX and AVX-512 (_CMP_NEQ_OQ in xsimd 8.1).
  friend truth operator!=(pack const& a, pack const& b) { return !(a == b); }
  friend truth operator<(pack const& a, pack const& b) { return each_truth([&](int i) { return a.part[i] < b.part[i]; }); }
  friend truth operator<=(pack const& a, pack const& b) { return each_truth([&](int i) { return a.part[i] <= b.part[i]; }); }
  friend truth operator>(pack const& a, pack const& b) { return each_truth([&](int i) { return a.part[i] > b.part[i]; }); }
  friend truth operator>=(pack const& a, pack const& b) { return each_truth([&](int i) { return a.part[i] >= b.part[i]; }); }
};

template <class T, int Width, int Bytes>
pack<T, Width> select(mask<Bytes, Width> const& condition, pack<T, Width> const& a, pack<T, Width> const& b) {
  if constexpr (Bytes != sizeof(T)) {
    return select(mask<static_cast<int>(sizeof(T)), Width>(condition), a, b);
  } else {
    return pack<T, Width>::each([&](int i) {
      if constexpr (std::is_integral_v<T>) return xsimd::select(xsimd::bool_cast(condition.part[i]), a.part[i], b.part[i]);
      else return xsimd::select(condition.part[i], a.part[i], b.part[i]);
    });
  }
}

/// Lanes of the larger, and of the smaller; the second where one is NaN (or NaN, where the instruction set has it so).
template <class T, int Width>
pack<T, Width> larger(pack<T, Width> const& a, pack<T, Width> const& b) {
  return pack<T, Width>::each([&](int i) { return xsimd::max(a.part[i], b.part[i]); });
}
template <class T, int Width>
pack<T, Width> smaller(pack<T, Width> const& a, pack<T, Width> const& b) {
  return pack<T, Width>::each([&](int i) { return xsimd::min(a.part[i], b.part[i]); });
}
template <int Bytes, int Width>
mask<Bytes, Width> larger(mask<Bytes, Width> const& a, mask<Bytes, Width> const& b) { return a || b; }
template <int Bytes, int Width>
mask<Bytes, Width> smaller(mask<Bytes, Width> const& a, mask<Bytes, Width> const& b) { return a && b; }

#define CTGRAD_PACK_FUNCTION(name, function)                                              \
  template <class T, int Width>                                                           \
  pack<T, Width> name(pack<T, Width> const& x) {                                          \
    return pack<T, Width>::each([&](int i) { return xsimd::function(x.part[i]); });       \
  }
/// An exponential `f`. xsimd 8.1 turns exponents of doubles into integers one by one before it looks, and infinity and NaN are none:
/// those become 800, beyond which exponentials end, and NaN comes back.
template <class Batch, class F>
Batch exponential(Batch const& x, F const& f) {
  if constexpr (sizeof(typename Batch::value_type) == 4) {
    return f(x);
  } else {
    // (Of NaN and a number, max gives the second.)
    return xsimd::select(x == x, f(xsimd::min(xsimd::max(x, Batch(-800.0)), Batch(800.0))), x);
  }
}
template <class T, int Width>
pack<T, Width> exp(pack<T, Width> const& x) {
  return pack<T, Width>::each([&](int i) { return exponential(x.part[i], [](auto const& y) { return xsimd::exp(y); }); });
}
template <class T, int Width>
pack<T, Width> expm1(pack<T, Width> const& x) {
  return pack<T, Width>::each([&](int i) { return exponential(x.part[i], [](auto const& y) { return xsimd::expm1(y); }); });
}
CTGRAD_PACK_FUNCTION(log, log)
CTGRAD_PACK_FUNCTION(log1p, log1p)
CTGRAD_PACK_FUNCTION(sqrt, sqrt)
CTGRAD_PACK_FUNCTION(cbrt, cbrt)
CTGRAD_PACK_FUNCTION(sin, sin)
CTGRAD_PACK_FUNCTION(cos, cos)
CTGRAD_PACK_FUNCTION(tan, tan)
CTGRAD_PACK_FUNCTION(asin, asin)
CTGRAD_PACK_FUNCTION(acos, acos)
CTGRAD_PACK_FUNCTION(atan, atan)
CTGRAD_PACK_FUNCTION(sinh, sinh)
CTGRAD_PACK_FUNCTION(cosh, cosh)
CTGRAD_PACK_FUNCTION(tanh, tanh)
CTGRAD_PACK_FUNCTION(erf, erf)
CTGRAD_PACK_FUNCTION(abs, abs)
#undef CTGRAD_PACK_FUNCTION

template <class T, int Width>
pack<T, Width> floor(pack<T, Width> const& x) {
  if constexpr (std::is_integral_v<T>) return x;
  else return pack<T, Width>::each([&](int i) { return xsimd::floor(x.part[i]); });
}
template <class T, int Width>
pack<T, Width> ceil(pack<T, Width> const& x) {
  if constexpr (std::is_integral_v<T>) return x;
  else return pack<T, Width>::each([&](int i) { return xsimd::ceil(x.part[i]); });
}
/// The nearest whole number, the even one of two.
template <class T, int Width>
pack<T, Width> round(pack<T, Width> const& x) {
  if constexpr (std::is_integral_v<T>) return x;
  else return pack<T, Width>::each([&](int i) { return xsimd::nearbyint(x.part[i]); });
}
template <class T, int Width>
pack<T, Width> atan2(pack<T, Width> const& y, pack<T, Width> const& x) {
  return pack<T, Width>::each([&](int i) { return xsimd::atan2(y.part[i], x.part[i]); });
}
template <class T, int Width>
pack<T, Width> hypot(pack<T, Width> const& x, pack<T, Width> const& y) {
  return pack<T, Width>::each_element([](T a, T b) { return detail::cmath::hypot(a, b); }, x, y);
}
template <class T, int Width>
pack<T, Width> pow(pack<T, Width> const& x, pack<T, Width> const& y) {
  if constexpr (std::is_integral_v<T>) return pack<T, Width>::each_element([](T a, T b) { return detail::cmath::pow(a, b); }, x, y);
  else return pack<T, Width>::each([&](int i) { return xsimd::pow(x.part[i], y.part[i]); });
}

/// 0, 1, 2, … from `first` on; integers wrap.
/// (Written to memory and loaded again, numbers waited for their stores, which g++ 12 makes by half registers: three quarters of the time of a cheap loop.)
template <class T, int Width>
pack<T, Width> count_from(std::int64_t first) {
  using batch = typename pack<T, Width>::batch;
  if constexpr (!std::is_integral_v<T>)
    if (first > (std::int64_t{1} << std::numeric_limits<T>::digits) - Width) {  // not every sum is exact
      typename pack<T, Width>::element_array numbers;
      for (int i = 0; i < Width; ++i) numbers.values[i] = static_cast<T>(first + i);
      pack<T, Width> r;
      r.load(numbers.values);
      return r;
    }
  alignas(64) static constexpr auto numbers = [] {
    typename pack<T, Width>::element_array e{};
    for (int i = 0; i < Width; ++i) e.values[i] = static_cast<T>(i);
    return e;
  }();
  return pack<T, Width>::each([&](int i) { return batch(static_cast<T>(first)) + batch::load_aligned(numbers.values + i * lanes<T>); });
}

/// The elements as another dtype (detail::convert says how).
template <class To, class From, int Width>
pack<To, Width> convert(pack<From, Width> const& x) {
  if constexpr (std::is_same_v<To, From>) {
    return x;
  } else {
    if constexpr (std::is_same_v<From, std::int32_t> && std::is_same_v<To, float>)
      return pack<To, Width>::each([&](int i) { return xsimd::to_float(x.part[i]); });
    auto const from = x.elements();
    alignas(64) To to[Width];
    for (int i = 0; i < Width; ++i) to[i] = detail::cmath::convert<To>(from.values[i]);
    pack<To, Width> r;
    r.load(to);
    return r;
  }
}

}  // namespace ctgrad::simd
