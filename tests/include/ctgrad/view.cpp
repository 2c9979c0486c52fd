// Views: what they are made of, access, NumPy's slicing and broadcasting, copies, addresses.
// Expected values are NumPy's and PyTorch's for the same calls.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE view
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <iterator>
#include <limits>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <ctgrad/view.hpp>

namespace ct = ctgrad;
using std::nullopt;

namespace {

constexpr std::int64_t big = std::numeric_limits<std::int64_t>::max();

template <class T, std::size_t Rank>
std::vector<std::remove_const_t<T>> elements(ct::view<T, Rank> const& values) {
  std::vector<std::remove_const_t<T>> result;
  if constexpr (Rank == 0) result.push_back(values());
  else
    for (std::int64_t i = 0; i < values.extent(0); ++i) {
      if constexpr (Rank == 1) result.push_back(values[i]);
      else std::ranges::copy(elements(values[i]), std::back_inserter(result));
    }
  return result;
}

template <std::size_t Rank>
using shape = std::array<std::int64_t, Rank>;

/// 0, 1, 2, … in a 2 × 3 matrix.
struct matrix_2x3 {
  std::vector<int> memory{0, 1, 2, 3, 4, 5};
  ct::view<int, 2> m{memory.data(), {2, 3}};
};

/// What Eigen::MatrixXf (column-major) offers.
struct eigen_matrix {
  std::vector<float> memory;
  long rows_, cols_;
  float* data() { return memory.data(); }
  float const* data() const { return memory.data(); }
  long rows() const { return rows_; }
  long cols() const { return cols_; }
  long rowStride() const { return 1; }
  long colStride() const { return rows_; }
  float* begin() { return memory.data(); }
  float* end() { return memory.data() + memory.size(); }
};

/// What Eigen::VectorXf offers beyond that.
struct eigen_vector : eigen_matrix {
  enum { IsVectorAtCompileTime = 1 };
  long innerStride() const { return 1; }
};

/// What std::mdspan offers.
struct mdspan {
  int* pointer;
  static constexpr std::size_t rank() { return 2; }
  std::size_t extent(std::size_t axis) const { return axis == 0 ? 2 : 3; }
  std::size_t stride(std::size_t axis) const { return axis == 0 ? 1 : 2; }
  int* data_handle() const { return pointer; }
};

constexpr int transposed_sum() {
  int memory[6] = {0, 1, 2, 3, 4, 5}, copy[6] = {};
  ct::view<int, 2> const m(memory, {2, 3}), t = m.t();
  t(2, 1) = 50;
  ct::view<int, 2>(copy, {3, 2}).assign(t);
  return copy[5] + m.at(-1, -1) + m.slice(1, nullopt, nullopt, -1)(0, 0) + m.reshape(-1)[1];
}
static_assert(transposed_sum() == 50 + 50 + 2 + 1);

static_assert(std::is_trivially_copyable_v<ct::view<float, 3>>);
static_assert(std::is_convertible_v<ct::view<float, 2>, ct::view<float const, 2>>);
static_assert(!std::is_convertible_v<ct::view<float const, 2>, ct::view<float, 2>>);
static_assert(!std::is_convertible_v<std::vector<float> const&, ct::view<float, 1>>);
static_assert(std::is_convertible_v<std::vector<float> const&, ct::view<float const, 1>>);
static_assert(std::is_convertible_v<std::vector<float>, ct::view<float const, 1>>);  // an argument that is read
static_assert(!std::is_convertible_v<std::vector<float>, ct::view<float, 1>>);       // written, and lost
static_assert(!std::is_convertible_v<std::vector<float>&, ct::view<double, 1>>);
static_assert(!std::is_convertible_v<std::vector<bool>&, ct::view<bool, 1>>);
static_assert(!std::is_convertible_v<std::vector<std::string>&, ct::view<int, 1>>);

}  // namespace

BOOST_AUTO_TEST_CASE(made_of_containers_without_a_copy) {
  std::vector<float> vector{1, 2, 3};
  ct::view<float, 1> const from_vector = vector;
  from_vector[1] = 20;
  BOOST_TEST(vector[1] == 20);

  std::array<double, 2> array{1, 2};
  std::array<double, 2> const& constant = array;
  static_assert(std::is_same_v<decltype(ct::view_of(array)), ct::view<double, 1>>);
  static_assert(std::is_same_v<decltype(ct::view_of(constant)), ct::view<double const, 1>>);
  static_assert(std::is_same_v<decltype(ct::view(std::span<int const>())), ct::view<int const, 1>>);
  BOOST_TEST(ct::view_of(array).data() == array.data());
  BOOST_TEST(ct::view_of(std::span(array).subspan(1))(0) == 2);

  int c_array[2][3] = {{0, 1, 2}, {3, 4, 5}};
  ct::view const m(c_array);
  static_assert(std::is_same_v<decltype(m), ct::view<int, 2> const>);
  BOOST_TEST(m(1, 2) == 5);
  BOOST_TEST(m.is_contiguous());
}

BOOST_AUTO_TEST_CASE(made_of_what_looks_like_eigen_or_mdspan) {
  eigen_matrix columns{{1, 2, 3, 4, 5, 6}, 3, 2};
  auto const m = ct::view_of(columns);
  static_assert(std::is_same_v<decltype(m), ct::view<float, 2> const>);
  BOOST_TEST(elements(m) == (std::vector<float>{1, 4, 2, 5, 3, 6}), boost::test_tools::per_element());
  ct::view<float const, 2> const constant = std::as_const(columns);
  BOOST_TEST(constant(0, 1) == 4);

  eigen_vector vector{{{1, 2, 3}, 3, 1}};
  static_assert(std::is_same_v<decltype(ct::view_of(vector)), ct::view<float, 1>>);
  BOOST_TEST(ct::view_of(vector).size() == 3);

  int memory[6] = {0, 1, 2, 3, 4, 5};
  ct::view<int, 2> const spanned = mdspan{memory};
  BOOST_TEST(elements(spanned) == (std::vector<int>{0, 2, 4, 1, 3, 5}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(bad_layouts_are_refused) {
  float x[4] = {};
  BOOST_CHECK_THROW((ct::view<float, 1>(x, {-1})), ct::shape_error);
  BOOST_CHECK_THROW((ct::view<float, 2>(x, {big, 2})), ct::shape_error);
  BOOST_CHECK_THROW((ct::view<float, 1>(x, {big / 2})), ct::shape_error);  // the bytes overflow
  BOOST_CHECK_THROW((ct::view<float, 3>(x, {0, big, big})), ct::shape_error);
  BOOST_CHECK_THROW((ct::view<float, 1>(x, {2}, {big})), ct::stride_error);
  BOOST_CHECK_THROW((ct::view<float, 1>(x, {2}, {-big - 1})), ct::stride_error);
  BOOST_CHECK_THROW((ct::view<float, 1>(nullptr, {2})), ct::binding_error);
  BOOST_CHECK_NO_THROW((ct::view<float, 1>(nullptr, {0})));
  BOOST_CHECK_NO_THROW((ct::view<float, 1>(x, {1}, {big})));  // a stride that is never taken
  BOOST_CHECK_NO_THROW((ct::view<float, 2>(x, {0, 3}, {big, big})));
  try {
    ct::view<float, 2>(x, {2, -3});
    BOOST_FAIL("no exception");
  } catch (ct::error const& problem) {
    BOOST_TEST(problem.what() == "the extent of axis 1 is negative in shape (2, -3)");
  }
}

BOOST_FIXTURE_TEST_CASE(elements_by_index, matrix_2x3) {
  BOOST_TEST(m(1, 0) == 3);
  BOOST_TEST(m.at(-1, -1) == 5);
  BOOST_TEST(m[1][2] == 5);
  BOOST_TEST(m.extent(-1) == 3);
  BOOST_TEST(m.size() == 6);
  BOOST_CHECK_THROW(m.at(2, 0), ct::index_error);
  BOOST_CHECK_THROW(m.at(0, -4), ct::index_error);
  BOOST_CHECK_THROW(m.extent(2), ct::index_error);
  BOOST_CHECK_THROW(m.item(), ct::shape_error);
  ct::view<int, 0> const scalar(memory.data() + 4, {});
  BOOST_TEST(scalar() == 4);
  BOOST_TEST(scalar.at() == 4);
  BOOST_TEST(scalar.item() == 4);
  BOOST_TEST(scalar.size() == 1);
}

BOOST_AUTO_TEST_CASE(every_slice_is_pythons) {
  // Python's rule, in its own words (the language reference, "extended slicing"): x[i:j:k] are the items of index
  // i + n*k for 0 <= n < (j-i)/k, ends clamped to [0, len] or, for negative k, to [-1, len - 1].
  auto const python = [](std::int64_t length, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
                         std::int64_t step) {
    std::vector<int> taken;
    auto const index = [&](std::int64_t end) { return end < 0 ? end + length : end; };
    if (step > 0) {
      std::int64_t const from = std::max<std::int64_t>(start ? index(*start) : 0, 0), to = std::min(stop ? index(*stop) : length, length);
      for (std::int64_t i = from; i < to; i += step) taken.push_back(static_cast<int>(i));
    } else {
      std::int64_t const from = std::min(start ? index(*start) : length - 1, length - 1);
      std::int64_t const to = std::max<std::int64_t>(stop ? index(*stop) : -1, -1);
      for (std::int64_t i = from; i > to; i += step) taken.push_back(static_cast<int>(i));
    }
    return taken;
  };
  std::vector<int> memory{0, 1, 2, 3, 4};
  std::vector<std::optional<std::int64_t>> ends{nullopt};
  for (std::int64_t end = -7; end <= 7; ++end) ends.push_back(end);
  for (std::int64_t length = 0; length <= 5; ++length)
    for (auto start : ends)
      for (auto stop : ends)
        for (std::int64_t step : {-7, -3, -2, -1, 1, 2, 3, 7}) {
          auto const sliced = ct::view<int, 1>(memory.data(), {length}).slice(0, start, stop, step);
          BOOST_REQUIRE(elements(sliced) == python(length, start, stop, step));
        }
  ct::view<int, 1> const all = memory;
  BOOST_TEST(elements(all.slice(0, big, -big - 1, -big - 1)) == (std::vector<int>{4}), boost::test_tools::per_element());
  BOOST_TEST(elements(all.slice(0, nullopt, nullopt, big)) == (std::vector<int>{0}), boost::test_tools::per_element());
  BOOST_CHECK_THROW(all.slice(0, 0, 1, 0), ct::index_error);
  BOOST_CHECK_THROW(all.slice(1, 0, 1), ct::index_error);
}

BOOST_FIXTURE_TEST_CASE(movement_shares_memory, matrix_2x3) {
  BOOST_TEST(elements(m.t()) == (std::vector<int>{0, 3, 1, 4, 2, 5}), boost::test_tools::per_element());
  BOOST_TEST(!m.t().is_contiguous());
  m.t()(2, 0) = 20;
  BOOST_TEST(memory[2] == 20);
  BOOST_CHECK(m.unsqueeze(1).shape() == (shape<3>{2, 1, 3}));
  BOOST_CHECK(m.unsqueeze(-1).shape() == (shape<3>{2, 3, 1}));
  BOOST_CHECK(m.unsqueeze(0).shape() == (shape<3>{1, 2, 3}));
  BOOST_CHECK_THROW(m.unsqueeze(3), ct::index_error);
  BOOST_CHECK(m.unsqueeze(1).squeeze(-2).shape() == m.shape());
  BOOST_CHECK_THROW(m.squeeze(0), ct::shape_error);
  BOOST_CHECK(m.unsqueeze(0).permute(2, 0, -2).shape() == (shape<3>{3, 1, 2}));
  BOOST_CHECK_THROW(m.permute(0, 0), ct::shape_error);
  BOOST_CHECK_THROW(m.permute(0, 2), ct::index_error);
  BOOST_TEST(elements(m.diagonal()) == (std::vector<int>{0, 4}), boost::test_tools::per_element());
  BOOST_TEST(elements(m.diagonal(1)) == (std::vector<int>{1, 5}), boost::test_tools::per_element());
  BOOST_TEST(elements(m.diagonal(-1)) == (std::vector<int>{3}), boost::test_tools::per_element());
  BOOST_TEST(m.diagonal(99).size() == 0);
}

BOOST_FIXTURE_TEST_CASE(expand_broadcasts, matrix_2x3) {
  auto const rows = m[1].expand(2, 3);
  BOOST_TEST(elements(rows) == (std::vector<int>{3, 4, 5, 3, 4, 5}), boost::test_tools::per_element());
  BOOST_CHECK(rows.strides() == (shape<2>{0, 1}));
  BOOST_CHECK(m.unsqueeze(1).expand(-1, 4, -1).shape() == (shape<3>{2, 4, 3}));
  BOOST_CHECK_THROW(m.expand(2, 4), ct::shape_error);
  BOOST_CHECK_THROW(m[0].expand(-1, 3), ct::shape_error);
  BOOST_CHECK_THROW(m[0].expand(big, 3), ct::shape_error);
  BOOST_CHECK_THROW(rows.assign(m), ct::overlap_error);
}

BOOST_FIXTURE_TEST_CASE(reshape_without_a_copy, matrix_2x3) {
  BOOST_CHECK(m.reshape(3, -1).shape() == (shape<2>{3, 2}));
  BOOST_TEST(m.reshape(3, 2)(2, 0) == 4);
  BOOST_TEST(elements(m.flatten()) == memory, boost::test_tools::per_element());
  BOOST_CHECK_THROW(m.reshape(4, 2), ct::shape_error);
  BOOST_CHECK_THROW(m.reshape(-1, 4), ct::shape_error);
  BOOST_CHECK_THROW(m.reshape(-1, -1), ct::shape_error);
  BOOST_CHECK_THROW(m.t().flatten(), ct::stride_error);
  BOOST_CHECK_THROW(m.slice(1, 0, 2).flatten(), ct::stride_error);
  BOOST_TEST(elements(m.slice(1, 0, 1).flatten()) == (std::vector<int>{0, 3}), boost::test_tools::per_element());
  auto const turned = m.slice(1, nullopt, nullopt, -1).slice(0, nullopt, nullopt, -1);
  BOOST_TEST(elements(turned.flatten()) == (std::vector<int>{5, 4, 3, 2, 1, 0}), boost::test_tools::per_element());
  BOOST_CHECK(m.slice(0, 0, 0).reshape(3, 0, 7).shape() == (shape<3>{3, 0, 7}));
  BOOST_CHECK((m.slice(0, 0, 1).slice(1, 0, 1).reshape().item() == 0));
  BOOST_CHECK((ct::view<int, 0>(memory.data(), {}).reshape(1, 1).shape() == shape<2>{1, 1}));
}

BOOST_AUTO_TEST_CASE(reshape_finds_every_view_that_exists) {
  // All permutations and slices of a 2 × 3 × 4 tensor against all factorisations: where reshape succeeds the elements are
  // the same in row-major order; where it fails, no strides exist that show them so (tried by solving for them).
  std::vector<int> memory(24);
  std::iota(memory.begin(), memory.end(), 0);
  ct::view<int, 3> const whole(memory.data(), {2, 3, 4});
  std::array<std::int64_t, 3> axes{0, 1, 2};
  int made = 0, refused = 0;
  do {
    for (std::int64_t step : {-1, 1, 2}) {
      auto const source = whole.slice(2, nullopt, nullopt, step).permute(axes);
      std::vector<int> const expected = elements(source);
      std::int64_t const count = source.size();
      for (std::int64_t a = 1; a <= count; ++a)
        for (std::int64_t b = 1; a * b <= count; ++b) {
          if (count % (a * b) != 0) continue;
          shape<3> const to{a, b, count / a / b};
          auto const value = [&](std::int64_t i, std::int64_t j, std::int64_t k) {
            return expected[static_cast<std::size_t>((i * to[1] + j) * to[2] + k)];
          };
          bool exists = true;
          for (std::int64_t i = 0; i < to[0]; ++i)
            for (std::int64_t j = 0; j < to[1]; ++j)
              for (std::int64_t k = 0; k < to[2]; ++k) {
                int const first = value(0, 0, 0), along_i = to[0] > 1 ? value(1, 0, 0) - first : 0,
                          along_j = to[1] > 1 ? value(0, 1, 0) - first : 0, along_k = to[2] > 1 ? value(0, 0, 1) - first : 0;
                exists = exists && value(i, j, k) == first + i * along_i + j * along_j + k * along_k;
              }
          ++(exists ? made : refused);
          if (exists) BOOST_REQUIRE(elements(source.reshape(to)) == expected);
          else BOOST_REQUIRE_THROW(source.reshape(to), ct::stride_error);
        }
    }
  } while (std::ranges::next_permutation(axes).found);
  BOOST_TEST(made > 50);  // neither branch is idle
  BOOST_TEST(refused > 50);
}

BOOST_FIXTURE_TEST_CASE(copies, matrix_2x3) {
  std::vector<int> target(6);
  ct::view<int, 2> const t(target.data(), {3, 2});
  t.assign(m.t());
  BOOST_TEST(target == (std::vector<int>{0, 3, 1, 4, 2, 5}), boost::test_tools::per_element());
  ct::assign(t.t(), m);
  BOOST_TEST(target == (std::vector<int>{0, 3, 1, 4, 2, 5}), boost::test_tools::per_element());
  BOOST_CHECK_THROW(t.assign(m), ct::shape_error);
  m.slice(1, 1, nullopt).fill(7);
  BOOST_TEST(memory == (std::vector<int>{0, 7, 7, 3, 7, 7}), boost::test_tools::per_element());

  std::vector<int> overlapping{0, 1, 2, 3, 4};
  ct::view<int, 1> const all = overlapping;
  all.assign(all.slice(0, nullopt, nullopt, -1));
  BOOST_TEST(overlapping == (std::vector<int>{4, 3, 2, 1, 0}), boost::test_tools::per_element());
  all.slice(0, 1, nullopt).assign(all.slice(0, 0, -1));
  BOOST_TEST(overlapping == (std::vector<int>{4, 4, 3, 2, 1}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(addresses, matrix_2x3) {
  auto const at = [&](std::size_t element) { return reinterpret_cast<std::uintptr_t>(memory.data()) + element * sizeof(int); };
  auto const whole = ct::byte_range(m);
  BOOST_TEST(whole.begin == at(0));
  BOOST_TEST(whole.end == at(6));
  auto const reversed = ct::byte_range(m.slice(0, nullopt, nullopt, -1).slice(1, 0, 2));
  BOOST_TEST(reversed.begin == at(0));
  BOOST_TEST(reversed.end == at(5));
  auto const nothing = ct::byte_range(m.slice(0, 1, 1));
  BOOST_TEST(nothing.begin == nothing.end);
  BOOST_TEST(!nothing.overlaps(whole));
  BOOST_TEST(!whole.overlaps(nothing));
  BOOST_TEST(!ct::byte_range(m[0]).overlaps(ct::byte_range(m[1])));
  BOOST_TEST(ct::byte_range(m.t()[0]).overlaps(ct::byte_range(m[1])));
  BOOST_TEST(ct::byte_range(m[0].expand(1000, 3)).end == at(3));
  BOOST_TEST(ct::byte_range(ct::view<int, 0>()).overlaps(whole) == false);
}
