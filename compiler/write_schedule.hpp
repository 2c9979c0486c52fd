// Writes values into a schedule: as instructions inside the loops that are open, and as arrays where they are kept.
// It knows where every value is at each moment; which loops to open, and what to keep, is fusion's decision (fuse.hpp).
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "axis_classes.hpp"
#include "group_set.hpp"
#include "prepare.hpp"
#include "schedule.hpp"

namespace ctgrad::detail {

/// What is known of a value while loops are written.
struct node_state {
  op_kind kind = op_kind::leaf;
  instruction_id current = -1;      // the instruction that holds its value here, or -1
  instruction_id start = -1;        // of a reduction: its initialize
  std::int16_t value_buffer = -1;   // the array that holds it, or -1
  bool in_memory = false;           // whether the array is filled
  axis_mask buffer_axes = 0;        // which of its axes that array has
  // Of the block at work:
  bool feeds_extremum = false;
  bool pinned = false;              // others count on its being stored
  int stamp = 0, group = 0, cost = 0;
  group_set need{};
};
/// A load that is at hand where the writer stands.
struct loaded {
  access from{};
  instruction_id id = -1;
};

class schedule_writer {
 protected:
  constexpr schedule_writer(graph const& from, axis_class_table const& found) : g(from), classes(found) {
    state_memory = list<node_state>(g.nodes.size(), node_state{});
    state = state_memory.data();
    nodes_of_graph = g.nodes.data();
    op_info const* const rows = infos.data();
    for (int i = 0, count = g.size(); i < count; ++i) {
      op_info const& row = rows[static_cast<int>(nodes_of_graph[i].code)];
      op_kind const kind = state[i].kind = row.kind;
      if (kind == op_kind::map) continue;
      has_views = has_views || kind == op_kind::view || kind == op_kind::assembly;
      has_lookup = has_lookup || kind == op_kind::lookup;
      has_whole = has_whole || takes_arrays(kind);
      has_scatter = has_scatter || row.scatters;
    }
    out.instructions.reserve(g.nodes.size() + 64);
    shapes_of_graph = g.shapes.data();
    class_memory = list<std::int16_t>(static_cast<std::size_t>(classes.elements) + 1, -1);
    loop_of_class = class_memory.data();
    out.shapes = g.shapes;
  }

  graph const& g;
  axis_class_table classes;
  schedule out;
  // Raw pointers, because each call of an operator is a step of the compilers' limits.
  list<node_state> state_memory;
  list<std::int16_t> class_memory;
  node_state* state = nullptr;
  node const* nodes_of_graph = nullptr;
  shape const* shapes_of_graph = nullptr;
  std::int16_t* loop_of_class = nullptr;  // by class: the loop that is open, or -1
  int stamps = 0;
  bool has_views = false, has_lookup = false, has_whole = false, has_scatter = false;
  list<std::int16_t> latest_access, access_before;  // by buffer, and by access: the one before it of the same buffer
  list<loaded> loads;   // that are valid here
  list<node_id> scope;  // nodes whose `current` ends with a loop

  constexpr node const& the(node_id id) const { return nodes_of_graph[static_cast<int>(id)]; }
  constexpr shape const& shape_at(node_id id) const { return shapes_of_graph[static_cast<int>(nodes_of_graph[static_cast<int>(id)].shape)]; }
  constexpr op_kind kind_of(node_id id) const { return state[static_cast<int>(id)].kind; }
  constexpr bool is_reduction(node_id id) const { return state[static_cast<int>(id)].kind == op_kind::reduction; }
  constexpr axis_mask all_axes(node_id id) const { return (axis_mask{1} << shape_at(id).rank) - 1; }
  constexpr int rank_of(node_id id) const { return classes.rank[index(id)]; }
  constexpr int class_of(node_id id, int iteration_axis) { return classes.class_of(id, iteration_axis); }
  constexpr int class_of_result(node_id id, int axis) { return class_of(id, axis_classes::iteration_axis(g, id, axis)); }
  /// Whether a loop over the class is open. An axis of extent 1 (class -1) always stands where it should.
  constexpr bool is_open(int c) const { return c == -1 || (c >= 0 && loop_of_class[c] >= 0); }
  constexpr std::int16_t loop_of(int c) const { return c < 0 ? static_cast<std::int16_t>(c) : loop_of_class[c]; }
  // These three look at every axis of every node, again and again: without calls, each of which is a step of the compilers' limits.
  constexpr bool walks(node_id id, int c) {
    int const i = static_cast<int>(id);
    for (int e = classes.first[i], last = e + classes.rank[i]; e < last; ++e)
      if ((classes.unit[e] ? -1 : classes.parent[e]) == c) return true;
    return false;
  }
  constexpr bool has_free_iteration(node_id id) {
    int const i = static_cast<int>(id);
    for (int e = classes.first[i], last = e + classes.rank[i]; e < last; ++e)
      if (!classes.unit[e] && loop_of_class[classes.parent[e]] < 0) return true;
    return false;
  }
  /// The axes of an iteration that no open loop walks.
  constexpr int free_rank(node_id id) {
    int const i = static_cast<int>(id);
    int rank = 0;
    for (int e = classes.first[i], last = e + classes.rank[i]; e < last; ++e) rank += !classes.unit[e] && loop_of_class[classes.parent[e]] < 0;
    return rank;
  }
  constexpr bool reduces(node_id id, int c) {
    if (!is_reduction(id)) return false;
    for (int axis = 0; axis < rank_of(id); ++axis)
      if (the(id).axes() >> axis & 1 && class_of(id, axis) == c) return true;
    return false;
  }
  /// Whether a reduction's sum is open: some loop that it goes over is being walked.
  constexpr bool is_summing(node_id id) {
    for (int axis = 0; axis < rank_of(id); ++axis)
      if (the(id).axes() >> axis & 1 && loop_of(class_of(id, axis)) >= 0) return true;
    return false;
  }
  /// The axes of a value that no open loop walks.
  constexpr axis_mask free_axes(node_id id) {
    axis_mask mask = 0;
    for (int axis = 0; axis < shape_at(id).rank; ++axis)
      if (!is_open(class_of_result(id, axis))) mask |= axis_mask{1} << axis;
    return mask;
  }

  /// Gives a value an array, over the axes that no open loop walks.
  constexpr void keep(node_id id, keep_reason why) {
    auto const i = index(id);
    if (state[i].value_buffer >= 0) return;
    axis_mask mask = 0;
    for (int axis = 0; axis < shape_at(id).rank; ++axis)
      if (int const c = takes_arrays(kind_of(id)) ? -1 : class_of_result(id, axis); c < 0 || !is_open(c)) mask |= axis_mask{1} << axis;  // -1: an axis of extent 1 stays
    shape s;
    for (int axis = 0; axis < shape_at(id).rank; ++axis)
      if (mask >> axis & 1) s.push_back(shape_at(id)[axis]);
    int place = 0;
    while (place < static_cast<int>(out.shapes.size()) && !(out.shapes[place] == s)) ++place;
    if (place == static_cast<int>(out.shapes.size())) out.shapes.push_back(s);
    bool const row = mask != all_axes(id);
    state[i].value_buffer = static_cast<std::int16_t>(out.buffers.size());
    state[i].buffer_axes = mask;
    out.buffers.push_back({row ? buffer_kind::row : buffer_kind::temporary, the(id).type, 0, shape_id{place}, id, why});
  }

  /// Whether the array of a value, computed in a loop over class `c`, holds nothing after it: one walk's elements, or what the loop computes anew in each walk.
  constexpr bool is_local_to(node_id id, int c) {
    int const buffer = state[index(id)].value_buffer;
    if (buffer < 0 || out.buffers[buffer].kind == buffer_kind::output || out.buffers[buffer].kind == buffer_kind::view) return false;
    for (int axis = 0; axis < shape_at(id).rank; ++axis)
      if (!(state[index(id)].buffer_axes >> axis & 1) && class_of_result(id, axis) == c) return true;
    return !walks(id, c);
  }

  /// The array that a node which no loop computes has.
  constexpr int array_of(node_id id) const { return the(id).code == op::symbol ? static_cast<int>(the(id).attribute) : state[index(id)].value_buffer; }
  /// Gives `id` a view of buffer `of`, which `node` says how to address.
  constexpr void keep_view(node_id id, int of, node_id node, int part = 0) {
    auto& s = state[index(id)];
    s.value_buffer = static_cast<std::int16_t>(out.buffers.size());
    s.buffer_axes = all_axes(id);
    out.buffers.push_back({buffer_kind::view, the(id).type, static_cast<std::int16_t>(of), the(id).shape, node, keep_reason::none, static_cast<std::int8_t>(part)});
  }
  /// Gives arrays to views and assemblies, and to what they are of.
  constexpr void keep_views() {
    if (!has_views) return;
    // Outer assemblies first: an inner one is a part of them.
    for (int i = g.size() - 1; i >= 0; --i) {
      if (state[i].kind != op_kind::assembly) continue;
      node_id const id{i};
      if (state[i].value_buffer < 0) {
        state[i].value_buffer = static_cast<std::int16_t>(out.buffers.size());
        state[i].buffer_axes = all_axes(id);
        out.buffers.push_back({buffer_kind::temporary, the(id).type, 0, the(id).shape, id, keep_reason::assembled});
      }
      state[i].in_memory = true;
      for (int k = 0; k < the(id).arity; ++k) keep_view(classes.operand(id, k).base, state[i].value_buffer, id, k);
    }
    for (int i = 0; i < g.size(); ++i) {
      if (state[i].kind != op_kind::view) continue;
      node_id const id{i}, base = classes.operand(id, 0).base;
      if (array_of(base) < 0) keep(base, keep_reason::viewed);
      keep_view(id, array_of(base), id);
      state[i].in_memory = true;
    }
  }

  // Instructions.

  constexpr instruction_id push(instruction const& i) {
    out.instructions.push_back(i);
    return static_cast<instruction_id>(out.instructions.size()) - 1;
  }
  constexpr std::int16_t intern(access const& a) {
    for (int i = static_cast<std::size_t>(a.buffer) < latest_access.size() ? latest_access[a.buffer] : -1; i >= 0; i = access_before[i])
      if (out.accesses[i] == a) return static_cast<std::int16_t>(i);
    out.accesses.push_back(a);
    return note_access(a);
  }
  constexpr std::int16_t note_access(access const& a) {
    while (latest_access.size() <= static_cast<std::size_t>(a.buffer)) latest_access.push_back(-1);
    access_before.push_back(latest_access[a.buffer]);
    return latest_access[a.buffer] = static_cast<std::int16_t>(access_before.size() - 1);
  }
  constexpr void hold(node_id id, instruction_id where) {
    state[static_cast<int>(id)].current = where;
    scope.push_back(id);
  }
  /// Where `user` finds its operand in memory.
  constexpr access access_of(node_id user, source const& s) {
    access a;
    node const& base = the(s.base);
    bool const symbol = base.code == op::symbol;
    a.buffer = static_cast<std::int16_t>(array_of(s.base));
    axis_mask const mask = symbol ? all_axes(s.base) : state[index(s.base)].buffer_axes;
    for (int axis = 0; axis < g[base.shape].rank; ++axis)
      if (mask >> axis & 1) a.loops[a.rank++] = s.axes[axis] < 0 ? static_cast<std::int16_t>(s.axes[axis]) : loop_of(class_of(user, s.axes[axis]));
    return a;
  }
  /// Where a value itself stands in its array.
  constexpr access own_access(node_id id) {
    access a;
    a.buffer = state[index(id)].value_buffer;
    for (int axis = 0; axis < shape_at(id).rank; ++axis)
      if (state[index(id)].buffer_axes >> axis & 1) a.loops[a.rank++] = loop_of(class_of_result(id, axis));
    return a;
  }
  constexpr instruction_id operand(node_id user, int which) {
    source const& s = classes.operand(user, which);
    node const& base = the(s.base);
    auto const i = index(s.base);
    if (state[i].current >= 0) return state[i].current;
    if (base.is_constant() || base.code == op::extent) {
      hold(s.base, push({.what = base.is_constant() ? action::constant : action::extent, .type = base.type, .node = s.base}));
      return state[i].current;
    }
    access const a = access_of(user, s);
    for (auto const& l : loads)
      if (l.from == a) return l.id;
    instruction_id const id = push({.what = action::load, .type = base.type, .access_number = intern(a), .node = s.base});
    loads.push_back({a, id});
    return id;
  }
  constexpr void store(node_id id, instruction_id what) {
    if (state[index(id)].value_buffer < 0 || state[index(id)].in_memory) return;
    push({.what = action::store, .type = the(id).type, .access_number = intern(own_access(id)), .node = id, .operands = {what, -1, -1}});
  }
  /// The one element at which all loops stand.
  constexpr void element(node_id id) {
    node const& n = nodes_of_graph[static_cast<int>(id)];
    node_state& own = state[static_cast<int>(id)];
    if (own.current >= 0 && own.kind != op_kind::reduction) return;
    instruction i{.what = action::compute, .type = n.type, .node = id};
    if (n.code == op::iota) {
      i.what = action::position;
      i.loop = loop_of(class_of(id, 0));
    }
    if (own.kind == op_kind::lookup) {
      i.what = action::load;
      i.operands[0] = operand(id, 1);
      i.access_number = intern(access_of(id, classes.operand(id, 0)));
      i.node = classes.operand(id, 0).base;
    } else {
      for (int k = 0; k < n.arity; ++k) {
        instruction_id const current = state[static_cast<int>(classes.sources[max_operands * static_cast<int>(id) + k].base)].current;
        i.operands[k] = current >= 0 ? current : operand(id, k);
      }
    }
    if (own.kind == op_kind::reduction) {
      i.what = action::accumulate;
      i.end = own.start;
      if (out.instructions[i.end].access_number >= 0) i.access_number = intern(own_access(id));
      push(i);
      return;
    }
    hold(id, push(i));
    if (own.value_buffer >= 0) store(id, own.current);
  }
  /// A product, or a call of a library operation.
  constexpr void whole_arrays(node_id id) {
    instruction i{.what = kind_of(id) == op_kind::product ? action::product : action::call, .type = the(id).type, .node = id};
    for (int k = 0; k < the(id).arity; ++k) {
      source const& s = classes.operand(id, k);
      access a;
      a.buffer = static_cast<std::int16_t>(array_of(s.base));
      // Here `loops` says which axis of the operand, as its user sees it, each axis of the array is.
      a.rank = static_cast<std::int8_t>(shape_at(s.base).rank);
      for (int axis = 0; axis < a.rank; ++axis) a.loops[axis] = static_cast<std::int16_t>(s.axes[axis]);
      i.operands[k] = intern(a);
    }
    access result;
    result.buffer = state[index(id)].value_buffer;
    result.rank = static_cast<std::int8_t>(shape_at(id).rank);
    i.access_number = intern(result);
    push(i);
    state[index(id)].in_memory = 1;
  }
};

}  // namespace ctgrad::detail
