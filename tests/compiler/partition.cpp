// What a nest in parts keeps apart, for well-known computations. The expected facts follow from the loops, as design 4.1 gives them.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE partition
#include "../../compiler/partition.hpp"
#include "../../compiler/pipeline.hpp"
#include "../../include/ctgrad/functions.hpp"

#include <boost/test/unit_test.hpp>

using namespace ctgrad;
using detail::axis_list, detail::builder, detail::op, detail::value;

namespace {

constexpr char n[] = "N", c[] = "C", name_x[] = "x", name_v[] = "v", name_b[] = "b";

struct facts {
  int nests = 0, numbers = 0, arrays = 0, rows = 0, loops = 0, cost_of_turn = 0, collapsible = 1;
  bool divisible = true;
  op code = op::copy;
  friend constexpr bool operator==(facts const&, facts const&) = default;
};

struct fixture {
  builder b;
  value x, v, shift;
  constexpr fixture() {
    detail::extent const rows(detail::extent_name{n}), columns(detail::extent_name{c});
    detail::shape matrix, row, column;
    matrix.push_back(rows), matrix.push_back(columns), row.push_back(columns), column.push_back(rows);
    x = {&b, b.symbol(name_x, dtype::float32, matrix)};
    v = {&b, b.symbol(name_v, dtype::float32, column)};
    shift = {&b, b.symbol(name_b, dtype::float32, row)};
  }
  /// The facts of the last nest.
  constexpr facts of(std::initializer_list<value> outputs) {
    for (value o : outputs) b.g.outputs.push_back(o.id);
    detail::graph g = b.g;
    for (auto const& pass : detail::graph_passes<>) g = pass.run(g);
    detail::schedule const s = detail::fuse(g);
    facts f;
    for (int at = 0; at < static_cast<int>(s.instructions.size()); ++at) {
      auto const& i = s.instructions[static_cast<std::size_t>(at)];
      if (i.what != detail::action::begin_loop || s.loops[static_cast<std::size_t>(i.loop)].parent >= 0) continue;
      auto const p = partition_nest(g, s, at);
      auto const size = size_of(p);
      f = {f.nests + 1, size.numbers, size.arrays, size.rows, size.loops, p.loops[0].cost, detail::collapsible_loops(s, at), p.divisible, size.arrays ? p.arrays[0].code : op::copy};
    }
    return f;
  }
};

template <op Code, int... Axes>
constexpr value reduced(value x) { return detail::reduce_function<Code, axis_list<false, Axes...>>::trace(x); }

// A load (4), an addition (1).
static_assert([] { fixture f; return f.of({reduced<op::sum>(f.v)}); }() == facts{1, 1, 0, 0, 1, 5, 1, true, op::copy});
// A load, a multiplication, a store.
static_assert([] { fixture f; return f.of({f.v * 2.0}); }() == facts{1, 0, 0, 0, 1, 9, 1, true, op::copy});
// Sums of columns: every row adds to one array.
static_assert([] { fixture f; return f.of({reduced<op::sum, 0>(f.x)}); }() == facts{1, 0, 1, 0, 2, 0, 1, true, op::sum});
static_assert([] { fixture f; return f.of({reduced<op::max, 0>(f.x)}); }() == facts{1, 0, 1, 0, 2, 0, 1, true, op::max});
// Sums of rows are each turn's own, and are stored by it.
static_assert([] { fixture f; return f.of({reduced<op::sum, 1>(f.x)}); }().numbers == 0);
static_assert([] { fixture f; return f.of({reduced<op::sum, 1>(f.x)}); }().divisible);

// All elements in one walk, where each array moves with both loops; not where one has only the columns, nor where each row has a sum.
constexpr int collapsible(auto make) {
  fixture f;
  return f.of({make(f)}).collapsible;
}
static_assert(collapsible([](fixture& f) { return f.x * 2.0; }) == 2);
static_assert(collapsible([](fixture& f) { return reduced<op::sum>(f.x * f.x); }) == 2);
static_assert(collapsible([](fixture& f) { return f.x + f.shift; }) == 1);
static_assert(collapsible([](fixture& f) { return reduced<op::sum, 1>(f.x); }) == 1);
static_assert(collapsible([](fixture& f) { return reduced<op::sum, 0>(f.x); }) == 1);
static_assert(collapsible([](fixture& f) { return f.x * reduced<op::sum>(f.v); }) == 2);
static_assert(collapsible([](fixture& f) { return f.v * 2.0; }) == 1);  // one loop is one already

// ---- Rows that go through the parts of their loop together.

template <class Make>
bool together(Make make) {
  fixture f;
  value const made = make(f);
  detail::graph g = f.b.g;
  g.outputs.push_back(made.id);
  for (auto const& pass : detail::graph_passes<>) g = pass.run(g);
  detail::schedule const s = detail::fuse(g);
  for (int at = 0; at < static_cast<int>(s.instructions.size()); ++at)
    if (s.instructions[at].what == detail::action::begin_loop) return detail::rows_go_together(g, s, at);
  return false;
}

}  // namespace

BOOST_AUTO_TEST_CASE(rows_of_dear_numbers_go_together) {
  BOOST_TEST(together([](fixture& f) { return ctgrad::exp(reduced<op::sum, 1>(f.x)); }));
  BOOST_TEST(together([](fixture& f) { return reduced<op::sum>(ctgrad::log(reduced<op::sum, 1>(f.x))); }));
  BOOST_TEST(together([](fixture& f) { return detail::log_softmax_function<axis_list<false, -1>>::trace(f.x); }));
  BOOST_TEST(!together([](fixture& f) { return 2 * reduced<op::sum, 1>(f.x); }));           // cheap
  BOOST_TEST(!together([](fixture& f) { return ctgrad::exp(f.x); }));                        // no numbers of rows
  BOOST_TEST(!together([](fixture& f) { return detail::log_softmax_function<axis_list<false, -1>>::trace(f.x + f.shift); }));  // a row buffer, which is one row's at a time
}
// Fusion makes no loop that reads what another turn of it writes; a schedule that has one is told so.
BOOST_AUTO_TEST_CASE(rows_that_read_other_rows_do_not_go_together) {
  fixture f;
  value const made = ctgrad::exp(reduced<op::sum, 1>(f.x));
  detail::graph g = f.b.g;
  g.outputs.push_back(made.id);
  for (auto const& pass : detail::graph_passes<>) g = pass.run(g);
  detail::schedule s = detail::fuse(g);
  int begin = 0, output = 0;
  while (s.instructions[begin].what != detail::action::begin_loop) ++begin;
  BOOST_TEST(detail::rows_go_together(g, s, begin));
  while (s.buffers[output].kind != detail::buffer_kind::output) ++output;
  for (auto const& i : s.instructions)
    if (i.what == detail::action::load) s.accesses[i.access_number] = {static_cast<std::int16_t>(output), 1, {1}};  // along the inner loop
  BOOST_TEST(!detail::rows_go_together(g, s, begin));
}
BOOST_AUTO_TEST_CASE(softmax_keeps_a_row_for_each_thread) {
  fixture f;
  auto const seen = f.of({detail::softmax_function<axis_list<false, -1>>::trace(f.x + f.shift)});
  BOOST_TEST(seen.divisible);
  BOOST_TEST(seen.nests == 1);
  BOOST_TEST((seen.numbers == 0 && seen.arrays == 0));
  BOOST_TEST(seen.rows == 1);  // what the maximum is taken of; the exponentials stand where the result will
}
BOOST_AUTO_TEST_CASE(loss_and_gradients_by_a_bias) {
  fixture f;
  value const t = ctgrad::tanh(f.x + f.shift);
  value const loss = reduced<op::sum>(t * t);
  auto const seen = f.of({loss, {&f.b, f.b.gradient(loss.id, f.shift.id)}});
  BOOST_TEST(seen.divisible);
  BOOST_TEST((seen.nests == 1 && seen.numbers == 1 && seen.arrays == 1));
}
