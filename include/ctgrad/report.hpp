// What a program does, in figures for static_assert, and what an expression is, as a formula.
// The certificates of design 1.7.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../compiler/print.hpp"
#include "../../compiler/units.hpp"
#include "program.hpp"

namespace ctgrad {

/// Figures of a program.
template <class Compiled>
struct program_report {
  int nests = 0;        ///< loops over memory: outermost loops, each walked once
  int products = 0;     ///< matrix products left to BLAS
  int groups = 0;       ///< of nests and products that go through tiles of one axis together, where there is enough to do
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
  using compiled = detail::short_compiled<Assigned, Outputs...>;
  program_report<compiled> r;
  for (auto const& l : compiled::schedule.loops) r.nests += l.parent < 0;
  for (auto const& b : compiled::schedule.buffers) {
    r.temporaries += b.kind == detail::buffer_kind::temporary;
    r.rows += b.kind == detail::buffer_kind::row;
  }
  for (auto const& i : compiled::schedule.instructions) {
    r.products += i.what == detail::action::product;
    if (i.group >= r.groups) r.groups = i.group + 1;
    r.calls += i.what == detail::action::call;
    r.operations += i.what == detail::action::compute;
  }
  return r;
}

namespace detail {
template <class E>
struct formula_of {
  constexpr message operator()() const {
    message m;
    graph const g = graph_after<source_graph<E>, formula_pass_count>.thaw();
    print_formula(m, g, g.outputs[0]);
    return m;
  }
};
}  // namespace detail

/// The simplified formula of an expression, gradients worked out: `ct::to_string(ct::grad(f, x)) == "2 * x"`. A constant.
template <expression E>
constexpr std::string_view to_string(E const&) {
  return detail::text_of<detail::formula_of<E>>.view();
}

}  // namespace ctgrad
