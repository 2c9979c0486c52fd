// What a program does, for people and for static_assert: figures, loops as pseudo-code, graphs as pictures.
// The certificates of design 1.7.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../compiler/explain.hpp"
#include "../../compiler/print.hpp"
#include "program.hpp"

#include <iosfwd>
#include <string>

namespace ctgrad {

/// Figures of a program.
template <class Compiled>
struct program_report {
  int nests = 0;        ///< loops over memory: outermost loops, each walked once
  int products = 0;     ///< matrix products left to BLAS
  int calls = 0;        ///< library operations: sorts, running totals, factorisations; `flops` does not count what they do
  int temporaries = 0;  ///< whole arrays of the workspace
  int rows = 0;         ///< row buffers: what one walk of the outer loops keeps
  int operations = 0;   ///< elementwise operations in all bodies

  /// Arithmetic operations of one call for the bound extents: `report(step).flops(N = 1000)`.
  template <bound... Bindings>
  constexpr std::int64_t flops(Bindings const&... extents) const {
    return work(extents...).flops;
  }
  /// Bytes of arrays that one call reads and writes, each array once for each nest or product: what a turn of its outermost loop reads again is in the cache.
  template <bound... Bindings>
  constexpr std::int64_t bytes(Bindings const&... extents) const {
    return work(extents...).bytes;
  }

  /// Bytes of temporaries that live at the same time at most, on one thread: `report(step).peak_bytes(N = 1000)`.
  template <bound... Bindings>
  constexpr std::int64_t peak_bytes(Bindings const&... extents) const {
    auto const bound = bind(extents...);
    std::int64_t slots[Compiled::slot_count + 1]{}, total = 0;
    for (int i = 0; i < Compiled::buffer_count; ++i) {
      if (Compiled::slots[i] < 0) continue;
      auto const& b = Compiled::schedule.buffers[static_cast<std::size_t>(i)];
      auto const count = detail::product_of(detail::extents_of(Compiled::schedule.shapes[static_cast<std::size_t>(index(b.s))], bound));
      std::int64_t const bytes = (count * static_cast<std::int64_t>(size_of(b.type)) + 63) / 64 * 64;
      if (slots[Compiled::slots[i]] < bytes) slots[Compiled::slots[i]] = bytes;
    }
    for (std::int64_t bytes : slots) total += bytes;
    return total;
  }

 private:
  template <bound... Bindings>
  static constexpr detail::extent_binding bind(Bindings const&... extents) {
    detail::extent_binding b;
    (b.entries.push_back({detail::extent_name{detail::target_name<typename Bindings::target>}, extents.data}), ...);
    for (int i = 0; i < Compiled::dim_count; ++i)
      if (!b.find(Compiled::dims[i].name)) throw "ctgrad: report: an extent is not bound";
    return b;
  }
  template <bound... Bindings>
  static constexpr detail::work<std::int64_t> work(Bindings const&... extents) {
    auto const bound = bind(extents...);
    return detail::measure<std::int64_t>(Compiled::graph, Compiled::schedule, 0, Compiled::size.instructions, [&](detail::extent const& e) { return e.evaluate(bound); });
  }
};

/// Figures of a program, as constants: `static_assert(ct::report(step).nests == 1)`.
template <int Assigned, class... Outputs>
constexpr auto report(program<Assigned, Outputs...> const&) {
  using compiled = detail::compiled<Assigned, Outputs...>;
  program_report<compiled> r;
  for (auto const& l : compiled::schedule.loops) r.nests += l.parent < 0;
  for (auto const& b : compiled::schedule.buffers) {
    r.temporaries += b.kind == detail::buffer_kind::temporary;
    r.rows += b.kind == detail::buffer_kind::row;
  }
  for (auto const& i : compiled::schedule.instructions) {
    r.products += i.what == detail::action::product;
    r.calls += i.what == detail::action::call;
    r.operations += i.what == detail::action::compute;
  }
  return r;
}

namespace detail {
template <class Frozen>
constexpr schedule thaw_schedule(Frozen const& s) {
  return {{s.instructions.begin(), s.instructions.end()},
          {s.loops.begin(), s.loops.end()},
          {s.accesses.begin(), s.accesses.end()},
          {s.buffers.begin(), s.buffers.end()},
          {s.shapes.begin(), s.shapes.end()}};
}
template <class E>
struct formula_of {
  constexpr message operator()() const {
    message m;
    graph const g = graph_after<source_graph<E>, formula_pass_count>.thaw();
    print_formula(m, g, g.outputs[0]);
    return m;
  }
};
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

/// The simplified formula of an expression, gradients worked out: `ct::to_string(ct::grad(f, x)) == "2 * x"`. A constant.
template <expression E>
constexpr std::string_view to_string(E const&) {
  return detail::text_of<detail::formula_of<E>>.view();
}

/// The loops of a program, as pseudo-code. Above each nest (parallel: in parts on threads, where it is large enough) and each product stand what it reads, what it
/// writes and what it costs, below it why it ends; at last, what is kept between them with the reason why it is not fused.
template <int Assigned, class... Outputs>
std::string explain(program<Assigned, Outputs...> const& p) {
  using compiled = detail::compiled<Assigned, Outputs...>;
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
