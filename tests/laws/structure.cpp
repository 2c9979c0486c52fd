// What holds for reductions, movement and products: values against loops written here, gradients against sums written here and differences.
// Their rows say what happens to elements; which elements meet is what these tests are about.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE structure
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

using namespace ctgrad;
using namespace ctgrad::test;
using detail::info, detail::op_kind, detail::op_count;

namespace {

const sizes cube{2, 3, 2};

/// The elements of a 2x3x2 tensor that fall together when the axes of `mask` go, for each element of the result.
std::vector<std::vector<std::size_t>> groups(axis_mask mask) {
  std::vector<std::vector<std::size_t>> result;
  std::vector<std::array<int, 3>> keys;
  for (int i = 0, place = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j)
      for (int k = 0; k < 2; ++k, ++place) {
        std::array<int, 3> const key{mask & 1 ? 0 : i, mask & 2 ? 0 : j, mask & 4 ? 0 : k};
        auto const found = std::find(keys.begin(), keys.end(), key);
        if (found == keys.end()) keys.push_back(key), result.push_back({static_cast<std::size_t>(place)});
        else result[static_cast<std::size_t>(found - keys.begin())].push_back(static_cast<std::size_t>(place));
      }
  return result;
}

double reduced(op code, numbers const& x) {
  double result = x[0];
  for (std::size_t i = 1; i < x.size(); ++i) {
    if (code == op::sum) result += x[i];
    if (code == op::prod) result *= x[i];
    if (code == op::max) result = std::isnan(x[i]) || x[i] > result ? x[i] : result;
    if (code == op::min) result = std::isnan(x[i]) || x[i] < result ? x[i] : result;
  }
  return result;
}
/// The derivative of the reduction by its element `which`; equal largest or smallest elements share it, as in torch.amax.
double derivative(op code, numbers const& x, std::size_t which) {
  if (code == op::sum) return 1;
  if (code == op::prod) {
    double others = 1;
    for (std::size_t i = 0; i < x.size(); ++i)
      if (i != which) others *= x[i];
    return others;
  }
  double const extreme = reduced(code, x);
  return x[which] == extreme ? 1.0 / static_cast<double>(std::count(x.begin(), x.end(), extreme)) : 0;
}

constexpr op reductions[] = {op::sum, op::prod, op::max, op::min};

/// Values and gradients of `code` over all sets of axes of a 2x3x2 tensor that holds `x`.
void check_reduction(op code, numbers const& x) {
  for (axis_mask mask = 1; mask < 8; ++mask) {
    auto const all = groups(mask);
    numbers values, gradients(x.size());
    for (std::size_t r = 0; r < all.size(); ++r) {
      numbers group;
      for (auto i : all[r]) group.push_back(x[i]);
      values.push_back(reduced(code, group));
      for (std::size_t i = 0; i < group.size(); ++i) gradients[all[r][i]] = static_cast<double>(r + 1) * derivative(code, group, i);
    }
    builder b;
    value t = symbol(b, "t", dtype::float64, cube);
    value y = detail::reduce(code, t, mask);
    sizes kept;
    for (std::size_t axis = 0; axis < 3; ++axis)
      if (!(mask >> axis & 1)) kept.push_back(cube[axis]);
    BOOST_TEST((y.shape() == shape_of(kept)));
    value weights = symbol(b, "w", dtype::float64, kept);
    graph const g = with_outputs(b, {y, gradient(sum_of(weights * y), t)});
    numbers w;
    for (std::size_t r = 0; r < all.size(); ++r) w.push_back(static_cast<double>(r + 1));
    detail::list<tensor_value> const in{tensor(dtype::float64, cube, x), tensor(dtype::float64, kept, w)};
    BOOST_CHECK_MESSAGE(near(run(g, in, 0), values, 1e-14), info(code).name << " over mask " << mask);
    BOOST_CHECK_MESSAGE(near(run(g, in, 1), gradients, 1e-13), "the gradient of " << info(code).name << " over mask " << mask);
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_reduction_is_tested) {
  for (int code = 0; code < op_count; ++code)
    if (info(static_cast<op>(code)).kind == op_kind::reduction && !info(static_cast<op>(code)).scatters)  // tests/include/ctgrad/indexing.cpp
      BOOST_CHECK_MESSAGE(std::count(std::begin(reductions), std::end(reductions), static_cast<op>(code)) == 1, info(static_cast<op>(code)).name << " has no law");
}

BOOST_AUTO_TEST_CASE(reductions_of_mixed_signs) {
  for (op code : reductions) check_reduction(code, {0.5, -1.25, 3, 2.5, -0.75, 1.5, -2, 0.25, 4, -3.5, 1.75, -0.5});
}
BOOST_AUTO_TEST_CASE(reductions_with_ties_and_zeros) {
  for (op code : reductions) {
    check_reduction(code, {2, 2, 2, 2, -1, -1, -1, 2, 3, 3, 3, 3});
    check_reduction(code, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});     // one zero
    check_reduction(code, {0, 1, 2, 0, 4, 5, 6, 7, 0, 9, 10, 11});     // one or two in a group
    check_reduction(code, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0});
  }
}
BOOST_AUTO_TEST_CASE(reductions_of_infinities_and_nan) {
  builder b;
  value t = symbol(b, "t", dtype::float64, {4});
  graph const g = with_outputs(b, {sum_of(t), detail::reduce(op::prod, t, 1), detail::reduce(op::max, t, 1), detail::reduce(op::min, t, 1)});
  struct { numbers x; double sum, prod, max, min; } const cases[] = {
      {{1, infinity, 2, 3}, infinity, infinity, infinity, 1},
      {{1, -infinity, 2, 3}, -infinity, -infinity, 3, -infinity},
      {{infinity, -infinity, 2, 3}, not_a_number, -infinity, infinity, -infinity},
      {{0, infinity, 2, 3}, infinity, not_a_number, infinity, 0},
      {{not_a_number, 1, 2, 3}, not_a_number, not_a_number, not_a_number, not_a_number},
      {{1, 2, 3, not_a_number}, not_a_number, not_a_number, not_a_number, not_a_number},
      {{1, not_a_number, infinity, -infinity}, not_a_number, not_a_number, not_a_number, not_a_number},
      {{-infinity, -infinity, -infinity, -infinity}, -infinity, infinity, -infinity, -infinity}};
  for (auto const& c : cases) {
    detail::list<tensor_value> const in{tensor(dtype::float64, {4}, c.x)};
    BOOST_TEST(same(run(g, in, 0), {c.sum}));
    BOOST_TEST(same(run(g, in, 1), {c.prod}));
    BOOST_TEST(same(run(g, in, 2), {c.max}));
    BOOST_TEST(same(run(g, in, 3), {c.min}));
  }
}
BOOST_AUTO_TEST_CASE(reductions_of_nothing) {
  builder b;
  value t = symbol(b, "t", dtype::float64, {2, 0}), i = symbol(b, "i", dtype::int32, {0});
  graph const g = with_outputs(b, {detail::reduce(op::sum, t, 2), detail::reduce(op::prod, t, 2), detail::reduce(op::max, t, 2), detail::reduce(op::min, t, 2), sum_of(i),
                                   detail::reduce(op::prod, i, 1), detail::reduce(op::max, i, 1), detail::reduce(op::min, i, 1), detail::reduce(op::sum, t, 1)});
  detail::list<tensor_value> const in{tensor(dtype::float64, {2, 0}, {}), tensor(dtype::int32, {0}, {})};
  BOOST_TEST(same(run(g, in, 0), {0, 0}));
  BOOST_TEST(same(run(g, in, 1), {1, 1}));
  BOOST_TEST(same(run(g, in, 2), {-infinity, -infinity}));
  BOOST_TEST(same(run(g, in, 3), {infinity, infinity}));
  BOOST_TEST(same(run(g, in, 4), {0}));
  BOOST_TEST(same(run(g, in, 5), {1}));
  BOOST_TEST(same(run(g, in, 6), {-2147483648.0}));
  BOOST_TEST(same(run(g, in, 7), {2147483647.0}));
  BOOST_TEST(same(run(g, in, 8), {}));
}
// torch.sum and torch.prod of bool and integers are int64.
BOOST_AUTO_TEST_CASE(reductions_of_integers_and_bools) {
  builder b;
  value i = symbol(b, "i", dtype::int32, {3}), p = symbol(b, "p", dtype::bool_, {3});
  value const all[] = {sum_of(i), detail::reduce(op::prod, i, 1), detail::reduce(op::max, i, 1), detail::reduce(op::min, i, 1),
                       sum_of(p), detail::reduce(op::prod, p, 1), detail::reduce(op::max, p, 1), detail::reduce(op::min, p, 1)};
  constexpr dtype types[] = {dtype::int64, dtype::int64, dtype::int32, dtype::int32, dtype::int64, dtype::int64, dtype::bool_, dtype::bool_};
  graph g = b.g;
  for (value v : all) g.outputs.push_back(v.id);
  detail::list<tensor_value> const in{tensor(dtype::int32, {3}, {2147483647, 2, -7}), tensor(dtype::bool_, {3}, {1, 0, 1})};
  double const expected[] = {2147483642, -30064771058, 2147483647, -7, 2, 0, 1, 0};
  for (std::size_t k = 0; k < 8; ++k) {
    BOOST_TEST((all[k].type() == types[k]));
    BOOST_TEST(run(g, in, k)[0] == expected[k]);
  }
}
// An axis of extent 1 is dropped, not reduced.
BOOST_AUTO_TEST_CASE(reductions_over_axes_of_one_element) {
  builder b;
  value t = symbol(b, "t", dtype::float64, {1, 3, 1});
  value y = detail::reduce(op::sum, t, 0b101), whole = detail::reduce(op::prod, t, 0b111);
  BOOST_TEST((y.shape() == shape_of({3})));
  BOOST_TEST((whole.rank() == 0));
  graph const g = with_outputs(b, {y, whole, gradient(sum_of(y * y), t), gradient(whole, t)});
  detail::list<tensor_value> const in{tensor(dtype::float64, {1, 3, 1}, {2, 3, 5})};
  BOOST_TEST(same(run(g, in, 0), {2, 3, 5}));
  BOOST_TEST(same(run(g, in, 1), {30}));
  BOOST_TEST(same(run(g, in, 2), {4, 6, 10}));
  BOOST_TEST(same(run(g, in, 3), {15, 10, 6}));
}
// float32 is summed more exactly than in float32: 2^24 + 1 + 1 + ... is not stuck.
BOOST_AUTO_TEST_CASE(float32_is_reduced_in_double) {
  builder b;
  value t = symbol(b, "t", dtype::float32, {5});
  BOOST_TEST(run(with_outputs(b, {sum_of(t)}), {tensor(dtype::float32, {5}, {16777216, 1, 1, 1, 1})})[0] == 16777220);
}
// d2 prod / dx_i dx_j is the product of the others.
BOOST_AUTO_TEST_CASE(second_derivative_of_a_product) {
  builder b;
  value t = symbol(b, "t", dtype::float64, {3}), w = symbol(b, "w", dtype::float64, {3});
  graph const g = with_outputs(b, {gradient(sum_of(w * gradient(detail::reduce(op::prod, t, 1), t)), t)});
  struct {
    numbers x, expected;  // expected[i]: sum over j != i of w[j] times the third element
  } const cases[] = {{{2, 3, 5}, {350, 205, 23}}, {{0, 3, 5}, {350, 5, 3}}, {{0, 0, 5}, {50, 5, 0}}, {{0, 0, 0}, {0, 0, 0}}};
  for (auto const& c : cases) BOOST_TEST(near(run(g, {tensor(dtype::float64, {3}, c.x), tensor(dtype::float64, {3}, {1, 10, 100})}), c.expected, 1e-14));
}

// ---- Movement. Linear, so that the gradient of sum(w * f(x)) moves w back.

BOOST_AUTO_TEST_CASE(permute_all_orders_of_three_axes) {
  std::array<int, 3> order{0, 1, 2};
  numbers x(12), w(12);
  for (std::size_t i = 0; i < 12; ++i) x[i] = static_cast<double>(i), w[i] = static_cast<double>(100 + i * i);
  do {
    std::array<std::int64_t, 3> const to{cube[static_cast<std::size_t>(order[0])], cube[static_cast<std::size_t>(order[1])], cube[static_cast<std::size_t>(order[2])]};
    numbers values, gradients(12);
    for (std::int64_t i = 0; i < to[0]; ++i)
      for (std::int64_t j = 0; j < to[1]; ++j)
        for (std::int64_t k = 0; k < to[2]; ++k) {
          std::int64_t from[3]{};
          from[order[0]] = i, from[order[1]] = j, from[order[2]] = k;
          auto const source = static_cast<std::size_t>((from[0] * 3 + from[1]) * 2 + from[2]);
          gradients[source] = w[values.size()];
          values.push_back(x[source]);
        }
    builder b;
    value t = symbol(b, "t", dtype::float64, cube);
    value y{&b, b.permute(t.id, {order[0], order[1], order[2]})};
    value weights = symbol(b, "w", dtype::float64, {to[0], to[1], to[2]});
    graph const g = with_outputs(b, {y, gradient(sum_of(weights * y), t)});
    detail::list<tensor_value> const in{tensor(dtype::float64, cube, x), tensor(dtype::float64, {to[0], to[1], to[2]}, w)};
    BOOST_TEST(same(run(g, in, 0), values));
    BOOST_TEST(same(run(g, in, 1), gradients));
  } while (std::next_permutation(order.begin(), order.end()));
}

BOOST_AUTO_TEST_CASE(broadcast_new_and_repeated_axes) {
  // [1, 2] with a new first and a new last axis to [2, 3, 2, 2]: element (a, b, c, d) is x[0, c].
  builder b;
  value t = symbol(b, "t", dtype::float64, {1, 2}), w = symbol(b, "w", dtype::float64, {2, 3, 2, 2});
  value y{&b, b.broadcast(t.id, b.intern(shape_of({2, 3, 2, 2})), 0b1001)};
  graph const g = with_outputs(b, {y, gradient(sum_of(w * y), t)});
  numbers weights, values, gradients{0, 0};
  for (std::size_t place = 0; place < 24; ++place) {
    std::size_t const c = place / 2 % 2;
    weights.push_back(static_cast<double>(place * place % 17));
    values.push_back(c ? 7 : 5);
    gradients[c] += weights.back();
  }
  detail::list<tensor_value> const in{tensor(dtype::float64, {1, 2}, {5, 7}), tensor(dtype::float64, {2, 3, 2, 2}, weights)};
  BOOST_TEST(same(run(g, in, 0), values));
  BOOST_TEST(same(run(g, in, 1), gradients));
}
BOOST_AUTO_TEST_CASE(broadcast_by_meeting) {
  // [3, 1] + [2] is [3, 2]; [2, 1, 2] * [3, 1] is [2, 3, 2].
  builder b;
  value p = symbol(b, "p", dtype::float64, {3, 1}), q = symbol(b, "q", dtype::float64, {2});
  value sum = p + q;
  BOOST_TEST((sum.shape() == shape_of({3, 2})));
  graph const g = with_outputs(b, {sum, gradient(sum_of(sum * sum), p), gradient(sum_of(sum * sum), q)});
  detail::list<tensor_value> const in{tensor(dtype::float64, {3, 1}, {1, 2, 3}), tensor(dtype::float64, {2}, {10, 20})};
  BOOST_TEST(same(run(g, in, 0), {11, 21, 12, 22, 13, 23}));
  BOOST_TEST(same(run(g, in, 1), {64, 68, 72}));
  BOOST_TEST(same(run(g, in, 2), {72, 132}));
}
BOOST_AUTO_TEST_CASE(squeeze_drops_axes_of_one_element) {
  builder b;
  value t = symbol(b, "t", dtype::float64, {1, 3, 1}), w = symbol(b, "w", dtype::float64, {1, 3});
  value y{&b, b.squeeze(t.id, 0b100)};
  BOOST_TEST((y.shape() == shape_of({1, 3})));
  graph const g = with_outputs(b, {y, gradient(sum_of(w * y), t)});
  detail::list<tensor_value> const in{tensor(dtype::float64, {1, 3, 1}, {2, 3, 5}), tensor(dtype::float64, {1, 3}, {7, 11, 13})};
  BOOST_TEST(same(run(g, in, 0), {2, 3, 5}));
  BOOST_TEST(same(run(g, in, 1), {7, 11, 13}));
}

// ---- Products.

namespace {
numbers count_from(double first, std::size_t count) {
  numbers x;
  for (std::size_t i = 0; i < count; ++i) x.push_back(first + 0.5 * static_cast<double>(i * i % 11));
  return x;
}
}  // namespace

// [n, k] or [k] times [k, m] or [k], n = 2, k = 3, m = 4, for float64, float32 and int32.
BOOST_AUTO_TEST_CASE(matmul_of_vectors_and_matrices) {
  for (dtype type : {dtype::float64, dtype::float32, dtype::int32})
    for (bool left_matrix : {false, true})
      for (bool right_matrix : {false, true}) {
        std::int64_t const n = left_matrix ? 2 : 1, k = 3, m = right_matrix ? 4 : 1;
        sizes const left_sizes = left_matrix ? sizes{n, k} : sizes{k}, right_sizes = right_matrix ? sizes{k, m} : sizes{k};
        sizes result_sizes;
        if (left_matrix) result_sizes.push_back(n);
        if (right_matrix) result_sizes.push_back(m);
        auto left = count_from(-2, static_cast<std::size_t>(n * k)), right = count_from(-1, static_cast<std::size_t>(k * m)), w = count_from(1, static_cast<std::size_t>(n * m));
        if (type == dtype::int32)
          for (auto* side : {&left, &right})
            for (double& x : *side) x = std::trunc(x);
        numbers product, by_left(left.size()), by_right(right.size());
        for (std::int64_t i = 0; i < n; ++i)
          for (std::int64_t j = 0; j < m; ++j) {
            double sum = 0;
            for (std::int64_t l = 0; l < k; ++l) {
              auto const a = static_cast<std::size_t>(i * k + l), c = static_cast<std::size_t>(l * m + j), r = static_cast<std::size_t>(i * m + j);
              sum += left[a] * right[c];
              by_left[a] += w[r] * right[c];
              by_right[c] += w[r] * left[a];
            }
            product.push_back(sum);
          }
        builder b;
        value x = symbol(b, "x", type, left_sizes), y = symbol(b, "y", type, right_sizes), z{&b, b.matmul(x.id, y.id)};
        BOOST_TEST((z.shape() == shape_of(result_sizes)));
        BOOST_TEST((z.type() == type));
        detail::list<tensor_value> in{tensor(type, left_sizes, left), tensor(type, right_sizes, right)};
        if (type == dtype::int32) {
          BOOST_TEST(same(run(with_outputs(b, {z}), in), product));
          continue;
        }
        value weights = symbol(b, "w", type, result_sizes);
        in.push_back(tensor(type, result_sizes, w));
        graph const g = with_outputs(b, {z, gradient(sum_of(weights * z), x), gradient(sum_of(weights * z), y)});
        BOOST_TEST(same(run(g, in, 0), product));  // small multiples of a quarter: exact in float32 too
        BOOST_TEST(same(run(g, in, 1), by_left));
        BOOST_TEST(same(run(g, in, 2), by_right));
        // The gradient of the gradient: sum(gradient by x) is linear in y, with the column sums of w as its gradient.
        graph const twice = with_outputs(b, {gradient(sum_of(gradient(sum_of(weights * z), x)), y)});
        numbers expected;
        for (std::int64_t l = 0; l < k; ++l)
          for (std::int64_t j = 0; j < m; ++j) {
            double sum = 0;
            for (std::int64_t i = 0; i < n; ++i) sum += w[static_cast<std::size_t>(i * m + j)];
            expected.push_back(sum);
          }
        BOOST_TEST(same(run(twice, in), expected));
      }
}
BOOST_AUTO_TEST_CASE(matmul_promotes) {
  builder b;
  value i = symbol(b, "i", dtype::int32, {2}), f = symbol(b, "f", dtype::float32, {2}), p = symbol(b, "p", dtype::bool_, {2});
  value mixed{&b, b.matmul(i.id, f.id)}, chosen{&b, b.matmul(p.id, i.id)};
  BOOST_TEST((mixed.type() == dtype::float32));
  BOOST_TEST((chosen.type() == dtype::int32));
  graph const g = with_outputs(b, {mixed, chosen});
  detail::list<tensor_value> const in{tensor(dtype::int32, {2}, {3, 5}), tensor(dtype::float32, {2}, {0.5, 2}), tensor(dtype::bool_, {2}, {0, 1})};
  BOOST_TEST(same(run(g, in, 0), {11.5}));
  BOOST_TEST(same(run(g, in, 1), {5}));
}
BOOST_AUTO_TEST_CASE(matmul_of_itself) {
  builder b;
  value x = symbol(b, "x", dtype::float64, {2, 2}), v = symbol(b, "v", dtype::float64, {3});
  value square{&b, b.matmul(x.id, x.id)}, length{&b, b.matmul(v.id, v.id)};
  graph const g = with_outputs(b, {square, gradient(sum_of(square), x), gradient(length, v)});
  detail::list<tensor_value> const in{tensor(dtype::float64, {2, 2}, {1, 2, 3, 4}), tensor(dtype::float64, {3}, {1, -2, 3})};
  BOOST_TEST(same(run(g, in, 0), {7, 10, 15, 22}));
  BOOST_TEST(same(run(g, in, 1), {7, 11, 9, 13}));  // row sums of x by column, column sums by row: (x 1) + (1 x)^T
  BOOST_TEST(same(run(g, in, 2), {2, -4, 6}));
}
BOOST_AUTO_TEST_CASE(products_of_nothing) {
  builder b;
  value x = symbol(b, "x", dtype::float64, {2, 0}), y = symbol(b, "y", dtype::float64, {0, 3});
  value z{&b, b.matmul(x.id, y.id)};
  graph const g = with_outputs(b, {z, gradient(sum_of(z), x)});
  detail::list<tensor_value> const in{tensor(dtype::float64, {2, 0}, {}), tensor(dtype::float64, {0, 3}, {})};
  BOOST_TEST(same(run(g, in, 0), {0, 0, 0, 0, 0, 0}));
  BOOST_TEST(same(run(g, in, 1), {}));
}
