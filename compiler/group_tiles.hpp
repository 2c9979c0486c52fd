// Nests and products that go along one axis together: a tile of it runs through all of them while it is in cache, and threads take tiles (design 4.1, products).
// The instructions of a group are put beside each other; what does not hang on it comes before, what waits for all of it after.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "partition.hpp"

namespace ctgrad::detail {

/// How many units after the first are looked at for a group, and after how many that do not join it the search ends.
inline constexpr int group_reach = 48, group_patience = 8;

class tile_grouper {
 public:
  constexpr tile_grouper(graph const& from, schedule& to) : g(from), s(to) {}

  constexpr void run() {
    int products = 0;
    for (instruction const& i : s.instructions) products += i.what == action::product;
    if (!products) return;
    find_items();
    states = list<array_state>(s.buffers.size(), array_state{});
    values = list<int>(s.instructions.size(), 0);
    list<int> rest, order;
    for (int k = 0; k + 1 < static_cast<int>(items.size()); ++k) rest.push_back(k);
    std::int16_t groups = 0;
    for (std::size_t first = 0; first < rest.size();) {
      plan best;
      if (items[rest[first]].unit) best = find_best(rest, static_cast<int>(first));
      if (best.units < 2 || best.products < 1) {
        order.push_back(rest[first++]);
        continue;
      }
      // Only so far as it was looked at is anything put elsewhere.
      int const count = static_cast<int>(best.places.size());
      list<int> after;
      for (where wanted : {where::before, where::inside, where::after})
        for (int k = 0; k < count; ++k) {
          int const number = rest[first + static_cast<std::size_t>(k)];
          if (best.places[k] != wanted) continue;
          (wanted == where::after ? after : order).push_back(number);
          if (wanted == where::inside) mark(items[number], groups, best.labels[k]);
        }
      first += static_cast<std::size_t>(count) - after.size();
      for (std::size_t k = 0; k < after.size(); ++k) rest[first + k] = after[k];
      ++groups;
    }
    if (groups) reorder(order);
  }

 private:
  enum class where : std::uint8_t { before, inside, after };
  enum class touch_kind : std::uint8_t { read, write, sum, value, value_sum };
  /// What a unit does with an array, by an access, or with a number, by an instruction.
  struct touch {
    touch_kind kind = touch_kind::read;
    std::int16_t access = -1;
    instruction_id value = -1;
  };
  /// A nest, a product, a call, or an instruction between them.
  struct item {
    instruction_id begin = 0, end = 0;  ///< the first, and the one behind the last
    std::int32_t touches = 0;           ///< where its touches begin
    bool unit = false;                  ///< a nest or a product
  };
  /// What is known of an array while a group is tried. Stamps say for which try.
  struct array_state {
    int stamp = 0;
    std::int8_t axis = -1;                                                ///< of an array that the group fills tile by tile: along which axis
    bool summed = false, read = false, written_after = false, read_after = false;  ///< a sum over tiles; the group reads it; what comes after does
  };
  /// Where the items from the first of a group on come, as far as was looked, and the label of each product in the group.
  struct plan {
    int units = 0, products = 0;
    list<where> places;
    list<std::int8_t> labels;  ///< of a nest: how many loops stand around the one that is cut
  };
  graph const& g;
  schedule& s;
  list<item> items;
  list<touch> touches;
  list<array_state> states;  // by buffer
  list<int> values;  // by instruction: the stamp of tries in which its number is whole only after the group
  /// A symbol that the group has read, and along which of its axes tile by tile; -1: all of it.
  struct symbol_read {
    int buffer, axis;
  };
  list<symbol_read> symbols_read;
  int stamp = 0, measured = 0;
  extent along;  // of the tiles, where `measured` is the stamp

  constexpr int root(int access_number) const { return root_of(s.buffers, s.accesses[access_number].buffer); }
  constexpr bool is_view(int access_number) const { return s.buffers[s.accesses[access_number].buffer].kind == buffer_kind::view; }
  constexpr array_state& state_of(int access_number) {
    array_state& known = states[root(access_number)];
    if (known.stamp != stamp) known = {stamp};
    return known;
  }

  constexpr void find_items() {
    int const length = static_cast<int>(s.instructions.size());
    for (int at = 0; at < length;) {
      instruction const& i = s.instructions[at];
      item next{at, i.what == action::begin_loop ? i.end + 1 : at + 1, static_cast<std::int32_t>(touches.size()), i.what == action::begin_loop || i.what == action::product};
      for (int k = next.begin; k < next.end; ++k) note(next, s.instructions[k]);
      items.push_back(next);
      at = next.end;
    }
    items.push_back({length, length, static_cast<std::int32_t>(touches.size()), false});
  }
  constexpr void add_touch(item const& of, touch t) {
    for (std::size_t k = static_cast<std::size_t>(of.touches); k < touches.size(); ++k)
      if (touches[k].kind == t.kind && touches[k].access == t.access && touches[k].value == t.value) return;
    touches.push_back(t);
  }
  constexpr void note(item const& of, instruction const& i) {
    bool const arrays = reads_arrays(i.what);
    for (auto operand : i.operands) {
      if (operand < 0) continue;
      if (arrays) add_touch(of, {touch_kind::read, static_cast<std::int16_t>(operand), -1});
      else if (operand < of.begin && s.instructions[operand].what != action::constant) add_touch(of, {touch_kind::value, -1, operand});
    }
    if (i.what == action::result && i.end < of.begin) add_touch(of, {touch_kind::value, -1, i.end});
    bool const outer_sum = i.what == action::accumulate && i.end < of.begin;
    if (i.access_number < 0) {
      if (outer_sum) add_touch(of, {touch_kind::value_sum, -1, i.end});
    } else if (i.what == action::load) {
      add_touch(of, {touch_kind::read, i.access_number, -1});
    } else if (s.buffers[s.accesses[i.access_number].buffer].kind != buffer_kind::row) {
      add_touch(of, {outer_sum ? touch_kind::sum : touch_kind::write, i.access_number, -1});
    }
  }

  // Trying a group.

  constexpr plan find_best(list<int> const& rest, int seed) {
    plan best;
    item const& first = items[rest[seed]];
    auto consider = [&](int label) {
      plan tried = try_group(rest, seed, label);
      if (tried.units > best.units) best = static_cast<plan&&>(tried);
    };
    instruction const& i = s.instructions[first.begin];
    if (i.what == action::product) {
      auto const labels = contraction::unpack(g[i.node].attribute);
      for (int axis = 0, rank = g.shape_of(i.node).rank; axis < rank; ++axis)
        if (axis == 0 || labels.role(labels.result[static_cast<std::size_t>(axis)]) == label_role::batch) consider(labels.result[static_cast<std::size_t>(axis)]);
    } else {
      for (int depth = 0; depth < cuttable_loops(first.begin); ++depth) consider(depth);
    }
    return best;
  }
  constexpr plan try_group(list<int> const& rest, int seed, int label) {
    ++stamp;
    symbols_read.clear();
    plan p;
    int seen = 0, idle = 0;
    for (int k = seed; k < static_cast<int>(rest.size()) && seen < group_reach && idle < group_patience; ++k) {
      item const& next = items[rest[k]];
      if (next.unit) ++seen, ++idle;
      int own = -1;
      bool const later = hangs_on_later(next);
      if (!later && next.unit) own = join(next, k == seed ? label : -1);
      if (own >= 0) {
        ++p.units, idle = 0;
        p.products += s.instructions[next.begin].what == action::product;
      } else if (k == seed) {
        return p;
      }
      bool const after = own < 0 && (later || meets_group(next));
      if (after) come_after(next);
      p.places.push_back(own >= 0 ? where::inside : after ? where::after : where::before), p.labels.push_back(static_cast<std::int8_t>(own));
    }
    return p;
  }
  template <class F>
  constexpr bool any_touch(item const& of, F const& f) {
    for (touch const *t = touches.data() + of.touches, *const end = touches.data() + (&of)[1].touches; t != end; ++t)
      if (f(*t)) return true;
    return false;
  }
  /// Whether it waits for what comes after the group, or for what is whole only when the group is done.
  constexpr bool hangs_on_later(item const& of) {
    return any_touch(of, [&](touch const& t) {
      if (t.access < 0) return values[t.value] == stamp;
      array_state const& a = state_of(t.access);
      return a.written_after || (t.kind == touch_kind::read ? a.summed : a.read_after);
    });
  }
  constexpr bool meets_group(item const& of) {
    return any_touch(of, [&](touch const& t) {
      if (t.access < 0) return false;
      array_state const& a = state_of(t.access);
      return a.axis >= 0 || a.summed || (t.kind != touch_kind::read && a.read);
    });
  }
  constexpr void come_after(item const& of) {
    for (instruction_id at = of.begin; at < of.end; ++at) values[at] = stamp;
    any_touch(of, [&](touch const& t) {
      if (t.kind == touch_kind::value_sum) values[t.value] = stamp;
      if (t.access >= 0) (t.kind == touch_kind::read ? state_of(t.access).read_after : state_of(t.access).written_after) = true;
      return false;
    });
  }

  /// How many loops of a nest, from the outermost on, could be the one that is cut: those that stand alone in each other, where all that is done is maps of elements.
  constexpr int cuttable_loops(instruction_id begin) const {
    int depth = 1;
    while (s.instructions[begin + depth].what == action::begin_loop && s.instructions[begin + depth].end + 1 == s.instructions[begin + depth - 1].end) ++depth;
    if (s.loops[s.instructions[begin + depth - 1].loop].leaf) --depth;  // the vector loop stays whole
    else return 1;
    for (instruction_id at = begin; at < s.instructions[begin].end; ++at)
      if (instruction const& i = s.instructions[at]; i.what == action::accumulate || i.what == action::initialize || i.place() >= 0) return depth > 0;
    return depth;
  }
  /// Takes a unit into the group: the label of a product, the depth of a nest's loop; -1 where it cannot be of it. `wanted`: of the first, else -1.
  constexpr int join(item const& of, int wanted) {
    int const own = s.instructions[of.begin].what == action::product ? join_product(of, wanted) : join_nest(of, wanted);
    if (own >= 0)
      any_touch(of, [&](touch const& t) {
        if (t.kind == touch_kind::read) state_of(t.access).read = true;
        if (t.kind == touch_kind::read && s.buffers[root(t.access)].kind == buffer_kind::symbol) symbols_read.push_back({root(t.access), is_view(t.access) ? -1 : tiled_axis(of, t.access, own)});
        if (t.kind == touch_kind::value_sum) values[t.value] = stamp;
        return false;
      });
    return own;
  }
  /// The axis of an access that goes along the tiles, for a unit whose label or depth is known; -1: none.
  constexpr int tiled_axis(item const& of, int access_number, int own) const {
    instruction const& i = s.instructions[of.begin];
    access const& a = s.accesses[access_number];
    if (i.what != action::product) return a.axis_of(s.instructions[of.begin + own].loop);
    auto const labels = contraction::unpack(g[i.node].attribute);
    int found = -1;
    for (int k = 0; k < 2; ++k)
      for (int axis = 0; axis < a.rank && i.operands[k] == access_number; ++axis)
        if (a.loops[axis] >= 0 && (k ? labels.right : labels.left)[static_cast<std::size_t>(a.loops[axis])] == own) found = axis;
    return i.operands[0] == i.operands[1] ? -1 : found;
  }
  constexpr bool may_be_written(int access_number) {
    array_state const& a = state_of(access_number);
    return a.axis < 0 && !a.summed && !a.read && !is_view(access_number);
  }
  constexpr int join_product(item const& of, int label) {
    instruction const& i = s.instructions[of.begin];
    auto const labels = contraction::unpack(g[i.node].attribute);
    extent length;
    for (int k = 0; k < 2; ++k) {
      access const& a = s.accesses[i.operands[k]];
      array_state const& known = state_of(i.operands[k]);
      auto const& side = k ? labels.right : labels.left;
      if (known.axis >= 0) {
        int const axis = is_view(i.operands[k]) ? -1 : a.loops[known.axis], here = axis < 0 ? -1 : side[static_cast<std::size_t>(axis)];
        if (here < 0 || (label >= 0 && here != label)) return -1;
        label = here;
      }
    }
    if (label < 0) return -1;
    for (int k = 0; k < 2; ++k) {
      access const& a = s.accesses[i.operands[k]];
      for (int axis = 0; axis < a.rank; ++axis)
        if (a.loops[axis] >= 0 && (k ? labels.right : labels.left)[static_cast<std::size_t>(a.loops[axis])] == label) length = s.shapes[index(s.buffers[a.buffer].s)][axis];
    }
    label_role const role = labels.role(label);
    if (role == label_role::lone || role == label_role::none || !goes_along(length)) return -1;
    if (!may_be_written(i.access_number) || is_taken(i.access_number, contraction::axis_of(labels.result, label))) return -1;
    if (role == label_role::summed) state_of(i.access_number).summed = true;
    else state_of(i.access_number).axis = static_cast<std::int8_t>(contraction::axis_of(labels.result, label));
    return label;
  }
  constexpr int join_nest(item const& of, int depth) {
    bool connected = depth >= 0;
    int const most = cuttable_loops(of.begin);
    if (most == 0) return -1;
    // What is cut is the loop that walks the axis of tiles.
    bool const bad = any_touch(of, [&](touch const& t) {
      if (t.access < 0 || state_of(t.access).axis < 0) return false;
      access const& a = s.accesses[t.access];
      int const loop = is_view(t.access) ? -1 : a.loops[state_of(t.access).axis];
      int here = 0;
      while (here < most && s.instructions[of.begin + here].loop != loop) ++here;
      if (here == most || (depth >= 0 && here != depth)) return true;
      depth = here, connected = true;
      return false;
    });
    if (bad || !connected) return -1;
    int const loop = s.instructions[of.begin + depth].loop;
    if (!goes_along(s.loops[loop].e) || (depth == 0 && !partition_nest(g, s, of.begin).divisible)) return -1;
    bool const refused = any_touch(of, [&](touch const& t) {
      if (t.kind != touch_kind::write && t.kind != touch_kind::sum) return false;
      int const axis = s.accesses[t.access].axis_of(loop);
      // (An array that this nest reads as well: the same elements, or it would not be divisible.)
      return !may_be_written(t.access) || (t.kind == touch_kind::write && axis < 0) || is_taken(t.access, axis);
    });
    if (refused) return -1;
    any_touch(of, [&](touch const& t) {
      if (t.kind != touch_kind::write && t.kind != touch_kind::sum) return false;
      int const axis = s.accesses[t.access].axis_of(loop);
      if (axis < 0) state_of(t.access).summed = true;
      else state_of(t.access).axis = static_cast<std::int8_t>(axis);
      return false;
    });
    return depth;
  }
  /// Whether a loop or label is as long as the tiles go; the first says how long.
  constexpr bool goes_along(extent const& length) {
    if (measured != stamp) along = length, measured = stamp;
    return along == length;
  }
  /// Whether an output may be bound to the array of a symbol that the group has read otherwise than tile by tile along the same axis (in_place allows the rest).
  constexpr bool is_taken(int access_number, int axis) const {
    buffer const& to = s.buffers[root(access_number)];
    if (to.kind != buffer_kind::output) return false;
    for (auto read : symbols_read)
      if (buffer const& from = s.buffers[read.buffer]; (read.axis != axis || axis < 0) && from.s == to.s && from.type == to.type) return true;
    return false;
  }

  // Writing it down.

  constexpr void mark(item const& of, std::int16_t group, int label) {
    instruction& first = s.instructions[of.begin];
    first.group = group;
    if (first.what == action::product) {
      first.loop = static_cast<std::int16_t>(label);
      return;
    }
    for (int depth = label; depth > 0; --depth) exchange(of.begin + depth - 1);
  }
  /// Exchanges the loop that begins at `outer` with the one that stands alone in it.
  constexpr void exchange(instruction_id outer) {
    instruction &o = s.instructions[outer], &i = s.instructions[outer + 1];
    std::swap(o.loop, i.loop);
    std::swap(s.instructions[o.end].loop, s.instructions[i.end].loop);
    loop &now_outer = s.loops[o.loop], &now_inner = s.loops[i.loop];
    std::swap(now_outer.depth, now_inner.depth);
    now_outer.parent = now_inner.parent, now_inner.parent = o.loop;
    if (s.instructions[outer + 2].what == action::begin_loop) s.loops[s.instructions[outer + 2].loop].parent = i.loop;
  }
  constexpr void reorder(list<int> const& order) {
    list<instruction> moved;
    moved.reserve(s.instructions.size());
    list<instruction_id> place(s.instructions.size(), -1);
    for (int number : order)
      for (instruction_id at = items[number].begin; at < items[number].end; ++at) {
        place[at] = static_cast<instruction_id>(moved.size());
        moved.push_back(s.instructions[at]);
      }
    for (instruction& i : moved) {
      if (i.end >= 0) i.end = place[i.end];
      if (reads_arrays(i.what)) continue;
      for (auto& operand : i.operands)
        if (operand >= 0) operand = place[operand];
    }
    s.instructions = static_cast<list<instruction>&&>(moved);
  }
};

constexpr schedule group_tiles(graph const& g, schedule s) {
  tile_grouper(g, s).run();
  return s;
}

}  // namespace ctgrad::detail
