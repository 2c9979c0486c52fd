// What is summed over the few elements of a window, element by element: the same values, and which reductions stay.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE unroll_windows
#include "../../compiler/unroll_windows.hpp"
#include "../../compiler/shapes.hpp"
#include "../../compiler/verify.hpp"
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

using namespace ctgrad;
using namespace ctgrad::test;

namespace {

constexpr char a_name[] = "a", b_name[] = "b";

struct fixture {
  builder b;
  value x = symbol(b, a_name, dtype::float64, {2, 12}), y = symbol(b, b_name, dtype::float64, {2, 3});
  value seen = {&b, b.windows(x.id, 1, 5, 4, 2, 1)};  // [2, 4, 5]: element (i, k, p) is x[i, 2 p + k]

  static detail::list<tensor_value> in() {
    detail::list<tensor_value> in;
    for (auto const& [columns, seed] : {std::pair{12, 7}, std::pair{3, 5}}) {
      numbers elements;
      for (int i = 0; i < 2 * columns; ++i) elements.push_back(i * seed % 11 - 4.5);  // whole halves: sums are exact
      in.push_back(tensor(dtype::float64, {2, columns}, elements));
    }
    return in;
  }
  /// How many reductions the pass leaves.
  int reductions_of(value v) {
    graph const before = with_outputs(b, {v}), after = detail::without_dead_nodes(detail::unroll_windows(before));
    BOOST_TEST(verify(after, true).view() == "");
    BOOST_TEST(same(run(before, in()), run(after, in())));
    int count = 0;
    for (auto const& n : after.nodes) count += detail::info(n.code).kind == detail::op_kind::reduction;
    return count;
  }
};

value over(op code, value x, axis_mask axes) { return detail::reduce(code, x, axes); }

}  // namespace

BOOST_FIXTURE_TEST_CASE(windows_of_one_axis, fixture) {
  for (op code : {op::sum, op::prod, op::max, op::min}) BOOST_TEST(reductions_of(over(code, seen, 0b010)) == 0);
  // What a window's element is compared with is repeated along the window, or along another axis.
  value const most = over(op::max, seen, 0b010), repeated = detail::broadcast_like(most, seen, 0b010);
  BOOST_TEST(reductions_of(over(op::sum, detail::cast(seen == repeated, dtype::float64), 0b010)) == 0);
  value const column{&b, b.slice(y.id, 1, 0, 1, 1)};
  BOOST_TEST(reductions_of(over(op::sum, seen * detail::broadcast_like({&b, b.squeeze(column.id, 0b10)}, seen, 0b110), 0b010)) == 0);
}
BOOST_FIXTURE_TEST_CASE(windows_of_two_axes, fixture) {
  value const both{&b, b.windows(seen.id, 0, 1, 2, 1, 1)};  // [2, 1, 4, 5]
  BOOST_TEST(reductions_of(over(op::sum, both, 0b0101)) == 0);
  BOOST_TEST(reductions_of(over(op::max, both, 0b0110)) == 0);
  BOOST_TEST(reductions_of(over(op::sum, 2 * both + 1, 0b0001)) == 0);
}
BOOST_FIXTURE_TEST_CASE(what_stays, fixture) {
  BOOST_TEST(reductions_of(over(op::sum, seen, 0b100)) == 1);   // along the windows: the axis that vector loops go along
  BOOST_TEST(reductions_of(over(op::sum, seen, 0b110)) == 1);
  BOOST_TEST(reductions_of(over(op::sum, x, 0b01)) == 1);       // no windows
  value const wide{&b, b.windows(x.id, 1, 4, 9, 1, 1)};         // nine elements
  BOOST_TEST(reductions_of(over(op::sum, wide, 0b010)) == 1);
  value const sum = over(op::sum, wide, 0b010);                 // [2, 4]: an array that would be there for this only
  BOOST_TEST(reductions_of(over(op::max, sum, 0b01)) == 2);
  value costly = seen;
  for (int i = 0; i < 9; ++i) costly = costly * seen + 1;       // 18 operations, four times
  BOOST_TEST(reductions_of(over(op::sum, costly, 0b010)) == 1);
}
