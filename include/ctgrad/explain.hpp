// What a program does, for people: its loops as pseudo-code, its graph as a picture.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../compiler/explain.hpp"
#include "report.hpp"

#include <string>

namespace ctgrad {

namespace detail {
template <class Frozen>
constexpr schedule thaw_schedule(Frozen const& s) {
  return {{s.instructions.begin(), s.instructions.end()},
          {s.loops.begin(), s.loops.end()},
          {s.accesses.begin(), s.accesses.end()},
          {s.buffers.begin(), s.buffers.end()},
          {s.shapes.begin(), s.shapes.end()}};
}
/// The graph of a program's outputs, or of one expression, after differentiation.
template <expression E>
graph graph_to_draw(E const&) {
  return graph_after<source_graph<E>, formula_pass_count>.thaw();
}
template <int Assigned, class... Outputs>
graph graph_to_draw(program<Assigned, Outputs...> const&) {
  return graph_after<source_graph<Outputs...>, formula_pass_count>.thaw();
}
}  // namespace detail

/// The loops of a program, as pseudo-code. Above each nest (parallel: in parts on threads, where it is large enough) and each product stand what it reads, what it
/// writes and what it costs, below it why it ends; at last, what is kept between them with the reason why it is not fused.
template <int Assigned, class... Outputs>
std::string explain(program<Assigned, Outputs...> const& p) {
  using compiled = detail::short_compiled<Assigned, Outputs...>;
  auto const r = report(p);
  detail::message head;
  head << r.nests << (r.nests == 1 ? " nest, " : " nests, ") << r.products << (r.products == 1 ? " product, " : " products, ") << r.temporaries
       << (r.temporaries == 1 ? " temporary, " : " temporaries, ") << r.rows << (r.rows == 1 ? " row buffer\n" : " row buffers\n");
  head << detail::explain_outputs(detail::kept_graph<detail::program_source<Assigned, Outputs...>>::kept.thaw()) << '\n';
  auto const schedule = detail::thaw_schedule(compiled::schedule);
  auto const graph = compiled::graph.thaw();
  detail::message const kept = detail::explain_kept(graph, schedule);
  return detail::to_text(head << detail::explain(graph, schedule) << (kept.empty() ? "" : "\n") << kept);
}

/// The graph of an expression or a program in Graphviz's language: `dot -Tsvg`.
template <class T>
std::string to_dot(T const& what) {
  return detail::to_text(detail::print_dot(detail::graph_to_draw(what)));
}
/// The graph of an expression or a program in Mermaid's language, which GitHub draws.
template <class T>
std::string to_mermaid(T const& what) {
  return detail::to_text(detail::print_mermaid(detail::graph_to_draw(what)));
}

}  // namespace ctgrad
