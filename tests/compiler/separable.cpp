// Which values are sums over rows. The expected answers are what addition over tiles gives: f(rows 1 and 2) = f(rows 1) + f(rows 2).
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE separable
#include "../../compiler/pipeline.hpp"
#include "../../compiler/separable.hpp"
#include "../../include/ctgrad/functions.hpp"

#include <boost/test/unit_test.hpp>

using namespace ctgrad;
using detail::axis_list, detail::builder, detail::op, detail::row_dependence, detail::value;

namespace {

constexpr char n[] = "N", c[] = "C", name_x[] = "x", name_v[] = "v", name_w[] = "w", name_s[] = "s", name_m[] = "m";

struct fixture {
  builder b;
  value x, v, w, s, m;  // x[N, C], v[N], w[C], s, m[C, C]
  constexpr fixture() {
    detail::extent const rows(detail::extent_name{n}), columns(detail::extent_name{c});
    auto add = [&](char const* name, std::initializer_list<detail::extent> extents) {
      detail::shape shape;
      for (auto const& e : extents) shape.push_back(e);
      return value{&b, b.symbol(name, dtype::float32, shape)};
    };
    x = add(name_x, {rows, columns}), v = add(name_v, {rows}), w = add(name_w, {columns}), s = add(name_s, {}), m = add(name_m, {columns, columns});
  }
};
template <op Code, int... Axes>
constexpr value reduced(value x) { return detail::reduce_function<Code, axis_list<false, Axes...>>::trace(x); }
constexpr value sum_of(value x) { return reduced<op::sum>(x); }
constexpr value mean(value x) { return detail::mean_function<axis_list<false>>::trace(x); }
constexpr value matmul(value a, value b) { return detail::matmul_function::trace(a, b); }

constexpr row_dependence dependence(auto make) {
  fixture f;
  f.b.g.outputs.push_back(make(f).id);
  auto const found = find_row_dependences(f.b.g, detail::extent_name{n});
  return found.of[static_cast<std::size_t>(index(f.b.g.outputs[0]))];
}
using enum row_dependence;
#define IS(answer, ...) static_assert(dependence([](fixture& f) { return __VA_ARGS__; }) == answer)

IS(none, f.w * f.s);
IS(rows, f.x * f.w + f.s);
IS(rows, ctgrad::exp(matmul(f.x, f.w)));
IS(rows, matmul(ctgrad::tanh(f.x), f.m));
IS(rows, reduced<op::max, 1>(f.x));
IS(rows, detail::softmax_function<axis_list<false, 1>>::trace(f.x));
IS(total, sum_of(f.v));
IS(total, mean(ctgrad::exp(f.x * f.w)));
IS(total, -sum_of(f.v * f.v) * f.s);
IS(total, sum_of(f.v) / f.s + mean(f.x));
IS(total, sum_of(f.v) - sum_of(f.x));
IS(total, reduced<op::sum, 0>(f.x));
IS(total, matmul(f.v, f.x));                              // summed over the rows
IS(total, sum_of(matmul(detail::transpose_function::trace(f.x), f.x)));
IS(total, matmul(reduced<op::sum, 0>(f.x), f.w));
IS(rows, detail::call_library<op::cumsum>(0, f.x));
IS(rows, detail::call_library<op::argsort>(0, f.x * f.w));
IS(total, sum_of(detail::call_library<op::cumprod>(0, f.x)));
// No sums: something of all rows meets one row, or is bent, or what is not summed would be added once for each tile.
IS(other, f.x - reduced<op::sum, 0>(f.x));
IS(other, ctgrad::exp(sum_of(f.v)));
IS(other, sum_of(f.v) * sum_of(f.v));
IS(other, f.s / sum_of(f.v));
IS(other, sum_of(f.v) + f.s);
IS(other, sum_of(f.v) + sum_of(f.w * f.w));
IS(other, reduced<op::max>(f.v));
IS(other, reduced<op::prod>(f.v));
IS(other, detail::softmax_function<axis_list<false, 0>>::trace(f.x));
IS(other, detail::call_library<op::cumsum>(0, f.v));
IS(other, detail::call_library<op::cumsum>(0, detail::transpose_function::trace(f.x)));
IS(other, detail::call_library<op::cumsum>(0, reduced<op::sum, 0>(f.x)));
IS(other, matmul(f.x, detail::transpose_function::trace(f.x)));  // pairs of rows
IS(other, value{&f.b, f.b.iota(detail::extent(detail::extent_name{n}), dtype::float32)} * f.v);  // a tile counts from 0 again
IS(rows, f.x * value{&f.b, f.b.iota(detail::extent(detail::extent_name{c}), dtype::float32)});
IS(other, ctgrad::where(sum_of(f.v) > 0, f.s, f.s));

}  // namespace

BOOST_AUTO_TEST_CASE(the_culprit_is_named) {
  fixture f;
  f.b.g.outputs.push_back(sum_of(ctgrad::exp(f.x - reduced<op::max>(f.v))).id);
  auto const found = find_row_dependences(f.b.g, detail::extent_name{n});
  BOOST_TEST((f.b.g[found.culprit].code == op::max));
}
