// Finds the loops of a computation: which axes of which values are walked together.
// They follow from the data flow alone (design 4.1): a union-find over (value, axis), never from equal extents.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ops.hpp"
#include "schedule.hpp"

namespace ctgrad::detail {

/// For each axis of a value, the iteration axis of a user that walks it; -1 where the user stays at 0.
/// Four bits each, one more than the axis: a program has thousands of these, and constant evaluation pays for every member of every copy.
struct axis_map {
  std::uint32_t packed = 0;

  /// Each of `rank` axes by itself.
  static constexpr axis_map identity(int rank) { return {rank < max_rank ? 0x87654321u & ((1u << 4 * rank) - 1) : 0x87654321u}; }
  constexpr int operator[](int axis) const {
    int const walked = static_cast<int>(packed >> 4 * axis & 15) - 1;
    return walked == 14 ? looked_up : walked;
  }
  constexpr void look_up(int axis) { packed |= 15u << 4 * axis; }
  constexpr void set(int axis, int walked_by) { packed = (packed & ~(15u << 4 * axis)) | static_cast<std::uint32_t>(walked_by + 1) << 4 * axis; }
};

/// An operand as its user reads it, movement looked through.
struct source {
  node_id base = node_id::none;
  axis_map axes{};
};

/// Whether a node is computed in loops; others are memory, or numbers that are known before.
constexpr bool is_computed(node const& n) {
  op_kind const kind = info(n.code).kind;
  return kind == op_kind::map || kind == op_kind::reduction || kind == op_kind::lookup || n.code == op::iota;
}

constexpr source resolve(graph const& g, node_id id) {
  source s{.axes = axis_map::identity(g.shape_of(id).rank)};
  while (info(g[id].code).kind == op_kind::movement) {
    node const& n = g[id];
    shape const& to = g[n.shape];
    shape const& from = g.shape_of(n.operands[0]);
    source through;
    if (n.code == op::squeeze)
      for (int i = 0, j = 0; i < from.rank; ++i)
        if (!(n.axes() >> i & 1)) through.axes.set(i, s.axes[j++]);
    for (int i = 0, j = 0; i < to.rank && n.code != op::squeeze; ++i) {
      if (n.code == op::permute) through.axes.set(n.source_axis(i), s.axes[i]);
      else if (!(n.axes() >> i & 1)) {
        through.axes.set(j, from[j].is_one() && !to[i].is_one() ? -1 : s.axes[i]);
        ++j;
      }
    }
    s = through;
    id = n.operands[0];
  }
  s.base = id;
  return s;
}

/// The array that a lookup reads, by the axes of its result.
constexpr source resolve_lookup(graph const& g, node const& n) {
  source s = resolve(g, n.operands[0]);
  source by_result{.base = s.base};
  for (int axis = 0; axis < g.shape_of(s.base).rank; ++axis)
    if (s.axes[axis] == n.attribute) by_result.axes.look_up(axis);
    else by_result.axes.set(axis, s.axes[axis] > n.attribute ? s.axes[axis] - 1 : s.axes[axis]);
  return by_result;
}

/// The loops, as classes of (node, iteration axis): what `axis_classes` found. A map iterates over its shape, a reduction over its operand's.
struct axis_class_table {
  std::int32_t const* first = nullptr;  ///< the place of each node's first axis in `parent`
  std::int32_t const* parent = nullptr; ///< of each element: its class
  std::int8_t const* rank = nullptr;    ///< of each node's iteration space
  char const* cut = nullptr;            ///< nodes that some user reads from memory, in a later nest
  std::int32_t const* epoch = nullptr;  ///< after how many products and cut values a node can be computed
  char const* computed = nullptr;       ///< whether a node is computed in loops
  char const* unit = nullptr;           ///< of each element: whether the extent is 1
  source const* sources = nullptr;      ///< max_operands for each node
  int elements = 0;

  /// The class of an iteration axis; -1 for an axis of extent 1, which needs no loop; looked_up for what is none.
  constexpr int class_of(node_id id, int axis) const {
    if (axis < 0) return looked_up;
    int const element = first[static_cast<int>(id)] + axis;
    return unit[element] ? -1 : parent[element];
  }
  constexpr source const& operand(node_id id, int which) const { return sources[max_operands * static_cast<int>(id) + which]; }
};

constexpr int count_elements(graph const& g);

/// Finds the classes.
struct axis_classes {
  axis_classes(axis_classes const&) = delete;
  axis_classes& operator=(axis_classes const&) = delete;

  std::int32_t* first = nullptr;    ///< the place of each node's first axis in `parent`
  std::int32_t* parent = nullptr;   ///< union-find
  std::int8_t* rank = nullptr;      ///< of each node's iteration space
  char* cut = nullptr;              ///< nodes that some user reads from memory, in a later nest
  std::int32_t* epoch = nullptr;    ///< after how many products and cut values a node can be computed
  char* computed = nullptr;         ///< whether a node is computed in loops
  char* unit = nullptr;             ///< of each element: whether the extent is 1
  source* sources = nullptr;        ///< max_operands for each node

  constexpr int find(int element) {
    while (parent[element] != element) element = parent[element] = parent[parent[element]];
    return element;
  }
  /// The class of an iteration axis; -1 for an axis of extent 1, which needs no loop; looked_up for what is none.
  constexpr int class_of(int node, int axis) {
    if (axis < 0) return looked_up;
    int const element = first[node] + axis, above = parent[element];
    return unit[element] ? -1 : parent[above] == above ? above : find(element);
  }

  /// The iteration axis of a reduction that is axis `axis` of its result, or looked_up; of other nodes the same axis.
  static constexpr int iteration_axis(graph const& g, node_id id, int axis) {
    node const& n = g[id];
    if (info(n.code).kind != op_kind::reduction) return axis;
    if (info(n.code).scatters) {
      if (axis == scattered_axis(n)) return looked_up;
      if (axis > scattered_axis(n)) --axis;
    }
    int place = 0;
    for (;; ++place)
      if (!(n.axes() >> place & 1) && axis-- == 0) return place;
  }

  constexpr explicit axis_classes(graph const& g) {
    auto const count = g.nodes.size(), element_count = static_cast<std::size_t>(count_elements(g));
    firsts = list<std::int32_t>(count), epochs = list<std::int32_t>(count);
    parents = list<std::int32_t>(element_count), owners = list<std::int32_t>(element_count), nexts = list<std::int32_t>(element_count), sizes = list<std::int32_t>(element_count);
    ranks = list<std::int8_t>(count);
    cuts = list<char>(count), computeds = list<char>(count), lates = list<char>(count), units = list<char>(element_count);
    source_memory = list<source>(count * max_operands);
    late = lates.data();
    first = firsts.data(), epoch = epochs.data();
    parent = parents.data(), owner = owners.data(), next = nexts.data(), size = sizes.data();
    rank = ranks.data(), cut = cuts.data(), computed = computeds.data(), unit = units.data(), sources = source_memory.data();
    nodes = g.nodes.data(), shapes = g.shapes.data();
    list<axis_map> by_themselves_memory;  // by shape
    for (shape const& s : g.shapes) by_themselves_memory.push_back(axis_map::identity(s.rank));
    axis_map const* const by_themselves = by_themselves_memory.data();
    int const all = g.size();
    int elements = 0;
    for (int i = 0; i < all; ++i) {
      node const& n = nodes[i];
      op_kind const kind = rows[static_cast<int>(n.code)].kind;
      first[i] = elements;
      if (kind == op_kind::movement) continue;
      for (int k = 0; k < n.arity; ++k) {
        source& s = sources[max_operands * i + k];
        node const& x = nodes[static_cast<int>(n.operands[k])];
        if (kind == op_kind::lookup && k == 0) s = resolve_lookup(g, n);
        else if (rows[static_cast<int>(x.code)].kind == op_kind::movement) s = resolve(g, n.operands[k]);
        else s.base = n.operands[k], s.axes.packed = by_themselves[static_cast<int>(x.shape)].packed;
      }
      if (!is_computed(n)) continue;
      computed[i] = 1;
      shape const& iterated = shapes[static_cast<int>(kind == op_kind::reduction ? nodes[static_cast<int>(n.operands[0])].shape : n.shape)];
      rank[i] = static_cast<std::int8_t>(iterated.rank);
      for (int axis = 0; axis < iterated.rank; ++axis, ++elements) owner[elements] = i, next[elements] = parent[elements] = elements, size[elements] = 1, unit[elements] = iterated[axis].is_one();
    }
    for (int i = 0; i < all; ++i) join_operands(g, i);
    join_readers(g);
    join_parts(g);
    for (int e = 0; e < elements; ++e)
      if (parent[parent[e]] != parent[e]) parent[e] = find(e);
  }
  constexpr axis_class_table table() const {
    return {first, parent, rank, cut, epoch, computed, unit, sources, static_cast<int>(parents.size())};
  }

 private:
  std::int32_t *owner = nullptr, *next = nullptr, *size = nullptr;  // of each element: its node; the next of its class; of a root: how many
  // The memory behind the pointers, which are used because each call of a vector's operator is a step of the compilers' limits.
  // (No arrays of vectors: g++ 12 refuses to destroy them in a constant expression.)
  list<std::int32_t> firsts, epochs, parents, owners, nexts, sizes;
  list<std::int8_t> ranks;
  list<char> cuts, computeds, units, lates;
  list<source> source_memory;
  char* late = nullptr;  // arrays that are filled by the nests of their epoch: read after it
  node const* nodes = nullptr;
  shape const* shapes = nullptr;
  op_info const* rows = infos.data();

  /// A user walks its operands' axes with its own, or reads them from memory where that would walk one value two ways.
  constexpr void join_operands(graph const& g, int i) {
    node const& n = nodes[i];
    op_kind const kind = rows[static_cast<int>(n.code)].kind;
    bool const walks = computed[i];
    if (!walks && !(takes_arrays(kind) || kind == op_kind::view || kind == op_kind::assembly)) return;  // which read or fill arrays, and walk none
    if (!walks) late[i] = kind != op_kind::view;
    for (int k = 0; k < n.arity; ++k) {
      int const base = static_cast<int>(sources[max_operands * i + k].base);
      if (kind == op_kind::view) late[i] = computed[base] || late[base];
      bool const apart = walks && computed[base] && ((kind == op_kind::lookup && k == 0) || !join_axes(g, base, i, sources[max_operands * i + k].axes));
      if (apart) cut[base] = 1;
      int const earliest = epoch[base] + (apart || (walks && !computed[base] && late[base]));
      if (epoch[i] < earliest) epoch[i] = earliest;
    }
  }
  /// Joins the axes of `base` with those of its user `i` that walk them; false where that would walk one value two ways.
  constexpr bool join_axes(graph const& g, int base, int i, axis_map const& walked) {
    node const& n = nodes[base];
    bool const reduction = rows[static_cast<int>(n.code)].kind == op_kind::reduction;
    bool joined = true;
    for (int axis = 0, axes = shapes[static_cast<int>(n.shape)].rank; axis < axes; ++axis)
      if (int const by = walked[axis]; by >= 0) joined = join(class_of(base, reduction ? iteration_axis(g, node_id{base}, axis) : axis), class_of(i, by)) && joined;
    return joined;
  }
  /// Makes one class of two, unless some value would then have two axes in it.
  constexpr bool join(int a, int b) {
    if (a == b || a < 0 || b < 0) return true;
    if (size[a] < size[b]) std::swap(a, b);
    int element = b;
    do {
      int const node = owner[element];
      for (int axis = 0; rank[node] > 1 && axis < rank[node]; ++axis)
        if (class_of(node, axis) == a) return false;
      element = next[element];
    } while (element != b);
    int const next_of_a = next[a];
    parent[b] = a, size[a] += size[b], next[a] = next[b], next[b] = next_of_a;
    return true;
  }

  /// Values that read the same axis of the same memory are walked together where nothing forbids it: it is read once.
  constexpr void join_readers(graph const& g) {
    struct reader {
      std::int32_t epoch, before;  // before: of the same memory, in another epoch
      int element[max_rank];
    };
    list<reader> readers;
    list<std::int32_t> latest(g.nodes.size());  // by memory: its latest reader, as their number from 1 on; 0: there is none
    for (int i = 0, all = g.size(); i < all; ++i) {
      if (!computed[i]) continue;
      for (int k = 0; k < nodes[i].arity; ++k) {
        source const& s = sources[max_operands * i + k];
        int const base = static_cast<int>(s.base);
        if (computed[base]) continue;
        int const axes = shapes[static_cast<int>(nodes[base].shape)].rank;
        if (axes == 0 || nodes[base].code == op::constant) continue;
        std::int32_t known = latest[base];
        while (known && readers[known - 1].epoch != epoch[i]) known = readers[known - 1].before;
        if (!known) {
          reader r{epoch[i], latest[base], {}};
          for (int axis = 0; axis < max_rank; ++axis) r.element[axis] = axis < axes && s.axes[axis] >= 0 && !unit[first[i] + s.axes[axis]] ? first[i] + s.axes[axis] : -1;
          readers.push_back(r);
          latest[base] = static_cast<std::int32_t>(readers.size());
          continue;
        }
        int const* const element = readers[known - 1].element;
        for (int axis = 0; axis < axes; ++axis)
          if (s.axes[axis] >= 0 && element[axis] >= 0) join(find(element[axis]), class_of(i, s.axes[axis]));
      }
    }
  }

  /// The parts of an array are walked together as well, along the axes that they share: its lines are written once.
  constexpr void join_parts(graph const& g) {
    list<std::int32_t> elements;  // of each node's axes, those of the first part; made where there are parts
    for (int i = 0, all = g.size(); i < all; ++i) {
      node const& n = nodes[i];
      if (rows[static_cast<int>(n.code)].kind != op_kind::assembly) continue;
      if (elements.size() == 0) elements = list<std::int32_t>(g.nodes.size() * max_rank, -1);
      for (int k = 0; k < n.arity; ++k) {
        source const& s = sources[max_operands * i + k];
        int const part = index(s.base);
        for (int axis = 0, axes = g.shape_of(s.base).rank; axis < axes; ++axis) {
          int const by = computed[part] ? iteration_axis(g, s.base, axis) : -1, to = s.axes[axis];
          int const element = by >= 0 && !unit[first[part] + by] ? first[part] + by : elements[part * max_rank + axis];
          if (element < 0 || to < 0 || to == n.attribute) continue;
          std::int32_t& known = elements[i * max_rank + to];
          if (known < 0) known = element;
          else if (epoch[owner[known]] == epoch[owner[element]]) join(find(known), find(element));
        }
      }
    }
  }
};

/// The number of (node, iteration axis) pairs.
constexpr int count_elements(graph const& g) {
  int elements = 0;
  for (node const& n : g.nodes)
    if (is_computed(n)) elements += (info(n.code).kind == op_kind::reduction ? g.shape_of(n.operands[0]) : g[n.shape]).rank;
  return elements;
}

/// Classes that a constexpr variable can hold.
template <int Nodes, int Elements>
struct frozen_axis_classes {
  std::array<std::int32_t, Nodes> first{}, epoch{};
  std::array<std::int32_t, Elements + 1> parent{};
  std::array<std::int8_t, Nodes> rank{};
  std::array<char, Nodes> cut{}, computed{};
  std::array<char, Elements + 1> unit{};
  std::array<source, static_cast<std::size_t>(Nodes) * max_operands> sources{};

  constexpr explicit frozen_axis_classes(axis_class_table const& t) {
    auto copy = [](auto& to, auto const* from, int count) {
      auto* target = to.data();
      for (int i = 0; i < count; ++i) target[i] = from[i];
    };
    copy(first, t.first, Nodes), copy(epoch, t.epoch, Nodes), copy(rank, t.rank, Nodes), copy(cut, t.cut, Nodes), copy(computed, t.computed, Nodes);
    copy(parent, t.parent, Elements), copy(unit, t.unit, Elements), copy(sources, t.sources, Nodes * max_operands);
  }
  constexpr axis_class_table table() const {
    return {first.data(), parent.data(), rank.data(), cut.data(), epoch.data(), computed.data(), unit.data(), sources.data(), Elements};
  }
};

}  // namespace ctgrad::detail
