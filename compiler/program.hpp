// Facts about a scheduled program that its callers need: extents' names, aliasing, memory, figures.
// Everything is worked out in the compiler; at run time it is a table.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "in_place.hpp"
#include "interpret.hpp"
#include "partition.hpp"
#include "plan.hpp"
#include "rebuild.hpp"
#include "schedule.hpp"

#include <bit>

namespace ctgrad::detail {

/// A name of an extent, and the symbol whose axis says what it is.
struct dim_entry {
  extent_name name;
  int symbol = -1, axis = -1;
};

template <class Graph>
constexpr list<dim_entry> find_dims(Graph const& g) {
  list<dim_entry> dims;
  for (int i = 0; i < static_cast<int>(g.symbols.size()); ++i) {
    shape const& s = g.shapes[static_cast<std::size_t>(index(g.symbols[i].shape))];
    for (int axis = 0; axis < s.rank; ++axis) {
      extent_name const name = s[axis].name();
      bool known = name.characters == nullptr;
      for (auto const& d : dims) known = known || d.name == name;
      if (!known) dims.push_back({name, i, axis});
    }
  }
  return dims;
}

/// An extent that no symbol has: no call would say how large it is.
constexpr message find_unbound_extent(graph const& g) {
  for (int i = 0; i < static_cast<int>(g.shapes.size()); ++i)
    for (int axis = 0; axis < g.shapes[i].rank; ++axis) {
      extent const& e = g.shapes[i][axis];
      for (int t = 0; t < e.count; ++t)
        for (int k = 0; k < e.terms[t].count; ++k) {
          extent_name const name = e.terms[t].factors[k];
          bool bound = false;
          for (auto const& s : g.symbols)
            for (int at = 0, rank = g[s.shape].rank; at < rank; ++at) bound = bound || g[s.shape][at].name() == name;
          if (bound) continue;
          auto const live = live_nodes(g);
          for (int n = 0; n < g.size(); ++n)
            if (live[static_cast<std::size_t>(n)] && (index(g.nodes[n].shape) == i || (g.nodes[n].code == op::extent && g.nodes[n].attribute == i)))
              return message() << "ctgrad: no symbol of this program has the extent " << extent(name) << ", so no call can know it";
        }
    }
  return {};
}

/// Whether an operation has an axis along which elements are at places that are known when it runs: that axis may not be empty.
constexpr bool looks_up(op code) { return info(code).kind == op_kind::lookup || info(code).scatters; }

/// What some values of names make negative, and must not be: extents of the graph's tensors, and an element less than an axis has that is looked up.
template <class Graph>
constexpr list<extent> find_differences(Graph const& g) {
  list<extent> found;
  auto may_be_negative = [](extent const& e) {
    bool negative = e.constant < 0;
    for (int k = 0; k < e.count; ++k) negative = negative || e.terms[k].coefficient < 0;
    return negative;
  };
  bool any = false;
  for (shape const& s : g.shapes)
    for (int axis = 0; axis < s.rank; ++axis) any = any || may_be_negative(s[axis]);
  for (node const& n : g.nodes) any = any || looks_up(n.code);
  if (!any) return found;
  auto note = [&](extent const& e) {
    bool negative = may_be_negative(e);
    for (extent const& known : found) negative = negative && !(known == e);
    if (negative) found.push_back(e);
  };
  for (node const& n : g.nodes) {
    shape const& s = g.shapes[static_cast<std::size_t>(index(n.shape))];
    for (int axis = 0; axis < s.rank; ++axis) note(s[axis]);
    if (!looks_up(n.code)) continue;
    shape const& x = g.shapes[static_cast<std::size_t>(index(g.nodes[static_cast<std::size_t>(index(n.operands[0]))].shape))];
    bool const scatter = info(n.code).scatters;
    extent const all = scatter ? s[scattered_axis(n)] : x[static_cast<int>(n.attribute)];
    shape const& places = scatter ? x : s;
    bool together = false;  // there are no places where the axis has no elements
    for (int axis = 0; axis < places.rank; ++axis) together = together || places[axis] == all;
    if (!together) note(all - 1);
  }
  return found;
}

/// Which buffers of the workspace share memory: those of one slot never live at the same time. A slot is as large as its largest buffer.
struct memory_plan {
  list<std::int16_t> slot;  ///< by buffer; -1 for what is not in the workspace
  int slots = 0;
};

/// Whether units of a schedule are grouped.
template <class Schedule>
constexpr bool has_groups(Schedule const& s) {
  for (int at = 0, length = static_cast<int>(s.instructions.size()); at < length; ++at) {
    instruction const& i = s.instructions[at];
    if (i.group >= 0) return true;
    if (i.what == action::begin_loop) at = i.end;
  }
  return false;
}

/// By buffer: the group all of whose units, and nothing else, touch it: its threads keep a tile of it each. -1: it is no temporary, or not of one group.
template <class Schedule>
constexpr list<std::int16_t> find_tile_owners(Schedule const& s) {
  if (!has_groups(s)) return list<std::int16_t>(s.buffers.size(), -1);
  int const length = static_cast<int>(s.instructions.size());
  list<std::int16_t> owner(s.buffers.size(), -2);  // -2: nothing has touched it yet
  std::int16_t group = -1;
  auto touch = [&](int access_number) {
    std::int16_t& own = owner[static_cast<std::size_t>(root_of(s.buffers, s.accesses[access_number].buffer))];
    own = own == -2 || own == group ? group : std::int16_t{-1};
  };
  for (int at = 0, end = -1; at < length; ++at) {
    instruction const& i = s.instructions[at];
    if (at > end) group = i.group, end = i.what == action::begin_loop ? i.end : at;
    if (i.access_number >= 0) touch(i.access_number);
    for (int k = 0; k < max_operands && reads_arrays(i.what); ++k)
      if (i.operands[k] >= 0) touch(i.operands[k]);
  }
  for (std::size_t b = 0; b < s.buffers.size(); ++b) {
    if (s.buffers[b].kind != buffer_kind::temporary || owner[b] == -2) owner[b] = -1;
    if (s.buffers[b].kind == buffer_kind::view) owner[static_cast<std::size_t>(root_of(s.buffers, static_cast<int>(b)))] = -1;
  }
  return owner;
}

/// Interval colouring over the top level of the schedule: a buffer lives from the first nest or product that touches it to the last; through all of a group,
/// unless it is the group's own. A free slot of a buffer of the same size is taken first, then any free one, since the larger of two sizes is less than their sum
/// whatever the extents.
template <class Schedule>
constexpr memory_plan plan_memory(Schedule const& s) {
  int const count = static_cast<int>(s.buffers.size()), length = static_cast<int>(s.instructions.size());
  list<int> first(static_cast<std::size_t>(count), length), last(static_cast<std::size_t>(count), -1);
  auto const owner = find_tile_owners(s);
  int group_first = 0, group_last = 0;
  for (int at = 0, top = 0, end = -1; at < length; ++at) {
    instruction const& i = s.instructions[at];
    if (at > end) {
      top = at, end = i.what == action::begin_loop ? i.end : at;
      if (i.group < 0) group_first = group_last = at;
      else if (at == 0 || group_last < at) {
        group_first = at;
        for_each_of_group(s, at, [&](int unit) { group_last = unit; });
      }
    }
    auto touch = [&](int access_number) {
      int const b = root_of(s.buffers, s.accesses[access_number].buffer);
      bool const own = owner[static_cast<std::size_t>(b)] >= 0;
      if (int const from = own ? top : group_first; first[b] > from) first[b] = from;
      if (int const to = own ? top : group_last; last[b] < to) last[b] = to;
    };
    if (i.access_number >= 0) touch(i.access_number);
    for (int k = 0; k < max_operands && reads_arrays(i.what); ++k)
      if (i.operands[k] >= 0) touch(i.operands[k]);
  }
  memory_plan p;
  p.slot = list<std::int16_t>(static_cast<std::size_t>(count), -1);
  // By the instruction from which they live, and by the one that needs them last: the first of the buffers, and for each the next.
  list<int> begin(static_cast<std::size_t>(length) + 1, -1), next = list<int>(static_cast<std::size_t>(count), -1), end = begin, next_end = next;
  for (int k = count; k-- > 0;) {
    bool const mine = s.buffers[k].kind == buffer_kind::temporary || s.buffers[k].kind == buffer_kind::row;
    if (!mine || last[k] < 0) continue;
    next[k] = begin[first[k]], begin[first[k]] = k;
    next_end[k] = end[last[k]], end[last[k]] = k;
  }
  // Slots whose memory nobody needs any more, as bits: of all, then by shape and size of elements.
  int const words = count / 64 + 1;
  list<std::uint64_t> free_memory(static_cast<std::size_t>(words) * (4 * s.shapes.size() + 1), 0);
  std::uint64_t* const free = free_memory.data();
  list<int> kind_of(static_cast<std::size_t>(count) + 1, 0);  // of each slot, where its latest buffer's kind begins
  auto kind = [&](int b) {
    buffer const& of = s.buffers[static_cast<std::size_t>(b)];
    return words * (1 + 4 * index(of.s) + std::countr_zero(static_cast<unsigned>(size_of(of.type))));
  };
  auto place = [&](int b) {
    // Memory of the same shape where there is some, the latest; else the first.
    int const wanted = kind(b);
    int slot = -1;
    for (int w = words; w-- > 0 && slot < 0;)
      if (std::uint64_t const bits = free[wanted + w]; bits) slot = 64 * w + 63 - std::countl_zero(bits);
    for (int w = 0; w < words && slot < 0; ++w)
      if (std::uint64_t const bits = free[w]; bits) slot = 64 * w + std::countr_zero(bits);
    if (slot < 0) slot = p.slots++;
    std::uint64_t const bit = std::uint64_t{1} << slot % 64;
    free[slot / 64] &= ~bit, free[kind_of[static_cast<std::size_t>(slot)] + slot / 64] &= ~bit;
    kind_of[static_cast<std::size_t>(slot)] = wanted;
    p.slot[b] = static_cast<std::int16_t>(slot);
  };
  for (int at = 0; at < length; ++at) {
    for (int b = begin[at]; b >= 0; b = next[b]) place(b);
    for (int b = end[at]; b >= 0; b = next_end[b]) {
      std::uint64_t const bit = std::uint64_t{1} << p.slot[b] % 64;
      free[p.slot[b] / 64] |= bit, free[kind(b) + p.slot[b] / 64] |= bit;
    }
  }
  return p;
}

/// Arithmetic and memory traffic, as `report` gives them.
template <class Number>
struct work {
  Number flops = 0, bytes = 0;
};

/// The accesses of a nest that pass over memory.
template <class Schedule>
struct memory_walks {
  Schedule const& s;
  int outermost = -1;
  list<access> read{}, written{};

  /// Whether both are the same elements in each turn of the outermost loop.
  constexpr bool same(access const& a, access const& b) const {
    if (a.buffer != b.buffer || a.rank != b.rank) return false;
    for (int axis = 0; axis < a.rank; ++axis) {
      int const x = a.loops[axis], y = b.loops[axis];
      bool const inner = x >= 0 && y >= 0 && x != outermost && y != outermost;
      if (x != y && !(inner && s.loops[static_cast<std::size_t>(x)].e == s.loops[static_cast<std::size_t>(y)].e)) return false;
    }
    return true;
  }
  /// Notes an access; whether it is the first to its elements.
  constexpr bool add(access const& a, bool write) {
    for (access const& known : written)
      if (same(known, a)) return false;
    for (access const& known : read)
      if (!write && same(known, a)) return false;
    (write ? written : read).push_back(a);
    return true;
  }
};

/// Of instructions [first, last), whole loops, where `size` gives an extent's number: an integer, or a polynomial.
/// Elementwise operations count 1, a reduction 1 for each element, a product 2 for each term; bytes are what passes over memory outside of caches read and write:
/// what a turn of an outermost loop reads again, or has written, is in the cache.
template <class Number, class Graph, class Schedule, class Size>
constexpr work<Number> measure(Graph const& g, Schedule const& s, int first, int last, Size const& size) {
  work<Number> total;
  memory_walks<Schedule> walks{s};
  list<Number> trips;
  Number around = 1;
  auto elements_of = [&](shape const& of) {
    Number elements = 1;
    for (int axis = 0; axis < of.rank; ++axis) elements *= size(of[axis]);
    return elements;
  };
  auto shape_of = [&](node_id id) -> shape const& { return g.shapes[static_cast<std::size_t>(index(g.nodes[static_cast<std::size_t>(index(id))].shape))]; };
  for (int at = first; at < last; ++at) {
    instruction const& i = s.instructions[static_cast<std::size_t>(at)];
    if (i.what == action::begin_loop) {
      if (trips.empty()) walks.outermost = i.loop, walks.read.clear(), walks.written.clear();
      trips.push_back(around);
      around *= size(s.loops[i.loop].e);
    } else if (i.what == action::end_loop) {
      around = trips.back();
      trips.pop_back();
    } else if (i.what == action::compute) {
      if (info(g.nodes[static_cast<std::size_t>(index(i.node))].code).cost) total.flops += around;
    } else if (i.what == action::accumulate) {
      total.flops += around;
    } else if (i.what == action::product) {
      node const& n = g.nodes[static_cast<std::size_t>(index(i.node))];
      auto const labels = contraction::unpack(n.attribute);
      shape const& left = shape_of(n.operands[0]);
      Number terms = elements_of(shape_of(i.node));
      Number elements = terms;
      elements += elements_of(left);
      elements += elements_of(shape_of(n.operands[1]));
      total.bytes += elements * Number(static_cast<std::int64_t>(size_of(i.type)));
      for (int axis = 0; axis < left.rank; ++axis)
        if (labels.role(labels.left[static_cast<std::size_t>(axis)]) == label_role::summed) terms *= size(left[axis]);
      total.flops += terms * Number(2);
    } else if (i.what == action::call) {
      node const& n = g.nodes[static_cast<std::size_t>(index(i.node))];
      total.bytes += elements_of(shape_of(i.node)) * Number(static_cast<std::int64_t>(size_of(n.type)));
      for (int k = 0; k < n.arity; ++k) total.bytes += elements_of(shape_of(n.operands[k])) * Number(static_cast<std::int64_t>(size_of(g.nodes[static_cast<std::size_t>(index(n.operands[k]))].type)));
    }
    bool const moves = i.what == action::load || i.what == action::store || (i.what == action::accumulate && i.access_number >= 0);
    if (moves && s.buffers[s.accesses[i.access_number].buffer].kind != buffer_kind::row && walks.add(s.accesses[i.access_number], i.what != action::load)) {
      // An access touches each element once for each walk of its own loops.
      Number elements = 1;
      for (int axis = 0; axis < s.accesses[i.access_number].rank; ++axis)
        if (int const loop = s.accesses[i.access_number].loops[axis]; loop >= 0) elements *= size(s.loops[loop].e);
      if (i.place() >= 0) elements = around;
      total.bytes += elements * Number(static_cast<std::int64_t>(size_of(i.type)));
    }
  }
  return total;
}

}  // namespace ctgrad::detail
