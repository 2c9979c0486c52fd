// Chooses the loop that goes around others: which classes of axes a group of values walks, how often each would have to be walked, and which is cheapest.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "write_schedule.hpp"

namespace ctgrad::detail {

/// A loop over fewer elements is not the vector loop where another could be.
inline constexpr int fewest_vector_elements = 8;

/// How many more walks over memory are better than one whose inner loop steps over whole rows.
inline constexpr int strided_walks = 3;

class loop_chooser : protected schedule_writer {
 protected:
  constexpr loop_chooser(graph const& from, axis_class_table const& found) : schedule_writer(from, found), candidate_of_class(class_memory.size(), -1) {}

  list<int> candidate_of_class;  // while a class is chosen: its place among the candidates

  /// After how many walks over class `c` each of `nodes` is complete; returns the number of walks.
  constexpr int find_levels(list<node_id> const& nodes, int c, list<int>& levels) {
    ++stamps;
    int walks_needed = 0;
    node_id const* const ids = nodes.data();
    int* const level_of = levels.data();
    for (int at = 0, count = static_cast<int>(nodes.size()); at < count; ++at) {
      node_id const id = ids[at];
      int const i = static_cast<int>(id);
      int level = 0;
      for (int k = 0, arity = nodes_of_graph[i].arity; k < arity; ++k) {
        node_id const base = classes.sources[max_operands * i + k].base;
        node_state const& from = state[static_cast<int>(base)];
        if (from.stamp != stamps) continue;
        int const earliest = from.group + (from.kind == op_kind::reduction && reduces(base, c) ? 1 : 0);
        if (level < earliest) level = earliest;
      }
      state[i].stamp = stamps, state[i].group = level;
      level_of[at] = level;
      if (level >= walks_needed && walks(id, c)) walks_needed = level + 1;
    }
    return walks_needed;
  }

  /// How many walks over class `c` go over the most axes that any does: those cost, and not what is done with a row's sums.
  constexpr int count_dear_walks(list<node_id> const& nodes, int c, list<int> const& levels, int walks_needed, int most) {
    list<char> dear(static_cast<std::size_t>(walks_needed) + 1, 0);
    int count = 0;
    for (std::size_t at = 0; at < nodes.size(); ++at)
      if (walks(nodes[at], c) && free_rank(nodes[at]) == most)
        if (char& seen = dear[static_cast<std::size_t>(levels[at])]; !seen) seen = 1, ++count;
    return count ? count : walks_needed;
  }

  /// A class whose loop may go around the others.
  struct candidate {
    int c, values, axis, walks, component;
    bool few;  // elements, too few to be worth a vector loop
  };
  struct candidate_list {
    list<candidate> all;
    list<int> component_of;  ///< of each node: the first of the values that classes connect it with, as their number; -1: it has no loop
    int components = 0;
  };
  /// The classes that `nodes` walk, and which nodes they connect.
  constexpr candidate_list find_candidates(list<node_id> const& nodes) {
    candidate_list found;
    list<candidate>& candidates = found.all;
    list<int> component_of(nodes.size(), -1), joined;  // joined: by component, that which it is part of
    auto whole = [&](int component) {
      while (joined[component] != component) component = joined[component] = joined[joined[component]];
      return component;
    };
    node_id const* const ids = nodes.data();
    for (int at = 0, count = static_cast<int>(nodes.size()); at < count; ++at) {
      node_id const id = ids[at];
      int& own = component_of.data()[at];
      for (int axis = 0, rank = classes.rank[static_cast<int>(id)]; axis < rank; ++axis) {
        int const c = class_of(id, axis);
        if (is_open(c)) continue;
        int& place = candidate_of_class[c];
        if (place >= 0) ++candidates[place].values;
        else {
          extent const& e = (is_reduction(id) ? shape_at(the(id).operands[0]) : shape_at(id))[axis];
          if (own < 0) own = static_cast<int>(joined.size()), joined.push_back(own);
          place = static_cast<int>(candidates.size());
          candidates.push_back({c, 1, 0, 0, own, e.is_static() && e.constant < fewest_vector_elements});
        }
        int const other = candidates[place].component;
        if (own < 0) own = other;
        if (own == other) continue;
        if (whole(other) < whole(own)) joined[whole(own)] = whole(other);
        else joined[whole(other)] = whole(own);
      }
    }
    for (auto const& k : candidates) candidate_of_class[k.c] = -1;
    for (int component = 0; component < static_cast<int>(joined.size()); ++component) found.components += joined[component] == component;
    for (int& component : component_of)
      if (component >= 0 && joined.data()[component] != component) component = whole(component);
    for (auto& k : candidates) k.component = whole(k.component);
    found.component_of = static_cast<list<int>&&>(component_of);
    return found;
  }
  /// Whether no value reads one of a component that it is not part of: each may be walked by itself, after the values that have no loop.
  constexpr bool are_apart(list<node_id> const& nodes, list<int> const& component_of) {
    ++stamps;
    for (std::size_t at = 0; at < nodes.size(); ++at) {
      node_state& own = state[index(nodes[at])];
      own.stamp = stamps, own.group = component_of[at];
      for (int k = 0; k < the(nodes[at]).arity; ++k) {
        node_state const& from = state[index(classes.operand(nodes[at], k).base)];
        if (from.stamp == stamps && from.group >= 0 && from.group != own.group) return false;
      }
    }
    return true;
  }
  /// The class whose loop goes around the others: fewest walks, then most values, then the leftmost axis.
  /// Of values that no class connects the first come first (measured: choosing among all of them, a small convolutional network took clang's limit).
  constexpr int choose(list<node_id> const& nodes, candidate_list& found) {
    list<candidate>& candidates = found.all;
    if (candidates.size() == 1) return candidates[0].c;
    int const first = candidates[0].component;
    list<node_id> together;
    int most = 0;
    for (std::size_t at = 0; at < nodes.size(); ++at) {
      if (int const rank = free_rank(nodes[at]); most < rank) most = rank;
      if (found.component_of[at] == first || found.component_of[at] < 0) together.push_back(nodes[at]);
    }
    for (std::size_t place = 0; place < candidates.size(); ++place) candidate_of_class[candidates[place].c] = static_cast<int>(place);
    for (node_id id : together)
      for (int axis = 0, rank = rank_of(id); axis < rank; ++axis)
        if (int const c = class_of(id, axis); !is_open(c)) candidates[candidate_of_class[c]].axis += axis_in_memory(id, axis);
    for (auto const& k : candidates) candidate_of_class[k.c] = -1;
    list<int> levels(nodes.size(), 0);
    candidate const* best = nullptr;
    for (auto& k : candidates) {
      if (k.component != first) continue;
      int const all_walks = find_levels(together, k.c, levels);
      k.walks = count_dear_walks(together, k.c, levels, all_walks, most) + (k.axis > 0 ? strided_walks : 0);
      auto better = [](candidate const& a, candidate const& b) {
        if (a.walks != b.walks) return a.walks < b.walks;
        if (a.values != b.values) return a.values > b.values;
        return a.axis != b.axis ? a.axis < b.axis : a.few && !b.few;
      };
      if (!best || better(k, *best)) best = &k;
    }
    return best->c;
  }
  /// Of the arrays that a node reads or fills along an axis: those in which it is the last, less those in which it is not.
  constexpr int axis_in_memory(node_id id, int iteration_axis) {
    int place = 0;
    auto count = [&](int axis, int rank) { place += axis == rank - 1 ? 1 : -1; };
    for (int k = 0; k < the(id).arity; ++k) {
      source const& s = classes.operand(id, k);
      if (is_computed(the(s.base))) continue;
      for (int axis = 0, rank = shape_at(s.base).rank; axis < rank; ++axis)
        if (s.axes[axis] == iteration_axis) count(axis, rank);
    }
    if (state[index(id)].value_buffer >= 0)
      for (int axis = 0, rank = shape_at(id).rank; axis < rank; ++axis)
        if (axis_classes::iteration_axis(g, id, axis) == iteration_axis) count(axis, rank);
    return place;
  }
};

}  // namespace ctgrad::detail
