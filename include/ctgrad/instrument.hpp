// A way into the calls of a program for tools that watch them: profiles, checks.
// Programs know nothing of the tools, so those that are not watched pay nothing.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "program.hpp"

#include <type_traits>

namespace ctgrad::detail {

struct program_access {
  /// What `p(bindings...)` returns, with `run(frame)` where its instructions are run.
  template <class Program, class Run, class... Bindings>
  static auto evaluate(Program const&, Run const& run, Bindings&... bindings) {
    return Program::evaluate(run, bindings...);
  }
  /// The same for `p.into(space, bindings...)`.
  template <class Program, class Run, class... Bindings>
  static void into(Program const&, Run const& run, workspace_memory& space, Bindings&... bindings) {
    Program::compute(space, [&](auto& call, memory_layout const& layout, workspace_memory& memory) { call.run(memory, layout, call.dims, run); }, bindings...);
  }
  /// Checks and binds symbols as a call does, then gives `visit` the arrays by symbol and the numbers of the extents. Throws as a call does.
  template <class Program, class Visit, class... Bindings>
  static auto bind(Program const&, Visit const& visit, Bindings&... bindings) {
    require_no_error<names_error<typename Program::compiled, std::remove_cv_t<Bindings>...>>();
    typename Program::call c;
    c.bind_symbols(bindings...);
    return visit(static_cast<array_ref const*>(c.arrays), static_cast<std::int64_t const*>(c.dims));
  }
};

}  // namespace ctgrad::detail
