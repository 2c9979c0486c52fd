// Sets of small numbers of which most have one element.
// Fusion divides a block into groups, and asks of each value which of them need it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

namespace ctgrad::detail {

/// Some of the groups into which a block is divided. Which ones is known for up to 64 groups; of more, the first and whether there are others.
struct group_set {
  std::int32_t first = -1;
  bool several = false;
  std::uint64_t bits = 0;

  static constexpr int capacity = 64;
  constexpr void add(int group) {
    if (first >= 0 && group != first) several = true;
    if (first < 0 || group < first) first = group;
    bits |= std::uint64_t{1} << group % capacity;
  }
  constexpr void add(group_set const& other) {
    if (other.first < 0) return;
    bool const more = several || other.several;
    std::uint64_t const all = bits | other.bits;
    add(other.first);
    several = several || more;
    bits = all;
  }
  /// Whether one of them is odd.
  constexpr bool has_odd() const { return (bits & 0xAAAAAAAAAAAAAAAAu) != 0; }
  constexpr bool has(int group) const { return several ? (bits >> group % capacity & 1) != 0 : first == group; }
  static constexpr group_set only(int group) { return {group, false, std::uint64_t{1} << group % capacity}; }
};

}  // namespace ctgrad::detail
