// The tiny graph in one register: eight floats are one of AVX2.
//
// SPDX-License-Identifier: BSL-1.0
#include "../../../run/hand.hpp"
#include "../contender.hpp"
#include "../problems.hpp"

using eight = xsimd::make_sized_batch_t<float, 8>;
using batch = std::conditional_t<std::is_void_v<eight>, xsimd::make_sized_batch_t<float, 4>, eight>;

int main() {
  problem::tiny const in;
  float loss = 0;
  problem::floats da(8), db(8), dc(8), dd(8);
  return contender::serve(
      "hand",
      [&] {
        batch sum(0.0f);
        for (int i = 0; i < 8; i += static_cast<int>(batch::size)) {
          batch const a = batch::load_unaligned(in.a.data() + i), b = batch::load_unaligned(in.b.data() + i), c = batch::load_unaligned(in.c.data() + i),
                      t = xsimd::tanh(batch::load_unaligned(in.d.data() + i));
          batch const f = xsimd::fma(a, b, c);
          sum = xsimd::fma(f, t, sum);
          (b * t).store_unaligned(da.data() + i);
          (a * t).store_unaligned(db.data() + i);
          t.store_unaligned(dc.data() + i);
          (f * (batch(1.0f) - t * t)).store_unaligned(dd.data() + i);
        }
        loss = hand::sum_of_lanes(sum);
      },
      [&] { return contender::checksum().scalar(loss).array(da).array(db).array(dc).array(dd); });
}
