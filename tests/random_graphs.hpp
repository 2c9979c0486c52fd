// Random graphs from a seed, extents and inputs to try them with: what fusion and emission are fuzzed with.
// Extents of one and none are among them, where loops and products have their edges.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "graph_grower.hpp"

#include <vector>

namespace ctgrad::test {

inline constexpr char dim_names[][2] = {"N", "M", "K"};
inline constexpr char const symbol_names[][3] = {"a", "b", "c", "d", "e", "f"};

constexpr extent dim(int number) { return extent(extent_name{dim_names[number]}); }

/// Extents to try a graph with: one, some, none.
inline std::vector<extent_binding> some_extents() {
  std::vector<extent_binding> all;
  for (auto const& [n, m, k] : {std::array{2, 3, 4}, std::array{1, 1, 1}, std::array{3, 1, 2}, std::array{1, 4, 3}, std::array{2, 0, 3}, std::array{0, 2, 1}}) {
    extent_binding e;
    e.entries = {{extent_name{dim_names[0]}, n}, {extent_name{dim_names[1]}, m}, {extent_name{dim_names[2]}, k}};
    all.push_back(e);
  }
  return all;
}

inline graph random_graph(std::uint64_t seed, int operations, graph_options options) {
  builder b;
  graph_grower grower(b, seed, options);
  std::vector<value> by;
  int const symbols = 1 + grower.below(4);
  for (int k = 0; k < symbols; ++k) {
    int const kind = k == 0 ? 9 : grower.below(10);
    dtype const type = kind == 0 ? dtype::bool_ : kind == 1 ? dtype::int32 : kind == 2 ? dtype::int64 : kind == 3 ? dtype::float32 : dtype::float64;
    shape s;
    for (int axis = grower.below(options.products > 1 ? 3 : 4); axis > 0; --axis) s.push_back(grower.chance(12) ? extent(1) : grower.chance(10) ? extent(3) : dim(grower.below(3)));
    value const v{&b, b.symbol(symbol_names[k], type, s)};
    if (is_floating(type)) by.push_back(v);
    grower.keep(v, is_floating(type) ? 2 : 9, true);
  }
  grower.grow(operations);
  detail::list<node_id> outputs;
  for (int k = 1 + grower.below(3); k > 0; --k) outputs.push_back(grower.output().id);
  if (options.gradients) {
    value loss = grower.loss_of({&b, outputs[0]});
    for (std::size_t k = 1; k < outputs.size(); ++k) loss = loss + grower.loss_of({&b, outputs[k]});
    if (grower.chance(60)) outputs = {loss.id};
    for (value v : by)
      if (grower.chance(70)) outputs.push_back(b.gradient(loss.id, v.id));
  }
  graph g = b.g;
  g.outputs = outputs;
  if (options.accumulate) g.accumulate_from = grower.below(static_cast<int>(outputs.size()) + 1);
  return detail::without_dead_nodes(g);
}

inline detail::list<tensor_value> random_inputs(random_bits& r, graph const& g, extent_binding const& bound) {
  detail::list<tensor_value> inputs;
  for (auto const& s : g.symbols) {
    tensor_value t{detail::extents_of(g[s.shape], bound), {}};
    for (auto e = detail::product_of(t.extents); e > 0; --e) {
      double const x = s.type == dtype::bool_ ? r.below(2) : is_floating(s.type) ? r.real() : r.below(7) - 3;
      t.elements.push_back(scalar::from(x, dtype::float64).cast(dtype::float64, s.type));
    }
    inputs.push_back(t);
  }
  return inputs;
}

}  // namespace ctgrad::test
