// Axes that are walked as one loop where strides allow it, and only there: expected values are plain loops.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE program_collapse
#include <ctgrad/ctgrad.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto C = ct::dim("C"_s);
constexpr auto D = ct::dim("D"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, C, D);
constexpr auto Y = ct::tensor<float>("Y"_s, N, C, D);
constexpr auto total = X + 2_c * Y;
constexpr auto squares = ct::sum(X * Y);
constexpr auto program = ct::compile(total, squares);

// The same with a last axis that is known, and shorter than any pack: walked as one it is not.
constexpr auto X3 = ct::tensor<float>("X"_s, N, C, 3_c);
constexpr auto Y3 = ct::tensor<float>("Y"_s, N, C, 3_c);
constexpr auto total3 = X3 + 2_c * Y3;
constexpr auto squares3 = ct::sum(X3 * Y3);
constexpr auto program3 = ct::compile(total3, squares3);

void check_known(ct::view<float const, 3> x, ct::view<float const, 3> y, ct::view<float, 3> out, char const* what) {
  auto space = program3.workspace(N = x.extent(0), C = x.extent(1));
  auto known = ct::zeros<float>(x.extent(0), x.extent(1), 3);
  float sum = -1, other = -1;
  program3.into(space, X3 = x, Y3 = y, total3 = known, squares3 = sum);
  double expected = 0;
  bool right = true;
  for (std::int64_t i = 0; i < x.extent(0); ++i)
    for (std::int64_t j = 0; j < x.extent(1); ++j)
      for (std::int64_t k = 0; k < 3; ++k) {
        expected += static_cast<double>(x(i, j, k)) * y(i, j, k);
        right = right && known(i, j, k) == x(i, j, k) + 2 * y(i, j, k);
      }
  BOOST_TEST(right, what << ", known");
  BOOST_TEST(near(sum, expected, 1e-5), what << ", known");
  program3.into(space, X3 = x, Y3 = y, total3 = out, squares3 = other);
  BOOST_TEST(near(other, expected, 1e-5), what << ", known, into the same place");
  right = true;
  for (std::int64_t i = 0; i < x.extent(0); ++i)
    for (std::int64_t j = 0; j < x.extent(1); ++j)
      for (std::int64_t k = 0; k < 3; ++k) right = right && out(i, j, k) == known(i, j, k);
  BOOST_TEST(right, what << ", known, into the same place");
}

void check(ct::view<float const, 3> x, ct::view<float const, 3> y, ct::view<float, 3> out, char const* what) {
  auto space = program.workspace(N = x.extent(0), C = x.extent(1), D = x.extent(2));
  float sum = -1;
  program.into(space, X = x, Y = y, total = out, squares = sum);
  double expected = 0;
  bool right = true;
  for (std::int64_t i = 0; i < x.extent(0); ++i)
    for (std::int64_t j = 0; j < x.extent(1); ++j)
      for (std::int64_t k = 0; k < x.extent(2); ++k) {
        expected += static_cast<double>(x(i, j, k)) * y(i, j, k);
        right = right && out(i, j, k) == x(i, j, k) + 2 * y(i, j, k);
      }
  BOOST_TEST(right, what);
  BOOST_TEST(near(sum, expected, 1e-5), what);
  if (x.extent(2) == 3) check_known(x, y, out, what);
}

}  // namespace

BOOST_AUTO_TEST_CASE(of_any_strides) {
  for (std::int64_t d : {1, 3, 40}) {
    auto const x = filled<float>(1, 6, 5, d), y = filled<float>(2, 6, 5, d);
    auto out = ct::zeros<float>(6, 5, d);
    check(x, y, out, "contiguous");
    // One of the three is not: gaps between elements, rows or planes, another order, backwards.
    auto const gaps = filled<float>(3, 6, 5, 2 * d), rows = filled<float>(3, 6, 10, d), planes = filled<float>(3, 12, 5, d), turned = filled<float>(3, 5, 6, d);
    check(gaps.slice(2, 0, 2 * d, 2), y, out, "gaps between elements");
    check(gaps.slice(2, 0, d), y, out, "rows of a wider matrix");
    check(x, rows.slice(1, 0, 10, 2), out, "gaps between rows");
    check(planes.slice(0, 0, 12, 2), y, out, "gaps between planes");
    check(x, turned.permute(1, 0, 2), out, "another order");
    check(x.slice(0, std::nullopt, std::nullopt, -1), y, out, "planes backwards");
    check(x.slice(2, std::nullopt, std::nullopt, -1), y, out, "elements backwards");
    auto wide = ct::zeros<float>(6, 5, d + 1);
    check(x, y, wide.slice(2, 0, d), "into rows of a wider matrix");
    for (std::int64_t i = 0; i < 6; ++i)
      for (std::int64_t j = 0; j < 5; ++j) BOOST_TEST(wide(i, j, d) == 0);  // what is beside them is left alone
    // All of them with the same gaps are one walk again, with a step.
    auto stretched = ct::zeros<float>(6, 5, 2 * d);
    check(gaps.slice(2, 0, 2 * d, 2), gaps.slice(2, 1, 2 * d, 2), stretched.slice(2, 0, 2 * d, 2), "the same gaps");
  }
}
