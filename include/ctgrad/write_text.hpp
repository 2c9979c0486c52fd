// Text files that appear complete or not at all: traces, pages.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "npy.hpp"

#include <cerrno>
#include <span>
#include <string>
#include <string_view>

namespace ctgrad::detail {

/// Writes `text` to a file beside `path`, which is then renamed over it. Throws io_error, and leaves nothing behind.
inline void write_text(std::string const& path, std::string_view text) {
  part_file part(path);
  bool const good = part.get() >= 0 && write_all(part.get(), std::as_bytes(std::span(text))) && part.replace(path);
  int const problem = errno;
  if (!good) throw io_error(printable_path(path) + ": cannot be written: " + system_problem(problem));
}

}  // namespace ctgrad::detail
