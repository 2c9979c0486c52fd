// The tiny graph by Eigen's arrays of fixed size.
//
// SPDX-License-Identifier: BSL-1.0
#include "arrays.hpp"

int main() {
  problem::tiny const in;
  using eight = Eigen::Array<float, 8, 1>;
  Eigen::Map<eight const> const a(in.a.data()), b(in.b.data()), c(in.c.data()), d(in.d.data());
  eight t, f, da, db, dc, dd;
  float loss = 0;
  return contender::serve(
      "eigen",
      [&] {
        t = d.tanh();
        f = a * b + c;
        loss = (f * t).sum();
        da = b * t, db = a * t, dc = t, dd = f * (1.0f - t * t);
      },
      [&] { return contender::checksum().scalar(loss).array(da).array(db).array(dc).array(dd); });
}
