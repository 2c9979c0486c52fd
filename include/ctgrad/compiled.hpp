// What the compiler works out about a program: its graph, its schedule, the names of its extents.
// Types and constants only, without a backend: emission for the CPU and kernels for a GPU are instantiated with it.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "expression.hpp"  // first: compile_error.hpp says why

#include "../../compiler/program.hpp"
#include "gradient.hpp"
#include "short_name.hpp"

namespace ctgrad::detail {

/// The graph of the outputs; those from `Assigned` on are added to what their arrays hold.
template <int Assigned, class... Outputs>
struct adding_source {
  static constexpr graph make() {
    graph g = source_graph<Outputs...>::make();
    g.accumulate_from = Assigned;
    return g;
  }
};
template <int Assigned, class... Outputs>
using program_source = std::conditional_t<(Assigned < static_cast<int>(sizeof...(Outputs))), adding_source<Assigned, Outputs...>, source_graph<Outputs...>>;

/// Of programs of more nodes than this, in several epochs, each evaluation writes loops for about so many values: clang's limit is near 450.
/// Of one epoch, larger programs write their loops in one evaluation, and place their arrays in another.
inline constexpr int together_limit_fuse = 256, together_limit_epoch = 2048, values_at_a_time = 128;

template <class WithRoom>
inline constexpr auto grouped = freeze_schedule<WithRoom::instructions, WithRoom::loops, WithRoom::accesses, WithRoom::buffers, WithRoom::shapes>(
    group_tiles(WithRoom::program::graph.thaw(), WithRoom::alone.thaw()));

/// The schedule of a program in arrays with room for so many loops more than there are nodes.
template <class P, int Loops>
struct schedule_with_room {
  using program = P;
  static constexpr int instructions = 3 * P::node_count + 2 * Loops + 32, loops = P::node_count + Loops, accesses = 2 * P::node_count + 32,
                       buffers = P::node_count + static_cast<int>(P::graph.symbols.size()) + 32, shapes = static_cast<int>(P::graph.shapes.size()) + 64;
  using frozen = frozen_fusion<P::node_count, instructions, loops, accesses, buffers, shapes>;
  template <int Stretch>
  static constexpr frozen fuse_further() {
    graph const g = P::graph.thaw();
    fuser f(g, P::classes.table());
    if constexpr (Stretch == 0) f.start();
    else f.resume(stretch<Stretch - 1>);
    f.write(values_at_a_time);
    return frozen(f);
  }
  /// Fusion after so many evaluations and one.
  template <int Stretch>
  static constexpr frozen stretch = fuse_further<Stretch>();
  template <int Stretch = 0>
  static constexpr auto const& last_stretch() {
    if constexpr (stretch<Stretch>.is_done() || !stretch<Stretch>.fits) return stretch<Stretch>;
    else return last_stretch<Stretch + 1>();
  }
  static constexpr bool together = [] {
    bool one_epoch = true;
    for (auto epoch : P::classes.epoch) one_epoch = one_epoch && epoch == 0;
    return P::node_count <= (one_epoch ? together_limit_epoch : together_limit_fuse);
  }();
  static constexpr auto make_alone() {
    if constexpr (together) return freeze_schedule<instructions, loops, accesses, buffers, shapes>(fuse_alone(P::graph.thaw(), P::classes.table()));
    else if constexpr (!last_stretch().fits) return last_stretch().s;
    else return freeze_schedule<instructions, loops, accesses, buffers, shapes>(place_arrays(P::graph.thaw(), last_stretch().s.thaw()));
  }
  /// Before nests and products are grouped: in an evaluation of its own, where there is a product.
  static constexpr auto alone = make_alone();
  static constexpr bool has_products = [] {
    for (node const& n : P::graph.nodes)
      if (info(n.code).kind == op_kind::product) return true;
    return false;
  }();
  static constexpr auto const& kept = []() -> auto const& {
    if constexpr (has_products && alone.fits) return grouped<schedule_with_room>;
    else return alone;
  }();
};
/// As with the passes: evaluated once, into arrays with room to spare; nests of many axes in small graphs need more.
/// (A function outside of the program: nvcc 13 aborts on a member.)
template <class P>
constexpr auto const& fitting_schedule() {
  if constexpr (schedule_with_room<P, 16>::kept.fits) return schedule_with_room<P, 16>::kept;
  else return schedule_with_room<P, 16 + count_elements(P::graph.thaw())>::kept;
}

/// Everything that the compiler works out about a program, as constants.
template <int Assigned, class... Outputs>
struct compiled {
  using source = program_source<Assigned, Outputs...>;
  using whole = compiled;
  static constexpr auto const& graph = graph_after<source>;
  static constexpr int node_count = static_cast<int>(graph.nodes.size());
  static constexpr frozen_axis_classes<node_count, count_elements(graph.thaw())> classes{axis_classes(graph.thaw()).table()};
  static constexpr auto const& roomy = fitting_schedule<compiled>();
  static_assert(roomy.fits, "ctgrad: the schedule of this program is longer than its graph allows for");
  static constexpr schedule_size size = roomy.size;
  static constexpr frozen_schedule<size.instructions, size.loops, size.accesses, size.buffers, size.shapes> schedule{roomy, size};

  static constexpr int dim_count = static_cast<int>(find_dims(graph).size());
  static constexpr auto dims = [] {
    std::array<dim_entry, dim_count + 1> table{};
    auto const found = find_dims(graph);
    for (int i = 0; i < dim_count; ++i) table[i] = found[i];
    return table;
  }();
  static constexpr int dim_number(extent_name name) {
    for (int i = 0; i < dim_count; ++i)
      if (dims[i].name == name) return i;
    return dim_count;
  }
  /// Extents that may be negative, of what slices leave.
  static constexpr int difference_count = static_cast<int>(find_differences(graph).size());
  static constexpr auto differences = [] {
    std::array<extent, difference_count> table{};
    auto const found = find_differences(graph);
    for (int i = 0; i < difference_count; ++i) table[i] = found[i];
    return table;
  }();
  static constexpr int symbol_count = static_cast<int>(graph.symbols.size());
  /// What messages name at run time; kept apart, so that the rest of the graph is not part of the binary.
  static constexpr auto symbols = graph.symbols;
  static constexpr int output_count = sizeof...(Outputs);
  static constexpr int buffer_count = size.buffers;
  /// By buffer: its place among the workspace's; last, how many there are.
  static constexpr auto slots = [] {
    std::array<std::int16_t, buffer_count + 1> table{};
    auto const p = plan_memory(schedule);
    for (int i = 0; i < buffer_count; ++i) table[i] = p.slot[i];
    table[buffer_count] = static_cast<std::int16_t>(p.slots);
    return table;
  }();
  static constexpr int slot_count = slots[buffer_count];
  static constexpr bool accumulates(int buffer) {
    return schedule.buffers[buffer].kind == buffer_kind::output && schedule.buffers[buffer].number >= graph.accumulate_from;
  }
  static constexpr shape const& shape_of_buffer(int buffer) { return schedule.shapes[static_cast<std::size_t>(index(schedule.buffers[static_cast<std::size_t>(buffer)].s))]; }
  template <int Buffer>
  static constexpr shape buffer_shape = shape_of_buffer(Buffer);
  /// By symbol, then by output: whether both may be one array.
  static constexpr auto same_array_allowed = [] {
    std::array<std::array<bool, output_count>, symbol_count + 1> table{};
    in_place const rule(schedule);
    for (int symbol = 0; symbol < symbol_count; ++symbol)
      for (int output = 0; output < output_count; ++output) table[symbol][output] = rule.allows(symbol, symbol_count + output);
    return table;
  }();
};

/// A program under a short name: what it does is instantiated with that (short_name.hpp).
struct program_kind;
template <std::uint64_t First, std::uint64_t Second>
struct short_program : type_printed<printed<program_kind, First, Second>> {
  using whole = short_program;
};
template <class P>
struct shortened_program {
  static constexpr fingerprint print = fingerprint_of(P::graph);
  using type = std::enable_if_t<is_printed<P, printed<program_kind, print.first, print.second>>, short_program<print.first, print.second>>;
};
template <int Assigned, class... Outputs>
using short_compiled = typename shortened_program<compiled<Assigned, Outputs...>>::type;

// Each entry of a program as a constant of its own: indexing the arrays in every step costs nvcc memory without bound (design 4.3).
template <class P, int I>
inline constexpr instruction instruction_at = P::schedule.instructions[I];
template <class P, int I>
inline constexpr access access_at = P::schedule.accesses[I];
template <class P, int I>
inline constexpr node node_at = P::graph.nodes[I];

}  // namespace ctgrad::detail
