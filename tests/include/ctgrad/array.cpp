// Arrays: construction, ownership, conversion to views, factories.
// Expected values are PyTorch's for the same calls.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE array
#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctgrad/array.hpp>

namespace ct = ctgrad;
using boost::test_tools::per_element;
using std::nullopt;

namespace {

constexpr std::int64_t big = std::numeric_limits<std::int64_t>::max();
constexpr double infinity = std::numeric_limits<double>::infinity();

template <class T, std::size_t Rank>
std::vector<T> elements(ct::array<T, Rank> const& values) {
  return std::vector<T>(values.data(), values.data() + values.size());
}

template <std::size_t Rank>
using shape = std::array<std::int64_t, Rank>;

float sum_of_matrix(ct::view<float const, 2> m) {
  float total = 0;
  for (std::int64_t i = 0; i < m.extent(0); ++i)
    for (std::int64_t j = 0; j < m.extent(1); ++j) total += m(i, j);
  return total;
}

template <class Body>
std::string message_of(Body body) {
  try {
    body();
  } catch (ct::error const& problem) {
    return problem.what();
  }
  return "no exception";
}

}  // namespace

BOOST_AUTO_TEST_CASE(nested_braces) {
  ct::array<double, 1> const v{1, 2, 3};
  BOOST_TEST(elements(v) == (std::vector<double>{1, 2, 3}), per_element());
  ct::array<std::int64_t, 2> const m{{1, 0, 1}, {2, 1, 1}};
  BOOST_CHECK(m.shape() == (shape<2>{2, 3}));
  BOOST_TEST(m(1, 0) == 2);
  ct::array<float, 3> const t{{{1, 2}, {3, 4}, {5, 6}}, {{7, 8}, {9, 10}, {11, 12}}};
  BOOST_CHECK(t.shape() == (shape<3>{2, 3, 2}));
  BOOST_TEST(t(1, 0, 1) == 8);
  BOOST_CHECK((ct::array<float, 2>{{}, {}}.shape() == shape<2>{2, 0}));
  BOOST_CHECK((ct::array<float, 2>{}.shape() == shape<2>{0, 0}));
  BOOST_TEST((ct::array<float, 0>{}()) == 0);
  BOOST_TEST((ct::array<float, 0>(2.5f)()) == 2.5f);
}

BOOST_AUTO_TEST_CASE(ragged_braces_name_the_row) {
  BOOST_TEST(message_of([] { ct::array<int, 2>{{1, 2}, {3, 4}, {5}}; }) ==
             "ragged braces: row (2,) has 1 entries, but the rows before it have 2");
  BOOST_TEST(message_of([] { ct::array<int, 2>{{1}, {3, 4}}; }) == "ragged braces: row (1,) has 2 entries, but the rows before it have 1");
  BOOST_TEST(message_of([] { ct::array<int, 3>{{{1}, {2}}, {{3}, {4, 5}}}; }) ==
             "ragged braces: row (1, 1) has 2 entries, but the rows before it have 1");
  BOOST_TEST(message_of([] { ct::array<int, 3>{{{1}, {2}}, {{3}}}; }) ==
             "ragged braces: row (1,) has 1 entries, but the rows before it have 2");
  BOOST_TEST(message_of([] { ct::array<int, 3>{{}, {{3}}}; }) == "ragged braces: row (1,) has 1 entries, but the rows before it have 0");
}

BOOST_AUTO_TEST_CASE(types_are_deduced) {
  ct::array const v{1, 2, 3};
  ct::array const m{{1.0, 2.0}, {3.0, 4.0}};
  ct::array const t{{{1.0f, 2.0f}, {3.0f, 4.0f}}};
  ct::array const copy{m};
  ct::array const of_view{m.t()};
  static_assert(std::is_same_v<decltype(v), ct::array<int, 1> const>);
  static_assert(std::is_same_v<decltype(m), ct::array<double, 2> const>);
  static_assert(std::is_same_v<decltype(t), ct::array<float, 3> const>);
  static_assert(std::is_same_v<decltype(copy), ct::array<double, 2> const>);
  static_assert(std::is_same_v<decltype(of_view), ct::array<double, 2> const>);
  BOOST_TEST(elements(of_view) == (std::vector<double>{1, 3, 2, 4}), per_element());
}

BOOST_AUTO_TEST_CASE(ownership) {
  ct::array<float, 2> a{{1, 2}, {3, 4}};
  ct::array<float, 2> b = a;
  b(0, 0) = 10;
  BOOST_TEST(a(0, 0) == 1);
  float* const memory = b.data();
  ct::array<float, 2> c = std::move(b);
  BOOST_TEST(c.data() == memory);
  BOOST_TEST(b.size() == 0);
  b = a;
  BOOST_TEST(b(1, 1) == 4);
  a = std::move(c);
  BOOST_TEST(a.data() == memory);
  a = *&a;
  BOOST_TEST(a(0, 0) == 10);
  for (std::int64_t n = 1; n < 40; ++n) BOOST_TEST(reinterpret_cast<std::uintptr_t>(ct::empty<bool>(n).data()) % 64 == 0u);
}

BOOST_AUTO_TEST_CASE(converts_to_views) {
  ct::array<float, 2> a{{1, 2, 3}, {4, 5, 6}};
  ct::array<float, 2> const& constant = a;
  static_assert(std::is_convertible_v<ct::array<float, 2>&, ct::view<float, 2>>);
  static_assert(!std::is_convertible_v<ct::array<float, 2> const&, ct::view<float, 2>>);
  static_assert(!std::is_convertible_v<ct::array<float, 2>, ct::view<float, 2>>);
  static_assert(std::is_same_v<decltype(ct::view(a)), ct::view<float, 2>>);
  static_assert(std::is_same_v<decltype(ct::view(constant)), ct::view<float const, 2>>);
  static_assert(std::is_same_v<decltype(ct::view_of(a)), ct::view<float, 2>>);
  static_assert(std::is_same_v<decltype(constant[0]), ct::view<float const, 1>>);
  BOOST_TEST(sum_of_matrix(a) == 21);
  BOOST_TEST(sum_of_matrix(ct::ones<float>(2, 2)) == 4);
  ct::view<float, 2> const shared = a;
  shared(0, 0) = 100;
  BOOST_TEST(a(0, 0) == 100);
  a.t()(2, 1) = 60;
  BOOST_TEST(a.at(-1, -1) == 60);
  a[1].fill(0);
  a[0][1] = 20;
  BOOST_TEST(elements(a) == (std::vector<float>{100, 20, 3, 0, 0, 0}), per_element());
  a.slice(1, nullopt, nullopt, -1).assign(ct::array<float, 2>{{1, 2, 3}, {4, 5, 6}});
  BOOST_TEST(elements(a) == (std::vector<float>{3, 2, 1, 6, 5, 4}), per_element());
  BOOST_CHECK_THROW(a.assign(ct::zeros<float>(3, 2)), ct::shape_error);
  BOOST_CHECK_THROW(a.at(2, 0), ct::index_error);

  std::vector<float> const vector{1, 2};
  BOOST_TEST(elements(ct::array<float, 1>(vector)) == vector, per_element());
}

BOOST_AUTO_TEST_CASE(members_of_temporaries_own) {
  auto const t = ct::array<float, 2>{{1, 2}, {3, 4}}.t();
  static_assert(std::is_same_v<decltype(t), ct::array<float, 2> const>);
  BOOST_TEST(elements(t) == (std::vector<float>{1, 3, 2, 4}), per_element());
  static_assert(std::is_same_v<decltype(ct::zeros<float>(3)[0]), float>);
  static_assert(std::is_same_v<decltype(ct::zeros<float>(3, 3)[0]), ct::array<float, 1>>);
  BOOST_TEST(elements(ct::arange<int>(6).reshape(2, -1).unsqueeze(0).slice(2, 0, 1)) == (std::vector<int>{0, 3}), per_element());
}

BOOST_AUTO_TEST_CASE(factories) {
  BOOST_CHECK(ct::zeros<float>(784).shape() == (shape<1>{784}));
  BOOST_CHECK(ct::zeros<float>(3, 4).shape() == (shape<2>{3, 4}));
  BOOST_CHECK(ct::zeros<float>(shape<2>{3, 4}).shape() == (shape<2>{3, 4}));
  static_assert(decltype(ct::zeros<float>())::rank == 0);
  BOOST_TEST(ct::zeros<double>().item() == 0);
  BOOST_TEST(elements(ct::ones<bool>(2)) == (std::vector<bool>{true, true}), per_element());
  BOOST_TEST(elements(ct::full<float>(0.5, 2)) == (std::vector<float>{0.5, 0.5}), per_element());
  BOOST_TEST(elements(ct::eye<double>(2)) == (std::vector<double>{1, 0, 0, 1}), per_element());
  BOOST_TEST(elements(ct::eye<double>(2, 3)) == (std::vector<double>{1, 0, 0, 0, 1, 0}), per_element());
  BOOST_TEST(ct::eye<double>(0).size() == 0);
  BOOST_CHECK((ct::empty<float>(0, 3).shape() == shape<2>{0, 3}));
  BOOST_CHECK_THROW(ct::zeros<float>(-1), ct::shape_error);
  BOOST_CHECK_THROW(ct::zeros<float>(big), ct::shape_error);
  BOOST_CHECK_THROW(ct::zeros<float>(big / 4, 8), ct::shape_error);
  BOOST_CHECK_THROW(ct::eye<float>(std::int64_t{1} << 40), ct::shape_error);
}

BOOST_AUTO_TEST_CASE(ranges) {
  BOOST_TEST(elements(ct::arange<int>(3)) == (std::vector<int>{0, 1, 2}), per_element());
  BOOST_TEST(elements(ct::arange<std::int64_t>(5, 0, -2)) == (std::vector<std::int64_t>{5, 3, 1}), per_element());
  BOOST_TEST(ct::arange<int>(5, 0).size() == 0);
  BOOST_TEST(ct::arange<float>(0, 1, 0.1).size() == 10);      // torch.arange(0, 1, 0.1): 10 elements
  BOOST_TEST(ct::arange<double>(1, 1.3, 0.1).size() == 4);    // so does numpy.arange: (1.3 - 1) / 0.1 is 3.0000000000000004
  BOOST_TEST(ct::arange<float>(1, 2.5, 0.5)[2] == 2.0f);      // PyTorch's documentation: tensor([1.0000, 1.5000, 2.0000])
  BOOST_TEST(elements(ct::arange<std::int64_t>(-big, big, big)) == (std::vector<std::int64_t>{-big, 0}), per_element());
  BOOST_TEST(elements(ct::arange<std::int64_t>(big, -big - 1, -big - 1)) == (std::vector<std::int64_t>{big, -1}), per_element());
  std::int64_t const quarter = std::int64_t{1} << 62;
  BOOST_TEST(elements(ct::arange<std::int64_t>(-big - 1, big, quarter)) == (std::vector<std::int64_t>{-big - 1, -quarter, 0, quarter}),
             per_element());
  BOOST_CHECK_THROW(ct::arange<int>(2147483647, 2147483649), ct::dtype_error);
  BOOST_CHECK_THROW(ct::arange<int>(0, 1, 0), ct::shape_error);
  BOOST_CHECK_THROW(ct::arange<double>(0, 1, 0), ct::shape_error);
  BOOST_CHECK_THROW(ct::arange<double>(0, infinity), ct::shape_error);
  BOOST_CHECK_THROW(ct::arange<double>(std::nan("")), ct::shape_error);
  BOOST_CHECK_THROW(ct::arange<std::int64_t>(-big, big), ct::shape_error);

  // PyTorch's documentation of linspace.
  BOOST_TEST(elements(ct::linspace<double>(3, 10, 5)) == (std::vector<double>{3, 4.75, 6.5, 8.25, 10}), per_element());
  BOOST_TEST(elements(ct::linspace<float>(-10, 10, 5)) == (std::vector<float>{-10, -5, 0, 5, 10}), per_element());
  BOOST_TEST(elements(ct::linspace<float>(-10, 10, 1)) == (std::vector<float>{-10}), per_element());
  BOOST_TEST(ct::linspace<float>(0, 1, 0).size() == 0);
  for (std::int64_t n = 2; n < 100; ++n) BOOST_TEST(ct::linspace<float>(0, 0.1f, n)[n - 1] == 0.1f);
  BOOST_CHECK_THROW(ct::linspace<float>(0, 1, -1), ct::shape_error);
}
