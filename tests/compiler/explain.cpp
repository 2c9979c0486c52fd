// The loops of well-known computations, as `explain` prints them: fusion is a promise, and this is its text.
// The expected texts were written down by following design 4.1 by hand.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE explain
#include "../../compiler/explain.hpp"
#include "../../compiler/pipeline.hpp"
#include "../../include/ctgrad/functions.hpp"

#include <boost/test/unit_test.hpp>

#include <vector>

using namespace ctgrad;
using detail::builder, detail::value;

namespace {

char const n[] = "N", m[] = "M";

struct fixture {
  builder b;
  value x, y;
  fixture() {
    detail::shape rows, matrix;
    rows.push_back(detail::extent(detail::extent_name{n}));
    matrix.push_back(detail::extent(detail::extent_name{n}));
    matrix.push_back(detail::extent(detail::extent_name{m}));
    x = {&b, b.symbol("x", dtype::float32, matrix)};
    y = {&b, b.symbol("y", dtype::float32, rows)};
  }
  std::string explain(std::vector<value> const& outputs) {
    for (value v : outputs) b.g.outputs.push_back(v.id);
    detail::graph g = b.g;
    for (auto const& pass : detail::graph_passes<>) g = pass.run(g);
    auto const s = detail::fuse(g);
    auto const text = detail::explain(g, s), reasons = detail::explain_kept(g, s);
    kept.assign(reasons.view().begin(), reasons.view().end());
    return {text.view().begin(), text.view().end()};
  }
  std::string kept;
};

using all_axes = detail::axis_list<false>;

}  // namespace

BOOST_FIXTURE_TEST_CASE(value_and_gradient_in_one_loop, fixture) {
  value loss = detail::reduce_function<detail::op::sum, all_axes>::trace(y * y * y);
  auto const text = explain({loss, {&b, b.gradient(loss.id, y.id)}});
  BOOST_TEST(text.find("for i in N, vectorised:\n") != std::string::npos);
  BOOST_TEST(text.find("for ") == text.rfind("for "));
}

BOOST_FIXTURE_TEST_CASE(softmax_is_three_stages_of_a_row, fixture) {
  BOOST_TEST(explain({detail::softmax_function<detail::axis_list<false, -1>>::trace(x)}) ==
             "# nest 0, parallel, 3 stages a row: reads x[N, M]; writes output0[N, M]\n"
             "#   5 * M * N + 4 * N flops, 8 * M * N bytes\n"
             "for i in N:\n"
             "  r4 = start of max\n"
             "  for j in M, vectorised:\n"
             "    r4 max= x[i, j]\n"
             "  v9 = r4\n"
             "  v12 = where((inf == abs(v9)), 0, v9)\n"
             "  r13 = start of sum\n"
             "  for k in M, vectorised:\n"
             "    v17 = exp((x[i, k] - v12))\n"
             "    output0[i, k] = v17\n"
             "    r13 sum= v17\n"
             "  v21 = r13\n"
             "  v22 = 1 / v21\n"
             "  for l in M, vectorised:\n"
             "    output0[i, l] = (output0[i, l] * v22)\n");
}

BOOST_FIXTURE_TEST_CASE(a_sum_over_the_outer_axis_fills_a_row, fixture) {
  BOOST_TEST(explain({detail::reduce_function<detail::op::sum, detail::axis_list<false, 0>>::trace(x)}) ==
             "output0[:] = start of sum\n"
             "# nest 0, parallel: reads x[N, M]; writes output0[M]\n"
             "#   M * N flops, 4 * M * N + 4 * M bytes\n"
             "for i in N:\n"
             "  for j in M, vectorised:\n"
             "    output0[j] sum= x[i, j]\n");
}

BOOST_FIXTURE_TEST_CASE(products_stand_between_nests, fixture) {
  value square = {&b, b.matmul(detail::transpose_function::trace(x).id, x.id)};
  BOOST_TEST(explain({ctgrad::exp(square)}) ==
             "# product 0, of group 0: reads x[N, M]; writes temporary0[M, M]\n"
             "#   2 * M * M * N flops, 4 * M * M + 8 * M * N bytes\n"
             "temporary0 = matmul(x^T, x), by BLAS\n"
             "# a tile of temporary0 goes on to nest 0 at once\n"
             "# nest 0, parallel, of group 0: reads temporary0[M, M]; writes output0[M, M]\n"
             "#   M * M flops, 8 * M * M bytes\n"
             "for i in M:\n"
             "  for j in M, vectorised:\n"
             "    output0[i, j] = exp(temporary0[i, j])\n");
}

// Gradients are products with transposes, which labels say.
BOOST_FIXTURE_TEST_CASE(products_show_their_transposes, fixture) {
  auto const size = [](char const* name) { return detail::extent(detail::extent_name{name}); };
  value p = {&b, b.symbol("p", dtype::float32, {2, {size(n), size(n)}})}, w = {&b, b.symbol("w", dtype::float32, {2, {size(m), size(n)}})};
  auto const labels = detail::contraction::unpack(value{&b, b.matmul(x.id, w.id)}.get().attribute);  // p = x w
  auto turned = labels;
  std::swap(turned.right[0], turned.right[1]);
  BOOST_TEST(explain({value{&b, b.contract(p.id, w.id, {labels.result, labels.right, labels.left})}, value{&b, b.contract(x.id, p.id, {labels.left, labels.result, labels.right})},
                      value{&b, b.contract(x.id, p.id, {labels.left, labels.result, turned.right})}}) ==
             "# product 0: reads p[N, N], w[M, N]; writes output0[N, M]\n"
             "#   2 * M * N * N flops, 8 * M * N + 4 * N * N bytes\n"
             "output0 = matmul(p, w^T), by BLAS\n"
             "# product 1: reads x[N, M], p[N, N]; writes output1[M, N]\n"
             "#   2 * M * N * N flops, 8 * M * N + 4 * N * N bytes\n"
             "output1 = matmul(x^T, p), by BLAS\n"
             "# product 2: reads x[N, M], p[N, N]; writes output2[N, M]\n"
             "#   2 * M * N * N flops, 8 * M * N + 4 * N * N bytes\n"
             "output2 = matmul(p^T, x), by BLAS\n");
}

// Letters say which axes of the arrays are one label.
BOOST_FIXTURE_TEST_CASE(products_in_batches_show_their_labels, fixture) {
  auto const size = [](char const* name) { return detail::extent(detail::extent_name{name}); };
  value batch = {&b, b.symbol("t", dtype::float32, {3, {size(n), size(m), size(m)}})};
  value product = {&b, b.matmul(batch.id, detail::transpose_function::trace(batch).id)};
  BOOST_TEST(explain({product}) ==
             "# product 0: reads t[N, M, M]; writes output0[N, M, M]\n"
             "#   2 * M * M * M * N flops, 12 * M * M * N bytes\n"
             "output0 = einsum(\"dab,dcb->dac\", t, t), by BLAS\n");
}

BOOST_FIXTURE_TEST_CASE(a_value_walked_two_ways_is_cut, fixture) {
  value row = y * 2, table = detail::outer_function::trace(row, row);
  auto const text = explain({table});
  BOOST_TEST(text == "# nest 0, parallel: reads y[N]; writes temporary0[N]\n"
                     "#   N flops, 8 * N bytes\n"
                     "for i in N, vectorised:\n"
                     "  temporary0[i] = (2 * y[i])\n"
                     "# ends: temporary0 has to be whole before nest 1 (it is read along another axis than it is computed along)\n"
                     "# nest 1, parallel: reads temporary0[N]; writes output0[N, N]\n"
                     "#   N * N flops, 4 * N * N + 8 * N bytes\n"
                     "for j in N:\n"
                     "  for k in N, vectorised:\n"
                     "    output0[j, k] = (temporary0[j] * temporary0[k])\n");
}

BOOST_FIXTURE_TEST_CASE(what_a_loop_would_repeat_is_computed_before_it, fixture) {
  value columns = {&b, b.symbol("c", dtype::float32, {1, {detail::extent(detail::extent_name{m})}})};
  BOOST_TEST(explain({x * ctgrad::exp(columns)}) ==
             "# nest 0, parallel: reads c[M]; writes temporary0[M]\n"
             "#   M flops, 8 * M bytes\n"
             "for i in M, vectorised:\n"
             "  temporary0[i] = exp(c[i])\n"
             "# ends: temporary0 has to be whole before nest 1 (a loop that does not change it would compute it in each turn)\n"
             "# nest 1, parallel: reads x[N, M], temporary0[M]; writes output0[N, M]\n"
             "#   M * N flops, 8 * M * N + 4 * M bytes\n"
             "for j in N:\n"
             "  for k in M, vectorised:\n"
             "    output0[j, k] = (x[j, k] * temporary0[k])\n");
  // An addition is cheaper than an array.
  b.g.outputs = {};
  BOOST_TEST(explain({x * (columns + 1)}) ==
             "# nest 0, parallel: reads c[M], x[N, M]; writes output0[N, M]\n"
             "#   2 * M * N flops, 8 * M * N + 4 * M bytes\n"
             "for i in N:\n"
             "  for j in M, vectorised:\n"
             "    output0[i, j] = (x[i, j] * (1 + c[j]))\n");
}

BOOST_FIXTURE_TEST_CASE(a_row_stands_where_its_result_will, fixture) {
  value const z = {&b, b.symbol("z", dtype::float32, x.shape())}, rows = detail::softmax_function<detail::axis_list<false, -1>>::trace(x);
  auto has_row = [&](std::vector<value> const& outputs) {
    b.g.outputs = {};
    explain(outputs);
    return kept.find("row0") != std::string::npos;
  };
  BOOST_TEST(!has_row({rows}));
  BOOST_TEST(!has_row({rows * 2 + x}));
  BOOST_TEST(!has_row({detail::matmul_function::trace(rows, detail::transpose_function::trace(z))}));  // in the array that the product reads
  BOOST_TEST(has_row({z + rows}));                            // the output may be bound to z, of which each element is read when it is written
  BOOST_TEST(has_row({detail::cast(rows, dtype::float64)}));  // of another dtype
  BOOST_TEST(!has_row({detail::cast(rows, dtype::float64), rows}));
  BOOST_TEST(has_row({detail::reduce_function<detail::op::sum, detail::axis_list<false, 0>>::trace(rows)}));  // written many times
  b.g.accumulate_from = 0;
  BOOST_TEST(has_row({rows}));  // what is added to cannot hold anything else
}

// A sum of all elements is a number, which later loops read: also after more has been done with it.
BOOST_FIXTURE_TEST_CASE(numbers_that_later_loops_read, fixture) {
  value total = detail::reduce_function<detail::op::sum, all_axes>::trace(y);
  BOOST_TEST(explain({y / (total * total)}) ==
             "r0 = start of sum\n"
             "# nest 0, parallel: reads y[N]; writes r0\n"
             "#   N flops, 4 * N bytes\n"
             "for i in N, vectorised:\n"
             "  r0 sum= y[i]\n"
             "# ends: r0 has to be whole before nest 1 (a reduction over all of the loop)\n"
             "v5 = r0\n"
             "v6 = v5 * v5\n"
             "# nest 1, parallel: reads y[N]; writes output0[N]\n"
             "#   N flops, 8 * N bytes\n"
             "for j in N, vectorised:\n"
             "  output0[j] = (y[j] / v6)\n");
}

// Parts of an array are computed where they stand, in loops of their own.
BOOST_FIXTURE_TEST_CASE(parts_of_a_concatenation, fixture) {
  value const twice = y * 2, rest = ctgrad::exp(value{&b, b.slice(y.id, 0, 1, detail::extent(detail::extent_name{n}) - 1, 1)});
  BOOST_TEST(explain({value{&b, b.concat(twice.id, rest.id, 0)}}) ==
             "# nest 0, parallel: reads y[N]; writes output0[2 * N - 1]\n"
             "#   N - 1 flops, 8 * N - 8 bytes\n"
             "for i in N - 1, vectorised:\n"
             "  output0.part1[i] = exp(slice(y, axis 0, 1:N)[i])\n"
             "# ends: no loop of it is one of nest 1\n"
             "# nest 1, parallel: reads y[N]; writes output0[2 * N - 1]\n"
             "#   N flops, 8 * N bytes\n"
             "for j in N, vectorised:\n"
             "  output0.part0[j] = (2 * y[j])\n");
}

// The graph as the user wrote it names the outputs; a gradient is one of what it is of.
BOOST_FIXTURE_TEST_CASE(outputs_by_the_names_of_their_formulas, fixture) {
  value loss = detail::reduce_function<detail::op::sum, all_axes>::trace(y * y);
  b.g.outputs = {loss.id, b.gradient(loss.id, y.id), ctgrad::exp(x + ctgrad::log(x * ctgrad::tanh(x - ctgrad::sin(x + ctgrad::cos(x / ctgrad::sqrt(x - ctgrad::cbrt(x * ctgrad::atan(x + ctgrad::softplus(x * ctgrad::atan2(x, ctgrad::erf(x))))))))))).id};
  b.g.accumulate_from = 1;
  BOOST_TEST(detail::explain_outputs(b.g).view() ==
             "output0 = sum(y * y)\n"
             "output1[N] += grad(output0, y)\n"
             "output2[N, M] += exp(x + log(x * tanh(x - sin(x + cos(x / sqrt(x - cbrt(x * atan(x + softplus(x * ...)))))))))\n");
}

// Each array between loops says why it is one.
BOOST_FIXTURE_TEST_CASE(reasons_for_what_is_kept, fixture) {
  using softmax_of_rows = detail::softmax_function<detail::axis_list<false, -1>>;
  explain({detail::reduce_function<detail::op::max, detail::axis_list<false, -1>>::trace(softmax_of_rows::trace(x * 2))});
  BOOST_TEST(kept ==
             "row0[M] = exp(...), kept: several loops read it, and it is dear to compute again\n"
             "row1[M] = multiply(...), kept: a maximum is taken of it, and a copy might differ by an ulp\n");
  b.g.outputs = {};
  explain({detail::softmax_function<detail::axis_list<false, 0>>::trace(x)});
  BOOST_TEST(kept ==
             "temporary0[1, M] = divide(...), kept: a loop that does not change it would compute it in each turn\n"
             "temporary1[M] = sum(...), kept: a reduction that later loops read\n"
             "temporary2[1, M] = where(...), kept: a loop that does not change it would compute it in each turn\n"
             "temporary3[M] = max(...), kept: a reduction that later loops read\n");
  b.g.outputs = {};
  value const squares = detail::matmul_function::trace(ctgrad::tanh(x), detail::transpose_function::trace(x));
  explain({ctgrad::exp(squares)});
  BOOST_TEST(kept ==
             "temporary0[N, N] = matmul(...), kept: the result of a product\n"
             "temporary1[N, M] = tanh(...), kept: a product reads it\n");
  b.g.outputs = {};
  explain({x * 2});
  BOOST_TEST(kept == "");
  // A difference of a matrix and its transpose reads one value two ways.
  b.g.outputs = {};
  value const square = {&b, b.symbol("s", dtype::float32, {2, {detail::extent(detail::extent_name{n}), detail::extent(detail::extent_name{n})}})};
  explain({ctgrad::tanh(square) - detail::transpose_function::trace(ctgrad::tanh(square))});
  BOOST_TEST(kept == "temporary0[N, N] = tanh(...), kept: it is read along another axis than it is computed along\n");
  b.g.outputs = {};
  value columns = {&b, b.symbol("c", dtype::float32, {1, {detail::extent(detail::extent_name{m})}})};
  explain({x * ctgrad::exp(columns)});
  BOOST_TEST(kept == "temporary0[M] = exp(...), kept: a loop that does not change it would compute it in each turn\n");
}
