// Programs as they are called: names, results, what may be bound, and every run-time check, with its whole message.
// Expected values are written out or come from loops in double; nothing may be written where a call throws.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE program
#include "../../arrays.hpp"
#include "../../programs.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

BOOST_AUTO_TEST_CASE(names_in_any_order) {
  auto const expected = by_hand(0.5f);
  auto const check = [&](auto const& r) {
    BOOST_TEST(near(r[loss], expected.loss, single));
    BOOST_TEST(near(r[dw], {expected.dw[0], expected.dw[1], expected.dw[2]}, single));
    BOOST_TEST(near(r[db], expected.db, single));
  };
  check(step(X = images, y = labels, w = weights, b = 0.5f));
  check(step(b = 0.5f, w = weights, y = labels, X = images));
  check(step(w = weights, X = images, b = 0.5f, y = labels));
}

BOOST_AUTO_TEST_CASE(results_by_expression_and_in_order) {
  auto const expected = by_hand(-1.0f);
  auto r = step(X = images, y = labels, w = weights, b = -1.0f);
  static_assert(std::is_same_v<decltype(r[loss]), float&>);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(r[dw])>, ct::array<float, 1>>);
  float const l = r[loss];
  auto const& gw = r[dw];
  auto [l2, gw2, gb2] = step(X = images, y = labels, w = weights, b = -1.0f);
  BOOST_TEST(near(l, expected.loss, single));
  BOOST_TEST(l2 == l);
  BOOST_TEST(near(gb2, expected.db, single));
  BOOST_TEST(near(gw, {expected.dw[0], expected.dw[1], expected.dw[2]}, single));
  BOOST_TEST(std::equal(gw.data(), gw.data() + 3, gw2.data()));
  BOOST_TEST(&std::get<1>(r.values) == &r[dw]);
  BOOST_TEST(get<0>(r) == l);
  // An expression that means the same is another one where it is written differently; the same type is the same output.
  BOOST_TEST(&r[ct::grad(loss, w)] == &r[dw]);
}

BOOST_AUTO_TEST_CASE(one_output_of_each_rank) {
  auto r = ct::compile(b * 2_c, u, A)(b = 1.5f, u = ct::array<float, 1>{1, 2}, A = ct::array<float, 2>{{1, 2, 3}, {4, 5, 6}});
  auto const& [number, vector, matrix] = r;
  BOOST_TEST(number == 3.0f);
  BOOST_TEST(near(vector, {1, 2}, 0));
  BOOST_TEST(near(matrix, {1, 2, 3, 4, 5, 6}, 0));
  BOOST_TEST((matrix.shape() == std::array<std::int64_t, 2>{2, 3}));
}

BOOST_AUTO_TEST_CASE(the_same_expression_twice_and_a_constant) {
  auto const [a, c, one, also_u] = ct::compile(2_c * u, 2_c * u, ct::sum(u) - ct::sum(u) + 1_c, u)(u = ct::array<float, 1>{1, -2});
  BOOST_TEST(near(a, {2, -4}, 0));
  BOOST_TEST(near(c, {2, -4}, 0));
  BOOST_TEST(one == 1.0f);
  BOOST_TEST(near(also_u, {1, -2}, 0));
}

// Inputs.

BOOST_AUTO_TEST_CASE(numbers_are_converted) {
  constexpr auto d = ct::scalar<double>("d"_s);
  constexpr auto i = ct::scalar<int>("i"_s);
  constexpr auto t = ct::scalar<bool>("t"_s);
  auto const [x, k, q] = ct::compile(d + 0.5_c, i * 3_c, !t)(d = 2, i = 7, t = true);
  BOOST_TEST(x == 2.5);
  BOOST_TEST(k == 21);
  BOOST_TEST(!q);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(k)>, std::int32_t>);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(q)>, bool>);
  BOOST_TEST(message_of<ct::binding_error>([&] { ct::compile(i * 3_c)(i = 3000000000); }) == "ctgrad: i is bound to 3000000000, which does not fit int32");
  BOOST_TEST(ct::compile(i * 1_c)(i = -2147483647L - 1)[i * 1_c] == std::numeric_limits<std::int32_t>::min());
  float const bound = 3;
  BOOST_TEST(ct::compile(d * 2_c)(d = bound)[d * 2_c] == 6.0);
  BOOST_TEST(ct::compile(d * 2_c)(d = ct::array<double, 0>(4.0))[d * 2_c] == 8.0);
}

BOOST_AUTO_TEST_CASE(inputs_of_every_kind) {
  std::vector<float> vector{1, 2, 3};
  std::vector<float> const constant_vector{1, 2, 3};
  std::array<float, 3> array{1, 2, 3};
  float c_array[]{1, 2, 3};
  float const constant_c_array[]{1, 2, 3};
  auto const check = [](auto const& r) { BOOST_TEST(near(r[2_c * u], {2, 4, 6}, 0)); };
  check(twice(u = vector));
  check(twice(u = constant_vector));
  check(twice(u = std::vector<float>{1, 2, 3}));
  check(twice(u = array));
  check(twice(u = c_array));
  check(twice(u = constant_c_array));
  check(twice(u = std::span(vector)));
  check(twice(u = std::span<float const>(vector)));
  check(twice(u = ct::array<float, 1>{1, 2, 3}));
  check(twice(u = ct::view<float const, 1>(vector.data(), {3})));
}

BOOST_AUTO_TEST_CASE(c_arrays_of_two_axes) {
  float const matrix[2][3]{{1, 2, 3}, {4, 5, 6}};
  BOOST_TEST(near(twice_matrix(A = matrix)[doubled], {2, 4, 6, 8, 10, 12}, 0));
}

BOOST_AUTO_TEST_CASE(strided_inputs) {
  for (int n : {1, 2, 5, 33, 300}) {
    auto const memory = filled<float>(7, 4 * n + 4);
    for (int stride : {1, 2, 3, -1, -2, 0}) {
      float const* first = memory.data() + (stride < 0 ? 4 * n : 0);
      ct::view<float const, 1> const x(first, {n}, {stride});
      std::vector<double> expected;
      double sum = 0;
      for (int i = 0; i < n; ++i) expected.push_back(2.0 * first[i * stride]), sum += first[i * stride];
      BOOST_TEST(near(twice(u = x)[2_c * u], expected, 0), "stride " << stride << ", extent " << n);
      BOOST_TEST(near(ct::compile(ct::sum(u))(u = x)[ct::sum(u)], sum, 1e-6), "stride " << stride << ", extent " << n);
    }
  }
}

BOOST_AUTO_TEST_CASE(matrices_seen_in_other_orders) {
  auto const memory = filled<float>(3, 40, 50);
  auto const check = [&](ct::view<float const, 2> x) {
    std::vector<double> expected, rows(static_cast<std::size_t>(x.extent(0)), 0.0), columns(static_cast<std::size_t>(x.extent(1)), 0.0);
    for (int i = 0; i < x.extent(0); ++i)
      for (int j = 0; j < x.extent(1); ++j) {
        expected.push_back(2.0 * x(i, j));
        rows[static_cast<std::size_t>(i)] += x(i, j), columns[static_cast<std::size_t>(j)] += x(i, j);
      }
    constexpr auto row_sums = ct::sum(A, 1_c);
    constexpr auto column_sums = ct::sum(A, 0_c);
    auto const r = ct::compile(doubled, row_sums, column_sums)(A = x);
    BOOST_TEST(near(r[doubled], expected, 0));
    BOOST_TEST(near(r[row_sums], rows, 2e-6));
    BOOST_TEST(near(r[column_sums], columns, 2e-6));
  };
  check(memory.view());
  check(memory.view().t());
  check(memory.slice(0, 3, 20).slice(1, 7, 40));
  check(memory.slice(0, 30, 3, -4).slice(1, 49, 2, -3));
  check(memory.slice(0, 5, 6).expand(17, 50));
  check(memory.slice(1, 5, 6).expand(40, 17));
  check(memory.slice(0, 5, 6).slice(1, 5, 6).expand(13, 19));
  check(memory.slice(0, 5, 6));
  check(memory.slice(1, 5, 6));
}

BOOST_AUTO_TEST_CASE(one_array_for_two_symbols) {
  auto const x = filled<float>(1, 20);
  std::vector<double> expected;
  for (int i = 0; i < 20; ++i) expected.push_back(static_cast<double>(x(i)) + 2.0 * x(i));
  BOOST_TEST(near(add(u = x, v = x)[total], expected, 1e-7));
}

// Outputs.

BOOST_AUTO_TEST_CASE(outputs_into_memory_of_the_caller) {
  auto const expected = by_hand(0.5f);
  auto space = step.workspace(N = 4);
  float l = 0;
  float gradient[3]{};
  ct::array<float, 0> bias;
  step.into(space, X = images, y = labels, w = weights, b = 0.5f, loss = l, dw = gradient, db = bias);
  BOOST_TEST(near(l, expected.loss, single));
  BOOST_TEST(near(gradient, 3, {expected.dw[0], expected.dw[1], expected.dw[2]}, single));
  BOOST_TEST(near(bias(), expected.db, single));
  std::vector<float> vector(3);
  std::array<float, 3> array{};
  step.into(space, dw = vector, X = images, y = labels, db = l, w = weights, b = 0.5f, loss = bias);
  step.into(space, dw = std::span(array), X = images, y = labels, db = l, w = weights, b = 0.5f, loss = bias);
  BOOST_TEST(std::equal(vector.begin(), vector.end(), gradient));
  BOOST_TEST(std::equal(array.begin(), array.end(), gradient));
}

BOOST_AUTO_TEST_CASE(strided_and_transposed_outputs) {
  auto space = twice_matrix.workspace(N = 40, M = 50);
  for (int rows : {1, 3, 17, 40})
    for (int columns : {1, 2, 31, 50}) {
      auto const x = filled<float>(5, rows, columns);
      auto const check = [&](ct::view<float, 2> out) {
        twice_matrix.into(space, A = x, doubled = out);
        bool right = true;
        for (int i = 0; i < rows; ++i)
          for (int j = 0; j < columns; ++j) right = right && out(i, j) == 2 * x(i, j);
        BOOST_TEST(right, rows << " rows, " << columns << " columns");
      };
      ct::array<float, 2> whole = ct::zeros<float>(rows, columns), transposed = ct::zeros<float>(columns, rows), wide = ct::zeros<float>(2 * rows, 3 * columns);
      check(whole);
      check(transposed.t());
      check(wide.slice(0, 0, 2 * rows, 2).slice(1, 0, 3 * columns, 3));
      check(wide.slice(0, std::nullopt, std::nullopt, -2).slice(1, std::nullopt, std::nullopt, -3));
      // What lies between is not touched.
      wide.fill(-7);
      check(wide.slice(0, 1, 2 * rows, 2).slice(1, 1, 3 * columns, 3));
      bool untouched = true;
      for (int i = 0; i < 2 * rows; ++i)
        for (int j = 0; j < 3 * columns; ++j) untouched = untouched && ((i % 2 == 1 && j % 3 == 1) || wide(i, j) == -7);
      BOOST_TEST(untouched);
    }
}

BOOST_AUTO_TEST_CASE(strided_outputs_of_reductions) {
  constexpr auto rows = ct::sum(A, 1_c);
  constexpr auto columns = ct::max(A, 0_c);
  constexpr auto program = ct::compile(rows, columns);
  auto const x = filled<float>(9, 21, 37);
  auto space = program.workspace(N = 21, M = 37);
  ct::array<float, 1> many_rows = ct::zeros<float>(63), many_columns = ct::zeros<float>(74);
  program.into(space, A = x, rows = many_rows.slice(0, 1, std::nullopt, 3), columns = many_columns.slice(0, std::nullopt, std::nullopt, -2));
  for (int i = 0; i < 21; ++i) {
    double sum = 0;
    for (int j = 0; j < 37; ++j) sum += x(i, j);
    BOOST_TEST(near(many_rows(3 * i + 1), sum, 1e-6));
    BOOST_TEST(many_rows(3 * i) == 0);
  }
  for (int j = 0; j < 37; ++j) {
    float largest = x(0, j);
    for (int i = 0; i < 21; ++i) largest = std::max(largest, x(i, j));
    BOOST_TEST(many_columns(73 - 2 * j) == largest);
    BOOST_TEST(many_columns(72 - 2 * j) == 0);
  }
}

// Extents.

BOOST_AUTO_TEST_CASE(wrong_extents) {
  auto const call = [](auto... bindings) {
    return message_of<ct::shape_error>([&] { step(bindings...); });
  };
  ct::array<float, 2> const wide = ct::zeros<float>(4, 5), tall = ct::zeros<float>(5, 3);
  ct::array<float, 1> const four{1, 2, 3, 4}, five{1, 2, 3, 4, 5};
  BOOST_TEST(call(X = wide, y = labels, w = weights, b = 0.5f) == "ctgrad: axis 1 of X has extent 5, and needs 3");
  BOOST_TEST(call(X = images, y = labels, w = four, b = 0.5f) == "ctgrad: axis 0 of w has extent 4, and needs 3");
  // Which symbol says what N is follows from the graph, not from the call.
  std::string const seen = call(X = images, y = five, w = weights, b = 0.5f), other = call(X = tall, y = labels, w = weights, b = 0.5f);
  BOOST_TEST((seen == "ctgrad: axis 0 of y has extent 5, and needs 4 = N (from axis 0 of X)" || seen == "ctgrad: axis 0 of X has extent 4, and needs 5 = N (from axis 0 of y)"), seen);
  BOOST_TEST((other == "ctgrad: axis 0 of y has extent 4, and needs 5 = N (from axis 0 of X)" || other == "ctgrad: axis 0 of X has extent 5, and needs 4 = N (from axis 0 of y)"), other);
}

BOOST_AUTO_TEST_CASE(wrong_extents_of_outputs) {
  auto space = step.workspace(N = 4);
  float l = -1;
  float gradient[3]{-1, -1, -1}, two[2]{-1, -1}, bias = -1;
  BOOST_TEST(message_of<ct::shape_error>([&] { step.into(space, X = images, y = labels, w = weights, b = 0.5f, loss = l, dw = two, db = bias); }) ==
             "ctgrad: axis 0 of output 1 has extent 2, and needs 3");
  BOOST_TEST(l == -1);
  BOOST_TEST(two[0] == -1);
  ct::array<float, 1> const three{1, 2, 3};
  BOOST_TEST(message_of<ct::shape_error>([&] { add.into(space, u = three, v = three, total = two); }) == "ctgrad: axis 0 of output 0 has extent 2, and needs 3 = N (from axis 0 of u)");
  BOOST_TEST(two[0] == -1);
  BOOST_TEST(message_of<ct::shape_error>([&] { step.into(space, X = images, y = three, w = weights, b = 0.5f, loss = l, dw = gradient, db = bias); }).starts_with("ctgrad: axis 0 of "));
  BOOST_TEST((l == -1 && gradient[0] == -1 && bias == -1));
}

BOOST_AUTO_TEST_CASE(an_input_never_broadcasts_at_run_time) {
  ct::array<float, 1> const one{1}, three{1, 2, 3};
  BOOST_TEST(message_of<ct::shape_error>([&] { add(u = three, v = one); }) == "ctgrad: axis 0 of v has extent 1, and needs 3 = N (from axis 0 of u)");
  constexpr auto row = ct::tensor<float>("row"_s, 1_c, M);
  BOOST_TEST(near(ct::compile(A + row)(A = ct::array<float, 2>{{1, 2}, {3, 4}}, row = ct::array<float, 2>{{10, 20}})[A + row], {11, 22, 13, 24}, 0));
  BOOST_TEST(message_of<ct::shape_error>([&] { ct::compile(A + row)(A = ct::array<float, 2>{{1, 2}, {3, 4}}, row = ct::array<float, 2>{{10, 20}, {30, 40}}); }) ==
             "ctgrad: axis 0 of row has extent 2, and needs 1");
}

BOOST_AUTO_TEST_CASE(anonymous_extents_unify) {
  constexpr auto s = ct::vector<float>("s"_s);
  constexpr auto t = ct::vector<float>("t"_s);
  constexpr auto Q = ct::matrix<float>("Q"_s);
  constexpr auto e = ct::matmul(Q, s) + t;
  constexpr auto program = ct::compile(e, ct::grad(ct::sum(e * e), Q));
  ct::array<float, 2> const q{{1, 2, 3}, {4, 5, 6}};
  ct::array<float, 1> const three{1, 0, -1}, two{10, 20};
  auto const r = program(Q = q, s = three, t = two);
  BOOST_TEST(near(r[e], {8, 18}, 0));
  BOOST_TEST(near(std::get<1>(r.values), {16, 0, -16, 36, 0, -36}, 0));
  std::string const first = message_of<ct::shape_error>([&] { program(Q = q, s = two, t = two); });
  BOOST_TEST((first == "ctgrad: axis 0 of s has extent 2, and needs 3 (from axis 1 of Q)" || first == "ctgrad: axis 1 of Q has extent 3, and needs 2 (from axis 0 of s)"), first);
  std::string const second = message_of<ct::shape_error>([&] { program(Q = q, s = three, t = three); });
  BOOST_TEST((second == "ctgrad: axis 0 of t has extent 3, and needs 2 (from axis 0 of Q)" || second == "ctgrad: axis 0 of Q has extent 2, and needs 3 (from axis 0 of t)"), second);
  // With a static extent: that is what the anonymous one has to be.
  constexpr auto known = ct::compile(w * s);
  BOOST_TEST(near(known(w = weights, s = three)[w * s], {0.25, 0, -1}, 0));
  BOOST_TEST(message_of<ct::shape_error>([&] { known(w = weights, s = two); }) == "ctgrad: axis 0 of s has extent 2, and needs 3");
  // An anonymous extent is not stretched.
  ct::array<float, 1> const one{1};
  BOOST_TEST(message_of<ct::shape_error>([&] { known(w = weights, s = one); }) == "ctgrad: axis 0 of s has extent 1, and needs 3");
}

BOOST_AUTO_TEST_CASE(chains_of_anonymous_extents) {
  constexpr auto s = ct::vector<double>("s"_s);
  constexpr auto t = ct::vector<double>("t"_s);
  constexpr auto q = ct::vector<double>("q"_s);
  constexpr auto r = ct::vector<double>("r"_s);
  constexpr auto e = (s + t) * (q + r);
  constexpr auto program = ct::compile(e, ct::sum(s * r));
  ct::array<double, 1> const two{1, 2}, three{1, 2, 3};
  BOOST_TEST(near(program(s = two, t = two, q = two, r = two)[e], {4, 16}, 0));
  BOOST_TEST(message_of<ct::shape_error>([&] { program(s = two, t = two, q = two, r = three); }).find("extent 3, and needs 2") != std::string::npos);
  BOOST_TEST(message_of<ct::shape_error>([&] { program(s = two, t = three, q = two, r = two); }).find("extent 3, and needs 2") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(null_pointers) {
  ct::view<float, 1> const none;
  ct::array<float, 1> const three{1, 2, 3};
  // A view cannot be made of null and a size; a scalar can be null.
  BOOST_TEST(message_of<ct::binding_error>([] { ct::view<float, 1>(nullptr, {3}); }) == "a view of shape (3,) is given a null pointer");
  ct::view<float, 0> const null_scalar;
  BOOST_TEST(message_of<ct::binding_error>([&] { ct::compile(b * 2_c)(b = null_scalar); }) == "ctgrad: b is bound to a null pointer");
  auto space = step.workspace(N = 4);
  float gradient[3]{-1, -1, -1}, bias = -1;
  BOOST_TEST(message_of<ct::binding_error>([&] { step.into(space, X = images, y = labels, w = weights, b = 0.5f, loss = null_scalar, dw = gradient, db = bias); }) ==
             "ctgrad: output 0 is bound to a null pointer");
  BOOST_TEST((gradient[0] == -1 && bias == -1));
  // No elements, no memory: that is fine.
  BOOST_TEST(twice(u = none)[2_c * u].size() == 0);
  BOOST_TEST(message_of<ct::shape_error>([&] { add(u = none, v = three); }) == "ctgrad: axis 0 of v has extent 3, and needs 0 = N (from axis 0 of u)");
}

BOOST_AUTO_TEST_CASE(no_elements) {
  ct::array<float, 1> const none;
  auto const r = ct::compile(ct::sum(u), ct::mean(u), ct::max(u), ct::min(u), ct::prod(u), 2_c * u, ct::logsumexp(u), ct::softmax(u))(u = none);
  BOOST_TEST(r[ct::sum(u)] == 0.0f);
  BOOST_TEST(std::isnan(r[ct::mean(u)]));
  BOOST_TEST(r[ct::max(u)] == -infinity);
  BOOST_TEST(r[ct::min(u)] == infinity);
  BOOST_TEST(r[ct::prod(u)] == 1.0f);
  BOOST_TEST(r[2_c * u].size() == 0);
  BOOST_TEST(r[ct::logsumexp(u)] == -infinity);
  BOOST_TEST(r[ct::softmax(u)].size() == 0);
}

BOOST_AUTO_TEST_CASE(no_elements_of_matrices) {
  constexpr auto rows = ct::sum(A, 1_c);
  constexpr auto columns = ct::max(A, 0_c);
  constexpr auto mean = ct::mean(A, 1_c);
  constexpr auto program = ct::compile(rows, columns, mean, doubled, ct::softmax(A));
  auto const wide = program(A = ct::array<float, 2>::uninitialized({0, 3}));
  BOOST_TEST(wide[rows].size() == 0);
  BOOST_TEST(near(wide[columns], {-infinity, -infinity, -infinity}, 0));
  BOOST_TEST((wide[doubled].shape() == std::array<std::int64_t, 2>{0, 3}));
  auto const tall = program(A = ct::array<float, 2>::uninitialized({3, 0}));
  BOOST_TEST(near(tall[rows], {0, 0, 0}, 0));
  BOOST_TEST(near(tall[mean], {not_a_number, not_a_number, not_a_number}, 0));
  BOOST_TEST(tall[columns].size() == 0);
  auto const neither = program(A = ct::array<float, 2>::uninitialized({0, 0}));
  BOOST_TEST(neither[rows].size() == 0);
}

BOOST_AUTO_TEST_CASE(no_elements_in_products) {
  constexpr auto K = ct::dim("K"_s);
  constexpr auto L = ct::tensor<float>("L"_s, N, K);
  constexpr auto R = ct::tensor<float>("R"_s, K, M);
  constexpr auto product = ct::matmul(L, R);
  constexpr auto program = ct::compile(product, ct::grad(ct::sum(product * product), L), ct::grad(ct::sum(product * product), R));
  for (auto [n, k, m] : {std::array{0, 2, 3}, std::array{2, 0, 3}, std::array{2, 3, 0}, std::array{0, 0, 0}, std::array{0, 0, 2}}) {
    auto const [value, dL, dR] = program(L = filled<float>(1, n, k), R = filled<float>(2, k, m));
    BOOST_TEST(near(value, std::vector<double>(static_cast<std::size_t>(n * m), 0.0), 0));
    BOOST_TEST(near(dL, std::vector<double>(static_cast<std::size_t>(n * k), 0.0), 0));
    BOOST_TEST(near(dR, std::vector<double>(static_cast<std::size_t>(k * m), 0.0), 0));
  }
  auto const r = step(X = ct::array<float, 2>::uninitialized({0, 3}), y = ct::array<float, 1>{}, w = weights, b = 0.5f);
  BOOST_TEST(std::isnan(r[loss]));
}

BOOST_AUTO_TEST_CASE(extents_of_one) {
  constexpr auto column = ct::tensor<float>("column"_s, N, 1_c);
  constexpr auto row = ct::tensor<float>("row"_s, 1_c, M);
  constexpr auto e = column * row;
  constexpr auto back = ct::sum(e * A);
  constexpr auto by_column = ct::grad(back, column);
  constexpr auto by_row = ct::grad(back, row);
  constexpr auto program = ct::compile(e, by_column, by_row);
  for (int n : {1, 2, 19})
    for (int m : {1, 3, 40}) {
      auto const c = filled<float>(1, n, 1), r = filled<float>(2, 1, m), a = filled<float>(3, n, m);
      std::vector<double> product, dc(static_cast<std::size_t>(n), 0.0), dr(static_cast<std::size_t>(m), 0.0);
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < m; ++j) {
          product.push_back(static_cast<double>(c(i, 0)) * r(0, j));
          dc[static_cast<std::size_t>(i)] += static_cast<double>(r(0, j)) * a(i, j);
          dr[static_cast<std::size_t>(j)] += static_cast<double>(c(i, 0)) * a(i, j);
        }
      auto const seen = program(column = c, row = r, A = a);
      BOOST_TEST(near(seen[e], product, 1e-6));
      BOOST_TEST(near(seen[by_column], dc, 1e-5));
      BOOST_TEST(near(seen[by_row], dr, 1e-5));
      BOOST_TEST((seen[by_column].shape() == std::array<std::int64_t, 2>{n, 1}));
    }
}
