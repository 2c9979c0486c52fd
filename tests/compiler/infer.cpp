// How dtypes and shapes meet, and what is said where they do not.
// The tables are PyTorch's torch.promote_types and its rules for numbers beside tensors; broadcasting is NumPy's.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE infer
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

#include <string_view>

using namespace ctgrad;
using namespace ctgrad::test;
using detail::contraction, detail::extent, detail::extent_name;

namespace {

constexpr char x_name[] = "x", y_name[] = "y", n_name[] = "N", m_name[] = "M", anonymous_name[] = ".v", other_name[] = ".w";
constexpr extent N(extent_name{n_name}), M(extent_name{m_name}), A(extent_name{anonymous_name}), B(extent_name{other_name});
constexpr dtype dtypes[] = {dtype::bool_, dtype::int32, dtype::int64, dtype::float32, dtype::float64};

// ---- Dtypes.

// torch.promote_types(row, column), torch 2.
constexpr dtype b1 = dtype::bool_, i4 = dtype::int32, i8 = dtype::int64, f4 = dtype::float32, f8 = dtype::float64;
constexpr dtype promoted[5][5] = {{b1, i4, i8, f4, f8}, {i4, i4, i8, f4, f8}, {i8, i8, i8, f4, f8}, {f4, f4, f4, f4, f8}, {f8, f8, f8, f8, f8}};
constexpr bool promotes_as_torch() {
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 5; ++j) {
      builder b;
      value sum = symbol(b, x_name, dtypes[i]) + symbol(b, y_name, dtypes[j]);
      if (promote(dtypes[i], dtypes[j]) != promoted[i][j] || sum.type() != promoted[i][j] || !b.ok()) return false;
    }
  return true;
}
static_assert(promotes_as_torch());

// (torch.zeros(1, dtype=row) + number).dtype for the numbers True, 2 and 2.5.
constexpr dtype beside_numbers[5][3] = {{b1, i8, f4}, {i4, i4, f4}, {i8, i8, f4}, {f4, f4, f4}, {f8, f8, f8}};
constexpr bool numbers_follow_tensors() {
  for (int i = 0; i < 5; ++i) {
    builder b;
    value x = symbol(b, x_name, dtypes[i]);
    dtype const got[6] = {(x + true).type(), (x + 2).type(), (x + 2.5).type(), (true + x).type(), (2 + x).type(), (2.5 + x).type()};
    for (int k = 0; k < 6; ++k)
      if (got[k] != beside_numbers[i][k % 3]) return false;
  }
  return true;
}
static_assert(numbers_follow_tensors());

// Division and functions of real numbers give float32 for integers and bool; comparisons and logic bool.
constexpr bool results_by_kind() {
  for (int i = 0; i < 5; ++i) {
    builder b;
    value x = symbol(b, x_name, dtypes[i]);
    dtype const real = i < 3 ? f4 : dtypes[i];
    if ((x / x).type() != real || ctgrad::exp(x).type() != real || ctgrad::atan2(x, x).type() != real || ctgrad::sigmoid(x).type() != real) return false;
    if ((x < x).type() != b1 || (x == x).type() != b1 || (x && x).type() != b1 || (!x).type() != b1 || ctgrad::isnan(x).type() != b1) return false;
    if (ctgrad::where(x == x, x, x).type() != dtypes[i] || ctgrad::maximum(x, x).type() != dtypes[i]) return false;
    if (!b.ok()) return false;
  }
  return true;
}
static_assert(results_by_kind());

// Random words are int32, of any integers.
constexpr bool words_of_integers() {
  for (dtype type : {dtype::int32, dtype::int64}) {
    builder b;
    value x = symbol(b, x_name, type);
    value const word{&b, b.map(op::philox, x.id, x.constant(0).id, x.constant(1).id)};
    if (word.type() != dtype::int32 || b.g[word.get().operands[0]].type != dtype::int64 || !b.ok()) return false;
    value const known{&b, b.map(op::philox, x.constant(0).id, x.constant(0).id, x.constant(0).id)};
    if (known.type() != dtype::int32 || known.get().weak || known.get().attribute != 0x6627e8d5) return false;
  }
  for (dtype type : {dtype::bool_, dtype::float32, dtype::float64}) {
    builder b;
    value x = symbol(b, x_name, type);
    b.map(op::philox, x.id, x.id, x.id);
    if (b.ok()) return false;
  }
  return true;
}
static_assert(words_of_integers());

/// What constants fold to: the number, the dtype, and whether it still takes the dtype of what it meets.
struct folded {
  double number;
  dtype type;
  bool weak;
  friend constexpr bool operator==(folded, folded) = default;
};
template <class Make>
constexpr folded fold(Make make) {
  builder b;
  value some{&b, b.integer(0, dtype::int64)};
  value v = make([&](auto number) { return some.constant(number); });
  return v.get().is_constant() ? folded{v.get().real(), v.type(), v.get().weak} : folded{-1, v.type(), false};
}
#define FOLDS(formula, ...) static_assert(fold([](auto c) { return formula; }) == folded{__VA_ARGS__})
FOLDS(c(2) + c(3), 5, i8, true);
FOLDS(c(2) + c(0.5), 2.5, f8, true);
FOLDS(c(0.5) + c(2), 2.5, f8, true);
FOLDS(c(2) - c(0.5), 1.5, f8, true);
FOLDS(c(1) / c(4), 0.25, f8, true);
FOLDS(c(2.0) * c(3), 6, f8, true);
FOLDS(ctgrad::sqrt(c(4)), 2, f8, true);
FOLDS(ctgrad::exp(c(0)), 1, f8, true);
FOLDS(ctgrad::pow(c(2), c(0.5) + c(1.5)), 4, f8, true);
FOLDS(-c(3), -3, i8, true);
FOLDS(ctgrad::maximum(c(3), c(2.5)), 3, f8, true);
FOLDS(c(2) < c(2.5), 1, b1, false);
FOLDS(c(2.5) < c(2), 0, b1, false);
FOLDS(c(0.5) && c(2), 1, b1, false);
FOLDS(!c(0.5), 0, b1, false);
FOLDS(ctgrad::where(c(true), c(2), c(0.5)), 2, f8, true);
FOLDS(ctgrad::where(c(false), c(2), c(0.5)), 0.5, f8, true);
FOLDS(ctgrad::clamp(c(7), c(0.5), c(2)), 2, f8, true);
FOLDS(c(true) + c(true), 1, b1, false);
FOLDS(c(true) + c(2), 3, i8, false);

// Where a constant meets a tensor it is rounded to the tensor's dtype.
constexpr double constant_met(dtype type, double number) {
  builder b;
  value y = symbol(b, x_name, type) * number;
  return y.b->g[y.get().operands[0]].real();
}
// … but not to 16 bits, nor is what is folded of such: loops compute in float32, and round where they store.
constexpr double third(dtype type) {
  builder b;
  return (value{&b, b.real(1, type)} / value{&b, b.real(3, type)}).get().real();
}
static_assert(third(dtype::float16) == static_cast<double>(1.0f / 3.0f) && third(dtype::bfloat16) == static_cast<double>(1.0f / 3.0f) && third(f8) == 1.0 / 3);
static_assert(constant_met(f4, 0.1) == static_cast<double>(0.1f) && constant_met(f8, 0.1) == 0.1);

// ---- Shapes.

/// What two shapes meet in, with the error that is noted, and the equalities.
struct met {
  shape s;
  detail::message error;
  detail::list<detail::extent_equality> equalities;
};
constexpr met meet(shape const& left, shape const& right) {
  builder b;
  value x{&b, b.symbol(x_name, f4, left)}, y{&b, b.symbol(y_name, f4, right)};
  value sum = x + y;
  return {sum.shape(), b.error, b.g.equalities};
}
constexpr shape of(std::initializer_list<extent> extents) {
  shape s;
  for (auto const& e : extents) s.push_back(e);
  return s;
}
constexpr bool meets(shape const& left, shape const& right, shape const& result) {
  met const one = meet(left, right), other = meet(right, left);
  return one.error.empty() && one.s == result && other.error.empty() && other.s == result;
}
static_assert(meets(of({}), of({}), of({})));
static_assert(meets(of({3}), of({}), of({3})));
static_assert(meets(of({2, 3}), of({3}), of({2, 3})));
static_assert(meets(of({2, 1}), of({3}), of({2, 3})));
static_assert(meets(of({2, 1, 4}), of({3, 1}), of({2, 3, 4})));
static_assert(meets(of({1}), of({0}), of({0})));
static_assert(meets(of({N, 3}), of({3}), of({N, 3})));
static_assert(meets(of({N, 1}), of({M}), of({N, M})));
static_assert(meets(of({N + 1}), of({extent(1) + N}), of({N + 1})));
// Anonymous extents become what they meet, and the equality is kept.
static_assert(meets(of({A}), of({N}), of({N})) && meets(of({A}), of({5}), of({5})) && meets(of({A, 1}), of({N}), of({A, N})));
static_assert(meet(of({A}), of({N})).equalities.size() == 1 && meet(of({A}), of({N})).equalities[0].left == A && meet(of({A}), of({N})).equalities[0].right == N);
static_assert(meet(of({A}), of({B})).equalities.size() == 1 && meet(of({A}), of({1})).equalities.empty() && meet(of({A}), of({A})).equalities.empty());

/// The error of `make(x, y)`, x and y of the given shapes.
template <class Make>
constexpr bool says(Make make, shape const& left, shape const& right, std::string_view text, dtype left_type = f4, dtype right_type = f4) {
  builder b;
  make(value{&b, b.symbol(x_name, left_type, left)}, value{&b, b.symbol(y_name, right_type, right)});
  return b.error.view() == text;
}
constexpr auto add = [](value x, value y) { return x + y; };
constexpr auto matmul = [](value x, value y) { return value{x.b, x.b->matmul(x.id, y.id)}; };

static_assert(says(add, of({3}), of({4}), "ctgrad: extent 3 (axis 0 of x[3]) and extent 4 (axis 0 of y[4]) differ, and neither is 1"));
static_assert(says(add, of({N, 784}), of({N}), "ctgrad: extent 784 (axis 1 of x[N, 784]) and extent N (axis 0 of y[N]) differ, and neither is 1"));
static_assert(says(add, of({2, 3}), of({4, 1}), "ctgrad: extent 2 (axis 0 of x[2, 3]) and extent 4 (axis 0 of y[4, 1]) differ, and neither is 1"));
static_assert(says(add, of({N}), of({N + 1}), "ctgrad: extent N (axis 0 of x[N]) and extent N + 1 (axis 0 of y[N + 1]) differ, and neither is 1"));
static_assert(says([](value x, value y) { return ctgrad::exp(x) * y; }, of({3}), of({4}),
                   "ctgrad: extent 3 (axis 0 of exp(...)[3]) and extent 4 (axis 0 of y[4]) differ, and neither is 1"));
static_assert(says([](value x, value y) { return x + y + ctgrad::exp(y); }, of({3}), of({4}),
                   "ctgrad: extent 3 (axis 0 of x[3]) and extent 4 (axis 0 of y[4]) differ, and neither is 1"));  // the first error stays
static_assert(says([](value x, value y) { return ctgrad::clamp(x, y, 2); }, of({3}), of({5}), "ctgrad: extent 3 (axis 0 of x[3]) and extent 5 (axis 0 of y[5]) differ, and neither is 1"));

static_assert(says([](value x, value y) { return x - y; }, of({}), of({}), "ctgrad: subtract of x: it is bool, and has no subtract; cast it first", b1, b1));
static_assert(says([](value x, value) { return -x; }, of({2}), of({}), "ctgrad: negative of x[2]: it is bool, and has no negative; cast it first", b1, b1));
static_assert(says([](value x, value) { return ctgrad::abs(x); }, of({}), of({}), "ctgrad: abs of x: it is bool, and has no abs; cast it first", b1, b1));
static_assert(says([](value x, value y) { return x - y; }, of({}), of({}), "", b1, i4));
static_assert(says([](value x, value y) { return ctgrad::where(x, y, y); }, of({}), of({}), "ctgrad: where: the condition x is float32, and has to be bool"));

static_assert(says(matmul, of({2, 3}), of({4, 5}), "ctgrad: matmul: extent 3 (axis 1 of x[2, 3]) and extent 4 (axis 0 of y[4, 5]) differ"));
static_assert(says(matmul, of({N}), of({M}), "ctgrad: matmul: extent N (axis 0 of x[N]) and extent M (axis 0 of y[M]) differ"));
static_assert(says(matmul, of({3, 1}), of({3}), "ctgrad: matmul: extent 1 (axis 1 of x[3, 1]) and extent 3 (axis 0 of y[3]) differ"));  // 1 is not repeated
static_assert(says(matmul, of({}), of({3}), "ctgrad: matmul of x and y[3]: both have to have one to 5 axes"));
static_assert(says(matmul, of({2, 3, 4, 5, 6, 7}), of({7}), "ctgrad: matmul of x[2, 3, 4, 5, 6, 7] and y[7]: both have to have one to 5 axes"));
static_assert(says(matmul, of({2, 3, 4}), of({5, 4, 3}), "ctgrad: matmul: extent 2 (axis 0 of x[2, 3, 4]) and extent 5 (axis 0 of y[5, 4, 3]) differ"));
static_assert(says(matmul, of({N, 3, 4}), of({5, 3}), "ctgrad: matmul: extent 4 (axis 2 of x[N, 3, 4]) and extent 5 (axis 0 of y[5, 3]) differ"));
static_assert(says(matmul, of({2}), of({2}), "ctgrad: matmul of x[2] and y[2]: both are bool; cast one first", b1, b1));
static_assert(says([](value x, value) { return value{x.b, x.b->symbol(x_name, f8, {})}; }, of({2}), of({}),
                   "ctgrad: two different symbols have the name x: float32[2] and float64[]"));
static_assert(says([](value x, value) { return value{x.b, x.b->cast(x.constant(1e10).id, i4)}; }, of({}), of({}), "ctgrad: the constant 10000000000 does not fit int32"));

constexpr bool product_has(shape const& left, shape const& right, shape const& result) {
  builder b;
  value y{&b, b.matmul(b.symbol(x_name, f4, left), b.symbol(y_name, f8, right))};
  return b.ok() && y.shape() == result && y.type() == f8;
}
static_assert(product_has(of({N, 3}), of({3, M}), of({N, M})) && product_has(of({N, 3}), of({3}), of({N})) && product_has(of({3}), of({3, M}), of({M})) && product_has(of({3}), of({3}), of({})));
static_assert(product_has(of({N, A}), of({3, M}), of({N, M})) && product_has(of({N, N}), of({N, N}), of({N, N})));

// Broadcasting a constant makes no node of its own.
constexpr bool constants_are_repeated_as_constants() {
  builder b;
  value y = symbol(b, x_name, f4, {2, 3}) + 2;
  return b.g[y.get().operands[0]].is_constant() && y.b->g[y.get().operands[0]].shape == y.get().shape;
}
static_assert(constants_are_repeated_as_constants());

}  // namespace

BOOST_AUTO_TEST_CASE(dtypes_meet) {
  BOOST_TEST(promotes_as_torch());
  BOOST_TEST(numbers_follow_tensors());
  BOOST_TEST(results_by_kind());
}
// The operands of a comparison meet as those of a sum do: 1 < 1.5 for integers.
BOOST_AUTO_TEST_CASE(comparison_of_integers_with_reals) {
  builder b;
  value i = symbol(b, x_name, i4);
  graph const g = with_outputs(b, {i < 1.5, i * 2.5, ctgrad::maximum(i, 0.5)});
  auto const in = tensor(i4, {}, {1});
  BOOST_TEST(run(g, {in}, 0)[0] == 1);
  BOOST_TEST(run(g, {in}, 1)[0] == 2.5);
  BOOST_TEST(run(g, {in}, 2)[0] == 1);
}
BOOST_AUTO_TEST_CASE(shapes_meet) {
  BOOST_TEST(meets(of({2, 1, 4}), of({3, 1}), of({2, 3, 4})));
  BOOST_TEST(meet(of({3}), of({4})).error.view() == "ctgrad: extent 3 (axis 0 of x[3]) and extent 4 (axis 0 of y[4]) differ, and neither is 1");
  BOOST_TEST(says(matmul, of({}), of({3}), "ctgrad: matmul of x and y[3]: both have to have one to 5 axes"));
}
