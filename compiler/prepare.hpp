// Brings a graph into the form that loops are made of: extents that are equal have one name, products that BLAS would not be faster at are
// sums of products, and every output is computed by a node of its own.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "simplify.hpp"
#include "sink_views.hpp"

namespace ctgrad::detail {

/// What each anonymous extent turned out to be. Two different known extents that would have to be equal are an error.
struct extent_classes {
  list<extent_equality> resolved;  // anonymous name → extent

  constexpr extent find(extent e) const {
    for (std::size_t steps = 0; e.is_anonymous() && steps <= resolved.size(); ++steps) {
      bool found = false;
      for (auto const& r : resolved)
        if (r.left == e) {
          e = r.right;
          found = true;
          break;
        }
      if (!found) break;
    }
    return e;
  }
  /// `e` with every anonymous name in it replaced by what it turned out to be.
  constexpr extent replace(extent const& e) const {
    if (e.count == 0) return e;
    if (e.name().characters) return find(e);
    extent sum = e.constant;
    for (int i = 0; i < e.count; ++i) {
      extent product = e.terms[i].coefficient;
      for (int k = 0; k < e.terms[i].count; ++k) product = product * find(extent(e.terms[i].factors[k]));
      sum = sum + product;
    }
    return sum;
  }
  constexpr message add(extent_equality const& equal) {
    extent a = find(equal.left), b = find(equal.right);
    if (a == b) return {};
    if (a.is_anonymous()) resolved.push_back({a, b});
    else if (b.is_anonymous()) resolved.push_back({b, a});
    else
      return message() << "ctgrad: extents " << a << " and " << b << " differ, and both have to be the extent " << (equal.left.is_anonymous() ? equal.left : equal.right);
    return {};
  }
};

constexpr message unify_extents(graph& g) {
  extent_classes classes;
  for (auto const& e : g.equalities)
    if (message m = classes.add(e); !m.empty()) return m;
  if (classes.resolved.empty()) return {};
  for (auto& s : g.shapes)
    for (int i = 0; i < s.rank; ++i) s[i] = classes.replace(s[i]);
  // Shapes that have become equal are one.
  list<shape_id> first;
  for (int i = 0; i < static_cast<int>(g.shapes.size()); ++i) {
    int place = 0;
    while (!(g.shapes[place] == g.shapes[i])) ++place;
    first.push_back(shape_id{place});
  }
  for (auto& n : g.nodes) {
    n.shape = first[index(n.shape)];
    if (n.code == op::extent) n.attribute = index(first[n.attribute]);
    if (n.code == op::slice || n.code == op::skew) {
      slicing s = slicing::unpack(n.attribute);
      s.start = first[index(s.start)];
      n.attribute = s.pack();
    }
  }
  for (auto& s : g.symbols) s.shape = first[index(s.shape)];
  return {};
}

/// Whether a contraction is products of matrices, which BLAS takes.
constexpr bool is_matrix_product(node const& n) {
  auto const labels = contraction::unpack(n.attribute);
  return is_floating(n.type) && labels.has(label_role::rows) && labels.has(label_role::columns) && labels.has(label_role::summed) && !labels.has(label_role::lone);
}

/// The product of which `permuted` is a permutation, with its axes where they are there: BLAS writes either order, and a copy would be another walk over memory.
constexpr node permuted_product(node const& permuted, node product) {
  contraction labels = contraction::unpack(product.attribute), moved = labels;
  for (int axis = 0; axis < contraction::max_axes && labels.result[axis] >= 0; ++axis) moved.result[axis] = labels.result[permuted.source_axis(axis)];
  product.attribute = moved.pack(), product.shape = permuted.shape;
  return product;
}

/// left * right, summed over the labels that the result lacks, as a map and a reduction.
constexpr node_id expand_contraction(builder& b, node_id left, node_id right, contraction const& labels, node_id like) {
  int axis_of[contraction::max_labels];
  for (auto& a : axis_of) a = -1;
  int rank = 0;
  shape all;
  shape const ls = b.g.shape_of(left), rs = b.g.shape_of(right), result = b.g.shape_of(like);
  for (int i = 0; i < result.rank; ++i) axis_of[labels.result[i]] = rank++, all.push_back(result[i]);
  axis_mask summed = 0;
  for (int i = 0; i < ls.rank; ++i)
    if (axis_of[labels.left[i]] < 0) summed |= axis_mask{1} << rank, axis_of[labels.left[i]] = rank++, all.push_back(ls[i]);
  for (int i = 0; i < rs.rank; ++i)
    if (axis_of[labels.right[i]] < 0) summed |= axis_mask{1} << rank, axis_of[labels.right[i]] = rank++, all.push_back(rs[i]);
  shape_id const everything = b.intern(all);
  // Each side: its axes in the order of `all`, then repeated along those that it lacks.
  auto spread = [&](node_id side, auto const& side_labels, int side_rank) {
    std::array<int, max_rank> order{};
    axis_mask inserted = (axis_mask{1} << rank) - 1;
    for (int axis = 0, place = 0; axis < rank; ++axis)
      for (int i = 0; i < side_rank; ++i)
        if (axis_of[side_labels[i]] == axis) order[place++] = i, inserted &= ~(axis_mask{1} << axis);
    return b.broadcast(b.permute(side, order), everything, inserted);
  };
  node_id product = b.map(op::multiply, spread(left, labels.left, ls.rank), spread(right, labels.right, rs.rank));
  return b.cast(b.reduce(op::sum, product, summed), b.g[like].type);
}

/// A comparison with each place along an axis that comes in at `axis` of the shape `all`.
constexpr value is_at(value places, int axis, shape_id all) {
  builder& b = *places.b;
  extent const count = b.g[all][axis];
  value const last{&b, b.size_of({1, {count}}, places.type())};
  places = call_map(op::maximum, call_map(op::minimum, places, last - 1), 0);
  value const at{&b, b.broadcast(b.iota(count, places.type()), all, ((axis_mask{1} << b.g[all].rank) - 1) & ~(axis_mask{1} << axis))};
  return at == value{&b, b.broadcast(places.id, all, axis_mask{1} << axis)};
}
/// A lookup in what is computed along the loops of its result is a sum over what is looked through, in the loop that computes it: it fuses, and needs no array.
/// (Elsewhere that would compute every element again for each place.)
constexpr bool is_walked_once(builder const& b, node const& n, node_id x) {
  if (!is_floating(n.type)) return false;
  source const s = resolve(b.g, x);
  if (!is_computed(b.g[s.base])) return false;
  axis_mask walked = 0;
  for (int axis = 0; axis < b.g.shape_of(s.base).rank; ++axis)
    if (s.axes[axis] >= 0) walked |= axis_mask{1} << s.axes[axis];
  shape const& seen = b.g.shape_of(x);
  for (int axis = 0; axis < seen.rank; ++axis)
    if (!(walked >> axis & 1) && !seen[axis].is_one()) return false;
  return true;
}
constexpr node_id expand_gather(builder& b, node const& n, node_id const* operands) {
  int const axis = static_cast<int>(n.attribute);
  value const x{&b, operands[0]}, chosen = is_at({&b, operands[1]}, axis, x.get().shape);
  return reduce(op::sum, call_map(op::where, chosen, x, 0), axis_mask{1} << axis).id;
}
/// A scatter of which nothing is added up: each element at its place, zeros elsewhere.
constexpr node_id expand_scatter(builder& b, node const& n, node_id const* operands) {
  int const axis = scattered_axis(n);
  value const x{&b, b.broadcast(operands[0], n.shape, axis_mask{1} << axis)};
  return call_map(op::where, is_at({&b, operands[1]}, axis, n.shape), x, 0).id;
}

/// `id` as an array in memory, in any order of its axes: what BLAS and library operations read.
constexpr node_id in_memory(builder& b, node_id id) {
  source const s = resolve(b.g, id);
  shape const& seen = b.g.shape_of(id);
  axis_mask walked = 0;
  for (int axis = 0; axis < b.g.shape_of(s.base).rank; ++axis)
    if (s.axes[axis] >= 0) walked |= axis_mask{1} << s.axes[axis];
  bool whole = !b.g[s.base].is_constant() && b.g[s.base].code != op::extent;
  for (int axis = 0; axis < seen.rank; ++axis) whole = whole && (walked >> axis & 1 || seen[axis].is_one());
  return whole ? id : b.add({.code = op::copy, .type = b.g[id].type, .arity = 1, .shape = b.g[id].shape, .operands = {id, node_id::none, node_id::none}});
}

/// How many readers of each node take single places along one axis, no two the same: columns of a matrix, as names for them.
constexpr list<int> readers_of_columns(graph const& g) {
  list<int> count(g.nodes.size(), 0);
  list<int> columns;
  for (int i = 0; i < g.size(); ++i) {
    node const& n = g.nodes[i];
    if (n.code != op::slice || !is_computed(g[n.operands[0]])) continue;
    slicing const s = slicing::unpack(n.attribute);
    bool apart = g[s.start][0].is_static() && g[n.shape][s.axis].is_one();
    for (int other : columns)  // (equal slices are one node)
      if (g.nodes[other].operands[0] == n.operands[0]) apart = apart && slicing::unpack(g.nodes[other].attribute).axis == s.axis;
    if (apart) ++count[index(n.operands[0])], columns.push_back(i);
  }
  return count;
}

constexpr graph prepare(graph from) {
  bool any = !from.equalities.empty();
  for (node const& n : from.nodes) any = any || takes_arrays(info(n.code).kind) || info(n.code).kind == op_kind::view || info(n.code).kind == op_kind::lookup || info(n.code).scatters;
  if (!any) return from;
  unify_extents(from);
  builder b(from);
  view_sinker sinker(b);
  list<int> readers(from.nodes.size(), 0);
  for (node const& n : from.nodes)
    for (int k = 0; k < n.arity; ++k) ++readers[index(n.operands[k])];
  for (node_id id : from.outputs) readers[index(id)] += 2;
  list<int> const of_columns = readers_of_columns(from);
  list<node_id> map(from.nodes.size(), node_id::none);
  for (int i = 0; i < from.size(); ++i) {
    node n = from.nodes[i];
    if (n.code == op::permute && info(from[n.operands[0]].code).kind == op_kind::product && readers[index(n.operands[0])] == 1) n = permuted_product(n, from[n.operands[0]]);
    node_id operands[max_operands];
    for (int k = 0; k < n.arity; ++k) operands[k] = map[index(n.operands[k])];
    bool const product = info(n.code).kind == op_kind::product, matrices = product && is_matrix_product(n);
    if (matrices || info(n.code).kind == op_kind::library)
      for (int k = 0; k < n.arity; ++k) operands[k] = in_memory(b, operands[k]);
    if (info(n.code).kind == op_kind::view) map[i] = sinker.view(from, n, operands[0]);
    else map[i] = b.copy(n, operands);
    if (info(n.code).kind == op_kind::lookup && is_walked_once(b, n, operands[0])) map[i] = expand_gather(b, n, operands);
    if (info(n.code).scatters && n.axes() == 0) map[i] = expand_scatter(b, n, operands);
    if (product && !matrices) map[i] = expand_contraction(b, operands[0], operands[1], contraction::unpack(n.attribute), map[i]);
    sinker.note(map[i], readers[i] < 2 || readers[i] == of_columns[i]);
  }
  for (node_id id : from.outputs) b.g.outputs.push_back(map[index(id)]);
  return without_dead_nodes(static_cast<graph&&>(b.g));
}

/// Gives every part of an assembly a node of its own, which computes it where it stands, or is an assembly that nothing else reads.
/// A view is of an array as it lies, and a reshape of no output, which may have any strides.
constexpr graph separate_parts(graph from) {
  bool any = false;
  for (node const& n : from.nodes) any = any || info(n.code).kind == op_kind::assembly || info(n.code).kind == op_kind::view;
  if (!any) return from;
  list<int> readers(from.nodes.size(), 0);
  for (node const& n : from.nodes)
    for (int k = 0; k < n.arity; ++k) ++readers[index(n.operands[k])];
  for (node_id id : from.outputs) readers[index(id)] += 2;
  builder b(from);
  list<node_id> map(from.nodes.size(), node_id::none);
  int copies = 0;
  for (int i = 0; i < from.size(); ++i) {
    node const& n = from.nodes[i];
    bool const assembly = info(n.code).kind == op_kind::assembly;
    node_id operands[max_operands];
    for (int k = 0; k < n.arity; ++k) {
      node_id const x = operands[k] = map[index(n.operands[k])];
      node const& part = from[n.operands[k]];
      op_kind const kind = info(part.code).kind;
      bool const own = readers[index(n.operands[k])] == 1 && (kind == op_kind::map || kind == op_kind::reduction || kind == op_kind::lookup || kind == op_kind::assembly);
      bool const elsewhere = info(n.code).kind == op_kind::view && (kind == op_kind::movement || (n.code == op::reshape && readers[index(n.operands[k])] > 2));
      // The attribute keeps equal ones apart.
      if ((assembly && !own) || elsewhere)
        operands[k] = b.add({.code = op::copy, .type = part.type, .arity = 1, .shape = part.shape, .operands = {x, node_id::none, node_id::none}, .attribute = (1 << 20) + copies++});
    }
    map[i] = b.copy(n, operands);
  }
  for (node_id id : from.outputs) b.g.outputs.push_back(map[index(id)]);
  return static_cast<graph&&>(b.g);
}

/// Gives every output a node of its own that computes it, and nothing else reads where results are added up.
constexpr graph separate_outputs(graph from) {
  graph g = separate_parts(static_cast<graph&&>(from));
  list<char> taken(g.nodes.size() + g.outputs.size() + 1, 0), used_memory(g.nodes.size() + 1, 0);
  char* const used = used_memory.data();
  for (node const& n : g.nodes)
    for (int k = 0; k < n.arity; ++k) used[static_cast<int>(n.operands[k])] = 1;
  // Of equal outputs the later ones read the value.
  for (std::size_t i = 0; i < g.outputs.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (g.outputs[i] == g.outputs[j]) used[index(g.outputs[i])] = 1;
  for (int number = 0; number < static_cast<int>(g.outputs.size()); ++number) {
    node_id& id = g.outputs[number];
    node const n = g[id];
    op_kind const kind = info(n.code).kind;
    bool const computed = kind == op_kind::map || kind == op_kind::reduction || kind == op_kind::lookup || kind == op_kind::product ||
                          ((kind == op_kind::assembly || (kind == op_kind::library && !info(n.code).fresh)) && number < g.accumulate_from);
    // What is added to an array cannot be read back from it.
    bool const accumulated = number >= g.accumulate_from;
    bool const readable = !accumulated || (!used[index(id)] && (kind != op_kind::reduction || info(n.code).additive));
    if (!computed || !readable || taken[index(id)]) {
      // One copy for each output; the attribute keeps equal ones apart.
      g.nodes.push_back({.code = op::copy, .type = n.type, .arity = 1, .shape = n.shape, .operands = {id, node_id::none, node_id::none}, .attribute = number + 1});
      id = node_id{g.size() - 1};
    }
    taken[index(id)] = 1;
  }
  return g;
}

}  // namespace ctgrad::detail
