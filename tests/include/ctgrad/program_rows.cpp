// Rows of a few elements, which go through their loops several at a time: any number of rows, of columns, of strides.
// Expected values are plain loops in double.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE program_rows
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/indexing.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <cmath>
#include <tuple>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using ct::test::at, ct::test::doubles, ct::test::filled, ct::test::near;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto D = ct::dim("D"_s);
constexpr auto K = ct::dim("K"_s);

/// A logistic loss of rows with weights of their own, what each row has of it, and its gradient: numbers of three dtypes between two vector loops.
template <class T>
struct logistic {
  static constexpr auto X = ct::tensor<T>("X"_s, N, D);
  static constexpr auto w = ct::tensor<T>("w"_s, D);
  static constexpr auto label = ct::tensor<std::int32_t>("label"_s, N);
  static constexpr auto counts = ct::tensor<bool>("counts"_s, N);
  static constexpr auto z = ct::matmul(X, w) + ct::cast<T>(label);
  static constexpr auto each = ct::where(counts && label != 3_c, ct::softplus(-z) + ct::sin(z), 0_c);
  static constexpr auto loss = ct::sum(each);
  static constexpr auto slope = ct::grad(loss, w);
  static constexpr auto program = ct::compile(each, loss, slope);
  static_assert(ct::report(program).nests == 1);

  static void check(std::int64_t n, std::int64_t d, bool turned, double tolerance) {
    auto const memory = turned ? filled<T>(1, d, n) : filled<T>(1, n, d);
    ct::view<T const, 2> const x = turned ? memory.t() : memory.view();
    auto const weights = filled<T>(2, d);
    auto const labels = filled<std::int32_t>(3, n);
    auto const mask = filled<bool>(4, n);
    doubles rows(at(n), 0.0), gradient(at(d), 0.0);
    double total = 0;
    for (int i = 0; i < n; ++i) {
      double s = labels(i);
      for (int j = 0; j < d; ++j) s += static_cast<double>(x(i, j)) * weights(j);
      if (!mask(i) || labels(i) == 3) continue;
      total += rows[at(i)] = std::log1p(std::exp(-std::abs(s))) + std::max(-s, 0.0) + std::sin(s);
      for (int j = 0; j < d; ++j) gradient[at(j)] += (std::cos(s) - 1 / (1 + std::exp(s))) * x(i, j);
    }
    auto const r = program(X = x, w = weights, label = labels, counts = mask);
    BOOST_TEST_CONTEXT(n << " rows of " << d << (turned ? " strided" : "") << " elements") {
      BOOST_TEST(near(r[each], rows, tolerance));
      BOOST_TEST(near(r[loss], total, tolerance * static_cast<double>(n + 1)));
      BOOST_TEST(near(r[slope], gradient, tolerance * static_cast<double>(n + 1)));
    }
  }
};

}  // namespace

BOOST_AUTO_TEST_CASE(any_number_of_rows_and_columns) {
  // What the sine is of is a sum of up to 40 products of up to 4: half a unit of its last place is 4e-6, of which 5 may come together.
  for (std::int64_t n : {0, 1, 7, 8, 15, 16, 17, 33, 50})
    for (std::int64_t d : {0, 1, 5, 16, 31, 32, 40}) {
      logistic<float>::check(n, d, false, 2e-5);
      logistic<double>::check(n, d, d == 5, 4e-14);
    }
  // As many elements as go one row after the other.
  logistic<float>::check(20, 3000, false, 3e-3);
  logistic<double>::check(20, 3000, true, 1e-11);
}

// A row is the same wherever it stands among others.
BOOST_AUTO_TEST_CASE(rows_do_not_depend_on_their_neighbours) {
  using p = logistic<float>;
  auto const x = filled<float>(5, 40, 20);
  auto const weights = filled<float>(6, 20);
  auto const labels = filled<std::int32_t>(7, 40);
  auto const mask = filled<bool>(8, 40);
  auto const all = p::program(p::X = x, p::w = weights, p::label = labels, p::counts = mask);
  for (std::int64_t from : {0, 1, 3, 16, 39}) {
    auto const some = p::program(p::X = x.slice(0, from, 40), p::w = weights, p::label = labels.slice(0, from, 40), p::counts = mask.slice(0, from, 40));
    for (std::int64_t i = from; i < 40; ++i) BOOST_TEST(some[p::each](i - from) == all[p::each](i));
  }
}

// Places that data gives, positions and numbers from outside, in the middle of three loops; what is written is where a row is read.
BOOST_AUTO_TEST_CASE(lookups_and_positions) {
  constexpr auto X = ct::tensor<double>("X"_s, N, D);
  constexpr auto table = ct::tensor<double>("table"_s, K);
  constexpr auto id = ct::tensor<std::int64_t>("id"_s, N);
  constexpr auto s = ct::scalar<double>("s"_s);
  constexpr auto shift = ct::index_select(table, 0_c, id) * s;
  constexpr auto weight = ct::exp(ct::unsqueeze(shift, 1_c) - ct::logsumexp(X, 1_c, ct::keepdim));
  constexpr auto share = ct::softmax(X) * weight;
  constexpr auto total = ct::sum(share * X);
  constexpr auto by_table = ct::grad(total, table);
  constexpr auto program = ct::compile(share, total, by_table);
  for (std::int64_t n : {1, 16, 21}) {
    std::int64_t const d = 13, k = 5;
    auto const x = filled<double>(9, n, d);
    auto const t = filled<double>(10, k);
    std::vector<std::int64_t> ids;
    for (std::int64_t i = 0; i < n; ++i) ids.push_back(i * 7 % k);
    doubles expected(at(n * d), 0.0), gradient(at(k), 0.0);
    double sum = 0;
    for (int i = 0; i < n; ++i) {
      double all = 0, row = 0;
      for (int j = 0; j < d; ++j) all += std::exp(x(i, j));
      double const w = std::exp(t(ids[at(i)]) * 0.5) / all;
      for (int j = 0; j < d; ++j) expected[at(i * d + j)] = std::exp(x(i, j)) / all * w, row += expected[at(i * d + j)] * x(i, j);
      sum += row, gradient[at(ids[at(i)])] += 0.5 * row;
    }
    auto const r = program(X = x, table = t, id = ids, s = 0.5);
    BOOST_TEST(near(r[share], expected, 1e-14));
    BOOST_TEST(near(r[total], sum, 1e-13));
    BOOST_TEST(near(r[by_table], gradient, 1e-13));
  }
}

namespace {
/// Rows whose length is known while compiling, shorter than packs: sums, a product and an extreme of each, what is stored, and what is added to an array.
template <class T, int Columns>
struct few_columns {
  static constexpr auto C = ct::constant<false, Columns>{};
  static constexpr auto x = ct::tensor<T>("x"_s, N, C);
  static constexpr auto sum = ct::sum(ct::exp(x), 1_c);         // a lane too many would add 1,
  static constexpr auto product = ct::prod(x, 1_c);             // or make it 0
  static constexpr auto largest = ct::max(x - 9_c, 1_c);        // or -9
  static constexpr auto stored = x * 2_c + 1_c;
  static constexpr auto column_sums = ct::sum(x, 0_c);
  static constexpr auto program = ct::compile(sum, product, largest, stored, column_sums);

  static void check(std::int64_t n, ct::view<T const, 2> const& values, double tolerance) {
    doubles sums, products, most, all, columns(Columns, 0.0);
    for (int i = 0; i < n; ++i) {
      double s = 0, p = 1, m = -1e9;
      for (int j = 0; j < Columns; ++j) {
        double const e = values(i, j);
        s += std::exp(e), p *= e, m = std::max(m, e - 9), all.push_back(2 * e + 1), columns[at(j)] += e;
      }
      sums.push_back(s), products.push_back(p), most.push_back(m);
    }
    // Into the middle of longer rows: what stands beside stays as it is.
    auto wide = ct::full<T>(T(7), n, Columns + 2);
    auto space = program.workspace(N = n);
    auto one = ct::zeros<T>(n), two = ct::zeros<T>(n), three = ct::zeros<T>(n), four = ct::zeros<T>(Columns);
    program.into(space, x = values, sum = one, product = two, largest = three, stored = wide.slice(1, 1, Columns + 1), column_sums = four);
    BOOST_TEST_CONTEXT(n << " rows of " << Columns) {
      BOOST_TEST(near(one, sums, tolerance * Columns));
      BOOST_TEST(near(two, products, tolerance));
      BOOST_TEST(near(three, most, 8 * tolerance));
      BOOST_TEST(near(ct::array<T, 2>(wide.slice(1, 1, Columns + 1)), all, 4 * tolerance));
      BOOST_TEST(near(four, columns, tolerance * static_cast<double>(n + 1)));
      for (int i = 0; i < n; ++i) BOOST_TEST((wide(i, 0) == T(7) && wide(i, Columns + 1) == T(7)));
    }
  }
  static void check(double tolerance) {
    for (std::int64_t n : {0, 1, 5, 40}) {
      auto const plain = filled<T>(1, n, Columns), turned = filled<T>(2, Columns, n), apart = filled<T>(3, n, 2 * Columns);
      check(n, plain, tolerance);
      check(n, turned.t(), tolerance);
      check(n, apart.slice(1, 0, 2 * Columns, 2), tolerance);
    }
  }
};
}  // namespace

BOOST_AUTO_TEST_CASE(rows_of_a_length_that_is_known) {
  few_columns<float, 2>::check(1e-6);
  few_columns<float, 8>::check(1e-6);
  few_columns<float, 10>::check(1e-6);
  few_columns<float, 16>::check(1e-6);
  few_columns<float, 28>::check(1e-6);
  few_columns<double, 5>::check(1e-15);
  few_columns<double, 8>::check(1e-15);
  few_columns<double, 15>::check(1e-15);
}

namespace {
/// The same for bodies that are cut into chunks, with tiles between them: each value lives across several.
template <class T, int Columns>
void check_long_rows(double tolerance) {
  constexpr auto x = ct::tensor<T>("x"_s, N, ct::constant<false, Columns>{});
  constexpr auto y = ct::tensor<T>("y"_s, N, ct::constant<false, Columns>{});
  constexpr auto chain = ct::fn([](auto x, auto y) {
    auto a = x, b = y;
    for (int k = 0; k < 12; ++k) {
      auto const next = ct::sin(a + b) * x + b * 0.5;
      b = ct::exp(-a * a) + y, a = next;
    }
    return a - b;
  });
  constexpr auto all = chain(x, y);
  constexpr auto sums = ct::sum(all, 1_c);
  constexpr auto program = ct::compile(all, sums);
  for (std::int64_t n : {1, 9}) {
    auto const plain = filled<T>(1, n, Columns), other = filled<T>(2, n, Columns), apart = filled<T>(3, n, 2 * Columns);
    for (auto const& from : {ct::view<T const, 2>(plain), ct::view<T const, 2>(apart.slice(1, 0, 2 * Columns, 2))}) {
      auto wide = ct::full<T>(T(7), n, Columns + 2);
      auto seen = ct::zeros<T>(n);
      auto space = program.workspace(N = n);
      program.into(space, x = from, y = other, all = wide.slice(1, 1, Columns + 1), sums = seen);
      for (std::int64_t i = 0; i < n; ++i) {
        double sum = 0, worst = 0;
        for (std::int64_t j = 0; j < Columns; ++j) {
          double a = from(i, j), b = other(i, j);
          for (int k = 0; k < 12; ++k) {
            double const next = std::sin(a + b) * from(i, j) + b * 0.5;
            b = std::exp(-a * a) + other(i, j), a = next;
          }
          sum += a - b, worst = std::max(worst, std::abs(wide(i, j + 1) - (a - b)));
        }
        BOOST_TEST(worst < tolerance, n << " rows of " << Columns);
        BOOST_TEST(near(seen(i), sum, tolerance * Columns), n << " rows of " << Columns);
        BOOST_TEST((wide(i, 0) == T(7) && wide(i, Columns + 1) == T(7)));
      }
    }
  }
}
}  // namespace

BOOST_AUTO_TEST_CASE(long_rows_of_a_length_that_is_known) {
  check_long_rows<float, 3>(1e-3);
  check_long_rows<float, 14>(1e-3);
  check_long_rows<float, 40>(1e-3);
  check_long_rows<double, 7>(1e-11);
}

namespace {
/// Memory whose last byte is the last that there is: what reads or writes behind it, or before it, ends the program.
class between_guards {
  std::size_t const page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::byte* const all = static_cast<std::byte*>(mmap(nullptr, 3 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

 public:
  between_guards() {
    BOOST_TEST_REQUIRE(static_cast<void*>(all) != MAP_FAILED);
    BOOST_TEST_REQUIRE(mprotect(all + page, page, PROT_READ | PROT_WRITE) == 0);
  }
  ~between_guards() { munmap(all, 3 * page); }
  between_guards(between_guards const&) = delete;
  between_guards& operator=(between_guards const&) = delete;

  template <class T>
  ct::view<T, 1> last(std::int64_t n) { return {reinterpret_cast<T*>(all + 2 * page) - n, {n}}; }
  template <class T>
  ct::view<T, 1> first(std::int64_t n) { return {reinterpret_cast<T*>(all + page), {n}}; }
};

template <class T>
void check_ends_of_memory() {
  constexpr auto x = ct::tensor<T>("x"_s, N);
  constexpr auto y = ct::tensor<T>("y"_s, N);
  constexpr auto more = x * y + x;
  constexpr auto most = ct::max(x);
  constexpr auto program = ct::compile(more, most);
  between_guards a, b, c;
  auto space = program.workspace(N = 70);
  for (bool at_end : {false, true})
    for (std::int64_t n = 1; n <= 70; ++n) {
      auto const of = [&](between_guards& memory) { return at_end ? memory.last<T>(n) : memory.first<T>(n); };
      auto const to = of(c);
      for (std::int64_t i = 0; i < n; ++i) of(a)(i) = static_cast<T>(-1 - i), of(b)(i) = static_cast<T>(i);
      T largest{};
      program.into(space, x = of(a), y = of(b), more = to, most = largest);
      bool right = largest == T(-1);  // a lane too many would make it 0
      for (std::int64_t i = 0; i < n; ++i) right = right && to(i) == static_cast<T>((-1 - i) * i - 1 - i);
      BOOST_TEST(right, n << " elements");
    }
}
/// Rows of lengths that are known, whose ends are moves of known sizes.
template <class T, int... Columns>
void check_ends_of_rows(std::integer_sequence<int, Columns...>) {
  between_guards a, b, c;
  auto const check = [&]<int Length>(std::integral_constant<int, Length>) {
    constexpr auto x = ct::tensor<T>("x"_s, N, ct::constant<false, Length>{});
    constexpr auto y = ct::tensor<T>("y"_s, N, ct::constant<false, Length>{});
    constexpr auto more = x * y + x;
    constexpr auto most = ct::max(x, 1_c);
    constexpr auto program = ct::compile(more, most);
    constexpr std::int64_t length = Length, rows = 3;
    auto space = program.workspace(N = rows);
    for (bool at_end : {false, true}) {
      auto const of = [&](between_guards& memory) { return ct::view<T, 2>((at_end ? memory.last<T>(rows * length) : memory.first<T>(rows * length)).data(), {rows, length}); };
      auto const to = of(c);
      for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t j = 0; j < length; ++j) of(a)(i, j) = static_cast<T>(-1 - i - j), of(b)(i, j) = static_cast<T>(j);
      auto largest = ct::zeros<T>(rows);
      program.into(space, x = of(a), y = of(b), more = to, most = largest);
      bool right = true;
      for (std::int64_t i = 0; i < rows; ++i) {
        right = right && largest(i) == static_cast<T>(-1 - i);
        for (std::int64_t j = 0; j < length; ++j) right = right && to(i, j) == static_cast<T>((-1 - i - j) * j - 1 - i - j);
      }
      BOOST_TEST(right, "rows of " << length);
    }
  };
  (check(std::integral_constant<int, Columns + 1>{}), ...);
}
}  // namespace

BOOST_AUTO_TEST_CASE(ends_of_rows) {
  check_ends_of_rows<float>(std::make_integer_sequence<int, 18>{});
  check_ends_of_rows<double>(std::make_integer_sequence<int, 9>{});
  check_ends_of_rows<std::int32_t>(std::integer_sequence<int, 2, 6, 13>{});
  check_ends_of_rows<std::int64_t>(std::integer_sequence<int, 2, 6>{});
}
BOOST_AUTO_TEST_CASE(ends_of_memory) {
  check_ends_of_memory<float>();
  check_ends_of_memory<double>();
  check_ends_of_memory<std::int32_t>();
  check_ends_of_memory<std::int64_t>();
}

// Columns that lie side by side are written row by row; others, between them or of other arrays, one at a time. What lies beside the array stays.
using numbers = std::tuple<float, double, std::int32_t, std::int64_t>;
BOOST_AUTO_TEST_CASE_TEMPLATE(columns_side_by_side, T, numbers) {
  constexpr auto a = ct::tensor<T>("a"_s, N);
  constexpr auto b = ct::tensor<T>("b"_s, N);
  constexpr auto wide = ct::stack(1_c, a, b, a + b, a - b, a * b, b - a, 2_c * a, 3_c * b, a * a);
  constexpr auto narrow = ct::stack(1_c, b, a, 5_c * a);
  constexpr auto flipped = ct::stack(0_c, b, a, a + b, 7_c * a);
  constexpr auto program = ct::compile(wide, narrow, flipped, a + 1_c);
  auto space = program.workspace(N = 1030);
  for (int n : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 15, 16, 17, 31, 32, 33, 63, 65, 127, 128, 129, 255, 256, 257, 300, 511, 513, 1023, 1025})
    for (bool apart : {false, true}) {
      std::int64_t const step = apart ? 13 : 9;  // elements between rows
      auto const in = filled<T>(1, n), other = filled<T>(2, n), beside = filled<T>(3, step * n + 2);
      auto memory = beside;
      ct::view<T, 2> const to(memory.data() + 1, {n, 9}, {step, 1});
      auto few = ct::zeros<T>(n, step), turned = ct::zeros<T>(n, 4), one = ct::zeros<T>(n, 2);
      program.into(space, a = in, b = other, wide = to, narrow = ct::view<T, 2>(few.data(), {n, 3}, {step, 1}), flipped = turned.view().t(), (a + 1_c) = ct::view<T, 1>(one.data() + 1, {n}, {2}));
      bool right = true;
      for (int i = 0; i < n; ++i) {
        T const p = in(i), q = other(i);
        T const rows[] = {p, q, static_cast<T>(p + q), static_cast<T>(p - q), static_cast<T>(p * q), static_cast<T>(q - p), static_cast<T>(2 * p), static_cast<T>(3 * q), static_cast<T>(p * p)};
        for (int c = 0; c < 9; ++c) right = right && near(static_cast<double>(to(i, c)), static_cast<double>(rows[c]), sizeof(T) == 4 ? 4e-6 : 4e-14);
        right = right && few(i, 0) == q && few(i, 1) == p && few(i, 2) == static_cast<T>(5 * p) && few(i, 3) == T{};
        right = right && turned(i, 0) == q && turned(i, 1) == p && turned(i, 2) == static_cast<T>(p + q) && turned(i, 3) == static_cast<T>(7 * p);
        right = right && one(i, 0) == T{} && one(i, 1) == static_cast<T>(p + 1);
        for (std::int64_t c = 9; c < step; ++c) right = right && memory(1 + i * step + c) == beside(1 + i * step + c);
      }
      BOOST_TEST(right, "extent " << n << ", " << step << " elements between rows");
      BOOST_TEST(memory(0) == beside(0));
      BOOST_TEST(memory(step * n + 1) == beside(step * n + 1));
    }
}

// Loops that have nothing but a vector loop in them: rows that do not lie one after the other, of any length, copied, computed and added up.
BOOST_AUTO_TEST_CASE(rows_apart) {
  constexpr auto A = ct::tensor<float>("A"_s, K, N, D);
  constexpr auto B = ct::tensor<float>("B"_s, K, N, D);
  constexpr auto total = ct::sum(A * B);
  constexpr auto columns = ct::sum(A * B, 1_c);
  constexpr auto other = ct::permute(B, 1_c, 0_c, 2_c);
  constexpr auto program = ct::compile(2_c * A + B, total, columns, other);
  auto space = program.workspace(K = 3, N = 400, D = 70);
  for (std::int64_t n : {1, 2, 7, 400})
    for (std::int64_t d : {1, 2, 5, 10, 14, 16, 17, 28, 32, 33, 70}) {
      std::int64_t const k = n == 400 ? 2 : 3, row = d + 3;
      auto const a = filled<float>(1, k, n, row), b = filled<float>(2, k, n, row), before = filled<float>(3, k, n, row);
      auto to = before;
      auto sums = ct::zeros<float>(k, d);
      auto turned = ct::zeros<float>(n, k, d);
      float all = 0;
      auto rows_of = [&](auto& memory) { return ct::view<std::remove_reference_t<decltype(*memory.data())>, 3>(memory.data(), {k, n, d}, {n * row, row, 1}); };
      program.into(space, A = rows_of(a), B = rows_of(b), (2_c * A + B) = rows_of(to), total = all, columns = sums.view(), other = turned.view());
      double expected = 0, size = 0;
      bool right = true;
      for (std::int64_t h = 0; h < k; ++h) {
        doubles column(at(d), 0.0);
        for (std::int64_t i = 0; i < n; ++i)
          for (std::int64_t j = 0; j < row; ++j) {
            double const p = static_cast<double>(a(h, i, j)), q = static_cast<double>(b(h, i, j));
            if (j >= d) {
              right = right && to(h, i, j) == before(h, i, j);
              continue;
            }
            expected += p * q, size += std::abs(p * q), column[at(j)] += p * q;
            right = right && near(static_cast<double>(to(h, i, j)), 2 * p + q, 1e-6) && turned(i, h, j) == b(h, i, j);
          }
        for (std::int64_t j = 0; j < d; ++j) right = right && std::abs(static_cast<double>(sums(h, j)) - column[at(j)]) <= 1e-5 * size;
      }
      BOOST_TEST(right, n << " rows of " << d);
      BOOST_TEST(std::abs(static_cast<double>(all) - expected) <= 1e-6 * size + 1e-6, n << " rows of " << d);
    }
}
