// Sums of products by sums of their operands: the same values, and which products are left.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE sum_before_products
#include "../../compiler/pipeline.hpp"
#include "../../compiler/sum_before_products.hpp"
#include "../../compiler/verify.hpp"
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

using namespace ctgrad;
using namespace ctgrad::test;

namespace {

constexpr char a_name[] = "a", b_name[] = "b";

struct fixture {
  builder b;
  value x = symbol(b, a_name, dtype::float64, {2, 3, 4}), y = symbol(b, b_name, dtype::float64, {2, 4, 3});
  value product = {&b, b.matmul(x.id, y.id)};  // [2, 3, 3]: a batch, rows, columns
  static detail::list<tensor_value> in() {
    detail::list<tensor_value> in;
    for (sizes const& extents : {sizes{2, 3, 4}, sizes{2, 4, 3}}) {
      numbers elements;
      for (int i = 0; i < 24; ++i) elements.push_back(i * 7 % 11 - 4.5);  // whole halves: sums are exact
      in.push_back(tensor(dtype::float64, extents, elements));
    }
    return in;
  }
  /// How the product looks afterwards: the axes of its operands and of its result.
  std::string axes_of_product(graph const& g) {
    std::string text;
    for (auto const& n : g.nodes)
      if (n.code == op::contract)
        text += std::to_string(g.shape_of(n.operands[0]).rank) + std::to_string(g.shape_of(n.operands[1]).rank) + std::to_string(g[n.shape].rank) + ' ';
    return text;
  }
  std::string check(value sum) {
    graph const before = with_outputs(b, {sum}), after = detail::sum_before_products(before);
    BOOST_TEST(verify(after, true).view() == "");
    BOOST_TEST(same(run(before, in()), run(after, in())));
    return axes_of_product(after);
  }
};

value sum_over(value x, axis_mask axes) { return detail::reduce(op::sum, x, axes); }

}  // namespace

BOOST_FIXTURE_TEST_CASE(sums_of_operands, fixture) {
  BOOST_TEST(check(sum_over(product, 0b010)) == "232 ");   // over rows: the left operand's
  BOOST_TEST(check(sum_over(product, 0b100)) == "322 ");   // over columns: the right one's
  BOOST_TEST(check(sum_over(product, 0b110)) == "221 ");   // over both
  BOOST_TEST(check(sum_over(-product, 0b010)) == "232 ");
  value const turned{&b, b.contract(x.id, y.id, {{0, 1, 2, -1, -1}, {0, 2, 3, -1, -1}, {3, 1, 0, -1, -1}})};
  BOOST_TEST(check(sum_over(turned, 0b001)) == "322 ");    // the columns stand first
}
BOOST_FIXTURE_TEST_CASE(what_stays, fixture) {
  BOOST_TEST(check(sum_over(product, 0b001)) == "333 ");  // of both operands' batch
  BOOST_TEST(check(sum_over(product, 0b011)) == "333 ");
  BOOST_TEST(check(sum_over(product, 0b010) + sum_over(product, 0b010)) == "232 ");
  BOOST_TEST(check(sum_over(product, 0b010) + sum_over(product * product, 0b010)) == "333 ");  // somebody else reads it
  BOOST_TEST(check(detail::reduce(op::max, product, 0b010)) == "333 ");
}
