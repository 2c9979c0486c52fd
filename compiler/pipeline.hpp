// The passes, in the order in which a graph goes through them.
// include/ctgrad reaches the compiler through this header, and names passes nowhere else.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "differentiate.hpp"
#include "fuse.hpp"
#include "interpret.hpp"
#include "prepare.hpp"
#include "simplify.hpp"

namespace ctgrad::detail {

/// A pass, as the pipeline lists it.
struct pass {
  std::string_view name;
  graph (*run)(graph const&);
  int growth = 1;  ///< how many nodes come out for each that goes in, roughly and at most
};

/// From what the user wrote to what is computed. Stability rules run before derivatives are taken, so that gradients are stable too.
/// A template, so that no rule costs anything where no program is made.
template <class = void>
inline constexpr pass graph_passes[] = {
    {"simplify", &simplify<&write_default_rules>, 2},
    {"remove dead nodes", &without_dead_nodes},
    {"differentiate", &differentiate, 5},
    {"remove dead gradients", &without_dead_nodes},
    {"simplify gradients", &simplify<&write_default_rules>, 2},
    {"remove dead nodes", &without_dead_nodes},
    {"prepare", &prepare, 2},
    {"choose computations", &simplify<&write_loop_rules>, 2},
    {"share", &simplify<&write_sharing_rules>, 2},
    {"separate outputs", &separate_outputs},
};
inline constexpr int graph_pass_count = 10;
/// The number of passes after which a graph is what a person would write: gradients worked out, nothing prepared for loops.
inline constexpr int formula_pass_count = 6;

/// A graph that `Source::make()` gives, kept in arrays of its size.
template <class Source>
struct kept_graph {
  static constexpr graph_size size = size_of(Source::make());
  static constexpr auto frozen = freeze<size.nodes, size.shapes, size.symbols, size.outputs, size.equalities>(Source::make());
};

/// The graph after `Pass` passes. Each pass is its own constant evaluation, so that compilers' limits hold for big graphs;
/// its result goes into arrays with room to spare first, so that it is evaluated once.
template <class Source, int Pass>
struct passed_graph {
  using before = passed_graph<Source, Pass - 1>;
  static constexpr graph make() { return graph_passes<>[Pass - 1].run(before::frozen.thaw()); }
  static constexpr int nodes = static_cast<int>(before::frozen.nodes.size()), shapes = static_cast<int>(before::frozen.shapes.size());
  static constexpr auto roomy = freeze<graph_passes<>[Pass - 1].growth * nodes + 48, shapes + 16, static_cast<int>(before::frozen.symbols.size()), static_cast<int>(before::frozen.outputs.size()),
                                       static_cast<int>(before::frozen.equalities.size()) + 16>(make());
  static constexpr auto frozen = [] {
    if constexpr (roomy.fits) return fit<roomy.size.nodes, roomy.size.shapes, roomy.size.symbols, roomy.size.outputs, roomy.size.equalities>(roomy);
    else return kept_graph<passed_graph>::frozen;
  }();
};
template <class Source>
struct passed_graph<Source, 0> : kept_graph<Source> {};

/// The graph that `Source::make()` gives, after `Pass` passes.
template <class Source, int Pass = graph_pass_count>
inline constexpr auto const& graph_after = passed_graph<Source, Pass>::frozen;

}  // namespace ctgrad::detail
