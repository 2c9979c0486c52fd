// Equal nodes have one place, attributes survive packing, and a frozen graph is the graph that was frozen.
// Common subexpressions are found by nothing else, so a miss here is work done twice everywhere.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE graph
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <vector>

using namespace ctgrad;
using namespace ctgrad::test;
using detail::contraction, detail::index, detail::shape_id, detail::symbol_entry;

namespace {

constexpr char x_name[] = "x", y_name[] = "y", n_name[] = "N";

/// How many nodes `make(x, y)` adds, x and y being there.
template <class Make>
constexpr int nodes_of(Make make, dtype type = dtype::float32, sizes const& extents = {}) {
  builder b;
  value x = symbol(b, x_name, type, extents), y = symbol(b, y_name, type, extents);
  int const before = b.g.size();
  make(x, y);
  return b.g.size() - before;
}

// Equal terms fall together, in any order of commutative operands.
static_assert(nodes_of([](value x, value y) { x + y, y + x; }) == 1);
static_assert(nodes_of([](value x, value y) { x * y, y * x, x * y; }) == 1);
static_assert(nodes_of([](value x, value y) { ctgrad::hypot(x, y), ctgrad::hypot(y, x); }) == 1);
static_assert(nodes_of([](value x, value y) { ctgrad::maximum(x, y), ctgrad::maximum(y, x); }) == 1);
static_assert(nodes_of([](value x, value y) { static_cast<void>(x == y), static_cast<void>(y == x); }) == 1);
static_assert(nodes_of([](value x, value y) { ctgrad::exp(x + y), ctgrad::exp(y + x); }) == 2);
static_assert(nodes_of([](value x, value) { symbol(*x.b, x_name, dtype::float32); }) == 0);
// Others do not.
static_assert(nodes_of([](value x, value y) { x - y, y - x; }) == 2);
static_assert(nodes_of([](value x, value y) { static_cast<void>(x < y), static_cast<void>(y < x); }) == 2);
static_assert(nodes_of([](value x, value y) { ctgrad::atan2(x, y), ctgrad::atan2(y, x); }) == 2);
static_assert(nodes_of([](value x, value y) { ctgrad::pow(x, y), ctgrad::pow(y, x); }) == 2);
// A constant and its cast to the dtype that it met, and the sum; the second sum is the same.
static_assert(nodes_of([](value x, value) { x + 2, 2 + x; }) == 3);
// +0 and -0 are different constants.
static_assert(nodes_of([](value x, value) { x.b->real(0.0, dtype::float64), x.b->real(-0.0, dtype::float64); }) == 2);
static_assert(nodes_of([](value x, value) { x.b->real(1, dtype::float64), x.b->real(1, dtype::float32), x.b->integer(1, dtype::int32), x.b->integer(1, dtype::int64); }) == 4);
static_assert(nodes_of([](value x, value) { x.b->real(0.1, dtype::float32), x.b->real(static_cast<double>(0.1f), dtype::float32); }) == 1);
// Broadcasts, permutations and reductions.
static_assert(nodes_of([](value x, value) { sum_of(x), sum_of(x); }, dtype::float32, {2, 3}) == 1);
static_assert(nodes_of([](value x, value) { detail::reduce(op::sum, x, 1), detail::reduce(op::sum, x, 2), detail::reduce(op::max, x, 1); }, dtype::float32, {3, 3}) == 3);
static_assert(nodes_of([](value x, value) { x.b->permute(x.b->permute(x.id, {1, 0}), {1, 0}); }, dtype::float32, {2, 3}) == 1);  // the second is x
static_assert(nodes_of([](value x, value) { x.b->permute(x.id, {0, 1}); }, dtype::float32, {2, 3}) == 0);

// Shapes and symbols have one place too.
constexpr bool shapes_are_interned() {
  builder b;
  bool const scalar_first = b.intern({}) == shape_id::scalar;
  shape_id const one = b.intern(shape_of({2, 3})), other = b.intern(shape_of({3, 2}));
  return scalar_first && one == b.intern(shape_of({2, 3})) && one != other && b.g.shapes.size() == 3;
}
static_assert(shapes_are_interned());

// The number of elements: known, or to be found at run time.
constexpr bool sizes_are_numbers_where_known() {
  builder b;
  detail::extent const n(detail::extent_name{n_name});
  auto const& known = b.g[b.size_of(shape_of({2, 3}), dtype::float32)];
  bool const constant = known.is_constant(6) && known.type == dtype::float32;
  node_id const unknown = b.size_of({2, {n, 3}}, dtype::int32);
  return constant && b.g[unknown].code == op::extent && b.g[unknown].type == dtype::int32 && b.size_of({0, {}}, dtype::int64) == b.integer(1, dtype::int64);
}
static_assert(sizes_are_numbers_where_known());

// Every label, and none, survives packing.
constexpr bool labels_survive() {
  for (int label = -1; label < 15; ++label)
    for (int place = 0; place < 5; ++place) {
      contraction c;
      c.left[place] = static_cast<std::int8_t>(label);
      c.right[4 - place] = static_cast<std::int8_t>((label + 7) % 15);
      c.result[place] = static_cast<std::int8_t>((label + 3) % 15);
      contraction const back = contraction::unpack(c.pack());
      if (back.left != c.left || back.right != c.right || back.result != c.result) return false;
    }
  return true;
}
static_assert(labels_survive());

// A frozen graph gives the graph back.
constexpr graph sample() {
  builder b;
  value x = symbol(b, x_name, dtype::float32, {2, 3}), y = symbol(b, y_name, dtype::float64, {3});
  graph g = with_outputs(b, {ctgrad::exp(x) * y + 2, sum_of(x)});
  g.equalities.push_back({detail::extent(2), detail::extent(3)});
  g.accumulate_from = 1;
  return g;
}
constexpr auto sample_size = size_of(sample());
constexpr auto frozen = detail::freeze<sample_size.nodes, sample_size.shapes, sample_size.symbols, sample_size.outputs, sample_size.equalities>(sample());
static_assert(frozen.fits && !detail::freeze<3, 9, 9, 9, 9>(sample()).fits);
constexpr bool equal(graph const& a, graph const& b) {
  return a.nodes == b.nodes && a.shapes == b.shapes && a.symbols == b.symbols && a.outputs == b.outputs && a.accumulate_from == b.accumulate_from &&
         a.equalities.size() == b.equalities.size() && (a.equalities.empty() || (a.equalities[0].left == b.equalities[0].left && a.equalities[0].right == b.equalities[0].right));
}
static_assert(equal(frozen.thaw(), sample()));
static_assert(sample_size.nodes == sample().size() && sample_size.outputs == 2 && sample_size.symbols == 2 && sample_size.equalities == 1);

// What no output needs goes; symbols keep their places.
constexpr bool dead_nodes_go() {
  builder b;
  value x = symbol(b, x_name, dtype::float32), y = symbol(b, y_name, dtype::float32);
  ctgrad::exp(x);
  graph const g = without_dead_nodes(with_outputs(b, {y + y}));
  return g.size() == 2 && g.symbols.size() == 2 && g.nodes[0].code == op::symbol && g.nodes[0].attribute == 1 && index(g.outputs[0]) == 1;
}
static_assert(dead_nodes_go());

}  // namespace

BOOST_AUTO_TEST_CASE(many_nodes_are_found_again) {
  builder b;
  value x = symbol(b, x_name, dtype::float64);
  std::vector<node_id> first;
  for (int round = 0; round < 2; ++round) {
    value y = x;
    for (int i = 0; i < 3000; ++i) {
      y = ctgrad::sin(y) * (i + 0.5);
      if (round == 0) first.push_back(y.id);
      else BOOST_REQUIRE((first[static_cast<std::size_t>(i)] == y.id));
    }
  }
  BOOST_TEST(b.g.size() == 1 + 3000 * 4);  // a constant, its cast, a sine and a product each
}
BOOST_AUTO_TEST_CASE(looking_up_makes_nothing) {
  builder b;
  value x = symbol(b, x_name, dtype::float64);
  value e = ctgrad::exp(x);
  int const before = b.g.size();
  b.lookup_only = true;
  BOOST_TEST((ctgrad::exp(x).id == e.id));
  BOOST_TEST((ctgrad::log(x).id == node_id::none));
  BOOST_TEST(b.g.size() == before);
}
BOOST_AUTO_TEST_CASE(equal_terms_at_run_time) {
  BOOST_TEST(nodes_of([](value x, value y) { x + y, y + x; }) == 1);
  BOOST_TEST(nodes_of([](value x, value y) { x - y, y - x; }) == 2);
  BOOST_TEST(equal(frozen.thaw(), sample()));
}
