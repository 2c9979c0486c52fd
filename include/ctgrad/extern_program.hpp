// A program whose loops are compiled once in a project, in one source, however many others call it.
// Apart from programs because most have one caller, in whose loops the compiler may look.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "program.hpp"

namespace ctgrad::detail {

template <class P>
void run_whole(frame<P>& f) {
  run_level<P, 0, P::size.instructions>(f);
}
template <class Program>
struct compiled_program : Program {};
template <class Program>
  requires requires { typename Program::program_type; }  // backward
struct compiled_program<Program> : Program::program_type {};
template <auto const& Program>
using compiled_of = typename compiled_program<std::remove_cvref_t<decltype(Program)>>::compiled;

}  // namespace ctgrad::detail

/// In a header, outside of namespaces, behind `inline constexpr auto step = ct::compile(…)` or ct::backward, and before the first call: calls of `step` check and bind as always, and their loops
/// are those of the one source that has CTGRAD_PROGRAM(step). Without that source the program does not link.
#define CTGRAD_EXTERN_PROGRAM(name)                                                             \
  template <>                                                                                   \
  inline constexpr bool ctgrad::detail::is_elsewhere<ctgrad::detail::compiled_of<name>> = true; \
  extern template void ctgrad::detail::run_whole(ctgrad::detail::frame<ctgrad::detail::compiled_of<name>>&)
/// In one source, which includes that header: the loops of `name`.
#define CTGRAD_PROGRAM(name) template void ctgrad::detail::run_whole(ctgrad::detail::frame<ctgrad::detail::compiled_of<name>>&)
