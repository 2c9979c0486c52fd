// Programs of small arrays of known extents, whose places are constants: rows of parameters as views, long bodies over one part of a pack, values that cross from loop to loop.
// Expected values are plain loops in double, gradients central differences of them.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE program_small
#include <ctgrad/ctgrad.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using ct::test::at, ct::test::doubles, ct::test::filled, ct::test::near;

namespace {

/// A recurrent cell whose gates see one number each, unrolled: after each step, how far its row is from the largest there.
template <class T, int Size, int Steps>
struct recurrent {
  static constexpr auto n = ct::constant<false, Size>{};
  static constexpr auto w = ct::tensor<T>("w"_s, 6_c, n);
  static constexpr auto x = ct::tensor<T>("x"_s, ct::constant<false, Steps>{}, n);
  static constexpr auto start = ct::tensor<T>("start"_s, n);
  static constexpr auto network = ct::fn([](auto w, auto x, auto start) {
    auto const rows = [](auto of, auto count) { return boost::hana::unpack(ct::chunk(of, count, 0_c), [](auto... row) { return std::array{row...}; }); };
    auto const weights = rows(w, 6_c);
    auto const text = rows(x, ct::constant<false, Steps>{});
    auto hidden = ct::reshape(start, 1_c, n), cell = hidden * hidden;
    auto total = ct::sum(cell) * 0;
    for (auto const& row : text) {
      cell = cell * ct::sigmoid(row * weights[0] + weights[1]) + ct::tanh(hidden * weights[2] + weights[3]);
      hidden = ct::sigmoid(row * weights[4] + hidden) * ct::tanh(cell);
      total = total + ct::sum(hidden * weights[5]) - ct::logsumexp(hidden);
    }
    return total;
  });
  static constexpr auto loss = network(w, x, start);
  static constexpr auto by_w = ct::grad(loss, w);
  static constexpr auto by_start = ct::grad(loss, start);
  static constexpr auto program = ct::compile(loss, by_w, by_start);

  static double expected(doubles const& w, doubles const& x, doubles const& start) {
    doubles hidden = start, cell(at(Size));
    double total = 0;
    auto const sigmoid = [](double v) { return 1 / (1 + std::exp(-v)); };
    for (std::size_t i = 0; i < at(Size); ++i) cell[i] = start[i] * start[i];
    for (std::size_t t = 0; t < at(Steps); ++t) {
      double sum = 0;
      for (std::size_t i = 0; i < at(Size); ++i) {
        double const in = x[t * at(Size) + i];
        auto const weight = [&](std::size_t k) { return w[k * at(Size) + i]; };
        cell[i] = cell[i] * sigmoid(in * weight(0) + weight(1)) + std::tanh(hidden[i] * weight(2) + weight(3));
        hidden[i] = sigmoid(in * weight(4) + hidden[i]) * std::tanh(cell[i]);
        total += hidden[i] * weight(5), sum += std::exp(hidden[i]);
      }
      total -= std::log(sum);
    }
    return total;
  }
  static double slope(doubles const& w, doubles const& x, doubles const& start, bool of_w, std::size_t i) {
    constexpr double h = 1e-5;
    auto moved = [&](double by) {
      doubles changed_w = w, changed_start = start;
      (of_w ? changed_w : changed_start)[i] += by;
      return expected(changed_w, x, changed_start);
    };
    return (moved(h) - moved(-h)) / (2 * h);
  }
  /// `apart`: elements between neighbours in a row; `beside`: elements between rows.
  static void check(std::int64_t apart, std::int64_t beside, double tolerance) {
    std::int64_t const row = Size * apart + beside;
    auto in_rows = [&](int seed, std::int64_t rows) { return filled<T>(seed, rows * row + 1); };
    auto const w_memory = in_rows(1, 6), x_memory = in_rows(2, Steps), start_memory = in_rows(3, 1), before = in_rows(4, 6);
    auto w_to = before;
    auto start_to = in_rows(5, 1);
    auto const start_before = start_to;
    auto values = [&](auto const& memory, std::int64_t rows) {
      doubles v;
      for (std::int64_t r = 0; r < rows; ++r)
        for (std::int64_t i = 0; i < Size; ++i) v.push_back(static_cast<double>(memory(1 + r * row + i * apart)));
      return v;
    };
    auto space = program.workspace();
    T l{};
    for (int again = 0; again < 2; ++again)  // what is left in the workspace does not matter
      program.into(space, w = ct::view<T const, 2>(w_memory.data() + 1, {6, Size}, {row, apart}), x = ct::view<T const, 2>(x_memory.data() + 1, {Steps, Size}, {row, apart}),
                   start = ct::view<T const, 1>(start_memory.data() + 1, {Size}, {apart}), loss = l, by_w = ct::view<T, 2>(w_to.data() + 1, {6, Size}, {row, apart}),
                   by_start = ct::view<T, 1>(start_to.data() + 1, {Size}, {apart}));
    doubles const of_w = values(w_memory, 6), of_x = values(x_memory, Steps), of_start = values(start_memory, 1), slopes = values(w_to, 6), start_slopes = values(start_to, 1);
    BOOST_TEST(near(static_cast<double>(l), expected(of_w, of_x, of_start), tolerance));
    bool right = true;
    for (std::size_t i = 0; i < slopes.size(); ++i) right = right && near(slopes[i], slope(of_w, of_x, of_start, true, i), tolerance);
    for (std::size_t i = 0; i < start_slopes.size(); ++i) right = right && near(start_slopes[i], slope(of_w, of_x, of_start, false, i), tolerance);
    BOOST_TEST(right, Size << " elements, " << apart << " apart, " << beside << " beside");
    // What lies between is not touched.
    bool same = true;
    auto between = [&](std::int64_t i) { return i < 1 || (i - 1) % row >= Size * apart || (i - 1) % row % apart != 0; };
    for (std::int64_t i = 0; i < 6 * row + 1; ++i) same = same && (!between(i) || w_to(i) == before(i));
    for (std::int64_t i = 0; i < row + 1; ++i) same = same && (!between(i) || start_to(i) == start_before(i));
    BOOST_TEST(same, Size << " elements, " << apart << " apart, " << beside << " beside");
  }
  static void check_all(double tolerance) {
    check(1, 0, tolerance), check(1, 3, tolerance), check(2, 0, tolerance), check(3, 5, tolerance);
    // Arrays of the program's own.
    auto const w_values = filled<T>(1, 6, Size);
    auto const x_values = filled<T>(2, Steps, Size);
    auto const start_values = filled<T>(3, Size);
    auto const [l, dw, ds] = program(w = w_values, x = x_values, start = start_values);
    auto all = [](auto const& a) { return doubles(a.data(), a.data() + a.size()); };
    BOOST_TEST(near(static_cast<double>(l), expected(all(w_values), all(x_values), all(start_values)), tolerance));
    BOOST_TEST(near(static_cast<double>(dw(5, Size - 1)), slope(all(w_values), all(x_values), all(start_values), true, at(6 * Size - 1)), tolerance));
    BOOST_TEST(near(static_cast<double>(ds(0)), slope(all(w_values), all(x_values), all(start_values), false, 0), tolerance));
  }
};

// Two nests of one long body, which are compiled once: on arrays of either, which are not where constants say.
constexpr auto u = ct::tensor<float>("u"_s, 5_c);
constexpr auto v = ct::tensor<float>("v"_s, 5_c);
constexpr auto long_body = ct::fn([](auto x) {
  auto y = x;
  for (int i = 0; i < 90; ++i) y = ct::sin(y) + x * y / 4;
  return y;
});
constexpr auto repeated = ct::compile(ct::sum(long_body(u)), ct::sum(long_body(v)));
using direct = ct::detail::direct_buffers<decltype(recurrent<float, 5, 3>::program)::compiled>;
static_assert(std::count(direct::is.begin(), direct::is.end(), true) > 20);  // rows of parameters and what crosses from loop to loop
// What costs a multiplication of what is stored anyway is not stored.
constexpr auto dear = ct::exp(ct::exp(u));
constexpr auto derived = ct::compile(ct::exp(dear - ct::sum(dear + 3_c * dear)) * (3_c * dear));
static_assert(ct::report(derived).nests == 2 && ct::report(derived).temporaries == 1);
static_assert(ct::detail::nests_of<decltype(repeated)::compiled>::table.nests[1].like == ct::detail::nests_of<decltype(repeated)::compiled>::table.nests[0].begin);

}  // namespace

BOOST_AUTO_TEST_CASE(equal_nests) {
  auto const of_u = filled<float>(1, 5);
  auto const of_v = filled<float>(2, 5);
  auto const by_loops = [](ct::array<float, 1> const& x) {
    double sum = 0;
    for (int i = 0; i < 5; ++i) {
      double const in = static_cast<double>(x(i));
      double y = in;
      for (int k = 0; k < 90; ++k) y = std::sin(y) + in * y / 4;
      sum += y;
    }
    return sum;
  };
  auto const [a, b] = repeated(u = of_u, v = of_v);
  BOOST_TEST(near(static_cast<double>(a), by_loops(of_u), 1e-5));
  BOOST_TEST(near(static_cast<double>(b), by_loops(of_v), 1e-5));
}

// Parts of a pack, of floats and doubles; a whole pack; more than one.
BOOST_AUTO_TEST_CASE(one_element) { recurrent<float, 1, 2>::check_all(2e-5); }
BOOST_AUTO_TEST_CASE(some_floats) { recurrent<float, 5, 3>::check_all(2e-5); }
BOOST_AUTO_TEST_CASE(whole_packs) { recurrent<float, 16, 2>::check_all(2e-5); }
BOOST_AUTO_TEST_CASE(more_than_a_pack) { recurrent<double, 21, 2>::check_all(1e-8); }
// Of many steps: several functions for each loop.
BOOST_AUTO_TEST_CASE(long_bodies) { recurrent<float, 14, 6>::check_all(1e-4); }
// (Of doubles, whose packs are longer than the room that they have.)
BOOST_AUTO_TEST_CASE(long_bodies_of_doubles) { recurrent<double, 3, 7>::check_all(1e-7); }
