// STREAM's copy (McCalpin 1995) on two arrays: the speed of the memory, in the same run as the reductions that are held against it.
//
// SPDX-License-Identifier: BSL-1.0
#include "../contender.hpp"

int main(int argc, char** argv) {
  std::int64_t const n = contender::size(argc, argv, 1);
  std::vector<float> x(static_cast<std::size_t>(n)), y = data::uniforms(71, n, 0, 1);
  float* a = x.data();
  float const* b = y.data();

  return contender::serve(
      "stream_copy",
      [&] {
#pragma omp parallel for
        for (std::int64_t i = 0; i < n; ++i) a[i] = b[i];
      },
      [&] { return contender::checksum().array(x); });
}
