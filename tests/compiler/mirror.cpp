// Which values exchanging their axes leaves as they are, or turns the sign of: by calculus, and by their elements.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE mirror
#include "../../compiler/mirror.hpp"
#include "../../compiler/pipeline.hpp"
#include "../../compiler/verify.hpp"
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

using namespace ctgrad;
using namespace ctgrad::test;

namespace {

constexpr char x_name[] = "x", w_name[] = "w", m_name[] = "m";

/// A vector along each of the axes of a square, a column of weights and a square without any symmetry.
struct fixture {
  builder b;
  detail::shape_id square = b.intern(shape_of({3, 3}));
  value x = symbol(b, x_name, dtype::float64, {3}), w = symbol(b, w_name, dtype::float64, {3}), m = symbol(b, m_name, dtype::float64, {3, 3});
  value down = along(x, 0b10), across = along(x, 0b01), d = down - across;
  value along(value v, axis_mask inserted) { return {&b, b.broadcast(v.id, square, inserted)}; }
  value turned(value v) { return {&b, b.permute(v.id, {1, 0})}; }
  value places(axis_mask inserted) { return {&b, b.broadcast(b.iota(3, dtype::int64), square, inserted)}; }

  /// "+" where a value is its mirror image, "-" where it is the negative of it, "0" for both, "" for neither.
  std::string of(value v) {
    auto const signs = detail::mirror(b.g, 0, 1).compare(v.id, v.id);
    return signs.same && signs.opposite ? "0" : signs.same ? "+" : signs.opposite ? "-" : "";
  }
  static detail::list<tensor_value> in() {
    return {tensor(dtype::float64, {3}, {0.5, -1.25, 3}), tensor(dtype::float64, {3}, {2, 0.25, -1}), tensor(dtype::float64, {3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, -9})};
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(signs_by_structure, fixture) {
  value const r2 = d * d, other = along(w, 0b10);
  BOOST_TEST(of(d) == "-");
  BOOST_TEST(of(-d) == "-");
  BOOST_TEST(of(2 * d) == "-");
  BOOST_TEST(of(down + across) == "+");
  BOOST_TEST(of(across * down) == "+");
  BOOST_TEST(of(r2) == "+");
  BOOST_TEST(of(d * d * d) == "-");
  BOOST_TEST(of(d / r2) == "-");
  BOOST_TEST(of(1 / r2) == "+");
  BOOST_TEST(of(ctgrad::exp(-r2)) == "+");
  BOOST_TEST(of(where(r2 > 0, d, 0)) == "-");
  BOOST_TEST(of(where(r2 > 0, r2, 1)) == "+");
  BOOST_TEST(of(minimum(down, across)) == "+");
  BOOST_TEST(of(m + turned(m)) == "+");
  BOOST_TEST(of(turned(m) - m) == "-");
  BOOST_TEST(of(where(places(0b10) == places(0b01), 0, r2)) == "+");
  BOOST_TEST(of(0 * d) == "0");
  BOOST_TEST(of(ctgrad::sin(d)) == "-");
  BOOST_TEST(of(ctgrad::abs(d)) == "+");
  BOOST_TEST(of(ctgrad::cos(d) * ctgrad::tanh(d)) == "-");
  // What is neither, or is not seen to be.
  BOOST_TEST(of(down) == "");
  BOOST_TEST(of(m) == "");
  BOOST_TEST(of(d + 1) == "");
  BOOST_TEST(of(d + r2) == "");
  BOOST_TEST(of(ctgrad::exp(d)) == "");
  BOOST_TEST(of(down / across) == "");
  BOOST_TEST(of(d * other) == "");
  BOOST_TEST(of(where(d > 0, d, 0)) == "");
  BOOST_TEST(of(where(places(0b10) < places(0b01), r2, 0)) == "");
  BOOST_TEST(of(ctgrad::pow(down, across)) == "");
}
// Sums over the first axis become sums over the second, and are what they were.
BOOST_FIXTURE_TEST_CASE(sums_keep_their_values, fixture) {
  for (value v : {d, d * d, -d, m - turned(m), m + turned(m), m, down, d * d * d - 2 * d}) {
    graph const before = with_outputs(b, {detail::reduce(op::sum, v, 0b01), detail::reduce(op::sum, v, 0b10)}), after = detail::sum_mirrored(before);
    BOOST_TEST(verify(after, true).view() == "");
    for (std::size_t k = 0; k < 2; ++k) BOOST_TEST(near(run(before, in(), k), run(after, in(), k), 1e-14));
    int down_columns = 0;
    for (auto const& n : after.nodes) down_columns += n.code == op::sum && n.axes() == 0b01;
    BOOST_TEST(down_columns == (of(v).empty() ? 1 : 0));
  }
}
// Both ends of a pair: one sum for each particle, by the closed form of the gradient of the sum of (x_i - x_j)^4, which is 8 sum_j (x_i - x_j)^3.
BOOST_FIXTURE_TEST_CASE(both_ends_of_a_pair, fixture) {
  graph g = with_outputs(b, {gradient(sum_of(d * d * (d * d)), x)});
  for (auto const& pass : detail::graph_passes<>) g = pass.run(g);
  int sums = 0;
  for (auto const& n : g.nodes) sums += n.code == op::sum;
  BOOST_TEST(sums == 1);
  double const at[] = {0.5, -1.25, 3};
  numbers expected;
  for (double a : at) {
    double sum = 0;
    for (double c : at) sum += 8 * (a - c) * (a - c) * (a - c);
    expected.push_back(sum);
  }
  BOOST_TEST(near(run(g, in()), expected, 1e-14));
}
