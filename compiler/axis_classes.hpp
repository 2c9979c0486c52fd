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
  constexpr int class_of(node_id id, int axis) {
    if (axis < 0) return looked_up;
    int const element = first[index(id)] + axis;
    return unit[element] ? -1 : find(element);
  }
  constexpr source const& operand(node_id id, int which) const { return sources[max_operands * static_cast<int>(id) + which]; }

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
    auto const count = g.nodes.size();
    // Constructed, not resized: libstdc++ 12's resize is no constant expression for clang.
    int elements = count_elements(g);
    auto const element_count = static_cast<std::size_t>(elements);
    firsts = epochs = list<std::int32_t>(count, 0);
    parents = owners = nexts = sizes = list<std::int32_t>(element_count, 1);
    ranks = list<std::int8_t>(count, 0);
    cuts = computeds = lates = list<char>(count, 0);
    late = lates.data();
    units = list<char>(element_count, 0);
    source_memory = list<source>(count * max_operands, source{});
    first = firsts.data(), epoch = epochs.data();
    parent = parents.data(), owner = owners.data(), next = nexts.data(), size = sizes.data();
    rank = ranks.data(), cut = cuts.data(), computed = computeds.data(), unit = units.data(), sources = source_memory.data();
    elements = 0;
    node const* const nodes = g.nodes.data();
    for (int i = 0, all = g.size(); i < all; ++i) {
      node const& n = nodes[i];
      op_kind const kind = info(n.code).kind;
      first[i] = elements;
      if (kind == op_kind::movement) continue;
      for (int k = 0; k < n.arity; ++k) sources[max_operands * i + k] = kind == op_kind::lookup && k == 0 ? resolve_lookup(g, n) : resolve(g, n.operands[k]);
      if (!is_computed(n)) continue;
      computed[i] = 1;
      shape const& iterated = kind == op_kind::reduction ? g.shape_of(n.operands[0]) : g[n.shape];
      rank[i] = static_cast<std::int8_t>(iterated.rank);
      for (int axis = 0; axis < rank[i]; ++axis, ++elements) owner[elements] = i, next[elements] = parent[elements] = elements, unit[elements] = iterated[axis].is_one();
    }
    for (int i = 0; i < g.size(); ++i) join_operands(g, node_id{i});
    join_readers(g);
    join_parts(g);
    for (int e = 0; e < elements; ++e) parent[e] = find(e);
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

  /// A user walks its operands' axes with its own, or reads them from memory where that would walk one value two ways.
  constexpr void join_operands(graph const& g, node_id id) {
    node const& n = g[id];
    op_kind const kind = info(n.code).kind;
    bool const whole = takes_arrays(kind) || kind == op_kind::view || kind == op_kind::assembly;  // reads or fills arrays, and walks none
    if (!whole && !computed[index(id)]) return;
    if (whole) late[index(id)] = kind != op_kind::view;
    for (int k = 0; k < n.arity; ++k) {
      source const& s = operand(id, k);
      bool separate = false;
      if (kind == op_kind::view) late[index(id)] = computed[index(s.base)] || late[index(s.base)];
      if (computed[index(s.base)] && kind == op_kind::lookup && k == 0) {
        cut[index(s.base)] = 1, separate = true;
      } else if (computed[index(s.base)] && !whole) {
        bool joined = true;
        for (int axis = 0, axes = g.shape_of(s.base).rank; axis < axes; ++axis)
          if (s.axes[axis] >= 0) joined = join(class_of(s.base, iteration_axis(g, s.base, axis)), class_of(id, s.axes[axis])) && joined;
        if (!joined) cut[index(s.base)] = 1, separate = true;
      } else if (!whole) {
        separate = late[index(s.base)];
      }
      int const earliest = epoch[index(s.base)] + (separate ? 1 : 0);
      if (epoch[index(id)] < earliest) epoch[index(id)] = earliest;
    }
  }
  /// Makes one class of two, unless some value would then have two axes in it.
  constexpr bool join(int a, int b) {
    if (a == b || a < 0 || b < 0) return true;
    if (size[a] < size[b]) std::swap(a, b);
    int element = b;
    do {
      int const node = owner[element];
      for (int axis = 0; axis < rank[node]; ++axis)
        if (class_of(node_id{node}, axis) == a) return false;
      element = next[element];
    } while (element != b);
    parent[b] = a;
    size[a] += size[b];
    std::swap(next[a], next[b]);
    return true;
  }

  /// Values that read the same axis of the same memory are walked together where nothing forbids it: it is read once.
  constexpr void join_readers(graph const& g) {
    struct reader {
      node_id base;
      std::int32_t epoch;
      int element[max_rank];
    };
    list<reader> readers;
    for (int i = 0; i < g.size(); ++i) {
      if (!computed[i]) continue;
      for (int k = 0; k < g.nodes[i].arity; ++k) {
        source const& s = operand(node_id{i}, k);
        if (computed[index(s.base)]) continue;
        int const axes = g.shape_of(s.base).rank;
        if (axes == 0 || g[s.base].is_constant()) continue;
        reader* known = nullptr;
        for (auto& r : readers)
          if (r.base == s.base && r.epoch == epoch[i]) known = &r;
        if (!known) {
          reader r{s.base, epoch[i], {}};
          for (int axis = 0; axis < max_rank; ++axis) r.element[axis] = axis < axes && s.axes[axis] >= 0 && !unit[first[i] + s.axes[axis]] ? first[i] + s.axes[axis] : -1;
          readers.push_back(r);
          continue;
        }
        for (int axis = 0; axis < axes; ++axis)
          if (s.axes[axis] >= 0 && known->element[axis] >= 0) join(find(known->element[axis]), class_of(node_id{i}, s.axes[axis]));
      }
    }
  }

  /// The parts of an array are walked together as well, along the axes that they share: its lines are written once.
  constexpr void join_parts(graph const& g) {
    list<std::int32_t> elements;  // of each node's axes, those of the first part; made where there are parts
    for (int i = 0; i < g.size(); ++i) {
      node const& n = g.nodes[i];
      if (info(n.code).kind != op_kind::assembly) continue;
      if (elements.size() == 0) elements = list<std::int32_t>(g.nodes.size() * max_rank, -1);
      for (int k = 0; k < n.arity; ++k) {
        source const& s = operand(node_id{i}, k);
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
