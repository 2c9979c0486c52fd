// Lookups and sums by places against loops written out, their gradients in closed form, places that are none, and how they fuse.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE indexing
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/indexing.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto M = ct::dim("M"_s);
constexpr auto V = ct::dim("V"_s);
constexpr auto X = ct::tensor<double>("X"_s, N, V);
constexpr auto Y = ct::tensor<double>("Y"_s, N, M);
constexpr auto W = ct::tensor<double>("W"_s, V, M);
constexpr auto p = ct::tensor<std::int64_t>("p"_s, N, M);
constexpr auto ids = ct::tensor<std::int32_t>("ids"_s, N);
constexpr auto pairs = ct::tensor<std::int32_t>("pairs"_s, N, 2_c);

constexpr std::int64_t n = 37, m = 21, v = 19;  // not of whole packs

/// Places in [0, count), and some that are none where `wrong`.
template <class T, bool wrong = false>
auto places(std::int64_t count, auto... extents) {
  auto a = ct::zeros<T>(extents...);
  std::uint64_t state = 12345;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    a.data()[i] = static_cast<T>(static_cast<std::int64_t>(state >> 33) % count);
    if (wrong && i % 5 == 0) a.data()[i] = i % 10 ? T(-1 - i) : static_cast<T>(count + i);
  }
  return a;
}

}  // namespace

BOOST_AUTO_TEST_CASE(gather_along_the_last_axis) {
  constexpr auto taken = ct::gather(X, 1_c, p);
  constexpr auto weighted = ct::sum(taken * Y);
  constexpr auto dX = ct::grad(weighted, X);
  constexpr auto step = ct::compile(taken, dX);
  static_assert(ct::report(step).nests == 1 && ct::report(step).temporaries == 0);
  auto const x = filled<double>(1, n, v), y = filled<double>(2, n, m);
  auto const at = places<std::int64_t>(v, n, m);
  auto const r = step(X = x, Y = y, p = at);
  auto expected = ct::zeros<double>(n, v);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < m; ++j) {
      BOOST_TEST(r[taken](i, j) == x(i, at(i, j)));
      expected(i, at(i, j)) += y(i, j);
    }
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t k = 0; k < v; ++k) BOOST_TEST(near(r[dX](i, k), expected(i, k), 1e-15));
}

BOOST_AUTO_TEST_CASE(gather_along_the_first_axis) {
  constexpr auto taken = ct::gather(W, 0_c, p);
  constexpr auto dW = ct::grad(ct::sum(taken * Y), W);
  constexpr auto step = ct::compile(taken, dW);
  auto const w = filled<double>(3, v, m), y = filled<double>(2, n, m);
  auto const at = places<std::int64_t>(v, n, m);
  auto const r = step(W = w, Y = y, p = at);
  auto expected = ct::zeros<double>(v, m);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < m; ++j) {
      BOOST_TEST(r[taken](i, j) == w(at(i, j), j));
      expected(at(i, j), j) += y(i, j);
    }
  for (std::int64_t k = 0; k < v; ++k)
    for (std::int64_t j = 0; j < m; ++j) BOOST_TEST(near(r[dW](k, j), expected(k, j), 1e-15));
}

BOOST_AUTO_TEST_CASE(embedding_and_its_gradient_are_one_nest) {
  constexpr auto rows = ct::embedding(ids, W);
  constexpr auto loss = ct::sum(ct::sin(rows) * Y);
  constexpr auto dW = ct::grad(loss, W);
  constexpr auto step = ct::compile(loss, dW);
  static_assert(ct::report(step).nests == 1 && ct::report(step).temporaries == 0);
  auto const w = filled<double>(3, v, m), y = filled<double>(2, n, m);
  auto const at = places<std::int32_t>(v, n);
  auto const r = step(W = w, Y = y, ids = at);
  double total = 0;
  auto expected = ct::zeros<double>(v, m);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < m; ++j) total += std::sin(w(at(i), j)) * y(i, j), expected(at(i), j) += std::cos(w(at(i), j)) * y(i, j);
  BOOST_TEST(near(r[loss], total, 1e-13));
  for (std::int64_t k = 0; k < v; ++k)
    for (std::int64_t j = 0; j < m; ++j) BOOST_TEST(near(r[dW](k, j), expected(k, j), 1e-14));
}

// Rows that are looked up and used by column: every column is looked up in the loop that uses it, and what belongs to one row is written where it stands. Rows i of the gradient: W1 Y0, W0 Y0, 0.
BOOST_AUTO_TEST_CASE(columns_of_looked_up_rows) {
  constexpr auto T = ct::tensor<double>("T"_s, V, 3_c);
  constexpr auto rows = ct::index_select(T, 0_c, ids);
  constexpr auto product = ct::select(rows, 1_c, 0_c) * ct::select(rows, 1_c, 1_c) * ct::select(Y, 1_c, 0_c);
  constexpr auto d = ct::grad(ct::sum(product), rows);
  constexpr auto step = ct::compile(product, d);
  static_assert(ct::report(step).temporaries == 0 && ct::report(step).nests == 1);  // the column of zeros is written with the others
  auto const t = filled<double>(3, v, 3), y = filled<double>(2, n, m);
  auto const at = places<std::int32_t, true>(v, n);
  auto const r = step(T = t, Y = y, ids = at);
  for (std::int64_t i = 0; i < n; ++i) {
    bool const there = at(i) >= 0 && at(i) < v;
    BOOST_TEST((there ? near(r[product](i), t(at(i), 0) * t(at(i), 1) * y(i, 0), 1e-15) : std::isnan(r[product](i))));
    for (std::int64_t k = 0; k < 3; ++k) BOOST_TEST((k == 2 ? r[d](i, k) == 0 : there ? near(r[d](i, k), t(at(i), 1 - k) * y(i, 0), 1e-15) : std::isnan(r[d](i, k))));
  }
}

// Columns of two tables by the same places: those of one lie one row apart from each other, those of the other do not; one table is walked along the loop as well.
BOOST_AUTO_TEST_CASE(columns_of_two_tables_by_the_same_places) {
  auto test = [](auto number, auto count) {
    using T = decltype(number);
    constexpr auto A = ct::tensor<T>("A"_s, V, 3_c);
    constexpr auto B = ct::tensor<T>("B"_s, 9_c, 5_c);  // of fewer rows than A
    constexpr auto a = ct::index_select(A, 0_c, ids);
    constexpr auto b = ct::index_select(B, 0_c, ids);
    constexpr auto e = ct::select(a, 1_c, 0_c) + 2_c * ct::select(b, 1_c, 0_c) + 4_c * ct::select(a, 1_c, 2_c) + 8_c * ct::select(b, 1_c, 4_c) + 16_c * ct::select(a, 1_c, 1_c);
    constexpr auto step = ct::compile(e);
    static_assert(ct::report(step).temporaries == 0);
    std::int64_t const rows = 11;
    auto const t = filled<T>(3, rows, 3), u = filled<T>(4, 9, 5);
    auto const at = places<std::int32_t>(9, count);
    auto const r = step(A = t, B = u, ids = at);
    bool right = true;
    for (std::int64_t i = 0; i < count; ++i) {
      double const expected = t(at(i), 0) + 2.0 * u(at(i), 0) + 4.0 * t(at(i), 2) + 8.0 * u(at(i), 4) + 16.0 * t(at(i), 1);
      right = right && near(static_cast<double>(r[e](i)), expected, 1e-5);
    }
    BOOST_TEST(right, count << " places");
  };
  for (int count : {1, 7, 8, 9, 16, 31, 300}) test(0.0f, count), test(0.0, count), test(std::int32_t{}, count);
}

BOOST_AUTO_TEST_CASE(places_of_two_axes_and_slices_of_columns) {
  constexpr auto rows = ct::embedding(pairs, W);
  constexpr auto columns = ct::index_select(X, -1_c, pairs);
  constexpr auto step = ct::compile(rows, columns, ct::index_select(ct::exp(X), 1_c, ids));
  auto const w = filled<double>(3, v, m), x = filled<double>(1, n, v);
  auto const at = places<std::int32_t>(v, n, 2);
  auto const one = places<std::int32_t>(v, n);
  auto const [r, c, e] = step(W = w, X = x, pairs = at, ids = one);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t k = 0; k < 2; ++k) {
      for (std::int64_t j = 0; j < m; ++j) BOOST_TEST(r(i, k, j) == w(at(i, k), j));
      for (std::int64_t row = 0; row < n; ++row) {
        BOOST_TEST(c(row, i, k) == x(row, at(i, k)));
        BOOST_TEST(near(e(row, i), std::exp(x(row, one(i))), 1e-15));
      }
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_place_is_not_found_and_adds_nothing) {
  constexpr auto taken = ct::gather(X, 1_c, p);
  constexpr auto sums = ct::segment_sum(Y, ids, V);
  constexpr auto step = ct::compile(taken, sums, ct::one_hot(ids, 3_c), ct::gather(p, 1_c, p));
  auto const x = filled<double>(1, n, v), y = filled<double>(2, n, m);
  auto const at = places<std::int64_t, true>(v, n, m);
  auto const group = places<std::int32_t, true>(v, n);
  auto const [r, s, h, q] = step(X = x, Y = y, p = at, ids = group);
  auto expected = ct::zeros<double>(v, m);
  for (std::int64_t i = 0; i < n; ++i) {
    bool const known = group(i) >= 0 && group(i) < v;
    for (std::int64_t j = 0; j < m; ++j) {
      bool const there = at(i, j) >= 0 && at(i, j) < v;
      BOOST_TEST((there ? r(i, j) == x(i, at(i, j)) : std::isnan(r(i, j))));
      BOOST_TEST(q(i, j) == (at(i, j) >= 0 && at(i, j) < m ? at(i, at(i, j)) : 0));
      if (known) expected(group(i), j) += y(i, j);
    }
    for (std::int64_t k = 0; k < 3; ++k) BOOST_TEST(h(i, k) == (group(i) == k ? 1 : 0));
  }
  for (std::int64_t k = 0; k < v; ++k)
    for (std::int64_t j = 0; j < m; ++j) BOOST_TEST(near(s(k, j), expected(k, j), 1e-15));
  BOOST_CHECK_THROW(step(X = ct::zeros<double>(n, 0), Y = y, p = at, ids = group), ct::shape_error);
}

BOOST_AUTO_TEST_CASE(scatter_add_and_its_gradients) {
  constexpr auto added = ct::scatter_add(X, 1_c, p, Y);
  constexpr auto f = ct::sum(added * added * added);
  constexpr auto dY = ct::grad(f, Y);
  constexpr auto dX = ct::grad(f, X);
  constexpr auto step = ct::compile(added, dX, dY);
  auto const x = filled<double>(1, n, v), y = filled<double>(2, n, m);
  auto const at = places<std::int64_t>(v, n, m);
  auto const r = step(X = x, Y = y, p = at);
  ct::array<double, 2> expected(x);
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t j = 0; j < m; ++j) expected(i, at(i, j)) += y(i, j);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t k = 0; k < v; ++k) {
      BOOST_TEST(near(r[added](i, k), expected(i, k), 1e-14));
      BOOST_TEST(near(r[dX](i, k), 3 * expected(i, k) * expected(i, k), 1e-13));
    }
    for (std::int64_t j = 0; j < m; ++j) BOOST_TEST(near(r[dY](i, j), 3 * expected(i, at(i, j)) * expected(i, at(i, j)), 1e-13));
  }
}

// Many rows, so that they are shared by threads: sums of parts are added in one order.
BOOST_AUTO_TEST_CASE(histograms) {
  constexpr auto w = ct::tensor<double>("w"_s, N);
  constexpr auto sums = ct::segment_sum(w, ids, 7_c);
  constexpr auto counts = ct::segment_sum(ct::cast<std::int64_t>(ids >= 0_c), ids, 7_c);
  constexpr auto step = ct::compile(sums, counts);
  std::int64_t const many = 100'003;
  auto const at = places<std::int32_t>(7, many);
  auto weights = ct::zeros<double>(many);
  for (std::int64_t i = 0; i < many; ++i) weights(i) = 0.25 * static_cast<double>(i % 8);  // sums are exact
  auto result = ct::zeros<double>(7);
  auto space = step.workspace(N = many);
  auto number = ct::zeros<std::int64_t>(7);
  step.into(space, w = weights, ids = at, sums = result, counts = number);
  double expected[7]{};
  std::int64_t count[7]{};
  for (std::int64_t i = 0; i < many; ++i) expected[at(i)] += weights(i), ++count[at(i)];
  for (std::int64_t k = 0; k < 7; ++k) {
    BOOST_TEST(result(k) == expected[k]);
    BOOST_TEST(number(k) == count[k]);
  }
}

BOOST_AUTO_TEST_CASE(places_of_extrema) {
  constexpr auto step = ct::compile(ct::argmax(X, 1_c), ct::argmin(X, 0_c), ct::argmax(p, -1_c));
  auto x = filled<double>(1, n, v);
  x(3, 4) = x(3, 9) = 100, x(5, 6) = not_a_number, x(5, 8) = not_a_number;
  auto const at = places<std::int64_t>(5, n, m);
  auto const [largest, smallest, of_integers] = step(X = x, p = at);
  for (std::int64_t i = 0; i < n; ++i) {
    std::int64_t best = 0, first = 0;
    for (std::int64_t k = 1; k < v; ++k)
      if (!std::isnan(x(i, best)) && (x(i, k) > x(i, best) || std::isnan(x(i, k)))) best = k;
    for (std::int64_t j = 1; j < m; ++j)
      if (at(i, j) > at(i, first)) first = j;
    BOOST_TEST(largest(i) == best);
    BOOST_TEST(of_integers(i) == first);
  }
  BOOST_TEST(largest(3) == 4);
  BOOST_TEST(largest(5) == 6);
  BOOST_TEST(smallest(6) == 5);
}

// In the loop that computes what is looked up in: a sum over what is compared, no array.
BOOST_AUTO_TEST_CASE(a_lookup_in_what_a_loop_computes_fuses) {
  constexpr auto column = ct::reshape(ids, N, 1_c);
  constexpr auto chosen = ct::gather(ct::log_softmax(X, -1_c), 1_c, column);
  constexpr auto step = ct::compile(-ct::mean(chosen), ct::cross_entropy(X, ids), ct::masked_fill(X, X > 0_c, -1_c));
  static_assert(ct::report(ct::compile(-ct::mean(chosen))).nests == 1);
  auto const x = filled<double>(1, n, v);
  auto const at = places<std::int32_t>(v, n);
  auto const [one, other, filled_in] = step(X = x, ids = at);
  BOOST_TEST(near(one, other, 1e-14));
  for (std::int64_t i = 0; i < n; ++i) BOOST_TEST(filled_in(i, 1) == (x(i, 1) > 0 ? -1 : x(i, 1)));
}

// One place of each row: the loop's own position, compared with a number from outside or with another loop's position.

namespace {
using ct::detail::value;
constexpr value along(value x, int axis, ct::dtype type) {
  return {x.b, x.b->broadcast(x.b->iota(x.shape()[axis], type), x.get().shape, 3u & ~(1u << axis))};
}
constexpr value of_rows(value x, value places) { return {x.b, x.b->broadcast(places.id, x.get().shape, 2u)}; }
struct stands_function {
  static constexpr value trace(value x, value places) { return along(x, 1, places.type()) == of_rows(x, places); }
};
struct elsewhere_function {
  static constexpr value trace(value x, value places) { return ct::where(of_rows(x, places) != along(x, 1, places.type()), x, 3); }
};
struct fourth_function {
  static constexpr value trace(value x, value places) { return ct::where(along(x, 1, places.type()) == 4, x, cast(along(x, 1, places.type()), x.type())); }
};
struct off_diagonal_function {
  static constexpr value trace(value x, value places) { return ct::where(along(x, 0, places.type()) != along(x, 1, places.type()), x, 3); }
};
/// More operations than one chunk has, the comparison among the last.
struct long_function {
  static constexpr value trace(value x, value places) {
    auto h = x;
    for (int i = 0; i < 40; ++i) h = h * h - x;
    return ct::where(along(x, 1, places.type()) == of_rows(x, places), x, h * 0) + x;
  }
};

template <class T, class Place>
void check_one_place(auto columns, std::vector<int> const& lengths) {
  constexpr auto rows = ct::dim("rows"_s);
  constexpr auto x = ct::tensor<T>("x"_s, rows, decltype(columns){});
  constexpr auto places = ct::tensor<Place>("places"_s, rows);
  constexpr auto met = ct::detail::call_function<stands_function>(x, places);
  constexpr auto others = ct::detail::call_function<elsewhere_function>(x, places);
  constexpr auto fourth = ct::detail::call_function<fourth_function>(x, places);
  constexpr auto off = ct::detail::call_function<off_diagonal_function>(x, places);
  constexpr auto far = ct::detail::call_function<long_function>(x, places);
  constexpr auto sum = ct::sum(others, 1_c);
  constexpr auto program = ct::compile(met, others, fourth, off, sum);
  for (int m : lengths)
    for (bool turned : {false, true}) {
      using limits = std::numeric_limits<Place>;
      std::vector<Place> at{limits::min(), -1, 0, 1, limits::max()};
      for (int place : {m / 2, m - 2, m - 1, m, m + 40}) at.push_back(place);
      for (std::int64_t bits : {31, 32})
        if (std::int64_t const far_away = std::int64_t{1} << bits; sizeof(Place) == 8)
          for (std::int64_t other : {far_away, far_away + m / 2, m / 2 - far_away}) at.push_back(static_cast<Place>(other));
      auto const n = static_cast<std::int64_t>(at.size());
      // (Long chains of squares stay in [-1, 1].)
      auto memory = turned ? ct::test::filled<T>(1, m, n) : ct::test::filled<T>(1, n, m);
      for (std::int64_t i = 0; i < memory.size(); ++i) memory.data()[i] = static_cast<T>(memory.data()[i] / 9);
      ct::view<T const, 2> const a = turned ? ct::view<T const, 2>(memory.data(), {n, m}, {1, n}) : ct::view<T const, 2>(memory.data(), {n, m});
      auto const [r_met, r_others, r_fourth, r_off, sums] = program(x = a, places = at);
      bool right = true, right_sum = true;
      for (std::int64_t i = 0; i < n; ++i) {
        double total = 0;
        for (std::int64_t j = 0; j < m; ++j) {
          bool const here = j == at[static_cast<std::size_t>(i)];
          T const other = here ? T(3) : a(i, j);
          total += static_cast<double>(other);
          right = right && r_met(i, j) == here && r_others(i, j) == other && r_fourth(i, j) == (j == 4 ? a(i, j) : static_cast<T>(j)) && r_off(i, j) == (i != j ? a(i, j) : T(3));
        }
        right_sum = right_sum && ct::test::near(static_cast<double>(sums(i)), total, std::is_same_v<T, float> ? 1e-5 : 1e-12);
      }
      if constexpr (sizeof(T) < sizeof(Place)) {
        auto const [r_far] = ct::compile(far)(x = a, places = at);
        for (std::int64_t i = 0; i < n * m; ++i) right = right && r_far(i / m, i % m) == (i % m == at[static_cast<std::size_t>(i / m)] ? 2 : 1) * a(i / m, i % m);
      }
      BOOST_TEST(right, m << " columns" << (turned ? ", strided" : ""));
      BOOST_TEST(right_sum, m << " columns" << (turned ? ", strided" : ""));
    }
}
}  // namespace

using elements_and_places = std::tuple<std::pair<float, std::int32_t>, std::pair<float, std::int64_t>, std::pair<double, std::int32_t>, std::pair<std::int64_t, std::int32_t>>;
BOOST_AUTO_TEST_CASE_TEMPLATE(one_place_of_each_row, Types, elements_and_places) {
  check_one_place<typename Types::first_type, typename Types::second_type>(ct::dim("columns"_s), {1, 2, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 65, 100, 257, 600});
}
BOOST_AUTO_TEST_CASE(one_place_of_few) {
  check_one_place<float, std::int32_t>(10_c, {10});
  check_one_place<double, std::int64_t>(5_c, {5});
}

// No array is as long as the positions that one step is given here.
template <class Place, int Bytes>
void check_positions() {
  using namespace ct::detail;
  constexpr int width = 2 * ct::simd::lanes<ct::simd::lane_type<Bytes>>;
  using packs = registers<Bytes, width, 1, 1, 1, 0, 0, 1, 1>;
  constexpr value_place number{place::invariant, 0, ct::dtype_of<Place>}, truth{place::reg, 0, ct::dtype::bool_};
  bool right = true;
  constexpr std::int64_t half = std::int64_t{1} << 31, whole = 2 * half;
  for (std::int64_t position : {std::int64_t{0}, std::int64_t{8192}, half - 3, half + 5, whole - 1, whole + 64, 256 * whole})
    for (std::int64_t at : {0, width, 8192 - width})
      for (std::int64_t away : {-whole, -half, -1 - at, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, std::int64_t{width - 1}, std::int64_t{width}, half, whole}) {
        auto const wanted = static_cast<Place>(position + at + away);
        packs s, known;
        known.template of<Place>()[0] = ct::simd::pack<Place, width>(wanted);
        int sums = 0;
        leaf_place const here{nullptr, nullptr, nullptr, position, nullptr, nullptr};
        bool equal[width], unequal[width];
        run_step<step_kind::here, op::equal, truth.key(), number.key(), 0, 0, -1>(s, known, sums, here, at);
        s.bools[0].store(equal);
        run_step<step_kind::here, op::not_equal, truth.key(), number.key(), 0, 0, -1>(s, known, sums, here, at);
        s.bools[0].store(unequal);
        for (int lane = 0; lane < width; ++lane) right = right && equal[lane] == (static_cast<Place>(position + at + lane) == wanted) && unequal[lane] != equal[lane];
      }
  BOOST_TEST(right);
}
BOOST_AUTO_TEST_CASE(positions_of_any_size) {
  check_positions<std::int32_t, 4>();
  check_positions<std::int64_t, 4>();
  check_positions<std::int32_t, 8>();
  check_positions<std::int64_t, 8>();
}
