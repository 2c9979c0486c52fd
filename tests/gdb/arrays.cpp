// Arrays and views for GDB to print; run.sh holds the texts that it has to show.
//
// SPDX-License-Identifier: BSL-1.0
#include <ctgrad/array.hpp>

#include <cstdint>

namespace ct = ctgrad;

[[gnu::noinline]] void stop([[maybe_unused]] ct::view<float, 2> turned, [[maybe_unused]] ct::view<double const, 1> every_other) { asm volatile(""); }

int main() {
  ct::array<float, 2> w{{1, 2, 3}, {4, 5, 6.5f}};
  ct::array<std::int64_t, 1> const counts{7, -8};
  ct::array<double, 0> const number = ct::full<double>(2.5);
  ct::array<bool, 3> flags = ct::zeros<bool>(1, 2, 2);
  flags(0, 1, 0) = true;
  ct::array<float, 2> const none = ct::zeros<float>(0, 4);
  ct::array<int, 1> const many = ct::arange<int>(1000);
  double const plain[] = {1, 2, 3, 4, 5, 6};
  stop(w.t(), ct::view<double const, 1>(plain, {3}, {2}));
  return static_cast<int>(counts(0) + many(0)) + (number.data() == nullptr) + (none.size() != 0) == 7 ? 0 : 1;
}
