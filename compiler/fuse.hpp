// Turns a graph into loops: values that are walked together share one loop, and what crosses from one loop to the next is stored or computed again.
// Axis classes say which loops there are; levels say how often each has to be walked (design 4.1).
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "choose_loop.hpp"
#include "group_tiles.hpp"
#include "order_axes.hpp"
#include "place_rows.hpp"

namespace ctgrad::detail {

/// What may be computed twice rather than stored, in additions (op_info::cost, cost_again). A row buffer is in L1, a whole array is not.
/// What a loop would compute anew in each of its turns, from elements that it reads for nothing else, is worth an array of a row sooner.
inline constexpr int recompute_limit_row = 6, recompute_limit_array = 24, recompute_limit_turn = 3, too_dear = 1000;
/// What is not stored, however dear all of it is, where it costs no more than this from values that are stored anyway and that the same loops read.
inline constexpr int derive_limit = 4;

class fuser : loop_chooser {
 public:
  constexpr fuser(graph const& from, axis_class_table const& found) : loop_chooser(from, found) {}

  /// Which values have arrays of their own, and in which epoch each is computed.
  constexpr void start() {
    for (int i = 0; i < static_cast<int>(g.symbols.size()); ++i)
      out.buffers.push_back({buffer_kind::symbol, g.symbols[i].type, static_cast<std::int16_t>(i), g.symbols[i].shape, node_id::none});
    for (int i = 0; i < static_cast<int>(g.outputs.size()); ++i) {
      node_id const id = g.outputs[i];
      state[index(id)].value_buffer = static_cast<std::int16_t>(out.buffers.size());
      state[index(id)].buffer_axes = all_axes(id);
      out.buffers.push_back({buffer_kind::output, the(id).type, static_cast<std::int16_t>(i), the(id).shape, id});
    }
    keep_views();
    list<node_id> all;
    all.reserve(g.nodes.size());
    epochs = 1;
    int const count = g.size();
    for (int i = 0; i < count; ++i) {
      node_id const id{i};
      op_kind const kind = state[i].kind;
      if (classes.computed[i]) all.push_back(id);
      if (classes.epoch[i] >= epochs) epochs = classes.epoch[i] + 1;
      if (kind == op_kind::map) continue;
      if (takes_arrays(kind)) {
        bool const product = kind == op_kind::product;
        keep(id, product ? keep_reason::product : keep_reason::called);
        for (int k = 0; k < the(id).arity; ++k)
          if (is_computed(g[classes.operand(id, k).base])) keep(classes.operand(id, k).base, product ? keep_reason::operand : keep_reason::argument);
      }
      if (kind == op_kind::lookup && is_computed(g[classes.operand(id, 0).base])) keep(classes.operand(id, 0).base, keep_reason::looked_up);
    }
    for (int i = 0; i < count; ++i)
      if (classes.cut[i]) keep(node_id{i}, keep_reason::two_ways);
    list<list<node_id>> of_epoch(static_cast<std::size_t>(epochs), list<node_id>{});
    if (epochs == 1) {
      of_epoch[0] = static_cast<list<node_id>&&>(all);
    } else {
      list<int> group_of;
      for (node_id id : all) group_of.push_back(classes.epoch[index(id)]);
      of_epoch = divide(all, group_of, epochs, -1, false);
    }
    for (int i = 0; has_whole && i < count; ++i)
      if (takes_arrays(state[i].kind)) of_epoch[classes.epoch[i]].push_back(node_id{i});
    for (auto const& values : of_epoch) epoch_values.append(values.begin(), values.end()), epoch_ends.push_back(static_cast<std::int32_t>(epoch_values.size()));
  }
  /// Writes the loops of epochs until so many values are written, or all.
  constexpr void write(int most) {
    for (int written = 0; next_epoch < epochs && written < most; ++next_epoch) {
      list<node_id> loops, whole;  // what loops compute, and what takes arrays
      node_id const* const values = epoch_values.data();
      int const first = next_epoch ? epoch_ends[next_epoch - 1] : 0, last = epoch_ends[next_epoch];
      if (!has_whole) loops.append(values + first, values + last);
      for (int k = first; has_whole && k < last; ++k) (takes_arrays(kind_of(values[k])) ? whole : loops).push_back(values[k]);
      walk(loops, -1);
      for (node_id id : whole) whole_arrays(id);
      written += static_cast<int>(loops.size() + whole.size());
    }
  }
  constexpr schedule run() {
    start();
    write(1 << 30);
    return static_cast<schedule&&>(out);
  }

  /// Goes on from where another one stopped.
  template <class Frozen>
  constexpr void resume(Frozen const& from) {
    out = from.s.thaw();
    auto fill = [](auto& to, auto const& elements, int count) { to.clear(), to.append(elements.data(), elements.data() + count); };
    state_memory.clear(), state_memory.append(from.states.data(), from.states.data() + g.size());
    state = state_memory.data();
    fill(loads, from.loads, from.load_count), fill(scope, from.scope, from.scope_count), fill(epoch_values, from.values, from.value_count), fill(epoch_ends, from.ends, from.epochs);
    epochs = from.epochs, next_epoch = from.next_epoch, stamps = from.stamps;
    for (access const& a : out.accesses) note_access(a);
  }
  template <int, int, int, int, int, int>
  friend struct frozen_fusion;

 private:
  int epochs = 1, next_epoch = 0;
  list<node_id> epoch_values;  // of one epoch after the other
  list<std::int32_t> epoch_ends;

  /// Splits `nodes` into groups that are worked off one after the other, and decides what crosses by memory and what is computed again.
  constexpr list<list<node_id>> divide(list<node_id> const& nodes, list<int> const& group_of, int groups, int parent, bool segments) {
    ++stamps;
    int const limit = parent < 0 ? recompute_limit_array : recompute_limit_row;
    // (Raw pointers and few calls: each is a step of the compilers' limits, and this is where most are taken.)
    node_id const* const ids = nodes.data();
    int const *const groups_of = group_of.data(), count = static_cast<int>(nodes.size());
    for (int at = 0; at < count; ++at) {
      int const i = static_cast<int>(ids[at]);
      node_state& own = state[i];
      node const& n = nodes_of_graph[i];
      op_info const& row = infos.data()[static_cast<int>(n.code)];
      own.stamp = stamps, own.group = groups_of[at], own.need = {}, own.feeds_extremum = own.pinned = 0;
      bool const extremum = own.kind == op_kind::reduction && !row.additive, in_loop = segments && own.group % 2 == 1;
      int cost = row.cost_again < 0 ? row.cost : row.cost_again;
      for (int k = 0, arity = n.arity; k < arity; ++k) {
        int const base = static_cast<int>(classes.sources[max_operands * i + k].base);
        node_state& from = state[base];
        if (from.stamp != stamps) {
          if (nodes_of_graph[base].code != op::constant) ++cost;
          continue;
        }
        // What the loop does not change is at hand in it.
        cost += from.kind == op_kind::reduction || (in_loop && from.group % 2 == 0) ? 1 : from.cost;
        if (extremum) from.feeds_extremum = 1;
      }
      own.cost = cost > too_dear ? too_dear : cost;  // shared parts would double it at each reuse
    }
    for (int at = count; at-- > 0;) {
      node_id const id = ids[at];
      int const i = static_cast<int>(id);
      // What has no axes left may be for a block around this one.
      bool const single = is_reduction(id) || !has_free_iteration(id), wanted = single || (state[i].value_buffer >= 0 && !state[i].in_memory);
      if (wanted) state[i].need.add(state[i].group);
      if (state[i].need.first < 0) continue;
      bool const several = state[i].need.several, crosses = several || state[i].need.first != state[i].group;
      if (single) {
        // A reduction is never computed twice. What has no axes left is at hand in the whole block.
        if (crosses && free_axes(id)) keep(id, keep_reason::reduction);
        state[i].need = group_set::only(state[i].group);
      } else if (crosses) {
        bool const repeated = segments && state[i].group % 2 == 0 && state[i].need.has_odd() && state[i].cost > recompute_limit_turn;  // in each turn of a loop that does not change it
        // Copies may differ by an ulp where code is contracted: a maximum has to be that of the value it is taken from.
        bool const kept = state[i].value_buffer >= 0 || repeated || (several && (state[i].cost > limit || state[i].feeds_extremum || groups > group_set::capacity));
        if (kept && (repeated || state[i].value_buffer >= 0 || state[i].pinned || !is_derived(i, limit, groups))) {
          keep(id, repeated ? keep_reason::repeated : state[i].feeds_extremum && state[i].cost <= limit ? keep_reason::extremum : keep_reason::dear);
          state[i].need = group_set::only(wanted || (segments && state[i].group % 2 == 0) ? state[i].group : state[i].need.first);  // once: before the loop, or in the walk that needs it first
        }
      }
      for (int k = 0, arity = nodes_of_graph[i].arity; k < arity; ++k) {
        node_state& from = state[static_cast<int>(classes.sources[max_operands * i + k].base)];
        if (from.stamp == stamps) from.need.add(state[i].need);
      }
    }
    list<list<node_id>> result(static_cast<std::size_t>(groups), list<node_id>{});
    for (node_id id : nodes) {
      group_set const& need = state[index(id)].need;
      if (!need.several) {
        if (need.first >= 0) result[need.first].push_back(id);
        continue;
      }
      for (int e = need.first; e < groups; ++e)
        if (need.has(e)) result[e].push_back(id);
    }
    return result;
  }

  /// Whether a value costs little from others that are stored because all loops that need it need them as well; those then have to be.
  constexpr bool is_derived(int i, int limit, int groups) {
    node const& n = nodes_of_graph[i];
    op_info const& row = infos.data()[static_cast<int>(n.code)];
    if (state[i].kind != op_kind::map || row.cost > derive_limit || state[i].feeds_extremum || groups > group_set::capacity) return false;
    auto const operand = [&](int k) -> node_state& { return state[static_cast<int>(classes.sources[max_operands * i + k].base)]; };
    for (int k = 0; k < n.arity; ++k)
      if (node_state const& from = operand(k); from.stamp == stamps && from.value_buffer < 0)
        if (from.kind != op_kind::reduction && (from.kind != op_kind::map || from.cost <= limit || (from.need.bits & state[i].need.bits) != state[i].need.bits)) return false;
    for (int k = 0; k < n.arity; ++k)
      if (operand(k).stamp == stamps) operand(k).pinned = true;
    return true;
  }

  /// Emits `nodes`, inside the loops that are open.
  constexpr void walk(list<node_id> const& nodes, int parent) {
    bool straight = true;
    for (node_id id : nodes) straight = straight && !has_free_iteration(id);
    if (straight) {
      for (node_id id : nodes) element(id);
      return;
    }
    candidate_list found = find_candidates(nodes);
    if (found.components > 1 && are_apart(nodes, found.component_of)) {
      // Each by itself, the last first, as if the others were what comes before it.
      list<list<node_id>> parts(found.component_of.size(), list<node_id>{});
      for (std::size_t at = 0; at < nodes.size(); ++at) {
        if (found.component_of[at] < 0) element(nodes[at]);
        else parts[static_cast<std::size_t>(found.component_of[at])].push_back(nodes[at]);
      }
      for (std::size_t part = parts.size(); part-- > 0;)
        if (!parts[part].empty()) walk(parts[part], parent);
      return;
    }
    int const c = choose(nodes, found);
    list<int> levels(nodes.size(), 0);
    int walks_needed = find_levels(nodes, c, levels);
    if (has_lookup && parent >= 0) read_late(nodes, levels);
    int last = 0;
    for (int level : levels)
      if (level > last) last = level;
    bool alone = last == 0;
    if (found.all.size() > 1 || found.all[0].values < static_cast<int>(nodes.size()))
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

  /// An element that is looked up waits until it is needed: what a walk of the row went over is in the cache by then.
  /// (Measured: read before the row, the label's logit was a wait for memory, a tenth of softmax cross-entropy's time.)
  constexpr void read_late(list<node_id> const& nodes, list<int>& levels) {
    for (std::size_t at = nodes.size(); at-- > 0;) {
      node_id const id = nodes[at];
      if (kind_of(id) != op_kind::lookup || has_free_iteration(id)) continue;
      int needed = -1;
      for (std::size_t user = at + 1; user < nodes.size(); ++user)
        for (int k = 0; k < the(nodes[user]).arity; ++k)
          if (classes.operand(nodes[user], k).base == id && (needed < 0 || levels[user] < needed)) needed = levels[user];
      if (needed > levels[at]) levels[at] = needed;
    }
  }

  /// One loop over class `c`.
  constexpr void pass(list<node_id> const& nodes, int c, int parent) {
    // Numbers and elements that the loop does not change.
    for (node_id id : nodes)
      for (int k = 0, arity = nodes_of_graph[static_cast<int>(id)].arity; k < arity; ++k) {
        source const& s = classes.sources[max_operands * static_cast<int>(id) + k];
        if (classes.computed[static_cast<int>(s.base)] && !state[static_cast<int>(s.base)].in_memory) continue;
        if (kind_of(id) == op_kind::lookup && k == 0) continue;
        node const& base = the(s.base);
        bool fixed = base.is_constant() || base.code == op::extent;
        if (!fixed && state[index(s.base)].current < 0 && (base.code == op::symbol || state[index(s.base)].in_memory)) {
          fixed = true;
          axis_mask const mask = base.code == op::symbol ? all_axes(s.base) : state[index(s.base)].buffer_axes;
          for (int axis = 0; axis < g[base.shape].rank; ++axis)
            if (mask >> axis & 1 && s.axes[axis] >= 0 && !is_open(class_of(id, s.axes[axis]))) fixed = false;
        }
        if (fixed) operand(id, k);
      }
    extent e;
    bool found = false;
    for (std::size_t at = 0; at < nodes.size() && !found; ++at)
      for (int axis = 0; axis < rank_of(nodes[at]) && !found; ++axis)
        if (class_of(nodes[at], axis) == c) e = (is_reduction(nodes[at]) ? shape_at(the(nodes[at]).operands[0]) : shape_at(nodes[at]))[axis], found = true;
    for (node_id id : nodes)
      if (state[static_cast<int>(id)].kind == op_kind::reduction && reduces(id, c) && !is_summing(id)) {
        instruction i{.what = action::initialize, .type = the(id).type, .node = id};
        if (free_axes(id)) {
          keep(id, keep_reason::sum_outside);
          i.access_number = intern(own_access(id));
        }
        state[index(id)].start = push(i);
      }
    auto const number = static_cast<std::int16_t>(out.loops.size());
    out.loops.push_back({e, static_cast<std::int16_t>(parent), static_cast<std::int16_t>(parent < 0 ? 0 : out.loops[parent].depth + 1), true});
    if (parent >= 0) out.loops[parent].leaf = false;
    instruction_id const begin = push({.what = action::begin_loop, .loop = number});
    auto const scope_before = scope.size(), loads_before = loads.size();
    loop_of_class[c] = number;
    walk(nodes, number);
    loop_of_class[c] = -1;
    for (auto at = scope_before; at < scope.size(); ++at) state[static_cast<int>(scope.data()[at])].current = -1;
    scope.resize(scope_before);
    loads.resize(loads_before);
    // Lanes that add to places of their own may meet there.
    if (has_scatter)
      for (instruction_id at = begin; at < static_cast<instruction_id>(out.instructions.size()); ++at)
        if (out.instructions[at].what == action::accumulate && out.instructions[at].place() > begin) out.loops[number].leaf = false;
    out.instructions[begin].end = push({.what = action::end_loop, .loop = number});
    // Values of this walk that have an array are in it now, unless an outer loop has yet to fill the rest, which reads the same element.
    for (node_id id : nodes) {
      node_state& own = state[static_cast<int>(id)];
      bool const reduction = own.kind == op_kind::reduction;
      if (own.value_buffer < 0 && !reduction) continue;
      if (is_local_to(id, c)) {
        // What comes after this loop computes it again, or keeps it in an array of its own: this loop may not run at all.
        own.value_buffer = -1, own.buffer_axes = 0, own.in_memory = false;
        continue;
      }
      if (reduction && is_summing(id)) continue;
      if (reduction && reduces(id, c) && out.instructions[own.start].access_number < 0) {
        hold(id, push({.what = action::result, .type = the(id).type, .node = id, .end = own.start}));
        store(id, own.current);
      }
      if (own.value_buffer >= 0) own.in_memory = true;
    }
  }
};

/// How far fusion has come, as a constexpr variable can hold it: of large programs each evaluation writes some epochs, since compilers limit the steps of one.
template <int Nodes, int Instructions, int Loops, int Accesses, int Buffers, int Shapes>
struct frozen_fusion {
  frozen_schedule<Instructions, Loops, Accesses, Buffers, Shapes> s;
  std::array<node_state, Nodes> states{};
  std::array<loaded, Nodes> loads{};
  std::array<node_id, Nodes> scope{};
  std::array<node_id, 2 * Nodes> values{};
  std::array<std::int32_t, Nodes> ends{};
  int load_count = 0, scope_count = 0, value_count = 0, epochs = 0, next_epoch = 0, stamps = 0;
  bool fits = true;

  constexpr explicit frozen_fusion(fuser const& f)
      : s(f.out, size_of(f.out)),
        load_count(static_cast<int>(f.loads.size())),
        scope_count(static_cast<int>(f.scope.size())),
        value_count(static_cast<int>(f.epoch_values.size())),
        epochs(f.epochs),
        next_epoch(f.next_epoch),
        stamps(f.stamps) {
    fits = s.fits && load_count <= Nodes && scope_count <= Nodes && value_count <= 2 * Nodes && epochs <= Nodes;
    auto copy = [&](auto& to, auto const& from) {
      auto* target = to.data();
      auto const* source = from.data();
      for (int i = 0, count = fits ? static_cast<int>(from.size()) : 0; i < count; ++i) target[i] = source[i];
    };
    copy(states, f.state_memory), copy(loads, f.loads), copy(scope, f.scope), copy(values, f.epoch_values), copy(ends, f.epoch_ends);
  }
  constexpr bool is_done() const { return next_epoch == epochs; }
};

/// What is decided when all loops are written: where rows stand, and how arrays lie in memory.
constexpr schedule place_arrays(graph const& g, schedule s) { return order_axes(g, place_rows(g, static_cast<schedule&&>(s))); }

/// The loops of a graph, each product and nest by itself.
constexpr schedule fuse_alone(graph const& g, axis_class_table const& classes) { return place_arrays(g, fuser(g, classes).run()); }
/// The schedule of a graph. (Of large ones the compiler takes these steps in an evaluation each.)
constexpr schedule fuse(graph const& g) {
  axis_classes const found(g);
  return group_tiles(g, fuse_alone(g, found.table()));
}

}  // namespace ctgrad::detail
