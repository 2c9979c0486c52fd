// Choices whose condition is known where they are used: by what is left of the formulas, and by their elements, infinite ones and NaN too.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE known_conditions
#include "../../compiler/known_conditions.hpp"
#include "../../compiler/print.hpp"
#include "../../compiler/verify.hpp"
#include "../graph_grower.hpp"
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace ctgrad;
using namespace ctgrad::test;

namespace {

constexpr char x_name[] = "x", y_name[] = "y", n_name[] = "n";

struct fixture {
  builder b;
  value x = symbol(b, x_name, dtype::float64, {4}), y = symbol(b, y_name, dtype::float64, {4}), n = symbol(b, n_name, dtype::int64, {4});
  value p = x > 0, q = y > 0;

  static detail::list<tensor_value> in() {
    return {tensor(dtype::float64, {4}, {2, -3, 0, not_a_number}), tensor(dtype::float64, {4}, {0, -infinity, 0.5, 1}), tensor(dtype::int64, {4}, {0, 1, 2, 3})};
  }
  static int choices(graph const& g) {
    int count = 0;
    for (auto const& node : g.nodes) count += node.code == op::where;
    return count;
  }
  static std::string formula(graph const& g) {
    detail::message m;
    detail::print_formula(m, g, g.outputs[0]);
    return std::string(m.view());
  }
  /// The formula of `v` after the pass, which has to have the same elements.
  std::string of(value v) {
    graph const before = with_outputs(b, {v}), after = detail::use_known_conditions(before);
    BOOST_TEST(verify(after, true).view() == "");
    BOOST_TEST(same(run(before, in()), run(after, in())));
    return formula(after);
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(guards_are_dropped, fixture) {
  value const guarded = 1 / where(p, x, 1);
  BOOST_TEST(of(where(p, guarded, 0)) == "where(x > 0, 1 / x, 0)");
  BOOST_TEST(of(where(p, 0, ctgrad::sqrt(where(p, 1, -x)))) == "where(x > 0, 0, sqrt(-x))");
  BOOST_TEST(of(where(p, guarded, 0) + where(p, guarded * guarded, 1)) == "where(x > 0, 1 / x, 0) + where(x > 0, 1 / x * (1 / x), 1)");
  BOOST_TEST(of(where(p, where(q, guarded, y), x)) == "where(x > 0, where(y > 0, 1 / x, y), x)");
  BOOST_TEST(of(where(p, where(q, where(p, x, y) + where(q, y, x), y), x)) == "where(x > 0, where(y > 0, x + y, y), x)");
}
BOOST_FIXTURE_TEST_CASE(guards_that_are_needed_stay, fixture) {
  value const guarded = 1 / where(p, x, 1);
  value const total{&b, b.broadcast(sum_of(guarded).id, b.intern(shape_of({4})), 1)};
  for (value v : {
           guarded,
           where(p, guarded, guarded),          // both sides
           where(p, guarded, 0) + guarded,      // outside too
           where(q, guarded, 0),                // another condition
           where(p, guarded, 0) + where(q, guarded, 1),
           where(p, total, 0),                  // every element is used for each
       })
    BOOST_TEST(of(v) == formula(with_outputs(b, {v})));
  // What is wanted itself is used everywhere.
  graph const before = with_outputs(b, {where(p, guarded, 0), guarded}), after = detail::use_known_conditions(before);
  BOOST_TEST(choices(after) == 2);
  // Integers keep theirs.
  value const whole = where(n > 0, where(n > 0, n, 1) * 3, 0);
  BOOST_TEST(of(whole) == formula(with_outputs(b, {whole})));
}
// Sums, products, choices by a few conditions, sums over all elements that go back into each: random ones, with infinite elements and NaN among them.
BOOST_AUTO_TEST_CASE(random_choices_keep_their_elements) {
  int dropped = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    fixture f;
    random_bits r{seed};
    std::vector<value> pool{f.x, f.y, 1 / f.x};
    auto any = [&] { return pool[static_cast<std::size_t>(r.below(static_cast<int>(pool.size())))]; };
    auto choose = [&] { return where(r.chance(50) ? f.p : f.q, any(), any()); };
    for (int k = 0; k < 14; ++k) {
      int const kind = r.below(10);
      pool.push_back(kind < 6 ? choose() : kind == 6 ? any() + any() : kind == 7 ? any() * any() : kind == 8 ? 1 / any() : value{&f.b, f.b.broadcast(sum_of(any()).id, f.b.intern(shape_of({4})), 1)});
    }
    graph const before = with_outputs(f.b, {pool.back(), any(), choose()}), after = detail::use_known_conditions(before);
    BOOST_TEST(verify(after, true).view() == "");
    for (std::size_t k = 0; k < 3; ++k) BOOST_TEST(same(run(before, f.in(), k), run(after, f.in(), k)), "seed " << seed);
    dropped += fixture::choices(detail::without_dead_nodes(before)) - fixture::choices(after);
  }
  BOOST_TEST(dropped > 1000);
}
