// Graphs of a few lines and their values, as tests write them: plain numbers in, plain numbers out.
// Kept here so that each test of a pass says only what it is about.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../compiler/differentiate.hpp"
#include "../compiler/interpret.hpp"

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>

namespace ctgrad::test {

using detail::axis_mask, detail::builder, detail::graph, detail::node_id, detail::op, detail::scalar, detail::shape, detail::tensor_value, detail::value;

inline constexpr double infinity = std::numeric_limits<double>::infinity();
inline constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

using numbers = detail::list<double>;
using sizes = detail::list<std::int64_t>;

constexpr shape shape_of(sizes const& extents) {
  shape s;
  for (auto e : extents) s.push_back(e);
  return s;
}

/// A tensor of `type` that holds `elements`.
constexpr tensor_value tensor(dtype type, sizes extents, numbers const& elements) {
  tensor_value t{extents, {}};
  for (double x : elements) t.elements.push_back(scalar::from(x, dtype::float64).cast(dtype::float64, type));
  return t;
}
constexpr numbers numbers_of(tensor_value const& t, dtype type) {
  numbers result;
  for (auto const& e : t.elements) result.push_back(is_floating(type) ? e.real : static_cast<double>(e.integer));
  return result;
}

/// The output number `which` of `g`, whose gradients are worked out first.
constexpr numbers run(graph const& g, detail::list<tensor_value> const& inputs, std::size_t which = 0) {
  graph const worked_out = differentiate(g);
  return numbers_of(interpret(worked_out, inputs, {})[which], g[g.outputs[which]].type);
}

constexpr value symbol(builder& b, char const* name, dtype type = dtype::float64, sizes extents = {}) {
  return {&b, b.symbol(name, type, shape_of(extents))};
}
constexpr value sum_of(value x) { return detail::reduce(op::sum, x, (axis_mask{1} << x.rank()) - 1); }
constexpr value gradient(value of, value by) { return {of.b, of.b->gradient(of.id, by.id)}; }
constexpr graph with_outputs(builder const& b, std::initializer_list<value> outputs) {
  graph g = b.g;
  for (value v : outputs) g.outputs.push_back(v.id);
  return g;
}

/// The same number, zeros by their sign; or both NaN.
constexpr bool same(double a, double b) {
  return (detail::cmath::isnan(a) && detail::cmath::isnan(b)) || (a == b && detail::cmath::signbit(a) == detail::cmath::signbit(b));
}
constexpr bool same(numbers const& a, numbers const& b) {
  bool equal = a.size() == b.size();
  for (std::size_t i = 0; equal && i < a.size(); ++i) equal = same(a[i], b[i]);
  return equal;
}
constexpr bool near(double a, double b, double tolerance) { return same(a, b) || a == b || detail::cmath::fabs(a - b) <= tolerance * (1 + detail::cmath::fabs(b)); }
constexpr bool near(numbers const& a, numbers const& b, double tolerance) {
  bool equal = a.size() == b.size();
  for (std::size_t i = 0; equal && i < a.size(); ++i) equal = near(a[i], b[i], tolerance);
  return equal;
}

}  // namespace ctgrad::test
