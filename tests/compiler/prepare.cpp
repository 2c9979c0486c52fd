// The form that loops are made of: one name for equal extents, products as BLAS takes them or as sums, a node of its own for every output.
// Values are the same before and after; what the form promises is asserted on the nodes.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE prepare
#include "../../compiler/prepare.hpp"
#include "../../compiler/verify.hpp"
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

using namespace ctgrad;
using namespace ctgrad::test;
using detail::extent, detail::extent_binding, detail::extent_name, detail::index, detail::op_kind, detail::unify_extents;

namespace {

constexpr char x_name[] = "x", y_name[] = "y", n_name[] = "N", m_name[] = "M", a_name[] = ".a", b_name[] = ".b", c_name[] = ".c";
constexpr extent N(extent_name{n_name}), M(extent_name{m_name}), A(extent_name{a_name}), B(extent_name{b_name}), C(extent_name{c_name});

// ---- Extents.

/// What is said when these are equal, and what A has become in a graph of one shape [A].
struct unified {
  detail::message error;
  extent a;
};
constexpr unified unify(std::initializer_list<detail::extent_equality> equalities) {
  graph g;
  g.shapes = {shape{}, {1, {A}}};
  g.equalities = equalities;
  detail::message error = unify_extents(g);
  return {error, g.shapes[1][0]};
}
static_assert(unify({}).a == A);
static_assert(unify({{A, N}}).a == N && unify({{N, A}}).a == N && unify({{A, 5}}).a == extent(5));
static_assert(unify({{A, B}, {B, N}}).a == N && unify({{B, N}, {A, B}}).a == N && unify({{B, N}, {B, A}}).a == N);
static_assert(unify({{A, B}, {B, C}, {C, A}, {C, N}}).a == N);
static_assert(unify({{A, B}, {B, A}}).error.empty() && unify({{A, N}, {A, N}}).error.empty());
static_assert(unify({{A, N + 1}}).a == N + 1);
static_assert(unify({{A, N}, {A, M}}).error.view() == "ctgrad: extents N and M differ, and both have to be the extent a");
static_assert(unify({{A, 3}, {B, 4}, {A, B}}).error.view() == "ctgrad: extents 3 and 4 differ, and both have to be the extent a");
static_assert(unify({{A, 3}, {B, 3}, {A, B}}).error.empty());

// ---- Products.

constexpr graph prepared(graph const& g) { return without_dead_nodes(detail::prepare(g)); }

constexpr int count(graph const& g, op code) {
  int n = 0;
  for (auto const& one : g.nodes) n += one.code == code;
  return n;
}
constexpr graph product(sizes const& left, sizes const& right, bool transposed = false, dtype type = dtype::float32) {
  builder b;
  value x = symbol(b, x_name, type, left), y = symbol(b, y_name, type, right);
  return with_outputs(b, {value{&b, b.matmul(x.id, transposed ? b.permute(y.id, {1, 0}) : y.id)}});
}
// Matrices go to BLAS as they are, transposed or not; vectors and integers become sums of products.
static_assert(count(prepared(product({2, 3}, {3, 4})), op::contract) == 1 && count(prepared(product({2, 3}, {3, 4})), op::copy) == 0);
static_assert(count(prepared(product({2, 3}, {4, 3}, true)), op::contract) == 1 && count(prepared(product({2, 3}, {4, 3}, true)), op::copy) == 0);
static_assert(count(prepared(product({3}, {3, 4})), op::contract) == 0 && count(prepared(product({3}, {3, 4})), op::sum) == 1);
static_assert(count(prepared(product({2, 3}, {3})), op::contract) == 0 && count(prepared(product({3}, {3})), op::contract) == 0);
static_assert(count(prepared(product({2, 3}, {3, 4}, false, dtype::int64)), op::contract) == 0);

detail::list<tensor_value> in_of(graph const& g) {
  detail::list<tensor_value> in;
  double next = -3;
  for (auto const& s : g.symbols) {
    tensor_value t;
    for (int i = 0; i < g[s.shape].rank; ++i) t.extents.push_back(g[s.shape][i].constant);
    for (auto e = detail::product_of(t.extents); e > 0; --e) t.elements.push_back(scalar::from(next += 1.5, dtype::float64).cast(dtype::float64, s.type));
    in.push_back(t);
  }
  return in;
}

/// Whether every output is computed, by a node of its own.
bool outputs_are_computed(graph const& g) {
  std::set<int> seen;
  for (node_id id : g.outputs) {
    auto const kind = info(g[id].code).kind;
    if (kind != op_kind::map && kind != op_kind::reduction && kind != op_kind::product) return false;
    if (!seen.insert(index(id)).second) return false;
  }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_CASE(products_keep_their_values) {
  struct { sizes left, right; bool transposed; } const cases[] = {{{2, 3}, {3, 4}, false}, {{2, 3}, {4, 3}, true}, {{3}, {3, 4}, false}, {{2, 3}, {3}, false}, {{3}, {3}, false}, {{2, 0}, {0, 3}, false}};
  for (auto const& c : cases)
    for (dtype type : {dtype::float64, dtype::float32, dtype::int32, dtype::int64}) {
      graph const before = product(c.left, c.right, c.transposed, type), after = prepared(before);
      BOOST_TEST(verify(after, true).view() == "");
      BOOST_TEST((after[after.outputs[0]].type == type));
      BOOST_TEST(same(run(before, in_of(before)), run(after, in_of(after))));  // multiples of 1.5: exact
    }
}
/// A product of batches of matrices, its axes in another order; where `read_twice`, the product is an output as well.
constexpr graph permuted(std::array<int, detail::max_rank> const& order, bool read_twice) {
  builder b;
  value x = symbol(b, x_name, dtype::float32, {2, 3, 4}), y = symbol(b, y_name, dtype::float32, {2, 4, 5});
  value const xy{&b, b.matmul(x.id, y.id)}, moved{&b, b.permute(xy.id, order)};
  if (read_twice) return with_outputs(b, {moved, xy});
  return with_outputs(b, {moved});
}
static_assert(count(prepared(permuted({1, 2, 0}, false)), op::permute) == 0 && count(prepared(permuted({1, 2, 0}, false)), op::contract) == 1);
static_assert(count(prepared(permuted({1, 2, 0}, true)), op::permute) == 1 && count(prepared(permuted({1, 2, 0}, true)), op::contract) == 1);
BOOST_AUTO_TEST_CASE(products_are_written_in_the_order_in_which_they_are_wanted) {
  std::array<int, detail::max_rank> order{0, 1, 2};
  do
    for (bool read_twice : {false, true}) {
      graph const before = permuted(order, read_twice), after = prepared(before);
      BOOST_TEST(verify(after, true).view() == "");
      for (std::size_t k = 0; k < before.outputs.size(); ++k) BOOST_TEST(same(run(before, in_of(before), k), run(after, in_of(after), k)));
    }
  while (std::next_permutation(order.begin(), order.begin() + 3));
}
// A product with an axis of its operand repeated is computed from a copy in memory.
BOOST_AUTO_TEST_CASE(operands_of_blas_are_in_memory) {
  builder b;
  value x = symbol(b, x_name, dtype::float32, {1, 3}), y = symbol(b, y_name, dtype::float32, {3, 4});
  value repeated{&b, b.broadcast(x.id, b.intern(shape_of({2, 3})), 0)};
  graph const before = with_outputs(b, {value{&b, b.matmul(repeated.id, y.id)}}), after = prepared(before);
  BOOST_TEST(count(after, op::contract) == 1);
  BOOST_TEST(count(after, op::copy) == 1);
  BOOST_TEST(same(run(before, in_of(before)), run(after, in_of(after))));
}
BOOST_AUTO_TEST_CASE(every_output_is_computed_by_a_node_of_its_own) {
  builder b;
  value x = symbol(b, x_name, dtype::float32, {2, 3}), e = ctgrad::exp(x);
  value moved{&b, b.permute(x.id, {1, 0})}, constant{&b, b.real(2, dtype::float32, b.intern(shape_of({2})))};
  graph const before = with_outputs(b, {x, e, e, e, moved, constant, sum_of(e), sum_of(e), x}), after = separate_outputs(prepared(before));
  BOOST_TEST(verify(after, true).view() == "");
  BOOST_TEST(outputs_are_computed(after));
  for (std::size_t k = 0; k < before.outputs.size(); ++k) BOOST_TEST(same(run(before, in_of(before), k), run(after, in_of(after), k)));
}
// What is added to an array cannot be read back from it: such an output has no reader, and is no maximum.
BOOST_AUTO_TEST_CASE(accumulated_outputs_are_not_read) {
  builder b;
  value x = symbol(b, x_name, dtype::float32, {3}), e = ctgrad::exp(x);
  graph before = with_outputs(b, {sum_of(e), e, detail::reduce(op::max, x, 1), sum_of(x)});
  before.accumulate_from = 1;
  graph const after = separate_outputs(prepared(before));
  BOOST_TEST(after.accumulate_from == 1);
  BOOST_TEST(outputs_are_computed(after));
  std::set<int> read;
  for (auto const& n : after.nodes)
    for (int k = 0; k < n.arity; ++k) read.insert(index(n.operands[k]));
  for (std::size_t k = 1; k < after.outputs.size(); ++k) {
    BOOST_TEST(!read.count(index(after.outputs[k])));
    BOOST_TEST((info(after[after.outputs[k]].code).kind != op_kind::reduction || after[after.outputs[k]].code == op::sum));
  }
  BOOST_TEST((after[after.outputs[3]].code == op::sum));
  for (std::size_t k = 0; k < before.outputs.size(); ++k) BOOST_TEST(same(run(before, in_of(before), k), run(after, in_of(after), k)));
}
BOOST_AUTO_TEST_CASE(anonymous_extents_get_the_names_that_they_met) {
  builder b;
  value x{&b, b.symbol(x_name, dtype::float32, {1, {A}})}, y{&b, b.symbol(y_name, dtype::float32, {1, {N}})};
  graph const after = prepared(with_outputs(b, {ctgrad::exp(x) + y, sum_of(x * x)}));
  BOOST_TEST(verify(after, true).view() == "");
  for (auto const& s : after.shapes)
    for (int i = 0; i < s.rank; ++i) BOOST_TEST(!s[i].is_anonymous());
}
BOOST_AUTO_TEST_CASE(extents_at_run_time) {
  BOOST_TEST((unify({{A, B}, {B, N}}).a == N));
  BOOST_TEST(unify({{A, N}, {A, M}}).error.view() == "ctgrad: extents N and M differ, and both have to be the extent a");
}
