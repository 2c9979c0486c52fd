// Turns a graph into loops: values that are walked together share one loop, and what crosses from one loop to the next is stored or computed again.
// Axis classes say which loops there are; levels say how often each has to be walked (design 4.1).
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "axis_classes.hpp"
#include "prepare.hpp"
#include "schedule.hpp"

namespace ctgrad::detail {

/// What may be computed twice rather than stored, in additions (op_info::cost). A row buffer is in L1, a whole array is not.
inline constexpr int recompute_limit_row = 6, recompute_limit_array = 24, too_dear = 1000;

/// Some of the groups into which a block is divided. Which ones is known for up to 64 groups; of more, the first and whether there are others.
struct group_set {
  std::int32_t first = -1;
  bool several = false;
  std::uint64_t bits = 0;

  static constexpr int capacity = 64;
  constexpr void add(int group) {
    if (first >= 0 && group != first) several = true;
    if (first < 0 || group < first) first = group;
    bits |= std::uint64_t{1} << group % capacity;
  }
  constexpr void add(group_set const& other) {
    if (other.first < 0) return;
    bool const more = several || other.several;
    std::uint64_t const all = bits | other.bits;
    add(other.first);
    several = several || more;
    bits = all;
  }
  constexpr bool has(int group) const { return several ? (bits >> group % capacity & 1) != 0 : first == group; }
  static constexpr group_set only(int group) { return {group, false, std::uint64_t{1} << group % capacity}; }
};

/// How many more walks over memory are better than one whose inner loop steps over whole rows.
inline constexpr int strided_walks = 3;

class fuser {
 public:
  constexpr explicit fuser(graph const& from) : g(from), classes(from) {
    auto const count = g.nodes.size();
    // Constructed, not resized: libstdc++ 12's resize with a value is no constant expression for clang.
    current = start = std::vector<instruction_id>(count, -1);
    value_buffer = std::vector<std::int16_t>(count, -1);
    buffer_axes = std::vector<axis_mask>(count, 0);
    in_memory = feeds_extremum = std::vector<char>(count, 0);
    stamp = group = cost = std::vector<int>(count, 0);
    need = std::vector<group_set>(count, group_set{});
    loop_of_class = std::vector<std::int16_t>(classes.parent.size(), -1);
    out.shapes = g.shapes;
  }

  constexpr schedule run() {
    for (int i = 0; i < static_cast<int>(g.symbols.size()); ++i)
      out.buffers.push_back({buffer_kind::symbol, g.symbols[i].type, static_cast<std::int16_t>(i), g.symbols[i].shape, node_id::none});
    for (int i = 0; i < static_cast<int>(g.outputs.size()); ++i) {
      node_id const id = g.outputs[i];
      value_buffer[index(id)] = static_cast<std::int16_t>(out.buffers.size());
      buffer_axes[index(id)] = all_axes(id);
      out.buffers.push_back({buffer_kind::output, g[id].type, static_cast<std::int16_t>(i), g[id].shape, id});
    }
    std::vector<node_id> all;
    int epochs = 1;
    for (int i = 0; i < g.size(); ++i) {
      node_id const id{i};
      op_kind const kind = info(g[id].code).kind;
      if (is_computed(g[id])) all.push_back(id);
      if (kind == op_kind::product) {
        keep(id);
        for (int k = 0; k < 2; ++k)
          if (is_computed(g[classes.operand(id, k).base])) keep(classes.operand(id, k).base);
      }
      if (classes.cut[i]) keep(id);
      if (classes.epoch[i] >= epochs) epochs = classes.epoch[i] + 1;
    }
    if (epochs == 1) {
      walk(all, -1);
      for (int i = 0; i < g.size(); ++i)
        if (info(g.nodes[i].code).kind == op_kind::product) product(node_id{i});
      return out;
    }
    std::vector<int> group_of;
    for (node_id id : all) group_of.push_back(classes.epoch[index(id)]);
    auto groups = divide(all, group_of, epochs, -1, false);
    for (int e = 0; e < epochs; ++e) {
      walk(groups[e], -1);
      for (int i = 0; i < g.size(); ++i)
        if (info(g.nodes[i].code).kind == op_kind::product && classes.epoch[i] == e) product(node_id{i});
    }
    return out;
  }

 private:
  graph const& g;
  axis_classes classes;
  schedule out;
  // For each node:
  std::vector<instruction_id> current;    // the instruction that holds its value here, or -1
  std::vector<std::int16_t> value_buffer; // the array that holds it, or -1
  std::vector<axis_mask> buffer_axes;     // which of its axes that array has
  std::vector<char> in_memory;            // whether the array is filled
  std::vector<instruction_id> start;      // of a reduction: its initialize
  // For each node, of the block at work:
  std::vector<int> stamp, group, cost;
  std::vector<group_set> need;
  std::vector<char> feeds_extremum;
  int stamps = 0;
  std::vector<std::int16_t> loop_of_class;  // by class: the loop that is open, or -1
  struct loaded {
    access from;
    instruction_id id;
  };
  std::vector<loaded> loads;   // that are valid here
  std::vector<node_id> scope;  // nodes whose `current` ends with a loop

  constexpr op_kind kind_of(node_id id) const { return info(g[id].code).kind; }
  constexpr bool is_reduction(node_id id) const { return kind_of(id) == op_kind::reduction; }
  constexpr axis_mask all_axes(node_id id) const { return (axis_mask{1} << g.shape_of(id).rank) - 1; }
  constexpr int rank_of(node_id id) const { return classes.rank[index(id)]; }
  constexpr int class_of(node_id id, int iteration_axis) { return classes.class_of(id, iteration_axis); }
  constexpr int class_of_result(node_id id, int axis) { return class_of(id, axis_classes::iteration_axis(g, id, axis)); }
  /// Whether a loop over the class is open. An axis of extent 1 (class -1) always stands where it should.
  constexpr bool is_open(int c) const { return c < 0 || loop_of_class[c] >= 0; }
  constexpr std::int8_t loop_of(int c) const { return c < 0 ? std::int8_t{-1} : static_cast<std::int8_t>(loop_of_class[c]); }
  constexpr bool walks(node_id id, int c) {
    for (int axis = 0; axis < rank_of(id); ++axis)
      if (class_of(id, axis) == c) return true;
    return false;
  }
  constexpr bool reduces(node_id id, int c) {
    if (!is_reduction(id)) return false;
    for (int axis = 0; axis < rank_of(id); ++axis)
      if (g[id].axes() >> axis & 1 && class_of(id, axis) == c) return true;
    return false;
  }
  /// Whether a reduction's sum is open: some loop that it goes over is being walked.
  constexpr bool is_summing(node_id id) {
    for (int axis = 0; axis < rank_of(id); ++axis)
      if (g[id].axes() >> axis & 1 && loop_of(class_of(id, axis)) >= 0) return true;
    return false;
  }
  /// The axes of a value that no open loop walks.
  constexpr axis_mask free_axes(node_id id) {
    axis_mask mask = 0;
    for (int axis = 0; axis < g.shape_of(id).rank; ++axis)
      if (!is_open(class_of_result(id, axis))) mask |= axis_mask{1} << axis;
    return mask;
  }
  constexpr bool has_free_iteration(node_id id) {
    for (int axis = 0; axis < rank_of(id); ++axis)
      if (!is_open(class_of(id, axis))) return true;
    return false;
  }

  /// Gives a value an array, over the axes that no open loop walks.
  constexpr void keep(node_id id) {
    auto const i = index(id);
    if (value_buffer[i] >= 0) return;
    axis_mask mask = 0;
    for (int axis = 0; axis < g.shape_of(id).rank; ++axis)
      if (int const c = kind_of(id) == op_kind::product ? -1 : class_of_result(id, axis); c < 0 || !is_open(c)) mask |= axis_mask{1} << axis;  // -1: an axis of extent 1 stays
    shape s;
    for (int axis = 0; axis < g.shape_of(id).rank; ++axis)
      if (mask >> axis & 1) s.push_back(g.shape_of(id)[axis]);
    int place = 0;
    while (place < static_cast<int>(out.shapes.size()) && !(out.shapes[place] == s)) ++place;
    if (place == static_cast<int>(out.shapes.size())) out.shapes.push_back(s);
    bool const row = mask != all_axes(id);
    value_buffer[i] = static_cast<std::int16_t>(out.buffers.size());
    buffer_axes[i] = mask;
    out.buffers.push_back({row ? buffer_kind::row : buffer_kind::temporary, g[id].type, 0, shape_id{place}, id});
  }

  /// Whether the array of a value, computed in a loop over class `c`, holds nothing after it: one walk's elements, or what the loop computes anew in each walk.
  constexpr bool is_local_to(node_id id, int c) {
    int const buffer = value_buffer[index(id)];
    if (buffer < 0 || out.buffers[buffer].kind == buffer_kind::output) return false;
    for (int axis = 0; axis < g.shape_of(id).rank; ++axis)
      if (!(buffer_axes[index(id)] >> axis & 1) && class_of_result(id, axis) == c) return true;
    return !walks(id, c);
  }

  // Instructions.

  constexpr instruction_id push(instruction const& i) {
    out.instructions.push_back(i);
    return static_cast<instruction_id>(out.instructions.size()) - 1;
  }
  constexpr std::int16_t intern(access const& a) {
    // The latest first: neighbours repeat one another.
    for (int i = static_cast<int>(out.accesses.size()) - 1; i >= 0; --i)
      if (out.accesses[i] == a) return static_cast<std::int16_t>(i);
    out.accesses.push_back(a);
    return static_cast<std::int16_t>(out.accesses.size()) - 1;
  }
  constexpr void hold(node_id id, instruction_id where) {
    current[index(id)] = where;
    scope.push_back(id);
  }
  /// Where `user` finds its operand in memory.
  constexpr access access_of(node_id user, source const& s) {
    access a;
    node const& base = g[s.base];
    bool const symbol = base.code == op::symbol;
    a.buffer = symbol ? static_cast<std::int16_t>(base.attribute) : value_buffer[index(s.base)];
    axis_mask const mask = symbol ? all_axes(s.base) : buffer_axes[index(s.base)];
    for (int axis = 0; axis < g[base.shape].rank; ++axis)
      if (mask >> axis & 1) a.loops[a.rank++] = s.axes[axis] < 0 ? std::int8_t{-1} : loop_of(class_of(user, s.axes[axis]));
    return a;
  }
  /// Where a value itself stands in its array.
  constexpr access own_access(node_id id) {
    access a;
    a.buffer = value_buffer[index(id)];
    for (int axis = 0; axis < g.shape_of(id).rank; ++axis)
      if (buffer_axes[index(id)] >> axis & 1) a.loops[a.rank++] = loop_of(class_of_result(id, axis));
    return a;
  }
  constexpr instruction_id operand(node_id user, int which) {
    source const& s = classes.operand(user, which);
    node const& base = g[s.base];
    auto const i = index(s.base);
    if (current[i] >= 0) return current[i];
    if (base.is_constant() || base.code == op::extent) {
      hold(s.base, push({.what = base.is_constant() ? action::constant : action::extent, .type = base.type, .node = s.base}));
      return current[i];
    }
    access const a = access_of(user, s);
    for (auto const& l : loads)
      if (l.from == a) return l.id;
    instruction_id const id = push({.what = action::load, .type = base.type, .access_number = intern(a), .node = s.base});
    loads.push_back({a, id});
    return id;
  }
  constexpr void store(node_id id, instruction_id what) {
    if (value_buffer[index(id)] < 0 || in_memory[index(id)]) return;
    push({.what = action::store, .type = g[id].type, .access_number = intern(own_access(id)), .node = id, .operands = {what, -1, -1}});
  }
  /// The one element at which all loops stand.
  constexpr void element(node_id id) {
    node const& n = g[id];
    if (current[index(id)] >= 0 && !is_reduction(id)) return;
    instruction i{.what = action::compute, .type = n.type, .node = id};
    if (n.code == op::iota) {
      i.what = action::position;
      i.loop = loop_of(class_of(id, 0));
    }
    for (int k = 0; k < n.arity; ++k) i.operands[k] = operand(id, k);
    if (is_reduction(id)) {
      i.what = action::accumulate;
      i.end = start[index(id)];
      if (out.instructions[i.end].access_number >= 0) i.access_number = intern(own_access(id));
      push(i);
      return;
    }
    hold(id, push(i));
    store(id, current[index(id)]);
  }
  constexpr void product(node_id id) {
    instruction i{.what = action::product, .type = g[id].type, .node = id};
    for (int k = 0; k < 2; ++k) {
      source const& s = classes.operand(id, k);
      access a;
      a.buffer = g[s.base].code == op::symbol ? static_cast<std::int16_t>(g[s.base].attribute) : value_buffer[index(s.base)];
      // Here `loops` says which axis of the operand, as the product sees it, each axis of the array is.
      a.rank = 2;
      a.loops[0] = s.axes[0], a.loops[1] = s.axes[1];
      i.operands[k] = intern(a);
    }
    access result;
    result.buffer = value_buffer[index(id)];
    result.rank = 2;
    i.access_number = intern(result);
    push(i);
    in_memory[index(id)] = 1;
  }

  // Blocks.

  /// Splits `nodes` into groups that are worked off one after the other, and decides what crosses by memory and what is computed again.
  constexpr std::vector<std::vector<node_id>> divide(std::vector<node_id> const& nodes, std::vector<int> const& group_of, int groups, int parent, bool segments) {
    ++stamps;
    int const limit = parent < 0 ? recompute_limit_array : recompute_limit_row;
    for (std::size_t at = 0; at < nodes.size(); ++at) {
      node_id const id = nodes[at];
      auto const i = index(id);
      stamp[i] = stamps, group[i] = group_of[at], need[i] = {}, feeds_extremum[i] = 0;
      cost[i] = info(g[id].code).cost;
      for (int k = 0; k < g[id].arity; ++k) {
        auto const base = index(classes.operand(id, k).base);
        if (stamp[base] == stamps && !is_reduction(node_id{base})) cost[i] += cost[base];
        else if (!g.nodes[base].is_constant()) cost[i] += 1;
        if (cost[i] > too_dear) cost[i] = too_dear;  // shared parts would double it at each reuse
        if (stamp[base] == stamps && is_reduction(id) && !info(g[id].code).additive) feeds_extremum[base] = 1;
      }
    }
    for (std::size_t at = nodes.size(); at-- > 0;) {
      node_id const id = nodes[at];
      auto const i = index(id);
      // What has no axes left may be for a block around this one.
      bool const single = is_reduction(id) || !has_free_iteration(id), wanted = single || (value_buffer[i] >= 0 && !in_memory[i]);
      if (wanted) need[i].add(group[i]);
      if (need[i].first < 0) continue;
      bool const several = need[i].several, crosses = several || need[i].first != group[i];
      if (single) {
        // A reduction is never computed twice. What has no axes left is at hand in the whole block.
        if (crosses && free_axes(id)) keep(id);
        need[i] = group_set::only(group[i]);
      } else if (crosses) {
        // Copies may differ by an ulp where code is contracted: a maximum has to be that of the value it is taken from.
        if (value_buffer[i] >= 0 || (several && (cost[i] > limit || feeds_extremum[i] || groups > group_set::capacity))) {
          keep(id);
          need[i] = group_set::only(wanted || (segments && group[i] % 2 == 0) ? group[i] : need[i].first);  // once: before the loop, or in the walk that needs it first
        }
      }
      for (int k = 0; k < g[id].arity; ++k) {
        auto const base = index(classes.operand(id, k).base);
        if (stamp[base] == stamps) need[base].add(need[i]);
      }
    }
    std::vector<std::vector<node_id>> result(static_cast<std::size_t>(groups), std::vector<node_id>{});
    for (node_id id : nodes)
      for (int e = 0; e < groups; ++e)
        if (need[index(id)].has(e)) result[e].push_back(id);
    return result;
  }

  /// After how many walks over class `c` each of `nodes` is complete; returns the number of walks.
  constexpr int find_levels(std::vector<node_id> const& nodes, int c, std::vector<int>& levels) {
    ++stamps;
    int walks_needed = 0;
    for (std::size_t at = 0; at < nodes.size(); ++at) {
      node_id const id = nodes[at];
      auto const i = index(id);
      int level = 0;
      for (int k = 0; k < g[id].arity; ++k) {
        node_id const base = classes.operand(id, k).base;
        if (stamp[index(base)] != stamps) continue;
        int const earliest = group[index(base)] + (reduces(base, c) ? 1 : 0);
        if (level < earliest) level = earliest;
      }
      stamp[i] = stamps, group[i] = level;
      levels[at] = level;
      if (walks(id, c) && level >= walks_needed) walks_needed = level + 1;
    }
    return walks_needed;
  }

  /// The class whose loop goes around the others: fewest walks, then most values, then the leftmost axis.
  constexpr int choose(std::vector<node_id> const& nodes) {
    struct candidate {
      int c, values, axis, walks;
    };
    std::vector<candidate> candidates;
    for (node_id id : nodes)
      for (int axis = 0; axis < rank_of(id); ++axis) {
        int const c = class_of(id, axis);
        if (is_open(c)) continue;
        int const place = axis_in_memory(id, axis);
        candidate* known = nullptr;
        for (auto& k : candidates)
          if (k.c == c) known = &k;
        if (known) ++known->values, known->axis += place;
        else candidates.push_back({c, 1, place, 0});
      }
    if (candidates.size() == 1) return candidates[0].c;
    std::vector<int> levels(nodes.size(), 0);
    candidate const* best = nullptr;
    for (auto& k : candidates) {
      k.walks = find_levels(nodes, k.c, levels) + (k.axis > 0 ? strided_walks : 0);
      auto better = [](candidate const& a, candidate const& b) {
        if (a.walks != b.walks) return a.walks < b.walks;
        if (a.values != b.values) return a.values > b.values;
        return a.axis < b.axis;
      };
      if (!best || better(k, *best)) best = &k;
    }
    return best->c;
  }
  /// Of the arrays that a node reads or fills along an axis: those in which it is the last, less those in which it is not.
  constexpr int axis_in_memory(node_id id, int iteration_axis) {
    int place = 0;
    auto count = [&](int axis, int rank) { place += axis == rank - 1 ? 1 : -1; };
    for (int k = 0; k < g[id].arity; ++k) {
      source const& s = classes.operand(id, k);
      if (is_computed(g[s.base])) continue;
      for (int axis = 0, rank = g.shape_of(s.base).rank; axis < rank; ++axis)
        if (s.axes[axis] == iteration_axis) count(axis, rank);
    }
    if (value_buffer[index(id)] >= 0)
      for (int axis = 0, rank = g.shape_of(id).rank; axis < rank; ++axis)
        if (axis_classes::iteration_axis(g, id, axis) == iteration_axis) count(axis, rank);
    return place;
  }

  /// Emits `nodes`, inside the loops that are open.
  constexpr void walk(std::vector<node_id> const& nodes, int parent) {
    bool straight = true;
    for (node_id id : nodes) straight = straight && !has_free_iteration(id);
    if (straight) {
      for (node_id id : nodes) element(id);
      return;
    }
    int const c = choose(nodes);
    std::vector<int> levels(nodes.size(), 0);
    int walks_needed = find_levels(nodes, c, levels);
    int last = 0;
    for (int level : levels)
      if (level > last) last = level;
    bool alone = last == 0;
    for (std::size_t at = 0; alone && at < nodes.size(); ++at) alone = walks(nodes[at], c);
    if (alone) return pass(nodes, c, parent);
    // Walk `l` over the class is group 2l + 1; what does not walk it comes before, in group 2l.
    int const groups = 2 * (last > walks_needed ? last : walks_needed) + 2;
    for (std::size_t at = 0; at < nodes.size(); ++at) levels[at] = 2 * levels[at] + (walks(nodes[at], c) ? 1 : 0);
    auto parts = divide(nodes, levels, groups, parent, true);
    for (int part = 0; part < groups; ++part) {
      if (parts[part].empty()) continue;
      if (part % 2 == 0) walk(parts[part], parent);
      else pass(parts[part], c, parent);
    }
  }

  /// One loop over class `c`.
  constexpr void pass(std::vector<node_id> const& nodes, int c, int parent) {
    // Numbers and elements that the loop does not change.
    for (node_id id : nodes)
      for (int k = 0; k < g[id].arity; ++k) {
        source const& s = classes.operand(id, k);
        if (classes.computed[index(s.base)] && !in_memory[index(s.base)]) continue;
        node const& base = g[s.base];
        bool fixed = base.is_constant() || base.code == op::extent;
        if (!fixed && current[index(s.base)] < 0 && (base.code == op::symbol || in_memory[index(s.base)])) {
          fixed = true;
          axis_mask const mask = base.code == op::symbol ? all_axes(s.base) : buffer_axes[index(s.base)];
          for (int axis = 0; axis < g[base.shape].rank; ++axis)
            if (mask >> axis & 1 && s.axes[axis] >= 0 && !is_open(class_of(id, s.axes[axis]))) fixed = false;
        }
        if (fixed) operand(id, k);
      }
    extent e;
    bool found = false;
    for (std::size_t at = 0; at < nodes.size() && !found; ++at)
      for (int axis = 0; axis < rank_of(nodes[at]) && !found; ++axis)
        if (class_of(nodes[at], axis) == c) e = (is_reduction(nodes[at]) ? g.shape_of(g[nodes[at]].operands[0]) : g.shape_of(nodes[at]))[axis], found = true;
    for (node_id id : nodes)
      if (reduces(id, c) && !is_summing(id)) {
        instruction i{.what = action::initialize, .type = g[id].type, .node = id};
        if (free_axes(id)) {
          keep(id);
          i.access_number = intern(own_access(id));
        }
        start[index(id)] = push(i);
      }
    auto const number = static_cast<std::int16_t>(out.loops.size());
    out.loops.push_back({e, static_cast<std::int16_t>(parent), static_cast<std::int16_t>(parent < 0 ? 0 : out.loops[parent].depth + 1), true});
    if (parent >= 0) out.loops[parent].leaf = false;
    instruction_id const begin = push({.what = action::begin_loop, .loop = number});
    auto const scope_before = scope.size(), loads_before = loads.size();
    loop_of_class[c] = number;
    walk(nodes, number);
    loop_of_class[c] = -1;
    for (; scope.size() > scope_before; scope.pop_back()) current[index(scope.back())] = -1;
    loads.resize(loads_before);
    out.instructions[begin].end = push({.what = action::end_loop, .loop = number});
    // Values of this walk that have an array are in it now, unless an outer loop has yet to fill the rest, which reads the same element.
    for (node_id id : nodes) {
      if (is_local_to(id, c)) {
        // What comes after this loop computes it again, or keeps it in an array of its own: this loop may not run at all.
        value_buffer[index(id)] = -1, buffer_axes[index(id)] = 0, in_memory[index(id)] = 0;
      } else if (!is_reduction(id)) {
        if (value_buffer[index(id)] >= 0) in_memory[index(id)] = 1;
      } else if (reduces(id, c) && !is_summing(id)) {
        instruction_id const first = start[index(id)];
        if (out.instructions[first].access_number < 0) {
          hold(id, push({.what = action::result, .type = g[id].type, .node = id, .end = first}));
          store(id, current[index(id)]);
        }
        if (value_buffer[index(id)] >= 0) in_memory[index(id)] = 1;
      } else if (value_buffer[index(id)] >= 0 && !is_summing(id)) {
        in_memory[index(id)] = 1;
      }
    }
  }
};

constexpr schedule fuse(graph const& g) { return fuser(g).run(); }

}  // namespace ctgrad::detail
