// Arithmetic, order, equality and printing of extents. A shape error that is found in the compiler rests on them.
// Everything is asserted while compiling; the run-time cases evaluate the same polynomials at numbers.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE extent
#include "../../compiler/extent.hpp"
#include "../../compiler/polynomial.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <string_view>

using namespace ctgrad::detail;

namespace {

constexpr char const n_name[] = "N", m_name[] = "M", k_name[] = "K", l_name[] = "L", a_name[] = ".a", other_n_name[] = "N";
constexpr extent N(extent_name{n_name}), M(extent_name{m_name}), K(extent_name{k_name}), L(extent_name{l_name});
constexpr extent anonymous(extent_name{a_name});  // by the point

template <class T>
constexpr bool prints(T const& x, std::string_view text) {
  message m;
  m << x;
  return m.view() == text;
}

// Equality is of polynomials, not of how they were written.
static_assert(N == N && N != M && N != extent(3));
static_assert(extent(3) + 4 == extent(7) && extent(3) * 4 == extent(12) && extent(3) - 4 == extent(-1));
static_assert(N + M == M + N && N * M == M * N);
static_assert(N + N == N * 2 && N * 2 == extent(2) * N);
static_assert((N + M) + 3 == N + (M + 3) && (N * M) * K == N * (M * K));
static_assert((N + 1) * (N - 1) == N * N - 1);
static_assert((N + M) * (N - M) == N * N - M * M);
static_assert((N + 2) * (N + 3) == N * N + N * 5 + 6);
static_assert(N * 0 == extent(0) && extent(0) * N == extent(0) && (N - N) == extent(0));
static_assert((N + M - N) == M && (N + M - N - M + 5) == extent(5));
static_assert(N + 0 == N && N * 1 == N && extent(1) * N == N);
static_assert(N != N + 1 && N != N * 2 && N * M != N * K && N * N != N);
static_assert(extent(extent_name{other_n_name}) != N);  // a name is its address

// What an extent is.
static_assert(extent(1).is_one() && !extent(2).is_one() && !N.is_one() && !(N + 1).is_one() && (N - N + 1).is_one());
static_assert(extent(5).is_static() && !N.is_static() && (N * 0).is_static());
static_assert(N.name() == extent_name{n_name} && (N * 2).name() == extent_name{} && (N + 1).name() == extent_name{} && (N * M).name() == extent_name{} &&
              (N + M).name() == extent_name{} && extent(4).name() == extent_name{});
static_assert(anonymous.is_anonymous() && !N.is_anonymous() && !(anonymous + 1).is_anonymous() && !(anonymous * 2).is_anonymous());

// Printing: factors in the order of their names, terms of higher degree first.
static_assert(prints(extent(), "0") && prints(extent(7), "7") && prints(extent(-7), "-7"));
static_assert(prints(N, "N") && prints(N * 2, "2 * N") && prints(N * -1, "-N") && prints(N * -3, "-3 * N") && prints(anonymous, "a"));
static_assert(prints(N + 2, "N + 2") && prints(N - 2, "N - 2") && prints(N + M - 2, "M + N - 2"));
static_assert(prints(N * M, "M * N") && prints(N + M * N, "M * N + N") && prints(M - N * 2, "M - 2 * N"));
static_assert(prints(N * N + N + 1, "N * N + N + 1"));

constexpr std::int64_t at(extent const& e, std::int64_t n, std::int64_t m, std::int64_t k = 0) {
  return e.evaluate([=](extent_name name) { return name == extent_name{n_name} ? n : name == extent_name{m_name} ? m : k; });
}
static_assert(at(N * M + N * 3 - 2, 5, 7) == 48);
static_assert(at(extent(9), 5, 7) == 9);
static_assert(at((N + 2) * M * N, 3, 4) == 60);

// Shapes.
constexpr shape of(std::initializer_list<extent> extents) {
  shape s;
  for (auto const& e : extents) s.push_back(e);
  return s;
}
static_assert(of({2, 3}) == of({2, 3}) && !(of({2, 3}) == of({3, 2})) && !(of({2}) == of({2, 1})) && of({}) == shape{});
static_assert(prints(of({N, 784, M * 2}), "[N, 784, 2 * M]") && prints(shape{}, "[]"));

}  // namespace

BOOST_AUTO_TEST_CASE(polynomials_at_numbers) {
  extent const values[] = {extent(0), extent(3), extent(-2), N, M, N + 1, N * 2 - M, M * N, N * N - 3};
  auto const at_number = [](extent const& e, std::int64_t n, std::int64_t m) { return at(e, n, m); };
  int possible = 0, impossible = 0;
  for (auto const& x : values)
    for (auto const& y : values)
      for (std::int64_t n : {0, 1, 4, -3})
        for (std::int64_t m : {0, 2, 11}) {
          // Not every result has room for its terms; those that have are right.
          auto const where_possible = [&](auto check) {
            try {
              check();
              ++possible;
            } catch (char const*) {
              ++impossible;
            }
          };
          where_possible([&] { BOOST_TEST(at_number(x + y, n, m) == at_number(x, n, m) + at_number(y, n, m)); });
          where_possible([&] { BOOST_TEST(at_number(x - y, n, m) == at_number(x, n, m) - at_number(y, n, m)); });
          where_possible([&] { BOOST_TEST(at_number(x * y, n, m) == at_number(x, n, m) * at_number(y, n, m)); });
          where_possible([&] { BOOST_TEST((x * y == y * x)); });
          where_possible([&] { BOOST_TEST((x + y - y == x)); });
        }
  BOOST_TEST(possible > 3 * impossible);
}
BOOST_AUTO_TEST_CASE(too_many_terms_and_factors) {
  extent const two = N + M;
  BOOST_CHECK_THROW(two + K, char const*);
  BOOST_TEST((two + N + 7 == N * 2 + M + 7));
  extent const product = N * M * K;
  BOOST_CHECK_THROW(product * L, char const*);
  BOOST_CHECK_THROW((N + M) * (K + L), char const*);
  shape s;
  for (int i = 0; i < max_rank; ++i) s.push_back(i);
  BOOST_CHECK_THROW(s.push_back(1), char const*);
}
// What loops cost has as many terms and factors as there are.
constexpr polynomial p(extent const& e) { return polynomial(e); }
static_assert(prints(p(N) * p(M) * p(K) * p(L) * p(N), "K * L * M * N * N"));
static_assert(prints(p(N - 1) * p(N + 1), "N * N - 1") && prints(p(2) * p(N - M), "-2 * M + 2 * N") && prints(p(N) * 0, "0") && prints(polynomial(7), "7"));
static_assert(p(N + M) * p(N + M) == [] {
  polynomial sum = p(N) * p(N);
  sum += p(M) * p(M), sum += p(N * 2) * p(M);
  return sum;
}());
static_assert(prints(p(INT64_MAX) * p(3), "9223372036854775807") && prints(p(INT64_MAX) * p(-3), "-9223372036854775807"));
BOOST_AUTO_TEST_CASE(costs) {
  polynomial sum = p(N - 2) * p(M) * p(K + L);
  sum += 5;
  BOOST_TEST(prints(sum, "K * M * N + L * M * N - 2 * K * M - 2 * L * M + 5"));
  BOOST_TEST(sum.evaluate([](extent_name name) { return name.view() == "N" ? 7 : name.view() == "M" ? 3 : 2; }) == 5 * 3 * 4 + 5);
}
BOOST_AUTO_TEST_CASE(printing) {
  BOOST_TEST(prints(N * M - 3, "M * N - 3"));
  BOOST_TEST(prints(of({N, 1}), "[N, 1]"));
}
