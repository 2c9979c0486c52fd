// The oracle itself: each kind of node on numbers that can be checked by hand, in the compiler and at run time.
// Everything else is held against it, so here nothing of ctgrad's own may say what is right.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE interpret
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <vector>

using namespace ctgrad;
using namespace ctgrad::test;
using detail::extent, detail::extent_binding, detail::extent_name, detail::odometer;

namespace {

constexpr char x_name[] = "x", y_name[] = "y", n_name[] = "N", m_name[] = "M";

/// The first output of `make(x, y)`, x = [[1, 2, 3], [4, 5, 6]] and y = [10, 20, 30].
template <class Make>
constexpr numbers of(Make make, dtype type = dtype::float64) {
  builder b;
  value x = symbol(b, x_name, type, {2, 3}), y = symbol(b, y_name, type, {3});
  return run(with_outputs(b, {make(x, y)}), {tensor(type, {2, 3}, {1, 2, 3, 4, 5, 6}), tensor(type, {3}, {10, 20, 30})});
}
#define IS(formula, ...) static_assert(of([]([[maybe_unused]] value x, [[maybe_unused]] value y) { return formula; }) == numbers{__VA_ARGS__})
IS(x, 1, 2, 3, 4, 5, 6);
IS(x + y, 11, 22, 33, 14, 25, 36);
IS(y - x, 9, 18, 27, 6, 15, 24);
IS(x * 2 + 1, 3, 5, 7, 9, 11, 13);
IS(ctgrad::where(x > 3, x, -x), -1, -2, -3, 4, 5, 6);
IS(detail::reduce(op::sum, x, 1), 5, 7, 9);
IS(detail::reduce(op::sum, x, 2), 6, 15);
IS(detail::reduce(op::prod, x, 3), 720);
IS(detail::reduce(op::max, x, 1), 4, 5, 6);
IS(detail::reduce(op::min, y - x, 2), 9, 6);
IS((value{x.b, x.b->permute(x.id, {1, 0})}), 1, 4, 2, 5, 3, 6);
IS((value{x.b, x.b->broadcast(y.id, x.b->intern(shape_of({3, 2})), 2)}), 10, 10, 20, 20, 30, 30);
IS((value{x.b, x.b->matmul(x.id, y.id)}), 140, 320);
IS((value{x.b, x.b->matmul(y.id, x.b->permute(x.id, {1, 0}))}), 140, 320);
IS((value{x.b, x.b->matmul(x.id, x.b->permute(x.id, {1, 0}))}), 14, 32, 32, 77);
IS((value{x.b, x.b->slice(x.id, 1, 1, 2, 1)}), 2, 3, 5, 6);
IS((value{x.b, x.b->slice(x.id, 1, 2, 2, -2)}), 3, 1, 6, 4);
IS((value{x.b, x.b->slice(x.id, 0, 1, 0, 1)}));
IS((value{x.b, x.b->reshape(x.id, shape_of({3, 2}))}), 1, 2, 3, 4, 5, 6);
IS((value{x.b, x.b->concat(x.id, x.b->slice(x.id, 0, 1, 2, -1), 0)}), 1, 2, 3, 4, 5, 6, 4, 5, 6, 1, 2, 3);
IS((value{x.b, x.b->concat(x.id, x.b->slice(x.id, 1, 1, 1, 1), 1)}), 1, 2, 3, 2, 4, 5, 6, 5);
IS((value{x.b, x.b->windows(x.id, 1, 2, 2, 1, 1)}), 1, 2, 2, 3, 4, 5, 5, 6);
IS((value{x.b, x.b->windows(x.id, 0, 1, 2, 1, 1)}), 1, 2, 3, 4, 5, 6);
IS((value{x.b, x.b->windows(y.id, 0, 1, 2, 5, 2)}), 10, 30);
IS((value{x.b, x.b->windows(y.id, 0, 2, 1, 2, 1)}), 10, 30);
IS((value{x.b, x.b->skew(x.id, 1, 0, 2, 1)}), 1, 2, 5, 6);  // the second row from one further on
IS((value{x.b, x.b->skew(x.id, 1, 1, 2, -1)}), 2, 3, 4, 5);
IS((value{x.b, x.b->iota(4, dtype::int32)}), 0, 1, 2, 3);
IS((value{x.b, x.b->real(2.5, dtype::float64, x.b->intern(shape_of({2, 2})))}), 2.5, 2.5, 2.5, 2.5);
IS((value{x.b, x.b->contract(x.id, y.id, {{0, 1, -1, -1, -1}, {1, -1, -1, -1, -1}, {1, 0, -1, -1, -1}})}), 10, 40, 40, 100, 90, 180);  // nothing summed: x[i, j] y[j] at [j, i]

// float32 is rounded after every operation, and sums only at their end.
static_assert(of([](value x, value) { return x / 3; }, dtype::float32)[0] == static_cast<double>(1.0f / 3.0f));
static_assert(of([](value x, value) { return x * 0.1 * 0.1; }, dtype::float32)[2] == static_cast<double>(3.0f * 0.1f * 0.1f));

constexpr bool counts_as_a_clock() {
  sizes const extents{2, 3};
  odometer o(extents);
  for (std::size_t i = 0; i < 6; ++i, o.next())
    if (o.offset() != i || o.at[0] != static_cast<std::int64_t>(i / 3) || o.at[1] != static_cast<std::int64_t>(i % 3)) return false;
  return o.offset() == 0;
}
static_assert(counts_as_a_clock());

}  // namespace

// Named extents are looked up; those that nobody bound are 0.
BOOST_AUTO_TEST_CASE(named_extents) {
  extent const n(extent_name{n_name}), m(extent_name{m_name});
  extent_binding const bound{{{extent_name{n_name}, 2}, {extent_name{m_name}, 3}}};
  builder b;
  value x{&b, b.symbol(x_name, dtype::float64, {2, {n, m}})};
  value size{&b, b.size_of({2, {n, m * 2}}, dtype::int32)}, count{&b, b.iota(n + m, dtype::int64)};
  graph const g = with_outputs(b, {detail::reduce(op::sum, x, 2), size, count, sum_of(x) / detail::cast(size, dtype::float64)});
  auto const values = interpret(g, {tensor(dtype::float64, {2, 3}, {1, 2, 3, 4, 5, 6})}, bound);
  BOOST_TEST((values[0].extents == sizes{2}));
  BOOST_TEST(same(numbers_of(values[0], dtype::float64), {6, 15}));
  BOOST_TEST(values[1].elements[0].integer == 12);
  BOOST_TEST(same(numbers_of(values[2], dtype::int64), {0, 1, 2, 3, 4}));
  BOOST_TEST(same(numbers_of(values[3], dtype::float64), {1.75}));
  BOOST_TEST(bound(extent_name{x_name}) == 0);
  BOOST_TEST((bound.find(extent_name{x_name}) == nullptr));
}
// 2^24 + 1 elements are no float32.
BOOST_AUTO_TEST_CASE(sizes_are_rounded_to_their_dtype) {
  extent const n(extent_name{n_name});
  builder b;
  graph const g = with_outputs(b, {value{&b, b.size_of({1, {n}}, dtype::float32)}, value{&b, b.size_of({1, {n}}, dtype::float64)}});
  auto const values = interpret(g, {}, {{{extent_name{n_name}, 16777217}}});
  BOOST_TEST(values[0].elements[0].real == 16777216);
  BOOST_TEST(values[1].elements[0].real == 16777217);
}
BOOST_AUTO_TEST_CASE(empty_tensors) {
  extent const n(extent_name{n_name});
  builder b;
  value x{&b, b.symbol(x_name, dtype::float64, {2, {3, n}})};
  graph const g = with_outputs(b, {ctgrad::exp(x), detail::reduce(op::sum, x, 2), detail::reduce(op::max, x, 1)});
  auto const values = interpret(g, {tensor(dtype::float64, {3, 0}, {})}, {{{extent_name{n_name}, 0}}});
  BOOST_TEST(values[0].elements.empty());
  BOOST_TEST(same(numbers_of(values[1], dtype::float64), {0, 0, 0}));
  BOOST_TEST(values[2].elements.empty());
}
// Sums and products of integers wrap.
BOOST_AUTO_TEST_CASE(integers_wrap) {
  builder b;
  value x = symbol(b, x_name, dtype::int64, {2});
  graph const g = with_outputs(b, {detail::reduce(op::sum, x, 1), detail::reduce(op::prod, x, 1), value{&b, b.matmul(x.id, x.id)}});
  auto const values = interpret(g, {{{2}, {{0, INT64_MAX}, {0, 3}}}}, {});
  BOOST_TEST(values[0].elements[0].integer == INT64_MIN + 2);
  BOOST_TEST(values[1].elements[0].integer == INT64_MAX - 2);  // 3 (2^63 - 1) = 2^64 + 2^63 - 3
  BOOST_TEST(values[2].elements[0].integer == 10);             // (2^63 - 1)^2 = 1 mod 2^64, and 9
}
BOOST_AUTO_TEST_CASE(float32_at_run_time) {
  BOOST_TEST(of([](value x, value) { return x / 3; }, dtype::float32)[0] == static_cast<double>(1.0f / 3.0f));
  BOOST_TEST(same(of([](value x, value y) { return value{x.b, x.b->matmul(x.id, y.id)}; }), {140, 320}));
}
