// Slices, other shapes and concatenations, their gradients, and what a call says of bad ones.
// Expected elements are named by their places, which loops in the test work out.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE shapes
#include <ctgrad/convolution.hpp>
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/diagonal.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using ct::test::filled, ct::test::near;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto M = ct::dim("M"_s);
constexpr auto X = ct::tensor<double>("X"_s, N, 6_c);
constexpr auto Y = ct::tensor<double>("Y"_s, M, 6_c);
constexpr auto S = ct::tensor<double>("S"_s, 4_c, 6_c);
constexpr auto v = ct::tensor<double>("v"_s, N);

using doubles = std::vector<double>;

/// The elements of rows x columns that `at(i, j)` gives, in row-major order.
doubles table(std::int64_t rows, std::int64_t columns, std::function<double(std::int64_t, std::int64_t)> const& at) {
  doubles all;
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < columns; ++j) all.push_back(at(i, j));
  return all;
}
/// What a call throws.
template <class Call>
std::string message_of(Call const& call) {
  try {
    call();
  } catch (ct::error const& e) {
    return e.what();
  }
  return "nothing";
}

// Shapes, while compiling.
template <class E>
constexpr auto const& shape_of(E const&) {
  return E::type.s;
}
using ct::detail::extent;
constexpr extent n(ct::detail::extent_name{ct::detail::name_of<decltype("N"_s)>}), m(ct::detail::extent_name{ct::detail::name_of<decltype("M"_s)>});
constexpr bool has_shape(ct::detail::shape const& s, std::initializer_list<extent> extents) {
  bool same = s.rank == static_cast<int>(extents.size());
  int i = 0;
  for (extent const& e : extents) same = same && s[i++] == e;
  return same;
}
static_assert(has_shape(shape_of(ct::slice(X, 1_c, 1_c, -1_c)), {n, 4}) && has_shape(shape_of(ct::slice(X, 0_c, 2_c)), {n - 2, 6}) && has_shape(shape_of(ct::slice(X, 0_c, 0_c, -1_c)), {n - 1, 6}));
static_assert(has_shape(shape_of(ct::slice(S, 0_c, 1_c, 100_c)), {3, 6}) && has_shape(shape_of(ct::slice(S, 0_c, -100_c, 2_c)), {2, 6}) && has_shape(shape_of(ct::slice(S, 0_c, 3_c, 1_c)), {0, 6}));
static_assert(has_shape(shape_of(ct::slice(S, 1_c, 0_c, 6_c, 4_c)), {4, 2}) && has_shape(shape_of(ct::slice(S, 1_c, 5_c, 6_c, 4_c)), {4, 1}));
static_assert(has_shape(shape_of(ct::select(X, 0_c, -1_c)), {6}) && has_shape(shape_of(ct::select(X, -1_c, 2_c)), {n}));
static_assert(has_shape(shape_of(ct::concat(0_c, X, Y)), {n + m, 6}) && has_shape(shape_of(ct::stack(1_c, X, X, X)), {n, 3, 6}));
static_assert(has_shape(shape_of(ct::reshape(X, N, 2_c, 3_c)), {n, 2, 3}) && has_shape(shape_of(ct::reshape(X, 3_c, -1_c, 2_c)), {3, n, 2}) && has_shape(shape_of(ct::flatten(X)), {n * 6}));
static_assert(has_shape(shape_of(ct::reshape(ct::flatten(X), N, -1_c)), {n, 6}) && has_shape(shape_of(ct::unsqueeze(X, -1_c)), {n, 6, 1}) && has_shape(shape_of(ct::squeeze(ct::unsqueeze(X, 0_c))), {n, 6}));
static_assert(has_shape(shape_of(ct::permute(ct::unsqueeze(X, 0_c), 2_c, 0_c, 1_c)), {6, 1, n}) && has_shape(shape_of(ct::tile(X, 3_c, 0_c)), {n * 3, 6}) && has_shape(shape_of(ct::pad(X, 1_c, 2_c, 1_c)), {n, 9}));

// Values, in the compiler.
constexpr auto rows = std::array{std::array{1.0, 2.0, 3.0, 4.0, 5.0, 6.0}, std::array{7.0, 8.0, 9.0, 10.0, 11.0, 12.0}, std::array{13.0, 14.0, 15.0, 16.0, 17.0, 18.0}};
static_assert(ct::evaluate(ct::sum(ct::slice(X, 1_c, 1_c, 6_c, 2_c)), X = rows) == 2 + 4 + 6 + 8 + 10 + 12 + 14 + 16 + 18);
static_assert(ct::evaluate(ct::sum(ct::select(X, 0_c, -1_c)), X = rows) == 13 + 14 + 15 + 16 + 17 + 18);
static_assert(ct::gradient_check(ct::sum(ct::tanh(ct::slice(X, 1_c, 1_c, 6_c, 2_c)) * ct::slice(ct::flip(X), 1_c, 0_c, 3_c)), X = rows));
static_assert(ct::gradient_check(ct::sum(ct::sqrt(ct::reshape(X, 2_c, -1_c)) * ct::reshape(ct::concat(0_c, ct::select(X, 1_c, 0_c), ct::flatten(ct::slice(X, 1_c, 0_c, 5_c))), 2_c, -1_c)), X = rows));
constexpr auto two = std::array{rows[0], rows[1]};  // (more is beyond clang's limit on steps)
static_assert(ct::gradient_check(ct::sum(ct::sqrt(ct::roll(X, 4_c, 1_c)) * X + ct::repeat_interleave(ct::slice(X, 1_c, 0_c, 2_c), 3_c, 1_c) * ct::tril(X)), X = two));
static_assert(ct::equivalent(ct::sum(ct::slice(X, 1_c, 0_c, 3_c)) * 2_c, ct::sum(2_c * ct::slice(X, 1_c, 0_c, 3_c))));
static_assert(!ct::equivalent(ct::slice(X, 1_c, 0_c, 3_c), ct::slice(X, 1_c, 3_c, 6_c)));
static_assert(!ct::equivalent(ct::slice(S, 0_c, 0_c, 2_c), ct::flip(ct::slice(S, 0_c, 0_c, 2_c), 0_c)));
static_assert(ct::to_string(ct::slice(X, 1_c, 1_c, 3_c)) == "slice(X, axis 1, 1:3)" && ct::to_string(ct::flip(v)) == "slice(v, axis 0, N - 1::-1)");

// A part of one part of a concatenation is a part of that.
static_assert(ct::to_string(ct::slice(ct::concat(1_c, X, ct::exp(X)), 1_c, 1_c, 3_c)) == "slice(X, axis 1, 1:3)" && ct::to_string(ct::slice(ct::concat(1_c, ct::exp(X), X), 1_c, 6_c, 12_c)) == "X");
static_assert(ct::to_string(ct::slice(ct::concat(1_c, S, ct::exp(S)), 1_c, 5_c, 7_c)) == "slice(concat(S, exp(S), axis 1), axis 1, 5:7)");

// A slice is read where it lies, and what is computed of it in one loop.
constexpr auto halves = ct::chunk(X, 2_c, -1_c);
constexpr auto gated = ct::sigmoid(boost::hana::at_c<0>(halves)) * boost::hana::at_c<1>(halves);
static_assert(ct::report(ct::compile(gated)).nests == 1 && ct::report(ct::compile(gated)).temporaries == 0);
static_assert(ct::report(ct::compile(ct::slice(ct::exp(X), 0_c, 1_c))).nests == 1 && ct::report(ct::compile(ct::slice(ct::exp(X), 0_c, 1_c))).temporaries == 0);
// Parts are computed where they stand.
static_assert(ct::report(ct::compile(ct::concat(0_c, ct::exp(X), ct::exp(Y), ct::tanh(Y)))).temporaries == 0);
// Products read slices and other shapes.
static_assert(ct::report(ct::compile(ct::matmul(ct::slice(X, 1_c, 0_c, 4_c), S))).temporaries == 0);

}  // namespace

BOOST_AUTO_TEST_CASE(slices) {
  constexpr auto inner = ct::slice(X, 1_c, 1_c, -1_c);
  constexpr auto later = ct::slice(X, 0_c, 2_c);
  constexpr auto last = ct::select(X, 0_c, -1_c);
  constexpr auto some = ct::slice(X, 1_c, 1_c, 6_c, 2_c);
  constexpr auto back = ct::flip(X);
  constexpr auto both = ct::slice(ct::slice(X, 0_c, 1_c, -1_c), 1_c, 2_c) * 2_c;
  constexpr auto rolled = ct::roll(X, 2_c, 0_c);
  constexpr auto p = ct::compile(inner, later, last, some, back, both, rolled);
  for (std::int64_t count : {2, 3, 7, 1000}) {
    auto const x = filled<double>(1, count, 6), wide = filled<double>(2, 2 * count, 12);
    auto const check = [&](ct::view<double const, 2> a) {
      auto const r = p(X = a);
      BOOST_TEST(near(r[inner], table(count, 4, [&](auto i, auto j) { return a(i, j + 1); }), 0));
      BOOST_TEST(near(r[later], table(count - 2, 6, [&](auto i, auto j) { return a(i + 2, j); }), 0));
      BOOST_TEST(near(r[last], table(1, 6, [&](auto, auto j) { return a(count - 1, j); }), 0));
      BOOST_TEST(near(r[some], table(count, 3, [&](auto i, auto j) { return a(i, 1 + 2 * j); }), 0));
      BOOST_TEST(near(r[back], table(count, 6, [&](auto i, auto j) { return a(count - 1 - i, 5 - j); }), 0));
      BOOST_TEST(near(r[both], table(count - 2, 4, [&](auto i, auto j) { return 2 * a(i + 1, j + 2); }), 0));
      BOOST_TEST(near(r[rolled], table(count, 6, [&](auto i, auto j) { return a((i + count - 2) % count, j); }), 0));
    };
    check(x);
    check(wide.slice(0, 0, 2 * count, 2).slice(1, 0, 12, 2));
    check(wide.slice(0, std::nullopt, std::nullopt, -2).slice(1, 11, 5, -1));
  }
}

BOOST_AUTO_TEST_CASE(concatenations_and_padding) {
  constexpr auto both = ct::concat(0_c, X, ct::exp(Y), 2_c * X);
  constexpr auto beside = ct::concat(-1_c, X, X, ct::sum(X, 1_c, ct::keepdim));
  constexpr auto stacked = ct::stack(0_c, X, -X);
  constexpr auto padded = ct::pad(X, 1_c, 1_c, 2_c, 0.5_c);
  constexpr auto total = ct::sum(both * both);
  constexpr auto p = ct::compile(both, beside, stacked, padded, total);
  for (auto [rows_x, rows_y] : {std::array{3, 2}, {1, 1}, {0, 4}, {4, 0}, {0, 0}, {500, 700}}) {
    auto const x = filled<double>(1, rows_x, 6), y = filled<double>(2, rows_y, 6);
    auto const r = p(X = x, Y = y);
    auto const all = table(2 * rows_x + rows_y, 6, [&](auto i, auto j) { return i < rows_x ? x(i, j) : i < rows_x + rows_y ? std::exp(y(i - rows_x, j)) : 2 * x(i - rows_x - rows_y, j); });
    BOOST_TEST(near(r[both], all, 1e-15));
    BOOST_TEST(near(r[beside], table(rows_x, 13, [&](auto i, auto j) { return j < 12 ? x(i, j % 6) : x(i, 0) + x(i, 1) + x(i, 2) + x(i, 3) + x(i, 4) + x(i, 5); }), 1e-14));
    BOOST_TEST(near(r[stacked], table(2 * rows_x, 6, [&](auto i, auto j) { return i < rows_x ? x(i, j) : -x(i - rows_x, j); }), 0));
    BOOST_TEST(near(r[padded], table(rows_x, 9, [&](auto i, auto j) { return j < 1 || j > 6 ? 0.5 : x(i, j - 1); }), 0));
    double sum = 0;
    for (double e : all) sum += e * e;
    BOOST_TEST(near(r[total], sum, 1e-13));
  }
}

BOOST_AUTO_TEST_CASE(other_shapes) {
  constexpr auto cut = ct::reshape(X, N, 2_c, 3_c);
  constexpr auto flat = ct::flatten(X) * 2_c;
  constexpr auto of_computed = ct::reshape(ct::exp(X) + ct::unsqueeze(v, 1_c), 6_c, N);
  constexpr auto turned = ct::reshape(ct::transpose(X), N, 6_c);
  constexpr auto tiled = ct::tile(X, 2_c, 0_c);
  constexpr auto repeated = ct::repeat_interleave(X, 2_c, 1_c);
  constexpr auto square = ct::tensor<double>("square"_s, 6_c, 6_c);
  constexpr auto p = ct::compile(cut, flat, turned, tiled, repeated, of_computed);
  for (std::int64_t count : {0, 1, 2, 5, 300}) {
    auto const x = filled<double>(1, count, 6);
    auto const w = filled<double>(2, count);
    auto const r = p(X = x, v = w);
    BOOST_TEST(near(r[of_computed], table(count, 6, [&](auto i, auto j) { return std::exp(x(i, j)) + w(i); }), 1e-15));
    BOOST_TEST((r[cut].shape() == std::array<std::int64_t, 3>{count, 2, 3}));
    BOOST_TEST(near(r[cut], table(count, 6, [&](auto i, auto j) { return x(i, j); }), 0));
    BOOST_TEST(near(r[flat], table(count, 6, [&](auto i, auto j) { return 2 * x(i, j); }), 0));
    BOOST_TEST(near(r[turned], table(6, count, [&](auto i, auto j) { return x(j, i); }), 0));
    BOOST_TEST(near(r[tiled], table(2 * count, 6, [&](auto i, auto j) { return x(count ? i % count : 0, j); }), 0));
    BOOST_TEST(near(r[repeated], table(count, 12, [&](auto i, auto j) { return x(i, j / 2); }), 0));
  }
  constexpr auto lower = ct::tril(square, -1_c);
  constexpr auto upper = ct::triu(square);
  auto const q = filled<double>(3, 6, 6);
  auto const r = ct::compile(lower, upper)(square = q);
  BOOST_TEST(near(r[lower], table(6, 6, [&](auto i, auto j) { return j <= i - 1 ? q(i, j) : 0; }), 0));
  BOOST_TEST(near(r[upper], table(6, 6, [&](auto i, auto j) { return j >= i ? q(i, j) : 0; }), 0));
}

// Gradients at run time, against central differences of loops over places.
BOOST_AUTO_TEST_CASE(gradients) {
  constexpr auto loss = ct::sum(ct::tanh(ct::slice(X, 1_c, 0_c, 6_c, 2_c)) * ct::slice(ct::flip(X), 1_c, 1_c, 4_c)) + ct::sum(ct::exp(ct::slice(X, 0_c, 1_c)) * ct::slice(X, 0_c, 0_c, -1_c)) +
                        ct::sum(ct::concat(0_c, X, Y) * ct::concat(0_c, ct::sin(Y), X));
  constexpr auto p = ct::compile(loss, ct::grad(loss, X, Y));
  auto const value = [](auto const& x, auto const& y) {
    auto const rows_x = x.shape()[0], rows_y = y.shape()[0];
    double sum = 0;
    for (std::int64_t i = 0; i < rows_x; ++i)
      for (std::int64_t j = 0; j < 3; ++j) sum += std::tanh(x(i, 2 * j)) * x(rows_x - 1 - i, 4 - j);
    for (std::int64_t i = 0; i + 1 < rows_x; ++i)
      for (std::int64_t j = 0; j < 6; ++j) sum += std::exp(x(i + 1, j)) * x(i, j);
    for (std::int64_t i = 0; i < rows_x + rows_y; ++i)
      for (std::int64_t j = 0; j < 6; ++j) sum += (i < rows_x ? x(i, j) : y(i - rows_x, j)) * (i < rows_y ? std::sin(y(i, j)) : x(i - rows_y, j));
    return sum;
  };
  for (auto [rows_x, rows_y] : {std::array{4, 3}, {1, 2}, {5, 0}}) {
    auto x = filled<double>(1, rows_x, 6), y = filled<double>(2, rows_y, 6);
    auto const [l, dx, dy] = p(X = x, Y = y);
    BOOST_TEST(near(l, value(x, y), 1e-13));
    auto const slope = [&](double& place) {
      double const before = place;
      place = before + 1e-5;
      double const high = value(x, y);
      place = before - 1e-5;
      double const low = value(x, y);
      place = before;
      return (high - low) / 2e-5;
    };
    for (std::int64_t i = 0; i < x.size(); ++i) BOOST_TEST(near(dx.data()[i], slope(x.data()[i]), 1e-8));
    for (std::int64_t i = 0; i < y.size(); ++i) BOOST_TEST(near(dy.data()[i], slope(y.data()[i]), 1e-8));
  }
}

// Into memory of the caller's: parts are written through its strides, and gradients are added.
BOOST_AUTO_TEST_CASE(parts_in_views_of_the_callers) {
  constexpr auto both = ct::concat(1_c, ct::exp(X), X);
  constexpr auto program = ct::compile(both);
  auto const x = filled<double>(1, 5, 6);
  auto space = program.workspace(N = 5);
  auto wide = ct::zeros<double>(10, 24), turned = ct::zeros<double>(12, 5);
  for (auto out : std::array{wide.slice(0, 0, 10, 2).slice(1, 0, 24, 2), wide.slice(0, 9, 4, -1).slice(1, 11, std::nullopt, -1), turned.t()}) {
    program.into(space, X = x, both = out);
    BOOST_TEST(near(ct::array<double, 2>(out), table(5, 12, [&](auto i, auto j) { return j < 6 ? std::exp(x(i, j)) : x(i, j - 6); }), 1e-15));
  }
  constexpr auto loss = ct::sum(ct::slice(X, 1_c, 0_c, 2_c) * 3_c);
  constexpr auto backward = ct::backward(loss, X);
  auto params = ct::parameters(X = x);
  backward(params), backward(params);
  BOOST_TEST(near(ct::array<double, 2>(params[X].grad), table(5, 6, [&](auto, auto j) { return j < 2 ? 6 : 0; }), 0));
}

// The same array in and out: a slice reads what another element of the output overwrites.
BOOST_AUTO_TEST_CASE(slices_forbid_writing_in_place) {
  constexpr auto flipped = ct::flip(X);
  constexpr auto plain = ct::exp(X);
  auto x = filled<double>(1, 5, 6);
  auto space = ct::compile(flipped).workspace(N = 5);
  BOOST_CHECK_THROW(ct::compile(flipped).into(space, X = x, flipped = x), ct::overlap_error);
  BOOST_CHECK_NO_THROW(ct::compile(plain).into(space, X = x, plain = x));
}

BOOST_AUTO_TEST_CASE(bad_calls_say_what_is_wrong) {
  constexpr auto third = ct::select(X, 0_c, 2_c);
  constexpr auto rest = ct::slice(X, 0_c, 3_c);
  constexpr auto flat = ct::flatten(X);
  auto const x = filled<double>(1, 2, 6), wide = filled<double>(2, 4, 12);
  BOOST_TEST(message_of([&] { ct::compile(third)(X = x); }) == "ctgrad: a slice of X takes elements 2 to 2 along axis 0, which has 2");
  BOOST_TEST(message_of([&] { ct::compile(rest)(X = x); }) == "ctgrad: extent N - 3 is -1: a slice or a lookup takes more than there is");
  BOOST_TEST(message_of([&] { ct::compile(flat)(X = wide.slice(1, 0, 6)); }) ==
             "ctgrad: X, of shape (4, 6) with strides (12, 1), is reshaped to (24,) by this program, which its strides do not allow: bind a copy");
  double total = -1;
  constexpr auto sum = ct::sum(ct::slice(X, 0_c, 3_c));
  auto space = ct::compile(sum).workspace(N = 8);
  BOOST_CHECK_THROW(ct::compile(sum).into(space, X = x, sum = total), ct::shape_error);
  BOOST_TEST(total == -1);  // nothing was written
  // Eager arrays say the same.
  BOOST_CHECK_THROW(ct::concat(0_c, ct::ones<float>(2, 3), ct::ones<float>(2, 4)), ct::shape_error);
}

BOOST_AUTO_TEST_CASE(eager_arrays) {
  auto const a = filled<float>(1, 2, 3), b = filled<float>(2, 4, 3);
  auto const c = ct::concat(0_c, a, b);
  static_assert(std::is_same_v<decltype(c), ct::array<float, 2> const>);
  BOOST_TEST(near(c, table(6, 3, [&](auto i, auto j) { return i < 2 ? a(i, j) : b(i - 2, j); }), 0));
  BOOST_TEST(near(ct::stack(1_c, a, a), table(2, 6, [&](auto i, auto j) { return a(i, j % 3); }), 0));
  BOOST_TEST(near(ct::roll(a, 1_c, 1_c), table(2, 3, [&](auto i, auto j) { return a(i, (j + 2) % 3); }), 0));
  auto const whole = ct::concat(0_c, ct::array<std::int32_t, 1>{1, 2}, ct::array<double, 1>{0.5});
  static_assert(std::is_same_v<decltype(whole), ct::array<double, 1> const>);
  BOOST_TEST((whole(0) == 1 && whole(1) == 2 && whole(2) == 0.5));
}

// In traced functions, with loops.
BOOST_AUTO_TEST_CASE(traced_functions) {
  constexpr auto differences = ct::fn([](auto x) {
    auto sum = ct::sum(x * 0.0);
    for (int k = 0; k < 2; ++k) {
      auto const d = ct::slice(x, 0_c, 1_c) - ct::slice(x, 0_c, 0_c, -1_c);
      sum = sum + ct::sum(d * d);
      x = d;
    }
    return sum;
  });
  constexpr auto loss = differences(v);
  auto const x = filled<double>(1, 9);
  auto const [l, dx] = ct::compile(loss, ct::grad(loss, v))(v = x);
  auto const value = [](auto const& a) {
    double sum = 0;
    for (int i = 0; i + 1 < 9; ++i) sum += (a(i + 1) - a(i)) * (a(i + 1) - a(i));
    for (int i = 0; i + 2 < 9; ++i) sum += (a(i + 2) - 2 * a(i + 1) + a(i)) * (a(i + 2) - 2 * a(i + 1) + a(i));
    return sum;
  };
  BOOST_TEST(near(l, value(x), 1e-13));
  for (int i = 0; i < 9; ++i) {
    auto high = x, low = x;
    high(i) += 1e-5, low(i) -= 1e-5;
    BOOST_TEST(near(dx(i), (value(high) - value(low)) / 2e-5, 1e-8));
  }
}

// Diagonals, parts of several sizes and windows, of an extent that a call knows, and the gradient of all of them in loops.
BOOST_AUTO_TEST_CASE(diagonals_splits_and_windows) {
  constexpr auto Q = ct::tensor<double>("Q"_s, N, N);
  constexpr auto above = ct::diagonal(Q, 2_c);
  constexpr auto sum = ct::trace(ct::transpose(Q));
  constexpr auto parts = ct::split(X, 1_c, 1_c, 3_c, 2_c);
  constexpr auto middle = boost::hana::at_c<1>(parts);
  constexpr auto windows = ct::unfold(v, 0_c, 3_c, 1_c);
  constexpr auto loss = ct::sum(above * above) + sum * sum + ct::sum(middle * middle) + ct::sum(windows * windows);
  constexpr auto dq = ct::grad(loss, Q);
  constexpr auto dx = ct::grad(loss, X);
  constexpr auto dv = ct::grad(loss, v);
  constexpr auto p = ct::compile(above, sum, middle, windows, dq, dx, dv);
  for (std::int64_t n : {3, 4, 37}) {
    auto const q = filled<double>(1, n, n), x = filled<double>(2, n, 6);
    auto const a = filled<double>(3, n);
    auto const r = p(Q = q, X = x, v = a);
    double total = 0;
    for (std::int64_t i = 0; i < n; ++i) total += q(i, i);
    BOOST_TEST(near(r[above], table(1, n - 2, [&](auto, auto i) { return q(i, i + 2); }), 0));
    BOOST_TEST(near(r[sum], total, 1e-14));
    BOOST_TEST(near(r[middle], table(n, 3, [&](auto i, auto j) { return x(i, j + 1); }), 0));
    BOOST_TEST(near(r[windows], table(n - 2, 3, [&](auto i, auto j) { return a(i + j); }), 0));
    BOOST_TEST(near(r[dq], table(n, n, [&](auto i, auto j) { return i == j ? 2 * total : j == i + 2 ? 2 * q(i, j) : 0; }), 1e-14));
    BOOST_TEST(near(r[dx], table(n, 6, [&](auto i, auto j) { return j > 0 && j < 4 ? 2 * x(i, j) : 0; }), 1e-14));
    BOOST_TEST(near(r[dv], table(1, n, [&](auto, auto i) { return 2 * a(i) * static_cast<double>(std::min({i + 1, std::int64_t{3}, n - i, n - 2})); }), 1e-14));
  }
  BOOST_TEST(message_of([&] { ct::compile(above)(Q = filled<double>(1, 1, 1)); }).find("ctgrad: ") == 0u);
}
