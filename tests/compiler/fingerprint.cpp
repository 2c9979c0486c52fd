// What is in a graph, as a number: equal for equal graphs, and another for each other thing that a program may have.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE fingerprint
#include "../../compiler/fingerprint.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <utility>

using namespace ctgrad::detail;

namespace {

constexpr char n_name[] = "N", m_name[] = "M", x_name[] = "x", y_name[] = "y", xy_name[] = "xy";

/// exp(x) of a vector of N elements.
constexpr graph example() {
  graph g;
  g.nodes.push_back({.code = op::symbol, .shape = shape_id{1}});
  g.nodes.push_back({.code = op::exp, .arity = 1, .shape = shape_id{1}, .operands = {node_id{0}, node_id::none, node_id::none}});
  shape vector;
  vector.push_back(extent(extent_name{n_name}));
  g.shapes.push_back({}), g.shapes.push_back(vector);
  g.symbols.push_back({x_name, ctgrad::dtype::float32, shape_id{1}});
  g.outputs.push_back(node_id{1});
  return g;
}
using print = std::pair<std::uint64_t, std::uint64_t>;
template <class Change>
constexpr print after(Change change) {
  graph g = example();
  change(g);
  fingerprint const f = fingerprint_of(freeze<4, 4, 4, 4, 4>(g));
  return {f.first, f.second};
}
constexpr auto unchanged = [](graph&) {};

static_assert(after(unchanged) == after(unchanged));
static_assert(after(unchanged) != after([](graph& g) { g.nodes[1].code = op::expm1; }));

}  // namespace

BOOST_AUTO_TEST_CASE(room_is_not_counted) {
  graph const g = example();
  fingerprint const tight = fingerprint_of(freeze<2, 2, 1, 1, 0>(g)), roomy = fingerprint_of(freeze<9, 8, 7, 6, 5>(g));
  BOOST_TEST(tight.first == roomy.first);
  BOOST_TEST(tight.second == roomy.second);
}

BOOST_AUTO_TEST_CASE(each_thing_counts) {
  print const all[] = {
      after(unchanged),
      after([](graph& g) { g.nodes[1].code = op::log; }),
      after([](graph& g) { g.nodes[1].type = ctgrad::dtype::float64; }),
      after([](graph& g) { g.nodes[1].weak = true; }),
      after([](graph& g) { g.nodes[1].arity = 2; }),
      after([](graph& g) { g.nodes[1].shape = shape_id{0}; }),
      after([](graph& g) { g.nodes[1].attribute = 1; }),
      after([](graph& g) { g.nodes[1].attribute = std::int64_t{1} << 63; }),
      after([](graph& g) { g.nodes[1].operands[0] = node_id{1}; }),
      after([](graph& g) { g.nodes[1].operands[1] = node_id{0}; }),
      after([](graph& g) { g.nodes[1].operands[2] = node_id{0}; }),
      after([](graph& g) { std::swap(g.nodes[0], g.nodes[1]); }),
      after([](graph& g) { g.nodes.push_back(g.nodes[1]); }),
      after([](graph& g) { g.shapes[1] = {}; }),
      after([](graph& g) { g.shapes[1][0] = extent(extent_name{m_name}); }),
      after([](graph& g) { g.shapes[1][0] = extent(7); }),
      after([](graph& g) { g.shapes[1][0].constant = 1; }),
      after([](graph& g) { g.shapes[1][0].terms[0].coefficient = 2; }),
      after([](graph& g) { g.shapes[1][0] = g.shapes[1][0] * extent(extent_name{m_name}); }),
      after([](graph& g) { g.shapes[1][0].add(extent(extent_name{m_name}).terms[0]); }),
      after([](graph& g) { g.shapes[1].push_back(extent(1)); }),
      after([](graph& g) { g.shapes.push_back({}); }),
      after([](graph& g) { g.symbols[0].name = y_name; }),
      after([](graph& g) { g.symbols[0].name = xy_name; }),
      after([](graph& g) { g.symbols[0].type = ctgrad::dtype::float64; }),
      after([](graph& g) { g.symbols[0].shape = shape_id{0}; }),
      after([](graph& g) { g.symbols.push_back(g.symbols[0]); }),
      after([](graph& g) { g.outputs[0] = node_id{0}; }),
      after([](graph& g) { g.outputs.push_back(node_id{1}); }),
      after([](graph& g) { g.accumulate_from = 0; }),
      after([](graph& g) { g.equalities.push_back({extent(1), extent(extent_name{n_name})}); }),
      after([](graph& g) { g.equalities.push_back({extent(extent_name{n_name}), extent(1)}); }),
  };
  std::set<std::uint64_t> first, second;
  for (auto const& [a, b] : all) first.insert(a), second.insert(b);
  BOOST_TEST(first.size() == std::size(all));  // either number tells them apart
  BOOST_TEST(second.size() == std::size(all));
}

BOOST_AUTO_TEST_CASE(bits_spread) {
  // Numbers that differ in one bit of one attribute: half of the bits of either number differ.
  print const from = after(unchanged);
  double differing[2]{};
  for (int bit = 0; bit < 64; ++bit) {
    print const to = after([&](graph& g) { g.nodes[0].attribute = static_cast<std::int64_t>(std::uint64_t{1} << bit); });
    differing[0] += std::popcount(from.first ^ to.first) / 64.0, differing[1] += std::popcount(from.second ^ to.second) / 64.0;
  }
  for (double bits : differing) BOOST_TEST((bits > 28 && bits < 36), bits << " of 64 bits differ");
}
