// The value in the middle of the compiler: a flat, topologically ordered array of nodes.
// Every pass maps one of these to another; nothing in it refers to a type.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "dtype.hpp"
#include "extent.hpp"
#include "list.hpp"
#include "op.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace ctgrad::detail {

/// The place of a node in its graph. Operands come before their users.
enum class node_id : std::int32_t { none = -1 };
/// The place of a shape in its graph's table of shapes.
enum class shape_id : std::int32_t { scalar = 0 };

constexpr int index(node_id id) { return static_cast<int>(id); }
constexpr int index(shape_id id) { return static_cast<int>(id); }

/// A set of axes, one bit each.
using axis_mask = std::uint32_t;

inline constexpr int max_operands = 3;

struct node {
  op code = op::constant;
  dtype type = dtype::float32;
  bool weak = false;  ///< a constant that takes the dtype of what it meets
  std::uint8_t arity = 0;
  shape_id shape = shape_id::scalar;
  node_id operands[max_operands]{node_id::none, node_id::none, node_id::none};
  /// symbol: its place in the table; constant: bits of the double or the integer; extent: shape whose size it is;
  /// reductions and squeeze: mask of the axes that go; broadcast: mask of the axes that come; permute: source axes, four bits each;
  /// contract: labels (see contraction); slice, windows, skew: see slicing, windowing, skewing; concat: the axis; gather: the axis of the operand that is looked up;
  /// scatter: the axes that go, and the axis of the result that comes (see scattered_axis); library operations: their flags.
  std::int64_t attribute = 0;

  friend constexpr bool operator==(node const& a, node const& b) {
    return a.code == b.code && a.type == b.type && a.weak == b.weak && a.shape == b.shape && a.attribute == b.attribute &&
           a.operands[0] == b.operands[0] && a.operands[1] == b.operands[1] && a.operands[2] == b.operands[2];
  }

  constexpr double real() const { return is_floating(type) ? std::bit_cast<double>(attribute) : static_cast<double>(attribute); }
  constexpr axis_mask axes() const { return static_cast<axis_mask>(attribute); }
  constexpr int source_axis(int axis) const { return static_cast<int>(attribute >> (4 * axis) & 15); }
  constexpr bool is_constant() const { return code == op::constant; }
  constexpr bool is_constant(double number) const { return code == op::constant && real() == number; }
};

/// What a slice takes: along one axis, element i is the operand's element start + i step. The start is the only extent of a shape in the graph's table.
struct slicing {
  int axis = 0;
  std::int32_t step = 1;
  shape_id start = shape_id::scalar;

  constexpr std::int64_t pack() const { return axis | std::int64_t{static_cast<std::uint32_t>(step)} << 4 | std::int64_t{index(start)} << 36; }
  static constexpr slicing unpack(std::int64_t bits) {
    return {static_cast<int>(bits & 15), static_cast<std::int32_t>(static_cast<std::uint32_t>(bits >> 4)), shape_id{static_cast<int>(bits >> 36)}};
  }
};

/// What windows are taken: an axis becomes two, what is seen and from which place; element (k, p) is the operand's element p step + k dilation.
/// (The places last: they are many, and loops go along the last axis.)
struct windowing {
  int axis = 0;
  std::int32_t step = 1, dilation = 1;

  constexpr std::int64_t pack() const { return axis | std::int64_t{step} << 4 | std::int64_t{dilation} << 34; }
  static constexpr windowing unpack(std::int64_t bits) { return {static_cast<int>(bits & 15), static_cast<std::int32_t>(bits >> 4 & ((1 << 30) - 1)), static_cast<std::int32_t>(bits >> 34)}; }
};
/// How rows are moved against each other: along two neighbouring axes, element (k, i) is the operand's element (k, start + i + slope k); the axis is that of i. Packed as a slicing, the slope as its step.
using skewing = slicing;

/// The axis of a scatter's result along which elements go to the places that its second operand names; the mask of those that go stands below.
constexpr int scattered_axis(node const& n) { return static_cast<int>(n.attribute >> 32); }

/// Where the elements of a view are along one axis of what it is of: first + steps[0] at[axes[0]] + steps[1] at[axes[1]], for the place `at` in the view.
struct viewed_axis {
  extent first{};
  int axes[2]{-1, -1};  ///< -1: no such term
  std::int32_t steps[2]{};
};

/// What a label of a contraction is to a product of matrices.
enum class label_role : std::uint8_t {
  none,
  batch,    ///< of both operands and the result: one product for each
  rows,     ///< of the left operand and the result
  columns,  ///< of the right operand and the result
  summed,   ///< of both operands
  lone,     ///< of one operand only
};

/// The labels of a contraction: each axis of either operand, and of the result, has one (0 to 14), four bits each.
struct contraction {
  static constexpr int max_axes = 5, max_labels = 15;
  using side = std::array<std::int8_t, max_axes>;
  side left{-1, -1, -1, -1, -1}, right{-1, -1, -1, -1, -1}, result{-1, -1, -1, -1, -1};

  static constexpr int axis_of(side const& labels, int label) {
    for (int axis = 0; axis < max_axes; ++axis)
      if (labels[axis] == label) return axis;
    return -1;
  }
  constexpr label_role role(int label) const { return role_of(axis_of(left, label) >= 0, axis_of(right, label) >= 0, axis_of(result, label) >= 0); }
  constexpr bool has(label_role wanted) const {
    unsigned const in_left = set_of(left), in_right = set_of(right), in_result = set_of(result);
    for (int label = 0; label < max_labels; ++label)
      if (role_of(in_left >> label & 1, in_right >> label & 1, in_result >> label & 1) == wanted) return true;
    return false;
  }

  constexpr std::int64_t pack() const {
    std::int64_t bits = 0;
    for (auto const* labels : {&left, &right, &result})
      for (auto label : *labels) bits = bits << 4 | (label + 1);
    return bits;
  }
  static constexpr contraction unpack(std::int64_t bits) {
    contraction c;
    for (auto* labels : {&c.result, &c.right, &c.left})
      for (int i = 4; i >= 0; --i, bits >>= 4) (*labels)[i] = static_cast<std::int8_t>((bits & 15) - 1);
    return c;
  }

 private:
  static constexpr label_role role_of(bool in_left, bool in_right, bool in_result) {
    if (in_left && in_right) return in_result ? label_role::batch : label_role::summed;
    if (!in_left && !in_right) return label_role::none;
    return !in_result ? label_role::lone : in_left ? label_role::rows : label_role::columns;
  }
  /// A bit for each label.
  static constexpr unsigned set_of(side const& labels) {
    unsigned set = 0;
    for (auto label : labels) set |= label < 0 ? 0 : 1u << label;
    return set;
  }
};

/// A tensor that is bound at run time.
struct symbol_entry {
  char const* name = nullptr;  ///< static storage; equal names have equal addresses
  dtype type = dtype::float32;
  shape_id shape = shape_id::scalar;

  constexpr std::string_view view() const { return name; }
  friend constexpr bool operator==(symbol_entry const&, symbol_entry const&) = default;
};

/// Two extents that have to be equal at run time, because values of both met.
struct extent_equality {
  extent left, right;
};

struct graph {
  list<node> nodes;
  list<shape> shapes;
  list<symbol_entry> symbols;
  list<node_id> outputs;
  list<extent_equality> equalities;
  int accumulate_from = 1 << 30;  ///< outputs from here on are added to what is there

  constexpr int size() const { return static_cast<int>(nodes.size()); }
  constexpr node const& operator[](node_id id) const { return nodes[index(id)]; }
  constexpr node& operator[](node_id id) { return nodes[index(id)]; }
  constexpr shape const& operator[](shape_id id) const { return shapes[index(id)]; }
  constexpr shape const& shape_of(node_id id) const { return shapes[index(nodes[index(id)].shape)]; }
};

struct graph_size {
  int nodes = 0, shapes = 0, symbols = 0, outputs = 0, equalities = 0;
};

constexpr graph_size size_of(graph const& g) {
  return {static_cast<int>(g.nodes.size()), static_cast<int>(g.shapes.size()), static_cast<int>(g.symbols.size()), static_cast<int>(g.outputs.size()),
          static_cast<int>(g.equalities.size())};
}

/// A graph that a constexpr variable can hold: what one pass leaves for the next.
template <int Nodes, int Shapes, int Symbols, int Outputs, int Equalities>
struct frozen_graph {
  std::array<node, Nodes> nodes{};
  std::array<shape, Shapes> shapes{};
  std::array<symbol_entry, Symbols> symbols{};
  std::array<node_id, Outputs> outputs{};
  std::array<extent_equality, Equalities> equalities{};
  int accumulate_from = 0;
  graph_size size{};  ///< what the graph has, where the arrays have room to spare
  bool fits = true;

  constexpr graph thaw() const {
    return {{nodes.data(), nodes.data() + size.nodes},
            {shapes.data(), shapes.data() + size.shapes},
            {symbols.data(), symbols.data() + size.symbols},
            {outputs.data(), outputs.data() + size.outputs},
            {equalities.data(), equalities.data() + size.equalities},
            accumulate_from};
  }
};

template <int Nodes, int Shapes, int Symbols, int Outputs, int Equalities>
constexpr graph_size size_of(frozen_graph<Nodes, Shapes, Symbols, Outputs, Equalities> const& g) {
  return g.size;
}

/// The first elements of the arrays of `g`, which may be a graph or a frozen one, in arrays of the given sizes.
template <int Nodes, int Shapes, int Symbols, int Outputs, int Equalities, class Graph>
constexpr auto fit(Graph const& g) {
  frozen_graph<Nodes, Shapes, Symbols, Outputs, Equalities> frozen;
  auto copy = [](auto& to, auto const& from) {
    auto const* source = from.data();
    auto* target = to.data();
    for (int i = 0, count = static_cast<int>(std::min(to.size(), from.size())); i < count; ++i) target[i] = source[i];
  };
  copy(frozen.nodes, g.nodes);
  copy(frozen.shapes, g.shapes);
  copy(frozen.symbols, g.symbols);
  copy(frozen.outputs, g.outputs);
  copy(frozen.equalities, g.equalities);
  frozen.accumulate_from = g.accumulate_from;
  frozen.size = {Nodes, Shapes, Symbols, Outputs, Equalities};
  return frozen;
}
template <int Nodes, int Shapes, int Symbols, int Outputs, int Equalities>
constexpr auto freeze(graph const& g) {
  auto frozen = fit<Nodes, Shapes, Symbols, Outputs, Equalities>(g);
  graph_size const s = frozen.size = size_of(g);
  frozen.fits = s.nodes <= Nodes && s.shapes <= Shapes && s.symbols <= Symbols && s.outputs <= Outputs && s.equalities <= Equalities;
  return frozen;
}

}  // namespace ctgrad::detail
