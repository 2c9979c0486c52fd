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
    instructions = s.instructions.data();
    roots_memory.reserve(s.accesses.size());
    for (access const& a : s.accesses) roots_memory.push_back(static_cast<std::int16_t>(root_of(s.buffers, a.buffer)));
    roots = roots_memory.data();
    find_items();
    first_touch = first_touches.data(), all_touches = touches.data(), begin_of = begins.data();
    states_memory = list<array_state>(s.buffers.size(), array_state{});
    states = states_memory.data();
    values_memory = list<int>(s.instructions.size(), 0);
    values = values_memory.data();
    cuttable = divisible = labels_at = list<int>(begins.size(), -1);
    unpacked.reserve(static_cast<std::size_t>(products));
    list<int> rest, order;
    for (int k = 0; k + 1 < static_cast<int>(begins.size()); ++k) rest.push_back(k);
    std::int16_t groups = 0;
    for (std::size_t first = 0; first < rest.size();) {
      plan best;
      if (is_unit(rest[first])) best = find_best(rest, static_cast<int>(first));
      if (best.units < 2 || best.products < 1) {
        order.push_back(rest[first++]);
        continue;
      }
      // Only so far as it was looked at is anything put elsewhere.
      int const count = static_cast<int>(best.places.size());
      list<int> rest_of_it;
      for (int wanted : {before, inside, after})
        for (int k = 0; k < count; ++k) {
          int const number = rest[first + static_cast<std::size_t>(k)];
          if (best.places[k] != wanted) continue;
          (wanted == after ? rest_of_it : order).push_back(number);
          if (wanted == inside) mark(begin_of[number], groups, best.labels[k]);
        }
      first += static_cast<std::size_t>(count) - rest_of_it.size();
      for (std::size_t k = 0; k < rest_of_it.size(); ++k) rest[first + k] = rest_of_it[k];
      ++groups;
    }
    if (groups) reorder(order);
  }

 private:
  enum where : std::uint8_t { before, inside, after };
  enum class touch_kind : std::uint8_t { read, write, sum, value, value_sum };
  /// What a unit does with an array, by an access, or with a number, by an instruction.
  struct touch {
    touch_kind kind = touch_kind::read;
    std::int16_t access = -1;
    instruction_id value = -1;
    std::int16_t root = -1;  ///< of an array: the buffer of which it is, or is a view
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
    list<int> places;  ///< as `where`
    list<int> labels;  ///< of a nest: how many loops stand around the one that is cut
  };
  graph const& g;
  schedule& s;
  // Of items, which are nests, products, calls, and the instructions between them: the first instruction, and where the touches begin; at last, where both end.
  list<int> begins, first_touches;
  // By item, worked out when first asked for, -1 before: cuttable_loops, and whether parts of the outermost loop may run at the same time.
  list<int> cuttable, divisible, labels_at;
  list<contraction> unpacked;  // of products, at the places of labels_at
  list<touch> touches;
  list<int> seen_accesses, seen_values;  // by kind: the number of items when it was touched last
  // (Raw pointers, because each call of an operator is a step of the compilers' limits.)
  list<array_state> states_memory;
  array_state* states = nullptr;  // by buffer
  list<std::int16_t> roots_memory;
  std::int16_t const* roots = nullptr;  // by access: the array of which its buffer is, or is a view
  list<int> values_memory;
  int* values = nullptr;  // by instruction: the stamp of tries in which its number is whole only after the group
  instruction* instructions = nullptr;
  int const *begin_of = nullptr, *first_touch = nullptr;  // begins, first_touches
  touch const* all_touches = nullptr;
  list<int> symbols_read, axes_read;  // of the group: buffers, and along which axis each was read tile by tile; -1: all of it
  int stamp = 0, measured = 0;
  extent along;  // of the tiles, where `measured` is the stamp

  constexpr bool is_view(int access_number) const { return s.buffers[s.accesses[access_number].buffer].kind == buffer_kind::view; }
  constexpr array_state& state_of(int access_number) {
    array_state& known = states[roots[access_number]];
    if (known.stamp != stamp) known = {stamp};
    return known;
  }

  /// Whether an item is a nest or a product.
  constexpr bool is_unit(int item) const {
    action const what = instructions[begin_of[item]].what;
    return what == action::begin_loop || what == action::product;
  }
  constexpr void find_items() {
    int const length = static_cast<int>(s.instructions.size());
    seen_accesses = list<int>(3 * s.accesses.size(), 0), seen_values = list<int>(2 * s.instructions.size(), 0);
    for (int at = 0; at < length;) {
      begins.push_back(at), first_touches.push_back(static_cast<int>(touches.size()));
      int const end = instructions[at].what == action::begin_loop ? instructions[at].end + 1 : at + 1;
      for (int const begin = at; at < end; ++at) note(begin, instructions[at]);
    }
    begins.push_back(length), first_touches.push_back(static_cast<int>(touches.size()));
  }
  constexpr void add_touch(touch t) {
    // Each kind once in an item.
    bool const array = t.access >= 0;
    int& seen = array ? seen_accesses[3 * t.access + static_cast<int>(t.kind)] : seen_values[2 * t.value + (t.kind == touch_kind::value_sum)];
    if (seen == static_cast<int>(begins.size())) return;
    seen = static_cast<int>(begins.size());
    if (array) t.root = roots[t.access];
    touches.push_back(t);
  }
  /// What an instruction of the item that begins at `begin` touches.
  constexpr void note(int begin, instruction const& i) {
    bool const arrays = reads_arrays(i.what);
    for (int k = 0; k < max_operands && i.operands[k] >= 0; ++k) {
      instruction_id const operand = i.operands[k];
      if (arrays) add_touch({touch_kind::read, static_cast<std::int16_t>(operand), -1});
      else if (operand < begin && instructions[operand].what != action::constant) add_touch({touch_kind::value, -1, operand});
    }
    if (i.what == action::result && i.end < begin) add_touch({touch_kind::value, -1, i.end});
    bool const outer_sum = i.what == action::accumulate && i.end < begin;
    if (i.access_number < 0) {
      if (outer_sum) add_touch({touch_kind::value_sum, -1, i.end});
    } else if (i.what == action::load) {
      add_touch({touch_kind::read, i.access_number, -1});
    } else if (s.buffers[s.accesses[i.access_number].buffer].kind != buffer_kind::row) {
      add_touch({outer_sum ? touch_kind::sum : touch_kind::write, i.access_number, -1});
    }
  }

  // Trying a group.

  constexpr plan find_best(list<int> const& rest, int seed) {
    plan best;
    int const begin = begin_of[rest[seed]];
    auto consider = [&](int label) {
      plan tried = try_group(rest, seed, label);
      if (tried.units > best.units) best = static_cast<plan&&>(tried);
    };
    instruction const& i = instructions[begin];
    if (i.what == action::product) {
      auto const& labels = labels_of(rest[seed]);
      for (int axis = 0, rank = g.shape_of(i.node).rank; axis < rank; ++axis)
        if (axis == 0 || labels.role(labels.result[static_cast<std::size_t>(axis)]) == label_role::batch) consider(labels.result[static_cast<std::size_t>(axis)]);
    } else {
      for (int depth = 0; depth < cuttable_loops(rest[seed]); ++depth) consider(depth);
    }
    return best;
  }
  constexpr plan try_group(list<int> const& rest, int seed, int label) {
    ++stamp;
    symbols_read.clear(), axes_read.clear();
    plan p;
    int seen = 0, idle = 0;
    for (int k = seed; k < static_cast<int>(rest.size()) && seen < group_reach && idle < group_patience; ++k) {
      int const next = rest[k];
      if (is_unit(next)) ++seen, ++idle;
      int own = -1;
      bool const later = hangs_on_later(next);
      if (!later && is_unit(next)) own = join(next, k == seed ? label : -1);
      if (own >= 0) {
        ++p.units, idle = 0;
        p.products += instructions[begin_of[next]].what == action::product;
      } else if (k == seed) {
        return p;
      }
      bool const late = own < 0 && (later || meets_group(next));
      if (late) come_after(next);
      p.places.push_back(own >= 0 ? inside : late ? after : before), p.labels.push_back(own);
    }
    return p;
  }
  struct touch_range {
    touch const *first, *last;
    constexpr touch const* begin() const { return first; }
    constexpr touch const* end() const { return last; }
  };
  constexpr touch_range touches_of(int item) const { return {all_touches + first_touch[item], all_touches + first_touch[item + 1]}; }
  /// Whether it waits for what comes after the group, or for what is whole only when the group is done.
  constexpr bool hangs_on_later(int of) const {
    for (touch const& t : touches_of(of)) {
      if (t.access < 0) {
        if (values[t.value] == stamp) return true;
      } else if (array_state const& a = states[t.root]; a.stamp == stamp && (a.written_after || (t.kind == touch_kind::read ? a.summed : a.read_after))) {
        return true;
      }
    }
    return false;
  }
  constexpr bool meets_group(int of) const {
    for (touch const& t : touches_of(of))
      if (t.access >= 0)
        if (array_state const& a = states[t.root]; a.stamp == stamp && (a.axis >= 0 || a.summed || (t.kind != touch_kind::read && a.read))) return true;
    return false;
  }
  constexpr void come_after(int of) {
    values[begin_of[of]] = stamp;  // (nothing refers into a nest)
    for (touch const& t : touches_of(of)) {
      if (t.kind == touch_kind::value_sum) values[t.value] = stamp;
      if (t.access >= 0) (t.kind == touch_kind::read ? state_of(t.access).read_after : state_of(t.access).written_after) = true;
    }
  }

  /// How many loops of a nest, from the outermost on, could be the one that is cut: those that stand alone in each other, where all that is done is maps of elements.
  constexpr int cuttable_loops(int item) {
    int& known = cuttable[item];
    if (known < 0) known = find_cuttable_loops(begin_of[item]);
    return known;
  }
  constexpr int find_cuttable_loops(instruction_id begin) const {
    int depth = 1;
    while (instructions[begin + depth].what == action::begin_loop && instructions[begin + depth].end + 1 == instructions[begin + depth - 1].end) ++depth;
    if (s.loops[instructions[begin + depth - 1].loop].leaf) --depth;  // the vector loop stays whole
    else return 1;
    for (instruction_id at = begin; at < instructions[begin].end; ++at)
      if (instruction const& i = instructions[at]; i.what == action::accumulate || i.what == action::initialize || i.place() >= 0) return depth > 0;
    return depth;
  }
  constexpr contraction const& labels_of(int item) {
    int& known = labels_at.data()[item];
    if (known < 0) known = static_cast<int>(unpacked.size()), unpacked.push_back(contraction::unpack(g[instructions[begin_of[item]].node].attribute));
    return unpacked.data()[known];
  }
  constexpr bool is_divisible(int item) {
    int& known = divisible[item];
    if (known < 0) known = partition_nest(g, s, begin_of[item]).divisible;
    return known > 0;
  }
  /// Takes a unit into the group: the label of a product, the depth of a nest's loop; -1 where it cannot be of it. `wanted`: of the first, else -1.
  constexpr int join(int of, int wanted) {
    int const own = instructions[begin_of[of]].what == action::product ? join_product(of, wanted) : join_nest(of, wanted);
    if (own < 0) return own;
    for (touch const& t : touches_of(of)) {
      if (t.kind == touch_kind::read) state_of(t.access).read = true;
      if (t.kind == touch_kind::read && s.buffers[static_cast<std::size_t>(t.root)].kind == buffer_kind::symbol)
        symbols_read.push_back(t.root), axes_read.push_back(is_view(t.access) ? -1 : tiled_axis(of, t.access, own));
      if (t.kind == touch_kind::value_sum) values[t.value] = stamp;
    }
    return own;
  }
  /// The axis of an access that goes along the tiles, for a unit whose label or depth is known; -1: none.
  constexpr int tiled_axis(int of, int access_number, int own) {
    instruction const& i = instructions[begin_of[of]];
    access const& a = s.accesses[access_number];
    if (i.what != action::product) return a.axis_of(instructions[begin_of[of] + own].loop);
    auto const& labels = labels_of(of);
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
  constexpr int join_product(int of, int label) {
    instruction const& i = instructions[begin_of[of]];
    auto const& labels = labels_of(of);
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
  constexpr int join_nest(int of, int depth) {
    bool connected = depth >= 0;
    int const most = cuttable_loops(of);
    if (most == 0) return -1;
    // What is cut is the loop that walks the axis of tiles.
    for (touch const& t : touches_of(of)) {
      if (t.access < 0 || states[t.root].stamp != stamp || states[t.root].axis < 0) continue;
      int const loop = is_view(t.access) ? -1 : s.accesses[t.access].loops[states[t.root].axis];
      int here = 0;
      while (here < most && instructions[begin_of[of] + here].loop != loop) ++here;
      if (here == most || (depth >= 0 && here != depth)) return -1;
      depth = here, connected = true;
    }
    if (!connected) return -1;
    int const loop = instructions[begin_of[of] + depth].loop;
    if (!goes_along(s.loops[loop].e) || (depth == 0 && !is_divisible(of))) return -1;
    for (touch const& t : touches_of(of)) {
      if (t.kind != touch_kind::write && t.kind != touch_kind::sum) continue;
      int const axis = s.accesses[t.access].axis_of(loop);
      // (An array that this nest reads as well: the same elements, or it would not be divisible.)
      if (!may_be_written(t.access) || (t.kind == touch_kind::write && axis < 0) || is_taken(t.access, axis)) return -1;
    }
    for (touch const& t : touches_of(of)) {
      if (t.kind != touch_kind::write && t.kind != touch_kind::sum) continue;
      int const axis = s.accesses[t.access].axis_of(loop);
      if (axis < 0) state_of(t.access).summed = true;
      else state_of(t.access).axis = static_cast<std::int8_t>(axis);
    }
    return depth;
  }
  /// Whether a loop or label is as long as the tiles go; the first says how long.
  constexpr bool goes_along(extent const& length) {
    if (measured != stamp) along = length, measured = stamp;
    return along == length;
  }
  /// Whether an output may be bound to the array of a symbol that the group has read otherwise than tile by tile along the same axis (in_place allows the rest).
  constexpr bool is_taken(int access_number, int axis) const {
    buffer const& to = s.buffers[roots[access_number]];
    if (to.kind != buffer_kind::output) return false;
    for (std::size_t k = 0; k < symbols_read.size(); ++k)
      if (buffer const& from = s.buffers[symbols_read[k]]; (axes_read[k] != axis || axis < 0) && from.s == to.s && from.type == to.type) return true;
    return false;
  }

  // Writing it down.

  constexpr void mark(instruction_id begin, std::int16_t group, int label) {
    instruction& first = instructions[begin];
    first.group = group;
    if (first.what == action::product) {
      first.loop = static_cast<std::int16_t>(label);
      return;
    }
    for (int depth = label; depth > 0; --depth) exchange(begin + depth - 1);
  }
  /// Exchanges the loop that begins at `outer` with the one that stands alone in it.
  constexpr void exchange(instruction_id outer) {
    instruction &o = instructions[outer], &i = instructions[outer + 1];
    std::int16_t const was_outer = o.loop, was_inner = i.loop;
    o.loop = instructions[o.end].loop = was_inner, i.loop = instructions[i.end].loop = was_outer;
    loop &now_outer = s.loops[was_inner], &now_inner = s.loops[was_outer];
    now_outer.depth = now_inner.depth, now_outer.parent = now_inner.parent;
    now_inner.depth = static_cast<std::int16_t>(now_outer.depth + 1), now_inner.parent = was_inner;
    if (instructions[outer + 2].what == action::begin_loop) s.loops[instructions[outer + 2].loop].parent = was_outer;
  }
  constexpr void reorder(list<int> const& order) {
    list<instruction> moved;
    moved.reserve(s.instructions.size());
    list<instruction_id> place_memory(s.instructions.size());
    instruction_id* const place = place_memory.data();
    for (int number : order) {
      instruction_id const begin = begin_of[number], end = begin_of[number + 1], at = static_cast<instruction_id>(moved.size());
      for (instruction_id k = begin; k < end; ++k) place[k] = at + k - begin;
      moved.append(s.instructions.data() + begin, s.instructions.data() + end);
    }
    for (instruction& i : moved) {
      if (i.end >= 0) i.end = place[i.end];
      if (reads_arrays(i.what)) continue;
      for (int k = 0; k < max_operands && i.operands[k] >= 0; ++k) i.operands[k] = place[i.operands[k]];
    }
    s.instructions = static_cast<list<instruction>&&>(moved);
  }
};

constexpr schedule group_tiles(graph const& g, schedule s) {
  tile_grouper(g, s).run();
  return s;
}

}  // namespace ctgrad::detail
