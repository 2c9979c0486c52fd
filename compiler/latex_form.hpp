// How an operation is written in LaTeX: what its row says of it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string_view>

namespace ctgrad::detail::latex {

/// What binds how tightly, loosest first.
enum level : std::int8_t { bare = 0, disjunction = 2, conjunction = 4, relation = 6, negation = 7, addition = 8, series = 9, factor = 10, fraction = 12, application = 14, exponent = 16, base = 17, atom = 20 };

/// How an operation is written, where `\operatorname{name}\left(operands\right)` is not it: `#0`, `#1`, `#2` stand for its operands, which are put in parentheses where they bind less than `operands` say.
struct form {
  std::string_view text;
  level binds = atom;
  level operands[3]{bare, bare, bare};
};

}  // namespace ctgrad::detail::latex
