// The passes, in the order in which a graph goes through them.
// include/ctgrad reaches the compiler through this header, and names passes nowhere else.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "differentiate.hpp"
#include "explain.hpp"
#include "fuse.hpp"
#include "interpret.hpp"
#include "prepare.hpp"
#include "print.hpp"
#include "simplify.hpp"

namespace ctgrad::detail {

/// A pass, as the pipeline lists it.
struct pass {
  std::string_view name;
  graph (*run)(graph const&);
};

/// From what the user wrote to what is computed. Stability rules run before derivatives are taken, so that gradients are stable too.
inline constexpr pass graph_passes[] = {
    {"simplify", [](graph const& g) constexpr { return simplify(g); }},
    {"differentiate", [](graph const& g) constexpr { return differentiate(g); }},
    {"simplify gradients", [](graph const& g) constexpr { return simplify(g); }},
    {"prepare", [](graph const& g) constexpr { return prepare(g); }},
    {"choose computations", [](graph const& g) constexpr { return simplify(g, loop_rules); }},
    {"share", [](graph const& g) constexpr { return simplify(g, sharing_rules); }},
    {"separate outputs", [](graph const& g) constexpr { return separate_outputs(g); }},
};

/// A graph that a type `Source` makes, kept. Each pass is its own constant evaluation, so that compilers' limits hold for big graphs.
template <class Source>
struct kept_graph {
  static constexpr graph_size size = size_of(Source::make());
  static constexpr auto frozen = freeze<size>(Source::make());
};

template <class Source, int Pass>
struct passed_graph {
  static constexpr graph make() {
    if constexpr (Pass == 0) return Source::make();
    else return graph_passes[Pass - 1].run(kept_graph<passed_graph<Source, Pass - 1>>::frozen.thaw());
  }
};

inline constexpr int graph_pass_count = static_cast<int>(std::size(graph_passes));

/// The graph that `Source::make()` gives, after `Pass` passes.
template <class Source, int Pass = graph_pass_count>
inline constexpr auto const& graph_after = kept_graph<passed_graph<Source, Pass>>::frozen;

}  // namespace ctgrad::detail
