// Nests and products that go through tiles together: right, and equal to the bit on any number of threads. Expected values are plain loops in double.
// Parts are made small here, so that arrays of test size have many.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE program_groups
#define CTGRAD_PART_WORK 512
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/einsum.hpp>
#include <ctgrad/seeing.hpp>

#include "../../arrays.hpp"
#include "../../threads.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

namespace {

constexpr auto H = ct::dim("H"_s);
constexpr auto N = ct::dim("N"_s);
constexpr auto D = ct::dim("D"_s);
constexpr auto E = ct::dim("E"_s);

/// The number of nests and products that are of a group.
template <class Program>
int grouped(Program const& program) {
  std::string const text(ct::explain(program));
  int count = 0;
  for (std::size_t at = text.find(", of group "); at != std::string::npos; at = text.find(", of group ", at + 1)) ++count;
  return count;
}
template <class T, std::size_t Rank>
void compare(ct::array<T, Rank> const& seen, std::vector<double> const& expected, double tolerance) {
  double scale = 1e-30;
  for (double x : expected) scale = std::fmax(scale, std::abs(x));
  BOOST_TEST_REQUIRE(static_cast<std::size_t>(seen.size()) == expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) worst = std::fmax(worst, std::abs(static_cast<double>(seen.data()[i]) - expected[i]) / scale);
  BOOST_TEST(worst <= tolerance);
}

// Attention: heads are products of a batch, each of which a tile is.
constexpr auto Q = ct::tensor<double>("Q"_s, H, N, D);
constexpr auto K = ct::tensor<double>("K"_s, H, N, D);
constexpr auto V = ct::tensor<double>("V"_s, H, N, D);
constexpr auto weights = ct::softmax(ct::matmul(Q, ct::transpose(K)));
constexpr auto out = ct::matmul(weights, V);
constexpr auto loss = ct::sum(out * out);
constexpr auto attention = ct::compile(loss, ct::grad(loss, Q, K, V));

// A network: tiles are rows, gradients of weights are sums over them.
constexpr auto X = ct::tensor<float>("X"_s, N, D);
constexpr auto W = ct::tensor<float>("W"_s, D, E);
constexpr auto b = ct::tensor<float>("b"_s, E);
constexpr auto U = ct::tensor<float>("U"_s, E, 3_c);
constexpr auto hidden = ct::tanh(ct::matmul(X, W) + b);
constexpr auto scores = ct::matmul(hidden, U);
constexpr auto error = ct::mean(scores * scores);
constexpr auto network = ct::compile(error, ct::grad(error, W, b, U), scores);

struct network_results {
  double error = 0;
  std::vector<double> dw, db, du, scores;
};
network_results by_loops(ct::array<float, 2> const& x, ct::array<float, 2> const& w, ct::array<float, 1> const& bias, ct::array<float, 2> const& u) {
  auto const n = x.extent(0), d = x.extent(1), e = w.extent(1);
  network_results r;
  r.dw.resize(static_cast<std::size_t>(d * e)), r.db.resize(static_cast<std::size_t>(e)), r.du.resize(static_cast<std::size_t>(e * 3));
  for (std::int64_t i = 0; i < n; ++i) {
    std::vector<double> h(static_cast<std::size_t>(e)), dh(h.size());
    for (std::int64_t k = 0; k < e; ++k) {
      double sum = static_cast<double>(bias(k));
      for (std::int64_t j = 0; j < d; ++j) sum += static_cast<double>(x(i, j)) * static_cast<double>(w(j, k));
      h[static_cast<std::size_t>(k)] = std::tanh(sum);
    }
    for (std::int64_t c = 0; c < 3; ++c) {
      double s = 0;
      for (std::int64_t k = 0; k < e; ++k) s += h[static_cast<std::size_t>(k)] * static_cast<double>(u(k, c));
      r.scores.push_back(s), r.error += s * s / static_cast<double>(3 * n);
      double const ds = 2 * s / static_cast<double>(3 * n);
      for (std::int64_t k = 0; k < e; ++k) r.du[static_cast<std::size_t>(k * 3 + c)] += h[static_cast<std::size_t>(k)] * ds, dh[static_cast<std::size_t>(k)] += ds * static_cast<double>(u(k, c));
    }
    for (std::int64_t k = 0; k < e; ++k) {
      double const da = dh[static_cast<std::size_t>(k)] * (1 - h[static_cast<std::size_t>(k)] * h[static_cast<std::size_t>(k)]);
      r.db[static_cast<std::size_t>(k)] += da;
      for (std::int64_t j = 0; j < d; ++j) r.dw[static_cast<std::size_t>(j * e + k)] += da * static_cast<double>(x(i, j));
    }
  }
  return r;
}

}  // namespace

BOOST_AUTO_TEST_CASE(heads_of_attention) {
  BOOST_TEST(grouped(attention) == 9);  // all six products, and the three nests between them
  for (auto [h, n, d] : {std::array{1, 3, 2}, std::array{8, 5, 4}, std::array{9, 33, 7}, std::array{17, 12, 16}, std::array{33, 8, 3}, std::array{0, 4, 4}, std::array{64, 1, 1}}) {
    auto const q = filled<double>(1, h, n, d), k = filled<double>(2, h, n, d), v = filled<double>(3, h, n, d);
    auto const [value, dq, dk, dv] = on_all_threads([&] { return attention(Q = q, K = k, V = v); });
    double expected = 0;
    std::vector<double> eq(static_cast<std::size_t>(q.size())), ek(eq.size()), ev(eq.size());
    for (int i = 0; i < h; ++i)
      for (int r = 0; r < n; ++r) {
        std::vector<double> p(static_cast<std::size_t>(n)), o(static_cast<std::size_t>(d)), dp(p.size());
        double total = 0, most = -INFINITY, mean = 0;
        for (int c = 0; c < n; ++c) {
          for (int a = 0; a < d; ++a) p[static_cast<std::size_t>(c)] += q(i, r, a) * k(i, c, a);
          most = std::fmax(most, p[static_cast<std::size_t>(c)]);
        }
        for (double& x : p) x = std::exp(x - most), total += x;
        for (double& x : p) x /= total;
        for (int a = 0; a < d; ++a) {
          for (int c = 0; c < n; ++c) o[static_cast<std::size_t>(a)] += p[static_cast<std::size_t>(c)] * v(i, c, a);
          expected += o[static_cast<std::size_t>(a)] * o[static_cast<std::size_t>(a)];
        }
        auto at = [&](int c, int a) { return static_cast<std::size_t>((i * n + c) * d + a); };
        for (int c = 0; c < n; ++c) {
          for (int a = 0; a < d; ++a) {
            dp[static_cast<std::size_t>(c)] += 2 * o[static_cast<std::size_t>(a)] * v(i, c, a);
            ev[at(c, a)] += p[static_cast<std::size_t>(c)] * 2 * o[static_cast<std::size_t>(a)];
          }
          mean += p[static_cast<std::size_t>(c)] * dp[static_cast<std::size_t>(c)];
        }
        for (int c = 0; c < n; ++c) {
          double const ds = p[static_cast<std::size_t>(c)] * (dp[static_cast<std::size_t>(c)] - mean);
          for (int a = 0; a < d; ++a) eq[at(r, a)] += ds * k(i, c, a), ek[at(c, a)] += ds * q(i, r, a);
        }
      }
    BOOST_TEST(near(value, expected, 1e-12));
    compare(dq, eq, 1e-11), compare(dk, ek, 1e-11), compare(dv, ev, 1e-11);
  }
}

BOOST_AUTO_TEST_CASE(rows_of_a_network) {
  BOOST_TEST(grouped(network) >= 6);  // two products forward, three backward or fewer, and what stands between them
  for (auto [n, d, e] : {std::array{1, 2, 3}, std::array{64, 5, 8}, std::array{512, 7, 5}, std::array{513, 16, 9}, std::array{1000, 3, 4}, std::array{2111, 8, 16}}) {
    auto const x = filled<float>(1, n, d), w = filled<float>(2, d, e), u = filled<float>(4, e, 3);
    auto const bias = filled<float>(3, e);
    auto const [value, dw, db, du, s] = on_all_threads([&] { return network(X = x, W = w, b = bias, U = u); });
    auto const expected = by_loops(x, w, bias, u);
    BOOST_TEST(near(static_cast<double>(value), expected.error, 1e-5));
    compare(dw, expected.dw, 2e-5), compare(db, expected.db, 2e-5), compare(du, expected.du, 2e-5), compare(s, expected.scores, 2e-5);
  }
}

// Sums over tiles, into arrays that hold something, with strides of their own.
BOOST_AUTO_TEST_CASE(gradients_are_added_to_what_is_there) {
  int const n = 1100, d = 6, e = 7;
  auto const x = filled<float>(1, n, d), w0 = filled<float>(2, d, e), u0 = filled<float>(4, e, 3);
  auto const b0 = filled<float>(3, e);
  auto params = ct::parameters(W = w0, b = b0, U = u0);
  constexpr auto backward = ct::backward(error, W, b, U);
  auto const expected = by_loops(x, w0, b0, u0);
  for (int calls = 1; calls <= 3; ++calls) {
    float const value = backward(params, X = x);
    BOOST_TEST(near(static_cast<double>(value), expected.error, 1e-5));
    std::vector<double> times = expected.dw;
    for (double& g : times) g *= calls;
    compare(ct::array<float, 2>(params[W].grad), times, 3e-5);
  }
  auto space = network.workspace(N = n, D = d, E = e);
  auto wide = ct::full<float>(9, 2 * d, 3 * e);
  auto every_other = wide.view().slice(0, 0, 2 * d, 2).slice(1, 0, 3 * e, 3);
  float value = 0;
  auto db = ct::zeros<float>(e);
  auto du = ct::zeros<float>(e, 3), s = ct::zeros<float>(n, 3);
  network.into(space, X = x, W = w0, b = b0, U = u0, error = value, ct::grad(error, W) = every_other, ct::grad(error, b) = db, ct::grad(error, U) = du, scores = s);
  compare(du, expected.du, 2e-5);
  for (int j = 0; j < d; ++j)
    for (int k = 0; k < e; ++k) BOOST_TEST(near(static_cast<double>(every_other(j, k)), expected.dw[static_cast<std::size_t>(j * e + k)], 2e-5));
  BOOST_TEST(wide(1, 0) == 9.0f);
}

// An output may take the place of an input that the group read tile by tile along the same axis, as of one that was read before the group began.
BOOST_AUTO_TEST_CASE(outputs_in_the_place_of_inputs) {
  constexpr auto y = ct::tanh(ct::matmul(ct::matmul(Q, ct::transpose(K)), V));
  constexpr auto program = ct::compile(y);
  static_assert(ct::report(program).groups == 1);
  int const h = 33, n = 9, d = 6;
  auto const q = filled<double>(1, h, n, d), k = filled<double>(2, h, n, d), v = filled<double>(3, h, n, d);
  auto const [expected] = program(Q = q, K = k, V = v);
  auto space = program.workspace(H = h, N = n, D = d);
  for (int threads : {1, 2, 4}) {
    set_threads(threads);
    auto values = v, queries = q;
    program.into(space, Q = q, K = k, V = values, y = values);
    BOOST_TEST(same_bits(values, expected));
    program.into(space, Q = queries, K = k, V = v, y = queries);
    BOOST_TEST(same_bits(queries, expected));
  }
}
// Of a matrix that every tile reads whole, the last tile is the last to read it: what is of its shape, and may be bound to its place, waits outside of the group.
BOOST_AUTO_TEST_CASE(an_output_in_the_place_of_what_all_tiles_read) {
  constexpr auto A = ct::tensor<double>("A"_s, N, D);
  constexpr auto B = ct::tensor<double>("B"_s, N, D);
  constexpr auto C = ct::tensor<double>("C"_s, N, D);
  constexpr auto y = ct::tanh(ct::matmul(ct::sin(ct::matmul(A, ct::transpose(B))), C));
  constexpr auto program = ct::compile(y);
  BOOST_TEST(grouped(program) == 3);  // not the last nest
  int const n = 700, d = 4;
  auto const a = filled<double>(1, n, d), b0 = filled<double>(2, n, d), c = filled<double>(3, n, d);
  auto const [expected] = program(A = a, B = b0, C = c);
  auto space = program.workspace(N = n, D = d);
  for (int threads : {1, 2, 4}) {
    set_threads(threads);
    auto other = b0;
    program.into(space, A = a, B = other, C = c, y = other);
    BOOST_TEST(same_bits(other, expected));
  }
}

BOOST_AUTO_TEST_CASE(several_threads_call_one_program) {
  auto const q = filled<double>(1, 24, 9, 4), k = filled<double>(2, 24, 9, 4), v = filled<double>(3, 24, 9, 4);
  auto const expected = attention(Q = q, K = k, V = v);
  bool same[4]{};
  std::vector<std::thread> callers;
  for (bool& s : same)
    callers.emplace_back([&] {
      s = true;
      for (int i = 0; i < 20; ++i) {
        auto const seen = attention(Q = q, K = k, V = v);
        s = s && same_results(seen, expected);
      }
    });
  for (auto& c : callers) c.join();
  for (bool s : same) BOOST_TEST(s);
}
