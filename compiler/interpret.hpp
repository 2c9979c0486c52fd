// Evaluates a graph node by node, plainly, in the compiler or at run time.
// It is the oracle that everything else is held against, so it does nothing clever.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "interpret_library.hpp"

namespace ctgrad::detail {

/// What the names of extents stand for.
struct extent_binding {
  struct entry {
    extent_name name;
    std::int64_t number = 0;
  };
  list<entry> entries;

  constexpr std::int64_t const* find(extent_name name) const {
    for (auto const& e : entries)
      if (e.name == name) return &e.number;
    return nullptr;
  }
  /// The number of `name`; 0 where none was bound.
  constexpr std::int64_t operator()(extent_name name) const {
    auto const* number = find(name);
    return number ? *number : 0;
  }
};

constexpr list<std::int64_t> extents_of(shape const& s, extent_binding const& bound) {
  list<std::int64_t> extents;
  for (int i = 0; i < s.rank; ++i) extents.push_back(s[i].evaluate(bound));
  return extents;
}
constexpr std::int64_t product_of(list<std::int64_t> const& extents) {
  std::int64_t product = 1;
  for (auto e : extents) product *= e;
  return product;
}

/// Counts through all index tuples of `extents`, last axis fastest.
struct odometer {
  list<std::int64_t> const& extents;
  list<std::int64_t> at;

  constexpr explicit odometer(list<std::int64_t> const& e) : extents(e), at(e.size(), 0) {}
  constexpr void next() {
    for (std::size_t i = extents.size(); i-- > 0;) {
      if (++at[i] < extents[i]) return;
      at[i] = 0;
    }
  }
  constexpr std::size_t offset() const {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < extents.size(); ++i) sum = sum * static_cast<std::size_t>(extents[i]) + static_cast<std::size_t>(at[i]);
    return sum;
  }
};

template <op Code>
constexpr scalar combine_scalars(scalar a, scalar b, dtype type) {
  if (is_floating(type)) return scalar::of_result(row<Code>::combine(a.as<cmath::ieee>(), b.as<cmath::ieee>()), type);
  using integer = cmath::wrapping<std::int64_t>;
  return scalar::from(static_cast<std::int64_t>(row<Code>::combine(integer(a.integer), integer(b.integer))), type);
}
template <op Code>
constexpr scalar identity_scalar(dtype type) {
  if (is_floating(type)) return scalar{row<Code>::template identity<double>(), 0};
  if (type == dtype::int32) return scalar{0, row<Code>::template identity<std::int32_t>()};
  if (type == dtype::bool_) return scalar{0, row<Code>::template identity<bool>()};
  return scalar{0, row<Code>::template identity<std::int64_t>()};
}

/// The two functions of a reduction, by its code.
struct reduction_functions {
  scalar (*combine)(scalar, scalar, dtype) = nullptr;
  scalar (*identity)(dtype) = nullptr;
};
template <op Code>
constexpr reduction_functions reduction_functions_of() {
  if constexpr (row<Code>::info.kind == op_kind::reduction) return {&combine_scalars<Code>, &identity_scalar<Code>};
  return {};
}
template <class Node, std::size_t... Codes>
constexpr std::array<reduction_functions, op_count> reduction_table(std::index_sequence<Codes...>) {
  return std::array<reduction_functions, op_count>{reduction_functions_of<static_cast<op>(Codes)>()...};
}
template <class Node>
inline constexpr std::array<reduction_functions, op_count> reductions = reduction_table<Node>(std::make_index_sequence<op_count>{});
/// The functions of a node that is a reduction.
template <class Node>
constexpr reduction_functions const& reduction_of(Node const& n) {
  return reductions<Node>[static_cast<std::size_t>(n.code)];
}

/// Where an element of a view is along each axis of what it is of; `at` is its place in the view.
constexpr void viewed_place(graph const& g, node const& n, extent_binding const& bound, list<std::int64_t> const& at, list<std::int64_t>& place) {
  for (std::size_t axis = 0; axis < place.size(); ++axis) {
    viewed_axis const v = viewed_along(n, g.shapes.data(), static_cast<int>(axis));
    place[axis] = v.first.evaluate(bound);
    for (int k = 0; k < 2; ++k)
      if (v.axes[k] >= 0) place[axis] += v.steps[k] * at[static_cast<std::size_t>(v.axes[k])];
  }
}
/// The elements of a view of `x`.
constexpr void interpret_view(graph const& g, node const& n, tensor_value const& x, extent_binding const& bound, tensor_value& result) {
  if (n.code == op::reshape) {
    result.elements = x.elements;
    return;
  }
  odometer o(result.extents);
  list<std::int64_t> place(x.extents.size(), 0);
  for (auto& e : result.elements) {
    viewed_place(g, n, bound, o.at, place);
    std::size_t offset = 0;
    for (std::size_t i = 0; i < place.size(); ++i) {
      if (place[i] < 0 || place[i] >= x.extents[i]) throw "ctgrad: a view goes beyond an axis";
      offset = offset * static_cast<std::size_t>(x.extents[i]) + static_cast<std::size_t>(place[i]);
    }
    e = x.elements[offset];
    o.next();
  }
}
/// The elements of `a`, then those of `b` along an axis.
constexpr void interpret_assembly(node const& n, tensor_value const& a, tensor_value const& b, tensor_value& result) {
  auto const axis = static_cast<std::size_t>(n.attribute);
  std::int64_t const border = a.extents[axis];
  odometer o(result.extents);
  for (auto& e : result.elements) {
    bool const second = o.at[axis] >= border;
    tensor_value const& x = second ? b : a;
    std::size_t place = 0;
    for (std::size_t i = 0; i < o.at.size(); ++i)
      place = place * static_cast<std::size_t>(x.extents[i]) + static_cast<std::size_t>(o.at[i] - (second && i == axis ? border : 0));
    e = x.elements[place];
    o.next();
  }
}

/// The place along an axis of `count` elements that a gather or scatter takes for `place`.
constexpr std::int64_t nearest_place(std::int64_t place, std::int64_t count) { return place >= count ? count - 1 : place < 0 ? 0 : place; }

/// Elements of `x` at places along an axis.
constexpr void interpret_gather(node const& n, tensor_value const& x, tensor_value const& places, tensor_value& result) {
  auto const axis = static_cast<std::size_t>(n.attribute);
  odometer o(result.extents);
  for (std::size_t e = 0; e < result.elements.size(); ++e, o.next()) {
    std::size_t offset = 0;
    for (std::size_t i = 0; i < x.extents.size(); ++i) {
      std::int64_t const at = i == axis ? nearest_place(places.elements[e].integer, x.extents[axis]) : o.at[i < axis ? i : i - 1];
      if (at < 0 || at >= x.extents[i]) throw "ctgrad: a gather goes beyond an axis";
      offset = offset * static_cast<std::size_t>(x.extents[i]) + static_cast<std::size_t>(at);
    }
    result.elements[e] = x.elements[offset];
  }
}
/// Elements of `x`, added up at places along an axis of the result.
constexpr void interpret_scatter(node const& n, tensor_value const& x, tensor_value const& places, tensor_value& result) {
  int const axis = scattered_axis(n);
  odometer o(x.extents);
  for (std::size_t e = 0; e < x.elements.size(); ++e, o.next()) {
    std::size_t offset = 0, from = 0;
    for (std::size_t i = 0; i < result.extents.size(); ++i) {
      std::int64_t at = 0;
      if (static_cast<int>(i) == axis) at = nearest_place(places.elements[e].integer, result.extents[i]);
      else {
        while (n.axes() >> from & 1) ++from;
        at = o.at[from++];
      }
      if (at < 0 || at >= result.extents[i]) throw "ctgrad: a scatter goes beyond an axis";
      offset = offset * static_cast<std::size_t>(result.extents[i]) + static_cast<std::size_t>(at);
    }
    scalar& sum = result.elements[offset];
    sum = combine_scalars<op::scatter>(sum, x.elements[e], is_floating(n.type) ? dtype::float64 : n.type);
  }
  if (is_floating(n.type))
    for (auto& e : result.elements) e = scalar::from(e.real, n.type);
}

/// The element of a movement's operand that stands at `at` in its result.
constexpr std::size_t moved_offset(node const& n, list<std::int64_t> const& at, list<std::int64_t> const& operand_extents) {
  list<std::int64_t> source(operand_extents.size(), 0);
  std::size_t axis = 0;
  if (n.code == op::squeeze) {
    for (std::size_t i = 0; i < source.size(); ++i)
      if (!(n.axes() >> i & 1)) source[i] = at[axis++];
  } else for (std::size_t i = 0; i < at.size(); ++i) {
    if (n.code == op::permute) source[static_cast<std::size_t>(n.source_axis(static_cast<int>(i)))] = at[i];
    else if (!(n.axes() >> i & 1)) source[axis] = operand_extents[axis] == 1 ? 0 : at[i], ++axis;
  }
  std::size_t sum = 0;
  for (std::size_t i = 0; i < source.size(); ++i) sum = sum * static_cast<std::size_t>(operand_extents[i]) + static_cast<std::size_t>(source[i]);
  return sum;
}

constexpr void interpret_contraction(node const& n, tensor_value const& a, tensor_value const& b, dtype type, tensor_value& result) {
  auto labels = contraction::unpack(n.attribute);
  std::int64_t by_label[contraction::max_labels];
  for (auto& e : by_label) e = 1;
  for (std::size_t i = 0; i < a.extents.size(); ++i) by_label[labels.left[i]] = a.extents[i];
  for (std::size_t i = 0; i < b.extents.size(); ++i) by_label[labels.right[i]] = b.extents[i];
  int labelled = 0;
  for (int label = 0; label < contraction::max_labels; ++label)
    if (labels.role(label) != label_role::none) labelled = label + 1;
  list<std::int64_t> all(by_label, by_label + labelled);
  odometer o(all);
  auto offset = [&](auto const& side, tensor_value const& t) {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < t.extents.size(); ++i)
      sum = sum * static_cast<std::size_t>(t.extents[i]) + static_cast<std::size_t>(o.at[static_cast<std::size_t>(side[i])]);
    return sum;
  };
  // Sums are kept in double and rounded once, so that the oracle is the more exact side.
  for (std::int64_t k = product_of(all); k > 0; --k, o.next()) {
    scalar const x = a.elements[offset(labels.left, a)], y = b.elements[offset(labels.right, b)];
    scalar& sum = result.elements[offset(labels.result, result)];
    sum.real = (sum.as<cmath::ieee>() + x.as<cmath::ieee>() * y.as<cmath::ieee>()).raw;
    using integer = cmath::wrapping<std::int64_t>;
    sum.integer = scalar::from(static_cast<std::int64_t>(integer(sum.integer) + integer(x.integer) * integer(y.integer)), is_floating(type) ? dtype::int64 : type).integer;
  }
  for (auto& e : result.elements)
    if (is_floating(type)) e = scalar::from(e.real, type);
}

/// Elements of `x`, put together along the axes that go.
template <class Node>
constexpr void interpret_reduction(Node const& n, tensor_value const& x, tensor_value& result) {
  auto const functions = reduction_of(n);
  // float32 is reduced in double and rounded once (see above).
  dtype const wide = is_floating(n.type) ? dtype::float64 : n.type;
  for (auto& e : result.elements) e = functions.identity(n.type);
  odometer o(x.extents);
  for (auto const& element : x.elements) {
    std::size_t place = 0;
    for (std::size_t axis = 0; axis < o.at.size(); ++axis)
      if (!(n.axes() >> axis & 1)) place = place * static_cast<std::size_t>(o.extents[axis]) + static_cast<std::size_t>(o.at[axis]);
    result.elements[place] = functions.combine(result.elements[place], element, wide);
    o.next();
  }
  if (is_floating(n.type))
    for (auto& e : result.elements) e = scalar::from(e.real, n.type);
}

/// The value of node `i` of `g`, of which `values` has those before it. `inputs` are the symbols' values, in the order of the table.
template <class Graph>
constexpr tensor_value interpret_node(Graph const& g, int i, list<tensor_value> const& values, list<tensor_value> const& inputs, extent_binding const& bound) {
  auto const& n = g.nodes[static_cast<std::size_t>(i)];
  if (n.code == op::symbol) return inputs[static_cast<std::size_t>(n.attribute)];
  tensor_value v{extents_of(g[n.shape], bound), {}};
  auto const count = static_cast<std::size_t>(product_of(v.extents));
  v.elements.assign(count, n.is_constant() ? scalar::of(n) : scalar{});
  op_info const& row = info(n.code);
  tensor_value const* operands[max_operands]{};
  for (int k = 0; k < n.arity; ++k) operands[k] = &values[index(n.operands[k])];
  dtype const operand_type = n.arity ? g[n.operands[n.arity - 1]].type : n.type;
  if (row.kind == op_kind::map) {
    for (std::size_t e = 0; e < count; ++e) {
      scalar arguments[max_operands];
      for (int k = 0; k < n.arity; ++k) arguments[k] = operands[k]->elements[e];
      v.elements[e] = evaluate_map(n.code, operand_type, n.type, arguments);
    }
  } else if (row.kind == op_kind::movement) {
    odometer o(v.extents);
    for (std::size_t e = 0; e < count; ++e, o.next()) v.elements[e] = operands[0]->elements[moved_offset(n, o.at, operands[0]->extents)];
  } else if (row.kind == op_kind::view) {
    interpret_view(g, n, *operands[0], bound, v);
  } else if (row.kind == op_kind::assembly) {
    interpret_assembly(n, *operands[0], *operands[1], v);
  } else if (row.kind == op_kind::lookup) {
    interpret_gather(n, *operands[0], *operands[1], v);
  } else if (row.scatters) {
    interpret_scatter(n, *operands[0], *operands[1], v);
  } else if (row.kind == op_kind::reduction) {
    interpret_reduction(n, *operands[0], v);
  } else if (row.kind == op_kind::product) {
    interpret_contraction(n, *operands[0], *operands[1], n.type, v);
  } else if (row.kind == op_kind::library) {
    interpret_library(n, operand_type, operands, v);
  } else if (n.code == op::extent) {
    auto number = product_of(extents_of(g[shape_id{static_cast<int>(n.attribute)}], bound));
    v.elements[0] = is_floating(n.type) ? scalar::from(static_cast<double>(number), n.type) : scalar::from(number, n.type);
  } else if (n.code == op::iota) {
    for (std::size_t e = 0; e < count; ++e) v.elements[e] = scalar{static_cast<double>(e), static_cast<std::int64_t>(e)};
  }
  return v;
}

/// The values of all outputs of `g`. `inputs` are the symbols' values, in the order of the table.
template <class Graph>
constexpr list<tensor_value> interpret(Graph const& g, list<tensor_value> const& inputs, extent_binding const& bound) {
  list<tensor_value> values(g.nodes.size());
  for (int i = 0; i < g.size(); ++i) values[i] = interpret_node(g, i, values, inputs, bound);
  list<tensor_value> results;
  for (node_id id : g.outputs) results.push_back(values[index(id)]);
  return results;
}

}  // namespace ctgrad::detail
