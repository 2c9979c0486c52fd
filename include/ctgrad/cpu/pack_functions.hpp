// The functions of packs (simd.hpp), by xsimd: exponentials, trigonometry, rounding; and those that the rows of the op table have for packs alone.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "simd.hpp"

#include <iterator>

CTGRAD_BEGIN_FUSED
namespace ctgrad::simd {

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
CTGRAD_PACK_FUNCTION(abs, abs)
#undef CTGRAD_PACK_FUNCTION

/// (log(1 + x) - x) / x² on [0, 1], in powers of 2 x - 1: the polynomials by which log(1 + x) is off least (Remez's exchange), by 2^-30.2 and 2^-56.5 of it.
template <class T>
inline constexpr float log1p_unit_terms[] = {
    -0.378139568f, 0.0896124548f, -0.0233075608f, 0.00638567174f, -0.00180938102f,
    0.000523601996f, -0.000153026815f, 4.77497349e-5f, -1.68094468e-5f, 4.04873476e-6f};
template <>
inline constexpr double log1p_unit_terms<double>[] = {
    -0.37813956756734247, 0.089612468468018591, -0.023307591590917259, 0.0063854307631750287, -0.0018089489477760802,
    0.00052464820285249617, -0.00015484219948380518, 4.6320402819148478e-5, -1.4006503023158286e-5, 4.2727491760625149e-6,
    -1.3130187232275474e-6, 4.0592920814292109e-7, -1.2610818339840863e-7, 3.9485592357198609e-8, -1.2504834608079823e-8,
    3.8284008176165487e-9, -1.0847085677519768e-9, 4.0241491417767107e-10, -1.950320658110333e-10, 4.8312396547232833e-11};
/// log(1 + x) of x in [0, 1], or NaN: off by at most 1.35 units of the last place where multiplications and additions are fused, 1.65 elsewhere.
template <class T, int Width>
pack<T, Width> log1p_unit(pack<T, Width> const& x) {
  using batch = typename pack<T, Width>::batch;
  constexpr auto& terms = log1p_unit_terms<T>;
  return pack<T, Width>::each([&](int i) {
    batch const e = x.part[i], u = xsimd::fms(e, batch(T(2)), batch(T(1))), square = u * u;
    int k = static_cast<int>(std::size(terms)) - 2;
    batch even(terms[k]), odd(terms[k + 1]);
    CTGRAD_UNROLL
    while (k > 0) k -= 2, even = xsimd::fma(even, square, batch(terms[k])), odd = xsimd::fma(odd, square, batch(terms[k + 1]));
    return xsimd::fma(xsimd::fma(odd, u, even), e * e, e);
  });
}

/// xsimd's kernels of the error function. (They are its own affair: where a version has them no more, its erf is used.)
template <class Batch>
using erf_kernel = xsimd::kernel::detail::erf_kernel<Batch>;
template <class Batch>
concept has_erf_kernels = requires(Batch x) { erf_kernel<Batch>::erf1(x), erf_kernel<Batch>::erfc2(x); };
/// erf(x), where e is e^(-x²): as xsimd has it (within 2.5 and 70 units of the last place of float and double), without another exponential.
template <class T, int Width>
pack<T, Width> erf_by_exp(pack<T, Width> const& x, pack<T, Width> const& e) {
  using batch = typename pack<T, Width>::batch;
  return pack<T, Width>::each([&](int i) {
    batch const a = xsimd::abs(x.part[i]), one(T(1));
    if constexpr (!has_erf_kernels<batch>) {
      return xsimd::erf(x.part[i]);
    } else if constexpr (std::is_same_v<T, float>) {
      batch const small = x.part[i] * erf_kernel<batch>::erf1(a * a), large = one - e.part[i] * erf_kernel<batch>::erfc2(batch(0.6f) - one / (one + a));
      return xsimd::select(a < batch(2.0f / 3.0f), small, xsimd::copysign(large, x.part[i]));
    } else {
      batch const small = x.part[i] * erf_kernel<batch>::erf1(a * a);
      batch large = one - e.part[i] * erf_kernel<batch>::erfc2(a);
      if (auto const far = a >= batch(2.2); xsimd::any(far))  // (beyond 30 it is 1; at infinity polynomials are none)
        large = xsimd::select(far, one - e.part[i] * erf_kernel<batch>::erfc3(xsimd::min(batch(30.0), a)), large);
      return xsimd::select(a < batch(0.65), small, xsimd::copysign(large, x.part[i]));
    }
  });
}
template <class T, int Width>
pack<T, Width> erf(pack<T, Width> const& x) {
  // (Of doubles whose square overflows, xsimd's is NaN.)
  if constexpr (std::is_same_v<T, double>) return erf_by_exp(x, exp(-(x * x)));
  else return pack<T, Width>::each([&](int i) { return xsimd::erf(x.part[i]); });
}

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

}  // namespace ctgrad::simd
CTGRAD_END_FUSED
