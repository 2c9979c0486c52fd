// Packs: as many elements of any dtype as a loop handles at once, whatever the registers' width.
// xsimd's batches differ in length from dtype to dtype; a loop over float32 and float64 needs one length for both.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "mask.hpp"

#include <algorithm>

CTGRAD_BEGIN_FUSED
namespace ctgrad::simd {

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

#if defined(__AVX512F__) || defined(__AVX2__)
  /// Whether a part of a pack can be read and written as it is: where xsimd's registers are those of the instructions below.
#if defined(__AVX512F__)
  static constexpr bool masked = sizeof(batch) == 64;
#else
  static constexpr bool masked = sizeof(batch) == 32;
#endif
  /// The first `elements` only; no other memory is touched, and other lanes are 0.
  void load_first(T const* from, int elements) {
    for (int i = 0; i < count; ++i) part[i] = load_lanes(from + i * lanes<T>, elements - i * lanes<T>);
  }
  void store_first(T* to, int elements) const {
#if defined(__AVX512F__)
    for (int i = 0; i < count; ++i) store_lanes(to + i * lanes<T>, part[i], elements - i * lanes<T>);
#else
    // (Not by masked stores: each takes AMD's processors up to Zen 4 some 12 cycles.)
    element_array const all = this->elements();
    auto* const at = reinterpret_cast<std::byte*>(to);
    auto const* const from = reinterpret_cast<std::byte const*>(all.values);
    int const bytes = elements * static_cast<int>(sizeof(T));
    int done = 0;
    for (; done + 32 <= bytes; done += 32) __builtin_memcpy(at + done, from + done, 32);
    if (done + 16 <= bytes) __builtin_memcpy(at + done, from + done, 16), done += 16;
    if (done + 8 <= bytes) __builtin_memcpy(at + done, from + done, 8), done += 8;
    if (done + 4 <= bytes) __builtin_memcpy(at + done, from + done, 4);
#endif
  }
  /// The same for a number that is known: by whole moves of 32, 16, 8 and 4 bytes. (A masked load takes AMD's first Zen 12 cycles.)
  template <int Elements>
  void load_part(T const* from) {
#if defined(__AVX512F__)
    load_first(from, Elements);
#else
    [&]<int... I>(std::integer_sequence<int, I...>) { ((part[I] = load_moves<bytes_in(I, Elements)>(from + I * lanes<T>)), ...); }(std::make_integer_sequence<int, count>{});
#endif
  }
  template <int Elements>
  void store_part(T* to) const {
#if defined(__AVX512F__)
    store_first(to, Elements);
#else
    [&]<int... I>(std::integer_sequence<int, I...>) { (store_moves<bytes_in(I, Elements)>(to + I * lanes<T>, part[I]), ...); }(std::make_integer_sequence<int, count>{});
#endif
  }

 private:
#if defined(__AVX512F__)
  static auto first_lanes(int elements) {
    using bits = std::conditional_t<sizeof(T) == 4, __mmask16, __mmask8>;
    return static_cast<bits>((1u << std::clamp(elements, 0, lanes<T>)) - 1);
  }
  static batch load_lanes(T const* at, int elements) {
    auto const m = first_lanes(elements);
    if constexpr (std::is_same_v<T, float>) return _mm512_maskz_loadu_ps(m, at);
    else if constexpr (std::is_same_v<T, double>) return _mm512_maskz_loadu_pd(m, at);
    else if constexpr (sizeof(T) == 4) return _mm512_maskz_loadu_epi32(m, at);
    else return _mm512_maskz_loadu_epi64(m, at);
  }
  static void store_lanes(T* at, batch const& b, int elements) {
    auto const m = first_lanes(elements);
    if constexpr (std::is_same_v<T, float>) _mm512_mask_storeu_ps(at, m, b.data);
    else if constexpr (std::is_same_v<T, double>) _mm512_mask_storeu_pd(at, m, b.data);
    else if constexpr (sizeof(T) == 4) _mm512_mask_storeu_epi32(at, m, b.data);
    else _mm512_mask_storeu_epi64(at, m, b.data);
  }
#else
  static constexpr int bytes_in(int i, int elements) { return std::clamp(elements - i * lanes<T>, 0, lanes<T>) * static_cast<int>(sizeof(T)); }
  template <int Bytes>
  static __m128i load_half(std::byte const* from) {
    if constexpr (Bytes == 0) return _mm_setzero_si128();
    else if constexpr (Bytes == 8) return _mm_loadl_epi64(reinterpret_cast<__m128i const*>(from));
    else if constexpr (Bytes == 12) return _mm_unpacklo_epi64(load_half<8>(from), load_half<4>(from + 8));
    else if constexpr (Bytes == 16) return _mm_loadu_si128(reinterpret_cast<__m128i const*>(from));
    std::int32_t word;
    __builtin_memcpy(&word, from, 4);
    return _mm_cvtsi32_si128(word);
  }
  template <int Bytes>
  static void store_half(std::byte* to, __m128i x) {
    if constexpr (Bytes == 4) {
      std::int32_t const word = _mm_cvtsi128_si32(x);
      __builtin_memcpy(to, &word, 4);
    } else if constexpr (Bytes == 8) {
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to), x);
    } else if constexpr (Bytes == 12) {
      store_half<8>(to, x), store_half<4>(to + 8, _mm_unpackhi_epi64(x, x));
    } else if constexpr (Bytes == 16) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), x);
    }
  }
  template <int Bytes>
  static batch load_moves(T const* from) {
    if constexpr (Bytes == 32) return batch::load_unaligned(from);
    auto const* const bytes = reinterpret_cast<std::byte const*>(from);
    constexpr int low = std::min(Bytes, 16), high = Bytes - low;
    __m256i const x = _mm256_insertf128_si256(_mm256_castsi128_si256(load_half<low>(bytes)), load_half<high>(bytes + low), 1);
    if constexpr (std::is_same_v<T, float>) return batch(_mm256_castsi256_ps(x));
    else if constexpr (std::is_same_v<T, double>) return batch(_mm256_castsi256_pd(x));
    else return batch(x);
  }
  template <int Bytes>
  static void store_moves(T* to, batch const& b) {
    if constexpr (Bytes == 32) return b.store_unaligned(to);
    __m256i x;
    if constexpr (std::is_same_v<T, float>) x = _mm256_castps_si256(b.data);
    else if constexpr (std::is_same_v<T, double>) x = _mm256_castpd_si256(b.data);
    else x = b.data;
    constexpr int low = std::min(Bytes, 16), high = Bytes - low;
    store_half<low>(reinterpret_cast<std::byte*>(to), _mm256_castsi256_si128(x));
    store_half<high>(reinterpret_cast<std::byte*>(to) + low, _mm256_extractf128_si256(x, 1));
  }
  static __m256i first_lanes(int elements) {
    alignas(64) static constexpr std::int32_t ones_and_zeros[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
    int const words = std::clamp(elements, 0, lanes<T>) * static_cast<int>(sizeof(T) / 4);
    return _mm256_loadu_si256(reinterpret_cast<__m256i const*>(ones_and_zeros + 8 - words));
  }
  static batch load_lanes(T const* at, int elements) {
    __m256i const m = first_lanes(elements);
    if constexpr (std::is_same_v<T, float>) return _mm256_maskload_ps(at, m);
    else if constexpr (std::is_same_v<T, double>) return _mm256_maskload_pd(at, m);
    else if constexpr (sizeof(T) == 4) return _mm256_maskload_epi32(static_cast<int const*>(at), m);
    else return _mm256_maskload_epi64(reinterpret_cast<long long const*>(at), m);
  }
#endif

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
  /// The lanes f(0), f(1), …, put together in registers: read back from memory, they would wait for as many stores.
  template <class F>
    requires native
  static pack each_lane(F f) {
    return each([&](int i) {
      return [&]<int... Lane>(std::integer_sequence<int, Lane...>) {
        return batch(typename batch::register_type{f(i * lanes<T> + Lane)...});
      }(std::make_integer_sequence<int, lanes<T>>{});
    });
  }
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

/// 0, 1, 2, … from `first` on; integers wrap. (Places are integers; floats count lanes only.)
/// (Written to memory and loaded again, numbers waited for their stores, which g++ 12 makes by half registers: three quarters of the time of a cheap loop.)
template <class T, int Width>
pack<T, Width> count_from(std::int64_t first) {
  using batch = typename pack<T, Width>::batch;
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
CTGRAD_END_FUSED
