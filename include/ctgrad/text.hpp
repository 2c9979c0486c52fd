// Text from files, as messages show it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <string_view>

namespace ctgrad::detail {

/// `text` between quotes, on one line and short, whatever bytes it has.
inline std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (char letter : text.substr(0, 40)) {
    bool const plain = letter >= ' ' && letter <= '~';
    if (plain) result += letter;
    else result += {'\\', 'x', "0123456789abcdef"[(letter >> 4) & 15], "0123456789abcdef"[letter & 15]};
  }
  return result + (text.size() > 40 ? "…'" : "'");
}

}  // namespace ctgrad::detail
