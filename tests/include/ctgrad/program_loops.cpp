// Loops of every kind at every length that matters: around the widths of vectors, tiles and blocks, contiguous and strided, in every dtype.
// Expected values are plain loops in double or int64.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE program_loops
#include <ctgrad/ctgrad.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <numeric>
#include <tuple>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using ct::test::filled, ct::test::infinity, ct::test::near, ct::test::not_a_number;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto M = ct::dim("M"_s);

/// 1 to 70 and what lies around packs of 8 to 64, tiles of 256 and blocks of 8192 elements.
std::vector<int> lengths() {
  std::vector<int> all(70);
  std::iota(all.begin(), all.end(), 1);
  for (int n : {127, 128, 129, 255, 256, 257, 258, 511, 513, 1023, 1024, 8191, 8192, 8193, 8223, 16384, 20000}) all.push_back(n);
  return all;
}

/// `n` elements every `stride` elements, backwards where it is negative.
template <class T>
struct strided_memory {
  ct::array<T, 1> memory;
  ct::view<T, 1> view;
  strided_memory(std::uint64_t seed, std::int64_t n, std::int64_t stride)
      : memory(filled<T>(seed, n * std::max<std::int64_t>(1, std::abs(stride)) + 3)), view(memory.data() + 1 + (stride < 0 ? (n - 1) * -stride : 0), {n}, {stride}) {}
};

template <class T>
ct::array<T, 1> repeated(T value, std::int64_t n) {
  auto a = ct::array<T, 1>::uninitialized({n});
  a.fill(value);
  return a;
}

template <class T>
constexpr double rounding = std::is_same_v<T, float> ? 1e-6 : 1e-14;

template <class T>
constexpr auto x = ct::tensor<T>("x"_s, N);
template <class T>
constexpr auto y = ct::tensor<T>("y"_s, N);

}  // namespace

using numbers = std::tuple<float, double, std::int32_t, std::int64_t>;
using reals = std::tuple<float, double>;

BOOST_AUTO_TEST_CASE_TEMPLATE(maps, T, numbers) {
  constexpr auto e = x<T> * y<T> - 3_c * x<T>;
  constexpr auto program = ct::compile(e);
  auto space = program.workspace(N = 20000);
  for (int n : lengths())
    for (int stride : {1, 2, -1}) {
      if (stride != 1 && n > 600) continue;
      strided_memory<T> const a(1, n, stride), c(2, n, 1);
      strided_memory<T> out(3, n, stride == -1 ? -2 : stride);
      auto const before = out.memory;
      program.into(space, x<T> = a.view, y<T> = c.view, e = out.view);
      bool right = true;
      for (int i = 0; i < n; ++i) right = right && near(static_cast<double>(out.view(i)), static_cast<double>(a.view(i)) * c.view(i) - 3.0 * a.view(i), 4 * rounding<T>);
      BOOST_TEST(right, "extent " << n << ", stride " << stride);
      for (int i = 0; i < n; ++i) out.view(i) = before(0);
      BOOST_TEST(out.memory(0) == before(0));
      BOOST_TEST(out.memory(out.memory.size() - 1) == before(before.size() - 1));
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(sums, T, numbers) {
  // int32 is summed in int64, as in NumPy and PyTorch.
  constexpr auto sum = ct::sum(x<T>);
  constexpr auto dot = ct::sum(x<T> * y<T>);
  constexpr auto program = ct::compile(sum, dot);
  for (int n : lengths())
    for (int stride : {1, 3, -1}) {
      if (stride != 1 && n > 600) continue;
      strided_memory<T> const a(4, n, stride), c(5, n, 1);
      long double expected = 0, product = 0, size = 0;
      for (int i = 0; i < n; ++i) expected += a.view(i), product += static_cast<long double>(a.view(i)) * c.view(i), size += std::abs(static_cast<long double>(a.view(i)));
      auto const r = program(x<T> = a.view, y<T> = c.view);
      // A sum of n terms of magnitude up to 2: its rounding is that of blocks.
      double const tolerance = std::is_integral_v<T> ? 0 : rounding<T> * (1 + static_cast<double>(size)) / 4;
      BOOST_TEST(near(static_cast<double>(r[sum]), static_cast<double>(expected), tolerance), "extent " << n << ", stride " << stride << ": " << r[sum] << ", expected " << static_cast<double>(expected));
      BOOST_TEST(near(static_cast<double>(r[dot]), static_cast<double>(product), 2 * tolerance), "extent " << n << ", stride " << stride);
    }
}
BOOST_AUTO_TEST_CASE(sums_of_int32_do_not_wrap) {
  ct::array<int, 1> const big{2000000000, 2000000000, 2000000000};
  auto const r = ct::compile(ct::sum(x<int>))(x<int> = big);
  static_assert(std::is_same_v<std::remove_cvref_t<decltype(std::get<0>(r.values))>, std::int64_t>);
  BOOST_TEST(r[ct::sum(x<int>)] == 6000000000);
}
// Blocks of floats are added up in double: 10^7 times 0.1f is off by the rounding of one block (2.4e-6 where each lane adds 256 of them), a plain loop in float by 9%.
BOOST_AUTO_TEST_CASE(long_sums_keep_their_digits) {
  float const tenth = 0.1f;
  ct::view<float const, 1> const many(&tenth, {10000000}, {0});
  BOOST_TEST(near(ct::compile(ct::sum(x<float>))(x<float> = many)[ct::sum(x<float>)], 1e7 * static_cast<double>(tenth), 5e-6));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(extrema_and_products, T, numbers) {
  constexpr auto largest = ct::max(x<T>);
  constexpr auto smallest = ct::min(x<T>);
  constexpr auto program = ct::compile(largest, smallest);
  for (int n : lengths())
    for (int stride : {1, -2}) {
      if (stride != 1 && n > 600) continue;
      strided_memory<T> a(6, n, stride);
      auto const check = [&] {
        T high = a.view(0), low = a.view(0);
        for (int i = 0; i < n; ++i) high = std::max<T>(high, a.view(i)), low = std::min<T>(low, a.view(i));
        auto const r = program(x<T> = a.view);
        BOOST_TEST(r[largest] == high, "extent " << n);
        BOOST_TEST(r[smallest] == low, "extent " << n);
      };
      check();
      // All of one sign: what fills up a pack must not win.
      for (int i = 0; i < n; ++i) a.view(i) = static_cast<T>(-1 - std::abs(a.view(i)));
      check();
      for (int i = 0; i < n; ++i) a.view(i) = static_cast<T>(-a.view(i));
      check();
      // At either end.
      a.view(n - 1) = static_cast<T>(100), a.view(0) = static_cast<T>(n == 1 ? 100 : -100);
      check();
    }
}
BOOST_AUTO_TEST_CASE(extrema_of_int64_beyond_double) {
  constexpr std::int64_t big = (std::int64_t{1} << 53) + 1;
  for (int n : {1, 3, 17, 40}) {
    ct::array<std::int64_t, 1> a = repeated<std::int64_t>(big - 1, n);
    a(n / 2) = big;
    BOOST_TEST(ct::compile(ct::max(x<std::int64_t>))(x<std::int64_t> = a)[ct::max(x<std::int64_t>)] == big);
    BOOST_TEST(ct::compile(ct::sum(x<std::int64_t>))(x<std::int64_t> = a)[ct::sum(x<std::int64_t>)] == (big - 1) * n + 1);
  }
}
BOOST_AUTO_TEST_CASE_TEMPLATE(nan_and_infinity, T, reals) {
  constexpr auto program = ct::compile(ct::max(x<T>), ct::min(x<T>), ct::sum(x<T>), ct::prod(x<T>));
  for (int n : {1, 2, 15, 16, 17, 33, 70, 300})
    for (int place : {0, n / 2, n - 1}) {
      auto a = filled<T>(8, n);
      a(place) = static_cast<T>(not_a_number);
      auto const [high, low, sum, product] = program(x<T> = a);
      BOOST_TEST((std::isnan(high) && std::isnan(low) && std::isnan(sum) && std::isnan(product)), "extent " << n << ", NaN at " << place);
      a(place) = static_cast<T>(-infinity);
      auto const [high2, low2, sum2, product2] = program(x<T> = a);
      BOOST_TEST((low2 == -infinity && sum2 == -infinity), "extent " << n << ", -inf at " << place);
      BOOST_TEST(high2 == (n == 1 ? static_cast<T>(-infinity) : *std::max_element(a.data(), a.data() + n)));
      BOOST_TEST((std::isinf(product2) || std::isnan(product2)));
    }
}
BOOST_AUTO_TEST_CASE_TEMPLATE(products, T, numbers) {
  constexpr auto product = ct::prod(x<T>);
  constexpr auto program = ct::compile(product);
  for (int n : lengths()) {
    if (n > 300) continue;
    auto a = filled<T>(9, n);
    long double expected = 1;
    for (int i = 0; i < n; ++i) {
      if constexpr (std::is_integral_v<T>) a(i) = i % 9 == 4 ? 2 : i % 2 ? -1 : 1;
      else a(i) = static_cast<T>(1 + 0.1 * static_cast<double>(a(i)));
    }
    if constexpr (std::is_integral_v<T>)
      for (int i = 0; i < n; ++i) if (i > 9 * 20) a(i) = 1;
    for (int i = 0; i < n; ++i) expected *= a(i);
    BOOST_TEST(near(static_cast<double>(program(x<T> = a)[product]), static_cast<double>(expected), std::is_integral_v<T> ? 0 : rounding<T> * (4 + n)), "extent " << n);
  }
}

// One loop over elements of several sizes: packs have one length for all.
BOOST_AUTO_TEST_CASE(mixed_dtypes) {
  constexpr auto f = ct::tensor<float>("f"_s, N);
  constexpr auto d = ct::tensor<double>("d"_s, N);
  constexpr auto i = ct::tensor<std::int32_t>("i"_s, N);
  constexpr auto l = ct::tensor<std::int64_t>("l"_s, N);
  constexpr auto t = ct::tensor<bool>("t"_s, N);
  constexpr auto real = ct::where(t, f * d, d - 1_c);        // float64
  constexpr auto whole = i * l + 2_c;                        // int64
  constexpr auto truth = (f < d) && !t;                      // bool
  constexpr auto narrow = ct::cast<std::int32_t>(3_c * d);   // towards zero
  constexpr auto single = ct::cast<float>(i) * f + ct::where(t, 1_c, 0_c);
  constexpr auto count = ct::sum(t);                         // int64
  constexpr auto mean = ct::mean(i);                         // float32
  constexpr auto odd = i - 2_c * ct::cast<std::int32_t>(ct::cast<double>(i) / 2_c);
  constexpr auto program = ct::compile(real, whole, truth, narrow, single, count, mean, odd);
  for (int n : lengths()) {
    auto const f0 = filled<float>(1, n);
    auto const d0 = filled<double>(2, n);
    auto const i0 = filled<std::int32_t>(3, n);
    auto const l0 = filled<std::int64_t>(4, n);
    auto const t0 = filled<bool>(5, n);
    auto const r = program(f = f0, d = d0, i = i0, l = l0, t = t0);
    static_assert(std::is_same_v<std::remove_cvref_t<decltype(r[real])>, ct::array<double, 1>> && std::is_same_v<std::remove_cvref_t<decltype(r[whole])>, ct::array<std::int64_t, 1>> &&
                  std::is_same_v<std::remove_cvref_t<decltype(r[truth])>, ct::array<bool, 1>> && std::is_same_v<std::remove_cvref_t<decltype(r[count])>, std::int64_t>);
    bool right = true;
    double sum = 0;
    std::int64_t truths = 0;
    for (int k = 0; k < n; ++k) {
      right = right && r[real](k) == (t0(k) ? static_cast<double>(f0(k)) * d0(k) : d0(k) - 1);
      right = right && r[whole](k) == i0(k) * l0(k) + 2;
      right = right && r[truth](k) == (static_cast<double>(f0(k)) < d0(k) && !t0(k));
      right = right && r[narrow](k) == static_cast<std::int32_t>(3 * d0(k));
      right = right && near(r[single](k), static_cast<double>(i0(k)) * f0(k) + t0(k), 1e-6);
      right = right && r[odd](k) == i0(k) % 2;
      sum += i0(k), truths += t0(k);
    }
    BOOST_TEST(right, "extent " << n);
    BOOST_TEST(r[count] == truths);
    BOOST_TEST(near(r[mean], sum / n, 1e-6));
  }
}
BOOST_AUTO_TEST_CASE(bools_alone) {
  constexpr auto s = ct::tensor<bool>("s"_s, N);
  constexpr auto t = ct::tensor<bool>("t"_s, N);
  constexpr auto either = s || !t;
  constexpr auto any = ct::max(s);
  constexpr auto all = ct::min(s);
  constexpr auto program = ct::compile(either, any, all, ct::where(s, t, !t));
  for (int n : lengths()) {
    auto s0 = filled<bool>(1, n);
    auto const t0 = filled<bool>(2, n);
    auto const check = [&] {
      auto const r = program(s = s0, t = t0);
      bool right = true, some = false, every = true;
      for (int k = 0; k < n; ++k) {
        right = right && r[either](k) == (s0(k) || !t0(k)) && std::get<3>(r.values)(k) == (s0(k) ? t0(k) : !t0(k));
        some = some || s0(k), every = every && s0(k);
      }
      BOOST_TEST(right, "extent " << n);
      BOOST_TEST((r[any] == some && r[all] == every), "extent " << n);
    };
    check();
    s0.fill(false), check();
    s0.fill(true), check();
  }
}
// Integers wrap; nothing traps.
BOOST_AUTO_TEST_CASE(integers_wrap) {
  constexpr auto e = x<std::int32_t> * x<std::int32_t> + y<std::int32_t>;
  for (int n : {1, 5, 16, 40}) {
    ct::array<std::int32_t, 1> const a = repeated<std::int32_t>(2147483647, n), c = repeated<std::int32_t>(-2147483647 - 1, n);
    auto const [r] = ct::compile(e)(x<std::int32_t> = a, y<std::int32_t> = c);
    for (int i = 0; i < n; ++i) BOOST_TEST(r(i) == -2147483647);
    auto const [negative, size] = ct::compile(-x<std::int32_t>, ct::abs(x<std::int32_t>))(x<std::int32_t> = c);
    for (int i = 0; i < n; ++i) BOOST_TEST((negative(i) == -2147483647 - 1 && size(i) == -2147483647 - 1));
  }
}

// Rows and columns.

BOOST_AUTO_TEST_CASE_TEMPLATE(reductions_of_matrices, T, reals) {
  constexpr auto A = ct::tensor<T>("A"_s, N, M);
  constexpr auto rows = ct::sum(A, 1_c);
  constexpr auto columns = ct::sum(A, 0_c);
  constexpr auto highest = ct::max(A, 1_c);
  constexpr auto lowest = ct::min(A, 0_c);
  constexpr auto all = ct::mean(A);
  constexpr auto program = ct::compile(rows, columns, highest, lowest, all);
  auto const check = [&](ct::view<T const, 2> a) {
    auto const n = a.extent(0), m = a.extent(1);
    std::vector<double> row(static_cast<std::size_t>(n), 0.0), column(static_cast<std::size_t>(m), 0.0), high(row.size(), -infinity), low(column.size(), infinity);
    double total = 0;
    for (std::int64_t i = 0; i < n; ++i)
      for (std::int64_t j = 0; j < m; ++j) {
        auto const r = static_cast<std::size_t>(i), c = static_cast<std::size_t>(j);
        row[r] += a(i, j), column[c] += a(i, j), total += a(i, j);
        high[r] = std::max<double>(high[r], a(i, j)), low[c] = std::min<double>(low[c], a(i, j));
      }
    auto const r = program(A = a);
    // A column's sum of n floats is kept in float.
    double const tolerance = rounding<T> * static_cast<double>(4 + std::max(n, m));
    BOOST_TEST(near(r[rows], row, tolerance), n << " x " << m);
    BOOST_TEST(near(r[columns], column, tolerance), n << " x " << m);
    BOOST_TEST(near(r[highest], high, 0), n << " x " << m);
    BOOST_TEST(near(r[lowest], low, 0), n << " x " << m);
    BOOST_TEST(near(r[all], total / static_cast<double>(n * m), tolerance), n << " x " << m);
  };
  for (int n : {1, 2, 7, 16, 33})
    for (int m : {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 65, 257}) {
      auto const a = filled<T>(7, n, m), b = filled<T>(8, m, n), wide = filled<T>(9, 2 * n, 3 * m);
      check(a);
      check(b.t());
      check(wide.slice(0, 0, 2 * n, 2).slice(1, 0, 3 * m, 3));
      check(wide.slice(0, std::nullopt, std::nullopt, -2).slice(1, 0, m));
    }
  check(filled<T>(1, 3, 20000));
  check(filled<T>(1, 8193, 5));
}

BOOST_AUTO_TEST_CASE(maps_of_rows_and_columns) {
  constexpr auto A = ct::tensor<float>("A"_s, N, M);
  constexpr auto row = ct::tensor<float>("row"_s, M);
  constexpr auto column = ct::tensor<float>("column"_s, N, 1_c);
  constexpr auto e = A * row + ct::tanh(column) * A;
  constexpr auto program = ct::compile(e);
  for (int n : {1, 3, 17})
    for (int m : {1, 5, 16, 37, 300}) {
      auto const a = filled<float>(1, n, m), c0 = filled<float>(3, n, 1);
      auto const r0 = filled<float>(2, m);
      std::vector<double> expected;
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < m; ++j) expected.push_back(static_cast<double>(a(i, j)) * r0(j) + std::tanh(static_cast<double>(c0(i, 0))) * a(i, j));
      BOOST_TEST(near(program(A = a, row = r0, column = c0)[e], expected, 1e-6));
    }
}

// More than 32 operations in one loop: the body is cut into chunks over tiles.

struct chain {
  static constexpr int length = 25;
  static constexpr auto apply(auto a, auto c) {
    auto h = a;
    for (int i = 0; i < length; ++i) h = ct::tanh(h * c + 0.25 * a);
    return h;
  }
};
BOOST_AUTO_TEST_CASE_TEMPLATE(chunks, T, reals) {
  constexpr auto deep = ct::fn([](auto a, auto c) { return chain::apply(a, c); });
  constexpr auto h = deep(x<T>, y<T>);
  constexpr auto loss = ct::sum(h * h);
  constexpr auto dx = ct::grad(loss, x<T>);
  constexpr auto program = ct::compile(h, loss, dx);
  auto space = program.workspace(N = 20000);
  for (int n : lengths())
    for (int stride : {1, 2, -1}) {
      if (stride != 1 && n > 600) continue;
      strided_memory<T> const a(1, n, stride), c(2, n, stride == 2 ? 3 : 1);
      strided_memory<T> out(3, n, stride), gradient(4, n, -stride);
      T total = 0;
      program.into(space, x<T> = a.view, y<T> = c.view, h = out.view, loss = total, dx = gradient.view);
      bool right = true;
      double sum = 0;
      for (int i = 0; i < n; ++i) {
        double const a0 = a.view(i), c0 = c.view(i), value = chain::apply(a0, c0);
        // d tanh(u) = (1 - tanh(u)^2) du
        double link = a0, slope = 1;
        for (int k = 0; k < chain::length; ++k) link = std::tanh(link * c0 + 0.25 * a0), slope = (1 - link * link) * (slope * c0 + 0.25);
        slope *= 2 * value;
        sum += value * value;
        right = right && near(static_cast<double>(out.view(i)), value, std::is_same_v<T, float> ? 1e-4 : 1e-12);
        right = right && near(static_cast<double>(gradient.view(i)), slope, std::is_same_v<T, float> ? 2e-3 : 1e-11);
      }
      BOOST_TEST(right, "extent " << n << ", stride " << stride);
      BOOST_TEST(near(static_cast<double>(total), sum, std::is_same_v<T, float> ? 1e-4 : 1e-12), "extent " << n << ", stride " << stride);
    }
}

// More numbers than operations: each clamp has two of its own.
BOOST_AUTO_TEST_CASE(many_constants) {
  constexpr auto clamps = ct::fn([](auto v) {
    for (int i = 0; i < 45; ++i) v = ct::clamp(v, i / 64.0 - 1.0, 2.0 - i / 32.0);
    return v;
  });
  constexpr auto h = clamps(x<double>);
  constexpr auto program = ct::compile(h);
  auto const a = filled<double>(11, 301);
  auto const [result] = program(x<double> = a);
  for (std::int64_t i = 0; i < 301; ++i) {
    double expected = a(i);
    for (int k = 0; k < 45; ++k) expected = std::clamp(expected, k / 64.0 - 1.0, 2.0 - k / 32.0);
    BOOST_TEST(result(i) == expected);
  }
}

// Few operations whose third derivative has thousands: it is more than one evaluation of the compiler takes together with all other passes.
BOOST_AUTO_TEST_CASE(a_third_derivative) {
  constexpr auto s = ct::scalar<double>("s"_s);
  constexpr auto t = ct::scalar<double>("t"_s);
  constexpr auto f = ct::fn([](auto x, auto y) {
    auto const a = ct::sin(x * y) * ct::exp(x / (y + 2.0)), b = ct::log(a * a + 1.0) / ct::sqrt(x * x + y * y + 1.0);
    auto const c = ct::tanh(a * b + x) * ct::cos(b / (a + 3.0)), d = ct::atan(c * x - y) + ct::exp(-c * c);
    return c * d + ct::sqrt(d * d + 1.0) * ct::log(c * c + d * d + 1.0);
  });
  constexpr auto d2 = ct::grad(ct::grad(f(s, t), s), t);
  constexpr auto d3 = ct::grad(d2, s);
  constexpr auto program = ct::compile(d2, d3);
  auto const second = [&](double x) { return program(s = x, t = 0.7)[d2]; };
  double const step = 1e-4, by_difference = (second(0.4 + step) - second(0.4 - step)) / (2 * step);
  BOOST_TEST(near(program(s = 0.4, t = 0.7)[d3], by_difference, 1e-6));
}
