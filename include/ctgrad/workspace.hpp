// Memory of a program's temporaries, which calls may share one after the other.
// Apart from programs, so that it can be named without one.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace ctgrad {
namespace detail {

inline constexpr std::align_val_t arena_alignment{64};

/// Memory of temporaries.
struct arena_delete {
  void operator()(std::byte* bytes) const { ::operator delete(bytes, arena_alignment); }
};
using arena = std::unique_ptr<std::byte, arena_delete>;

}  // namespace detail

/// The memory of a program's temporaries, made by `program::workspace`. Used by one call at a time.
class workspace_memory {
 public:
  explicit workspace_memory(std::int64_t bytes) : bytes_(bytes), memory_(bytes ? static_cast<std::byte*>(::operator new(static_cast<std::size_t>(bytes), detail::arena_alignment)) : nullptr) {}
  std::int64_t bytes() const { return bytes_; }
  std::byte* data() { return memory_.get(); }

 private:
  std::int64_t bytes_;
  detail::arena memory_;
};

}  // namespace ctgrad
