// Places in order and running totals against the standard library and loops written out: ties, NaN, whole 64 bits, empty axes, strides, threads, and what is added up.
// (Values and gradients against PyTorch's: tests/laws/pytorch.cpp.)
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE sorting
#define CTGRAD_PART_WORK 4096
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/explain.hpp>
#include <ctgrad/indexing.hpp>
#include <ctgrad/sorting.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <numeric>
#include <vector>
#if defined(_OPENMP)
#include <omp.h>
#endif

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto M = ct::dim("M"_s);
constexpr auto K = ct::dim("K"_s);
constexpr auto X = ct::tensor<double>("X"_s, N, M);
constexpr auto W = ct::tensor<double>("W"_s, N, M);
constexpr auto v = ct::tensor<double>("v"_s, N);
constexpr auto f = ct::tensor<float>("f"_s, N);
constexpr auto l = ct::tensor<std::int64_t>("l"_s, N);
constexpr auto i = ct::tensor<std::int32_t>("i"_s, N);
constexpr auto b = ct::tensor<bool>("b"_s, N);
constexpr auto few = ct::tensor<float>("few"_s, K);

// In the compiler.
static_assert(ct::evaluate(ct::argsort(v), v = std::array{3.0, 1.0, 2.0, 1.0})[1] == 3);
static_assert(ct::evaluate(ct::sum(ct::cumsum(v, 0_c) * v), v = std::array{1.0, 2.0, 3.0}) == 1 + 6 + 18);
static_assert(ct::gradient_check(ct::sum(ct::cumprod(v, 0_c) * ct::sin(v)), v = std::array{0.5, -1.5, 0.0, 2.0, 0.3}));
static_assert(ct::gradient_check(ct::sum(ct::cumsum(v, 0_c) * ct::sin(v)), v = std::array{0.5, -1.5, 2.0}));
static_assert(ct::to_string(ct::grad(ct::sum(ct::cumsum(v, 0_c) * v), v)) == "cumsum(v) + cumsum(v, reverse)");

/// Whether two arrays are equal to the bit.
bool same(ct::array<double, 2> const& a, ct::array<double, 2> const& b) {
  return a.size() == b.size() && (a.size() == 0 || std::memcmp(a.data(), b.data(), sizeof(double) * at(a.size())) == 0);
}

/// The places of `x` in order by the standard library: NaN above all, equal ones as they stand.
template <class T>
std::vector<std::int64_t> places_in_order(ct::array<T, 1> const& x, bool descending) {
  std::vector<std::int64_t> places(at(x.size()));
  std::iota(places.begin(), places.end(), 0);
  auto before = [](T a, T b) { return a < b || (b != b && a == a); };
  std::stable_sort(places.begin(), places.end(), [&](std::int64_t p, std::int64_t q) { return descending ? before(x(q), x(p)) : before(x(p), x(q)); });
  return places;
}
template <class T>
void check_order(ct::array<T, 1> const& x, ct::array<std::int64_t, 1> const& up, ct::array<std::int64_t, 1> const& down) {
  auto const expected_up = places_in_order(x, false), expected_down = places_in_order(x, true);
  BOOST_TEST(std::equal(expected_up.begin(), expected_up.end(), up.data(), up.data() + up.size()), "ascending, of " << x.size() << " elements of " << to_string(ct::dtype_of<T>));
  BOOST_TEST(std::equal(expected_down.begin(), expected_down.end(), down.data(), down.data() + down.size()), "descending, of " << x.size() << " elements of " << to_string(ct::dtype_of<T>));
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_dtype_is_ordered_as_the_standard_library_orders_it) {
  constexpr auto step = ct::compile(ct::argsort(v), ct::argsort(f), ct::argsort(l), ct::argsort(i), ct::argsort(b), ct::argsort(v, 0_c, ct::descending), ct::argsort(f, 0_c, ct::descending),
                                    ct::argsort(l, 0_c, ct::descending), ct::argsort(i, 0_c, ct::descending), ct::argsort(b, 0_c, ct::descending));
  for (std::int64_t n : {0, 1, 2, 3, 40, 5000}) {
    auto d = filled<double>(1, n), wide = d;
    auto s = filled<float>(2, n);
    auto large = filled<std::int64_t>(3, n);
    auto small = filled<std::int32_t>(4, n);
    auto const truth = filled<bool>(5, n);
    random_numbers r{6};
    constexpr double special[] = {infinity, -infinity, not_a_number, -not_a_number, 0.0, -0.0, 1.0, 1.0};
    for (std::int64_t k = 0; k < n; ++k) {
      if (r.below(3) == 0) d(k) = special[r.below(8)], s(k) = static_cast<float>(special[r.below(8)]);
      if (r.below(3) == 0) large(k) = static_cast<std::int64_t>(r.next());  // of all 64 bits
      if (r.below(9) == 0) small(k) = static_cast<std::int32_t>(r.next());
      wide(k) = k % 7 == 0 ? 1e300 : 1 + r.below(50) * 0x1p-52;  // which differ in their last bits
    }
    for (auto const& doubles : {d, wide}) {
      auto const [dv, fv, lv, iv, bv, dd, fd, ld, id, bd] = step(v = doubles, f = s, l = large, i = small, b = truth);
      check_order(doubles, dv, dd), check_order(s, fv, fd), check_order(large, lv, ld), check_order(small, iv, id), check_order(truth, bv, bd);
    }
  }
}

BOOST_AUTO_TEST_CASE(gradients_go_where_elements_were) {
  constexpr auto columns = ct::sort(X, 0_c);
  constexpr auto values = boost::hana::at_c<0>(columns);
  constexpr auto places = boost::hana::at_c<1>(columns);
  constexpr auto largest = ct::topk(X, 3_c, 1_c);
  constexpr auto top = boost::hana::at_c<0>(largest);
  constexpr auto by_values = ct::grad(ct::sum(values * W), X);
  constexpr auto by_top = ct::grad(ct::sum(top * top), X);
  constexpr auto step = ct::compile(values, places, by_values, top, boost::hana::at_c<1>(largest), by_top);
  auto const x = filled<double>(1, 5, 11), w = filled<double>(2, 5, 11);
  // Of an array that lies in another order, too.
  auto turned = ct::zeros<double>(11, 5);
  for (std::int64_t r = 0; r < 5; ++r)
    for (std::int64_t c = 0; c < 11; ++c) turned(c, r) = x(r, c);
  for (ct::view<double const, 2> seen : {ct::view<double const, 2>(x), ct::view<double const, 2>(turned.t())}) {
    auto const [s, p, ds, t, tp, dt] = step(X = seen, W = w);
    auto expected = ct::zeros<double>(5, 11), expected_top = expected;
    for (std::int64_t c = 0; c < 11; ++c)
      for (std::int64_t r = 0; r < 5; ++r) {
        BOOST_TEST(s(r, c) == x(p(r, c), c));
        BOOST_TEST((r == 0 || s(r - 1, c) <= s(r, c)));
        expected(p(r, c), c) += w(r, c);
      }
    for (std::int64_t r = 0; r < 5; ++r) {
      std::vector<double> row(&x(r, 0), &x(r, 0) + 11);
      std::sort(row.rbegin(), row.rend());
      for (std::int64_t k = 0; k < 3; ++k) {
        BOOST_TEST(t(r, k) == row[at(k)]);
        BOOST_TEST(x(r, tp(r, k)) == t(r, k));
        expected_top(r, tp(r, k)) += 2 * t(r, k);
      }
    }
    BOOST_TEST(same(ds, expected));
    BOOST_TEST(same(dt, expected_top));
  }
}

BOOST_AUTO_TEST_CASE(as_many_as_there_are_and_not_more) {
  constexpr auto step = ct::compile(ct::topk(f, K, 0_c, ct::smallest), ct::sum(few));
  auto const x = filled<float>(1, 6);
  auto const [t, p, unused] = step(f = x, few = ct::zeros<float>(6));
  BOOST_TEST(std::is_sorted(t.data(), t.data() + 6));
  BOOST_TEST(p.size() == 6);
  BOOST_CHECK_THROW(step(f = x, few = ct::zeros<float>(7)), ct::shape_error);
}

BOOST_AUTO_TEST_CASE(running_totals_are_those_of_loops) {
  constexpr auto step = ct::compile(ct::cumsum(X, 0_c), ct::cumsum(X, 1_c), ct::cumprod(X, -1_c), ct::cumsum(l, 0_c), ct::cumsum(i, 0_c), ct::cumsum(b, 0_c), ct::cumprod(i, 0_c), ct::cumsum(f, 0_c));
  auto const x = filled<double>(1, 300, 7);
  auto large = filled<std::int64_t>(2, 300);
  for (auto& e : {0, 1, 2}) large(e) = std::numeric_limits<std::int64_t>::max() / 2;  // wraps
  auto const small = filled<std::int32_t>(3, 300);
  auto const truth = filled<bool>(4, 300);
  auto const s = ct::full<float>(1e-3f, 300);
  auto const [rows, columns, products, sums, int_sums, counts, int_products, float_sums] = step(X = x, l = large, i = small, b = truth, f = s);
  static_assert(std::is_same_v<decltype(int_sums), ct::array<std::int64_t, 1> const> && std::is_same_v<decltype(counts), ct::array<std::int64_t, 1> const>);
  std::uint64_t sum = 0, int_sum = 0, count = 0, product = 1;
  double float_sum = 0;
  std::array<double, 7> column{};
  for (std::int64_t r = 0; r < 300; ++r) {
    double row = 0, row_product = 1;
    for (std::int64_t c = 0; c < 7; ++c) {
      column[at(c)] += x(r, c), row += x(r, c), row_product *= x(r, c);
      BOOST_TEST(rows(r, c) == column[at(c)]);
      BOOST_TEST(columns(r, c) == row);
      BOOST_TEST(products(r, c) == row_product);
    }
    sum += static_cast<std::uint64_t>(large(r)), int_sum += static_cast<std::uint64_t>(small(r)), count += truth(r) ? 1 : 0, product *= static_cast<std::uint64_t>(std::int64_t{small(r)});
    float_sum += s(r);
    BOOST_TEST(sums(r) == static_cast<std::int64_t>(sum));
    BOOST_TEST(int_sums(r) == static_cast<std::int64_t>(int_sum));
    BOOST_TEST(counts(r) == static_cast<std::int64_t>(count));
    BOOST_TEST(int_products(r) == static_cast<std::int64_t>(product));
    BOOST_TEST(float_sums(r) == static_cast<float>(float_sum));
  }
}

BOOST_AUTO_TEST_CASE(gradients_of_running_totals) {
  constexpr auto loss = ct::sum(ct::sin(ct::cumprod(X, 0_c)) * W) + ct::sum(ct::cos(ct::cumsum(X, 1_c)) * W);
  constexpr auto dX = ct::grad(loss, X);
  constexpr auto step = ct::compile(loss, dX);
  auto x = filled<double>(1, 6, 5);
  auto const w = filled<double>(2, 6, 5);
  x(3, 1) = x(0, 2) = x(5, 2) = x(0, 3) = x(1, 3) = x(2, 3) = 0;
  BOOST_TEST(near(step(X = x, W = w)[dX], differences<2>(x, [&](auto const& moved) { return step(X = moved, W = w)[loss]; }), slope_tolerance));
  // Added to what is there.
  auto params = ct::parameters(X = x);
  constexpr auto backward = ct::backward(loss, X);
  backward(params, W = w), backward(params, W = w);
  auto const once = step(X = x, W = w)[dX];
  for (std::int64_t k = 0; k < once.size(); ++k) BOOST_TEST(near(params.grads().data()[k], 2 * once.data()[k], 1e-15));
}

BOOST_AUTO_TEST_CASE(nothing_and_one) {
  constexpr auto step = ct::compile(ct::sort(X, 0_c), ct::cumsum(X, 0_c), ct::cumprod(X, 1_c), ct::grad(ct::sum(ct::cumprod(X, 0_c)), X), ct::grad(ct::sum(boost::hana::at_c<0>(ct::sort(X))), X));
  for (auto const& [n, m] : {std::pair{0, 3}, {3, 0}, {0, 0}, {1, 1}, {1, 4}, {4, 1}}) {
    auto const x = filled<double>(1, n, m);
    auto const [s, p, c, q, dq, ds] = step(X = x);
    BOOST_TEST((s.size() == n * m && p.size() == n * m && c.size() == n * m && q.size() == n * m && dq.size() == n * m && ds.size() == n * m));
    if (n == 1) BOOST_TEST((same(s, x) && same(c, x)));
    if (m == 1) BOOST_TEST(same(q, x));
    BOOST_TEST(same(ds, ct::full<double>(1.0, n, m)));
  }
}

BOOST_AUTO_TEST_CASE(outputs_of_any_strides_and_none_that_is_an_input) {
  constexpr auto sums = ct::cumsum(X, 1_c);
  constexpr auto places = ct::argsort(X);
  constexpr auto step = ct::compile(sums, places);
  auto const x = filled<double>(1, 4, 9);
  auto const [expected, expected_places] = step(X = x);
  auto turned = ct::zeros<double>(9, 4);
  auto turned_places = ct::zeros<std::int64_t>(9, 4);
  auto space = step.workspace(N = 4, M = 9);
  step.into(space, X = x, sums = turned.t(), places = turned_places.t());
  for (std::int64_t r = 0; r < 4; ++r)
    for (std::int64_t c = 0; c < 9; ++c) BOOST_TEST((turned(c, r) == expected(r, c) && turned_places(c, r) == expected_places(r, c)));
  auto both = x;
  BOOST_CHECK_THROW(step.into(space, X = both, sums = both, places = turned_places.t()), ct::overlap_error);
}

BOOST_AUTO_TEST_CASE(the_same_on_any_number_of_threads) {
#if defined(_OPENMP)
  constexpr auto step = ct::compile(boost::hana::at_c<0>(ct::sort(X)), ct::cumsum(X, 1_c), ct::grad(ct::sum(ct::cumprod(X, 1_c) * W), X));
  auto const x = filled<double>(1, 37, 1500), w = filled<double>(2, 37, 1500);
  int const before = omp_get_max_threads();
  omp_set_num_threads(1);
  auto const [s, c, d] = step(X = x, W = w);
  for (int threads : {2, 3, 4}) {
    omp_set_num_threads(threads);
    auto const [s2, c2, d2] = step(X = x, W = w);
    BOOST_TEST((same(s, s2) && same(c, c2) && same(d, d2)), threads << " threads");
  }
  // With memory for one thread only.
  omp_set_num_threads(1);
  constexpr auto places = ct::argsort(X);
  constexpr auto order = ct::compile(places);
  auto space = order.workspace(N = 37, M = 1500);
  omp_set_num_threads(4);
  auto p = ct::zeros<std::int64_t>(37, 1500);
  order.into(space, X = x, places = p);
  for (std::int64_t r = 0; r < 37; ++r)
    for (std::int64_t k = 0; k < 1500; ++k) BOOST_TEST(x(r, p(r, k)) == s(r, k));
  omp_set_num_threads(before);
#endif
}

BOOST_AUTO_TEST_CASE(a_call_stands_between_loops) {
  BOOST_TEST(ct::explain(ct::compile(ct::sum(ct::cumsum(2_c * X, 1_c)))) ==
             "2 nests, 0 products, 2 temporaries, 0 row buffers\n"
             "output0 = sum(cumsum(2 * X))\n"
             "\n"
             "# nest 0, parallel: reads X[N, M]; writes temporary1[N, M]\n"
             "#   M * N flops, 16 * M * N bytes\n"
             "for i in N:\n"
             "  for j in M, vectorised:\n"
             "    temporary1[i, j] = (2 * X[i, j])\n"
             "# ends: temporary1 has to be whole before call 0 (a library operation reads it)\n"
             "# call 0: reads temporary1[N, M]; writes temporary0[N, M]\n"
             "#   16 * M * N bytes\n"
             "temporary0 = cumsum(temporary1)\n"
             "# ends: temporary0 has to be whole before nest 1 (the result of a library operation)\n"
             "r9 = start of sum\n"
             "# nest 1, parallel: reads temporary0[N, M]; writes r9\n"
             "#   M * N flops, 8 * M * N bytes\n"
             "for k in N:\n"
             "  for l in M, vectorised:\n"
             "    r9 sum= temporary0[k, l]\n"
             "v16 = r9\n"
             "output0 = v16\n"
             "\n"
             "temporary0[N, M] = cumsum(...), kept: the result of a library operation\n"
             "temporary1[N, M] = multiply(...), kept: a library operation reads it\n");
}

// Every number once, another order for another seed or stream, and each of the 24 orders of four about as often as others: chi squared of 23 degrees is below 60 but for 4 in 100,000.
BOOST_AUTO_TEST_CASE(random_orders) {
  constexpr auto seed = ct::scalar<std::int64_t>("seed"_s);
  constexpr auto stream = ct::scalar<std::int64_t>("stream"_s);
  constexpr auto order = ct::random::permutation(ct::random::key(seed, stream), N);
  constexpr auto rows = ct::index_select(X, 0_c, order);
  constexpr auto shuffle = ct::compile(order, rows);
  auto const x = filled<double>(1, 1000, 2);
  auto const [one, shuffled] = shuffle(X = x, seed = 1, stream = 0);
  auto const [other, more] = shuffle(X = x, seed = 1, stream = 1);
  std::vector<int> seen(1000, 0);
  int moved = 0, differ = 0;
  for (std::int64_t i = 0; i < 1000; ++i) {
    ++seen[static_cast<std::size_t>(one(i))];
    moved += one(i) != i, differ += one(i) != other(i);
    BOOST_TEST((shuffled(i, 0) == x(one(i), 0) && shuffled(i, 1) == x(one(i), 1)));
  }
  BOOST_TEST((std::count(seen.begin(), seen.end(), 1) == 1000 && moved > 980 && differ > 980));
  constexpr auto few = ct::compile(ct::random::permutation(ct::random::key(seed, stream), 4_c));
  std::map<std::int64_t, int> counts;
  for (int k = 0; k < 24000; ++k) {
    auto const [p] = few(seed = 7, stream = k);
    ++counts[((p(0) * 4 + p(1)) * 4 + p(2)) * 4 + p(3)];
  }
  double chi = 0;
  for (auto const& [which, count] : counts) chi += (count - 1000.0) * (count - 1000.0) / 1000;
  BOOST_TEST((counts.size() == 24u && chi < 60), "chi squared " << chi);
}
