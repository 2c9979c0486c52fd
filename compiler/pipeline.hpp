// The passes, in the order in which a graph goes through them.
// include/ctgrad reaches the compiler through this header, and names passes nowhere else.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "differentiate.hpp"
#include "fuse.hpp"
#include "interpret.hpp"
#include "known_conditions.hpp"
#include "mirror.hpp"
#include "prepare.hpp"
#include "simplify.hpp"
#include "sum_before_products.hpp"
#include "unroll_windows.hpp"
#include "widen.hpp"

namespace ctgrad::detail {

/// A pass, as the pipeline lists it.
struct pass {
  std::string_view name;
  graph (*run)(graph);
  int growth = 1;  ///< how many nodes come out for each that goes in, usually: more are made room for in a second evaluation
  bool (*concerns)(node const&) = nullptr;  ///< the pass leaves graphs as they are without a node that it concerns: they need not be copied for it
};

inline constexpr int graph_pass_count = 12;

/// From what the user wrote to what is computed. Stability rules run before derivatives are taken, so that gradients are stable too.
/// A template all through, so that no rule costs anything where no program is made.
template <class Needed = void>
inline constexpr pass graph_passes[graph_pass_count] = {
    {"simplify", &simplify<&write_default_rules, Needed>},
    {"differentiate", &differentiate<Needed>, 3, [](node const& n) { return n.code == op::gradient; }},
    {"simplify gradients", &simplify<&write_default_rules, Needed>},
    {"use known conditions", &use_known_conditions, 1, &condition_finder::is_choice},
    {"sum before products", &sum_before_products, 1, [](node const& n) { return n.code == op::contract; }},
    {"widen", &widen, 2, [](node const& n) { return is_narrow(n.type); }},
    {"unroll windows", &unroll_windows, 2, [](node const& n) { return info(n.code).kind == op_kind::reduction; }},
    {"prepare", &prepare, 2},
    {"sum mirrored", &sum_mirrored, 1, [](node const& n) { return n.code == op::sum; }},
    {"choose computations", &simplify<&write_loop_rules, Needed>},
    {"share", &simplify<&write_sharing_rules, Needed>},
    {"separate outputs", &separate_outputs},
};
/// Whether a pass has anything to do with a graph of these nodes.
constexpr bool concerns(pass const& p, node const* nodes, int count) {
  for (int i = 0; p.concerns && i < count; ++i)
    if (p.concerns(nodes[i])) return true;
  return !p.concerns;
}

/// The number of passes after which gradients are worked out, and the graph has its size.
inline constexpr int differentiated_pass_count = 2;
/// The number of passes after which a graph is what a person would write: gradients worked out, nothing prepared for loops.
inline constexpr int formula_pass_count = 3;

/// The graph that `Source::make()` gives, evaluated once where `Nodes` and the rest are room enough for it: arrays with room to spare, in
/// sizes of which few graphs have one of their own.
template <class Source, int Nodes, int Shapes, int Symbols, int Outputs, int Equalities>
struct kept_in {
  static constexpr int room(int wanted) { return static_cast<int>(std::bit_ceil(static_cast<unsigned>(wanted))); }
  static constexpr auto tried = freeze<room(Nodes), room(Shapes), room(Symbols), room(Outputs), room(Equalities)>(Source::make());
  static constexpr auto const& kept = []() -> auto const& {
    if constexpr (tried.fits) return tried;
    else return kept_in<Source, tried.size.nodes, tried.size.shapes, tried.size.symbols, tried.size.outputs, tried.size.equalities>::tried;
  }();
};

/// The graph that `Source::make()` gives.
template <class Source>
struct kept_graph : kept_in<Source, 1024, 32, 32, 16, 16> {};

/// Passes over graphs of up to so many nodes are one evaluation: each costs instantiations. Compilers' limits on one are near 1,400 nodes for the
/// dearest pass, so the passes up to differentiation, which makes a graph of any size from few nodes, and those after it are counted apart.
inline constexpr int together_limit_before = 48, together_limit_after = 128;

/// `void`, but not before `Source` is known (`std::void_t` is void at once).
template <class Source>
struct nothing {
  using type = void;
};

/// The graph of `Source` after `Pass` passes, of which those from `from` on are evaluated here.
template <class Source, int Pass>
struct passed_graph {
  static constexpr bool differentiated = Pass > differentiated_pass_count;
  static constexpr int stretch = differentiated ? differentiated_pass_count : 0;
  static constexpr bool together = passed_graph<Source, stretch>::kept.size.nodes <= (differentiated ? together_limit_after : together_limit_before);
  static constexpr int from = together ? stretch : Pass - 1;
  using before = passed_graph<Source, from>;
  static constexpr auto const& passes = graph_passes<typename nothing<Source>::type>;
  static constexpr graph make() {
    graph g = before::kept.thaw();
    for (int p = from; p < Pass; ++p)
      if (concerns(passes[p], g.nodes.data(), g.size())) g = passes[p].run(static_cast<graph&&>(g));
    return g;
  }
  static constexpr int growth = [] {
    int most = 1;
    for (int p = from; p < Pass; ++p)
      if (most < passes[p].growth) most = passes[p].growth;
    return most;
  }();
  static constexpr graph_size size = before::kept.size;
  static constexpr auto const& kept = []() -> auto const& {
    if constexpr (from == Pass - 1 && !concerns(passes[from], before::kept.nodes.data(), size.nodes)) return before::kept;
    else return kept_in<passed_graph, growth * size.nodes + 48, size.shapes + 16, size.symbols + 1, size.outputs + 1, size.equalities + 8>::kept;
  }();
};
template <class Source>
struct passed_graph<Source, 0> : kept_graph<Source> {};

/// A kept graph in arrays of its size.
template <class Source, int Pass>
inline constexpr auto fitted_graph = [] {
  constexpr auto const& kept = passed_graph<Source, Pass>::kept;
  return fit<kept.size.nodes, kept.size.shapes, kept.size.symbols, kept.size.outputs, kept.size.equalities>(kept);
}();

/// The graph that `Source::make()` gives, after `Pass` passes.
template <class Source, int Pass = graph_pass_count>
inline constexpr auto const& graph_after = fitted_graph<Source, Pass>;

}  // namespace ctgrad::detail
