// Prints numbers of the generator, for test_compare.py to hold against Python's.
//
// SPDX-License-Identifier: BSL-1.0
#include "cpp/data.hpp"

#include <cinttypes>
#include <cstdio>

int main() {
  for (std::uint64_t stream : {0, 1, 71})
    for (std::uint64_t i : {0, 1, 2, 1023, 1 << 25})
      std::printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %.9g %.9g\n", stream, i, data::bits(stream, i), static_cast<double>(data::uniform(stream, i)), static_cast<double>(data::bell(stream, i)));
}
