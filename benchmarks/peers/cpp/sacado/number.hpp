// Sacado's headers, and the error function that it lacks.
// Its configuration in Debian includes MPI's C header; nothing of MPI is called.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#define OMPI_SKIP_MPICXX 1
#include <Sacado.hpp>
#include <Sacado_trad.hpp>

#include <cmath>

/// erf' = 2/sqrt(pi) e^(-x^2), for numbers with N derivatives, which may be numbers with derivatives themselves.
template <class T, int N>
Sacado::Fad::SFad<T, N> error_function(Sacado::Fad::SFad<T, N> const& x) {
  using std::erf, std::exp;
  Sacado::Fad::SFad<T, N> result;
  T const& v = x.val();
  if constexpr (std::is_arithmetic_v<T>) result.val() = erf(v);
  else result.val() = error_function(v);
  T const slope = 1.12837917f * exp(-(v * v));
  for (int i = 0; i < N; ++i) result.fastAccessDx(i) = slope * x.fastAccessDx(i);
  return result;
}
