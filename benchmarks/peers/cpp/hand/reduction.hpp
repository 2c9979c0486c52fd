// A sum over an array in eight registers, added up in double after each block.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "parallel.hpp"

namespace hand {

/// The sum of `f(element)`, where `add(sum, pack)` adds the packs.
template <class Add, class F>
double reduce(float const* x, std::int64_t n, Add const& add, F const& f) {
  double total[hand::most_threads];
  in_shares(n, 8 * lanes, [&](std::int64_t i, std::int64_t last, int thread) {
    double sum = 0;
    while (i + 8 * lanes <= last) {
      batch s[8];
      for (auto& v : s) v = batch(0.0f);
      for (std::int64_t const end = std::min(i + 65536, last - (last - i) % (8 * lanes)); i < end; i += 8 * lanes)
        for (int k = 0; k < 8; ++k) s[k] = add(s[k], at(x + i + k * lanes));
      sum += sum_of_lanes(((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7])));
    }
    for (; i < last; ++i) sum += f(x[i]);
    total[thread] = sum;
  });
  double sum = 0;
  for (int t = 0; t < threads(); ++t) sum += total[t];
  return sum;
}

}  // namespace hand
