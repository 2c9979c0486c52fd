// What is in a graph, as a number of 128 bits: programs that compute the same have the same.
// Two lanes of multiplications and shifts (as in Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators"): that two graphs which anyone
// writes meet by accident is not to be expected.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "graph.hpp"

#include <cstdint>

namespace ctgrad::detail {

struct fingerprint {
  std::uint64_t first = 0x9E3779B97F4A7C15u, second = 0xD1B54A32D192ED03u;

  constexpr void add(std::uint64_t word) {
    first = ((first ^ first >> 27) + word) * 0xBF58476D1CE4E5B9u;
    second = ((second ^ second >> 31) ^ word) * 0x94D049BB133111EBu;
  }
  constexpr void add(char const* text) {
    for (; *text; ++text) add(static_cast<std::uint64_t>(static_cast<unsigned char>(*text)));
    add(std::uint64_t{0});
  }
  constexpr void add(extent const& e) {
    add(static_cast<std::uint64_t>(e.constant)), add(static_cast<std::uint64_t>(e.count));
    for (int term = 0; term < e.count; ++term) {
      extent_term const& t = e.terms[term];
      add(static_cast<std::uint64_t>(t.coefficient)), add(static_cast<std::uint64_t>(t.count));
      for (int k = 0; k < t.count; ++k) add(t.factors[k].characters);
    }
  }
};

/// Of a graph, or a frozen one.
template <class Graph>
constexpr fingerprint fingerprint_of(Graph const& g) {
  graph_size const size = size_of(g);
  fingerprint f;
  auto pair = [](auto low, auto high) { return static_cast<std::uint64_t>(static_cast<std::uint32_t>(low)) | static_cast<std::uint64_t>(static_cast<std::uint32_t>(high)) << 32; };
  node const* const nodes = g.nodes.data();
  for (int i = 0, count = size.nodes; i < count; ++i) {
    node const& n = nodes[i];
    f.add(pair(static_cast<int>(n.code) << 16 | static_cast<int>(n.type) << 8 | n.weak, n.shape));
    f.add(pair(n.operands[0], n.operands[1])), f.add(pair(n.operands[2], n.arity));
    f.add(static_cast<std::uint64_t>(n.attribute));
  }
  for (int i = 0; i < size.shapes; ++i) {
    shape const& s = g.shapes[static_cast<std::size_t>(i)];
    f.add(static_cast<std::uint64_t>(s.rank));
    for (int axis = 0; axis < s.rank; ++axis) f.add(s[axis]);
  }
  for (int i = 0; i < size.symbols; ++i) {
    symbol_entry const& s = g.symbols[static_cast<std::size_t>(i)];
    f.add(s.name), f.add(pair(s.type, s.shape));
  }
  for (int i = 0; i < size.outputs; ++i) f.add(pair(g.outputs[static_cast<std::size_t>(i)], g.accumulate_from));
  for (int i = 0; i < size.equalities; ++i) f.add(g.equalities[static_cast<std::size_t>(i)].left), f.add(g.equalities[static_cast<std::size_t>(i)].right);
  f.add(pair(size.nodes, size.shapes)), f.add(pair(size.symbols, size.outputs));
  return f;
}

}  // namespace ctgrad::detail
