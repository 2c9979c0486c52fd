// Nests in parts: results are equal to the bit on any number of threads, and right.
// Parts are made small here, so that arrays of test size have many.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE program_parallel
#define CTGRAD_PART_WORK 4096
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/einsum.hpp>

#include "../../arrays.hpp"
#include "../../threads.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstring>
#include <thread>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto C = ct::dim("C"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, C);
constexpr auto b = ct::tensor<float>("b"_s, C);
constexpr auto u = ct::tensor<float>("u"_s, N);
constexpr auto v = ct::tensor<float>("v"_s, N);
constexpr auto k = ct::tensor<std::int32_t>("k"_s, N);
constexpr auto w = ct::scalar<float>("w"_s);

constexpr int lengths[] = {1, 1000, 2047, 2048, 2049, 5000, 40000, 200001};

}  // namespace

BOOST_AUTO_TEST_CASE(sums_to_numbers) {
  constexpr auto p = ct::sigmoid(w * u + v);
  constexpr auto loss = ct::mean(p * p);
  constexpr auto program = ct::compile(loss, ct::grad(loss, w), ct::max(u), ct::min(p), ct::sum(k), ct::grad(loss, u));
  for (int n : lengths) {
    auto const x = filled<float>(1, n), y = filled<float>(2, n);
    auto const whole = filled<std::int32_t>(3, n);
    auto const [l, dw, most, least, count, du] = on_all_threads([&] { return program(u = x, v = y, k = whole, w = 0.75f); });
    double sum = 0, slope = 0, largest = -INFINITY;
    std::int64_t total = 0;
    for (int i = 0; i < n; ++i) {
      double const q = 1 / (1 + std::exp(-(0.75 * x(i) + y(i))));
      sum += q * q / n, slope += 2 * q * q * (1 - q) * x(i) / n, largest = std::max<double>(largest, x(i)), total += whole(i);
    }
    BOOST_TEST(near(l, sum, 1e-6), "n = " << n);
    BOOST_TEST(near(dw, slope, 1e-5), "n = " << n);
    BOOST_TEST(most == largest);
    BOOST_TEST(count == total);
    BOOST_TEST((least > 0 && least < 1));
  }
}

// Loops that only copy, from wherever a part begins, with strides too.
BOOST_AUTO_TEST_CASE(copies) {
  constexpr auto both = ct::concat(0_c, u, v);
  constexpr auto program = ct::compile(both, ct::transpose(X));
  for (int n : lengths) {
    auto const x = filled<float>(1, n);
    auto const spread = filled<float>(2, n, 2);
    auto const matrix = filled<float>(3, n, 3);
    auto const [row, turned] = on_all_threads([&] { return program(u = x, v = ct::view<float const, 1>(&spread(0, 1), {n}, {2}), X = matrix); });
    bool right = true;
    for (int i = 0; i < n; ++i) {
      right = right && row(i) == x(i) && row(n + i) == spread(i, 1);
      for (int j = 0; j < 3; ++j) right = right && turned(j, i) == matrix(i, j);
    }
    BOOST_TEST(right, "n = " << n);
  }
}

BOOST_AUTO_TEST_CASE(rows_and_sums_over_them) {
  constexpr auto e = ct::cross_entropy(ct::tanh(X + b), k);
  constexpr auto program = ct::compile(e, ct::grad(e, X), ct::grad(e, b), ct::sum(X, 0_c), ct::max(X, 0_c), ct::min(X * X, 0_c));
  for (int n : {1, 5, 64, 300, 2000})
    for (int c : {1, 3, 16, 37}) {
      auto const x = filled<float>(1, n, c);
      auto const shift = filled<float>(2, c);
      auto labels = ct::zeros<std::int32_t>(n);
      for (int i = 0; i < n; ++i) labels(i) = i * 7 % c;
      auto const [l, dx, db, sums, most, least] = on_all_threads([&] { return program(X = x, b = shift, k = labels); });
      std::vector<double> slope(c), sum(c);
      double loss = 0;
      bool right = true;
      for (int i = 0; i < n; ++i) {
        double total = 0;
        for (int j = 0; j < c; ++j) total += std::exp(std::tanh(static_cast<double>(x(i, j)) + shift(j)));
        loss += (std::log(total) - std::tanh(static_cast<double>(x(i, labels(i))) + shift(labels(i)))) / n;
        for (int j = 0; j < c; ++j) {
          double const t = std::tanh(static_cast<double>(x(i, j)) + shift(j)), g = (std::exp(t) / total - (j == labels(i))) * (1 - t * t) / n;
          slope[j] += g, sum[j] += x(i, j);
          right = right && near(dx(i, j), g, 1e-5);
        }
      }
      BOOST_TEST(right, n << " rows of " << c);
      BOOST_TEST(near(l, loss, 1e-5));
      BOOST_TEST(near(db, slope, 1e-5), n << " rows of " << c);
      BOOST_TEST(near(sums, sum, 1e-4), n << " rows of " << c);
      for (int j = 0; j < c; ++j) {
        float largest = x(0, j), smallest = x(0, j) * x(0, j);
        for (int i = 1; i < n; ++i) largest = std::max(largest, x(i, j)), smallest = std::min(smallest, x(i, j) * x(i, j));
        BOOST_TEST((most(j) == largest && least(j) == smallest));
      }
    }
}

BOOST_AUTO_TEST_CASE(into_strided_outputs_and_from_strided_inputs) {
  constexpr auto columns = ct::sum(X * X, 0_c);
  constexpr auto half = 0.5_c * X;
  constexpr auto program = ct::compile(columns, half);
  auto const memory = filled<float>(1, 40, 500);
  auto run = [&] {
    auto sums = ct::zeros<float>(80);
    auto halves = ct::zeros<float>(40, 500);
    auto space = program.workspace(N = 500, C = 40);
    program.into(space, X = memory.t(), columns = sums.slice(0, 0, 80, 2), half = halves.t());
    return std::pair(sums, halves);
  };
  set_threads(1);
  auto const expected = run();
  for (int threads : {2, 4}) {
    set_threads(threads);
    auto const seen = run();
    BOOST_TEST((same_bits(seen.first, expected.first) && same_bits(seen.second, expected.second)));
  }
  for (int j = 0; j < 40; ++j) {
    double sum = 0;
    for (int i = 0; i < 500; ++i) {
      sum += static_cast<double>(memory(j, i)) * memory(j, i);
      BOOST_REQUIRE(expected.second(j, i) == 0.5f * memory(j, i));
    }
    BOOST_TEST(near(expected.first(2 * j), sum, 1e-5));
    BOOST_TEST(expected.first(2 * j + 1) == 0);
  }
}

BOOST_AUTO_TEST_CASE(gradients_are_added_to_what_is_there) {
  constexpr auto loss = ct::sum(ct::log(1_c + ct::exp(X + b)));
  constexpr auto backward = ct::backward(loss, b);
  auto const x = filled<float>(1, 3000, 20);
  std::vector<std::vector<float>> seen;
  for (int threads : {1, 2, 4}) {
    set_threads(threads);
    auto params = ct::parameters(b = ct::zeros<float>(20));
    params.zero_grad();
    backward(params, X = x);
    backward(params, X = x);
    seen.emplace_back(params.grads().data(), params.grads().data() + 20);
    BOOST_TEST((seen.back() == seen.front()), threads << " threads");
  }
  for (int j = 0; j < 20; ++j) {
    double sum = 0;
    for (int i = 0; i < 3000; ++i) sum += 2 / (1 + std::exp(-static_cast<double>(x(i, j))));
    BOOST_TEST(near(seen.front()[static_cast<std::size_t>(j)], sum, 1e-5));
  }
}

// A workspace is made for the threads there are; with fewer of them, or for fewer rows, it serves as well.
BOOST_AUTO_TEST_CASE(workspaces_of_other_threads) {
  constexpr auto soft = ct::softmax(ct::tanh(X), 1_c);
  constexpr auto total = ct::sum(soft * X, 0_c);
  constexpr auto program = ct::compile(soft, total);
  auto const x = filled<float>(1, 700, 33);
  auto run = [&](auto& space) {
    std::pair out{ct::zeros<float>(700, 33), ct::zeros<float>(33)};
    program.into(space, X = x, soft = out.first, total = out.second);
    return out;
  };
  set_threads(1);
  auto small = program.workspace(N = 700, C = 33);
  auto const expected = run(small);
  set_threads(4);
  auto large = program.workspace(N = 2000, C = 50);
#if defined(_OPENMP)
  BOOST_TEST(program.workspace(N = 700, C = 33).bytes() > small.bytes());
#endif
  for (auto* space : {&small, &large}) {
    auto const seen = run(*space);
    BOOST_TEST((same_bits(seen.first, expected.first) && same_bits(seen.second, expected.second)));
  }
  set_threads(2);
}
BOOST_AUTO_TEST_CASE(no_smaller_extents_need_more) {
  constexpr auto program = ct::compile(ct::sum(ct::softmax(X, 1_c), 0_c));
  for (int n : {1, 10, 100, 1000, 10000})
    for (int c : {1, 10, 100, 1000}) {
      std::int64_t const bytes = program.workspace(N = n, C = c).bytes();
      BOOST_TEST(bytes <= program.workspace(N = 2 * n, C = c).bytes());
      BOOST_TEST(bytes <= program.workspace(N = n, C = 2 * c).bytes());
    }
}

BOOST_AUTO_TEST_CASE(called_by_many_threads_and_inside_parallel_regions) {
  constexpr auto program = ct::compile(ct::mean(ct::softmax(X + b, 1_c), 0_c));
  auto const x = filled<float>(1, 1000, 17);
  auto const shift = filled<float>(2, 17);
  set_threads(2);
  auto const expected = std::get<0>(program(X = x, b = shift).values);  // (clang's OpenMP captures no structured binding)
  std::vector<char> right(8, 0);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      auto const [seen] = program(X = x, b = shift);
      right[static_cast<std::size_t>(t)] = same_bits(seen, expected);
    });
  for (auto& t : threads) t.join();
#if defined(_OPENMP)
#pragma omp parallel for num_threads(4)
#endif
  for (int t = 4; t < 8; ++t) {
    auto const [seen] = program(X = x, b = shift);
    right[static_cast<std::size_t>(t)] = same_bits(seen, expected);
  }
  for (char r : right) BOOST_TEST(r);
}

// 2^20 times 0.1f, one after the other in float, is 3.7 % off; parts that are added in pairs are not.
BOOST_AUTO_TEST_CASE(long_sums_keep_their_digits) {
  auto column = ct::array<float, 2>::uninitialized({1 << 20, 3});
  column.fill(0.1f);
  auto const [sums] = ct::compile(ct::sum(X, 0_c))(X = column);
  for (int j = 0; j < 3; ++j) BOOST_TEST(near(sums(j), (1 << 20) * static_cast<double>(0.1f), 1e-3));
}

namespace {
constexpr auto K = ct::dim("K"_s);
constexpr auto A = ct::tensor<float>("A"_s, N, K);
constexpr auto B = ct::tensor<float>("B"_s, K, C);
constexpr auto product = ct::matmul(A, B);
constexpr auto square = ct::sum(product * product);
constexpr auto products = ct::compile(product, ct::grad(square, A), ct::grad(square, B));
}  // namespace

// Products go in bands of rows or columns; gradients are products with transposes.
BOOST_AUTO_TEST_CASE(products_in_bands) {
  for (auto [n, k, c] : {std::array{300, 200, 100}, {100, 200, 300}, {64, 784, 128}, {1, 3000, 1000}, {2000, 700, 3}, {257, 129, 131}, {33, 1, 40}}) {
    auto const a = filled<float>(1, n, k), b0 = filled<float>(2, k, c);
    auto const results = on_all_threads([&] { return products(A = a, B = b0); });
    auto const& [p, da, db] = results.values;
    random_numbers r{static_cast<std::uint64_t>(n)};
    for (int tries = 0; tries < 20; ++tries) {
      int const i = r.below(n), j = r.below(c), l = r.below(k);
      double sum = 0, slope_a = 0, slope_b = 0;
      for (int m = 0; m < k; ++m) sum += static_cast<double>(a(i, m)) * b0(m, j);
      for (int m = 0; m < c; ++m) slope_a += 2.0 * p(i, m) * b0(l, m);
      for (int m = 0; m < n; ++m) slope_b += 2.0 * p(m, j) * a(m, l);
      BOOST_TEST(std::abs(p(i, j) - sum) <= 1e-3 * std::sqrt(k), n << " x " << k << " x " << c);
      BOOST_TEST(std::abs(da(i, l) - slope_a) <= 1e-3 * std::sqrt(k) * std::sqrt(c), n << " x " << k << " x " << c);
      BOOST_TEST(std::abs(db(l, j) - slope_b) <= 1e-3 * std::sqrt(k) * std::sqrt(n), n << " x " << k << " x " << c);
    }
  }
}

// Products in batches are shared by threads, each whole; those of few and large ones are cut into bands.
BOOST_AUTO_TEST_CASE(products_in_batches) {
  constexpr auto X = ct::tensor<float>("X3"_s, C, N, K);
  constexpr auto scores = ct::einsum("bik,bjk->bij"_s, X, X);
  constexpr auto total = ct::einsum("bik,bij->kj"_s, X, scores);
  constexpr auto p = ct::compile(scores, total);
  for (auto [b, n, k] : {std::array{64, 40, 30}, {3, 300, 200}, {500, 9, 17}, {1, 10, 10}}) {
    auto const x0 = filled<float>(1, b, n, k);
    auto const results = on_all_threads([&] { return p(X = x0); });
    auto const& [s, t] = results.values;
    random_numbers r{static_cast<std::uint64_t>(b)};
    for (int tries = 0; tries < 20; ++tries) {
      int const batch = r.below(b), i = r.below(n), j = r.below(n), l = r.below(k);
      double sum = 0, all = 0;
      for (int m = 0; m < k; ++m) sum += static_cast<double>(x0(batch, i, m)) * x0(batch, j, m);
      for (int c = 0; c < b; ++c)
        for (int m = 0; m < n; ++m) all += static_cast<double>(x0(c, m, l)) * s(c, m, j);
      BOOST_TEST(std::abs(s(batch, i, j) - sum) <= 1e-3 * std::sqrt(k), b << " x " << n << " x " << k);
      BOOST_TEST(std::abs(t(l, j) - all) <= 1e-2 * std::sqrt(b * n), b << " x " << n << " x " << k);
    }
  }
}

#if defined(CTGRAD_HAS_BLAS_THREADS)
// OpenBLAS computes in our threads, and has its own back afterwards, however many calls overlap.
BOOST_AUTO_TEST_CASE(the_threads_of_blas_come_back) {
  if (!openblas_get_num_threads) return;
  int const before = openblas_get_num_threads();
  openblas_set_num_threads(3);
  auto const a = filled<float>(1, 200, 150), b0 = filled<float>(2, 150, 130);
  auto const expected = std::get<0>(products(A = a, B = b0).values);
  std::vector<char> right(4, 1);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < right.size(); ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) right[t] = right[t] && same_bits(std::get<0>(products(A = a, B = b0).values), expected);
    });
  for (auto& t : threads) t.join();
  for (char r : right) BOOST_TEST(r);
  BOOST_TEST(openblas_get_num_threads() == 3);
  openblas_set_num_threads(before);
}
#endif
