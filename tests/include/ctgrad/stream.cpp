// Sums over tiles of rows, against the same program on all rows at once; and from a mapped file.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE stream
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/npy.hpp>
#include <ctgrad/stream.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <string>
#include <unistd.h>

namespace ct = ctgrad;
using namespace ct::literals;
using namespace ct::test;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto X = ct::tensor<double>("X"_s, N, 5_c);
constexpr auto y = ct::tensor<double>("y"_s, N);
constexpr auto W = ct::tensor<double>("W"_s, 5_c, 8_c);
constexpr auto v = ct::tensor<double>("v"_s, 8_c);
constexpr auto c = ct::scalar<double>("c"_s);
constexpr auto prediction = ct::matmul(ct::tanh(ct::matmul(X, W)), v) + c;
constexpr auto loss = ct::mean((prediction - y) * (prediction - y));  // a mean over N
constexpr auto backward = ct::backward(loss, W, v, c);

auto parameters() { return ct::parameters(W = filled<double>(1, 5, 8), v = filled<double>(2, 8), c = 0.25); }

}  // namespace

BOOST_AUTO_TEST_CASE(tiles_of_any_size) {
  for (int n : {1, 7, 64, 1000}) {
    auto const x = filled<double>(3, n, 5);
    auto const t = filled<double>(4, n);
    auto expected = parameters();
    double const whole = backward(expected, X = x, y = t);
    for (std::int64_t rows : {1, 6, 64, 100, 5000}) {
      auto p = parameters();
      double const l = ct::stream(backward, p, N = rows, X = x, y = t);
      BOOST_TEST(near(l, whole, 1e-12), n << " rows by " << rows);
      for (std::int64_t i = 0; i < p.size(); ++i) BOOST_REQUIRE_MESSAGE(near(p.grads()(i), expected.grads()(i), 1e-12), n << " rows by " << rows << ", gradient " << i);
    }
  }
}

// Gradients are added to what is there, as backward does.
BOOST_AUTO_TEST_CASE(gradients_accumulate) {
  auto const x = filled<double>(3, 90, 5);
  auto const t = filled<double>(4, 90);
  auto p = parameters(), once = parameters();
  backward(once, X = x, y = t);
  for (int k = 0; k < 2; ++k) ct::stream(backward, p, N = 40, X = x, y = t);
  for (std::int64_t i = 0; i < p.size(); ++i) BOOST_TEST(near(p.grads()(i), 2 * once.grads()(i), 1e-12));
}

BOOST_AUTO_TEST_CASE(transposed_and_strided_arrays) {
  auto const x = filled<double>(3, 5, 200);
  auto const t = filled<double>(4, 600);
  auto p = parameters(), expected = parameters();
  double const whole = backward(expected, X = x.t(), y = t.slice(0, 0, 600, 3));
  BOOST_TEST(near(ct::stream(backward, p, N = 33, X = x.t(), y = t.slice(0, 0, 600, 3)), whole, 1e-12));
  for (std::int64_t i = 0; i < p.size(); ++i) BOOST_TEST(near(p.grads()(i), expected.grads()(i), 1e-12));
}

BOOST_AUTO_TEST_CASE(from_a_mapped_file) {
  std::string const path = "/tmp/ctgrad-stream-" + std::to_string(::getpid()) + ".npy";
  auto const x = filled<double>(3, 3000, 5);
  auto const t = filled<double>(4, 3000);
  ct::npy::save(path, x);
  {
    auto const file = ct::npy::map<double, 2>(path);
    auto p = parameters(), expected = parameters();
    double const whole = backward(expected, X = x, y = t);
    BOOST_TEST(near(ct::stream(backward, p, N = 256, X = file, y = t), whole, 1e-12));
    for (std::int64_t i = 0; i < p.size(); ++i) BOOST_TEST(near(p.grads()(i), expected.grads()(i), 1e-12));
  }
  std::remove(path.c_str());
}

BOOST_AUTO_TEST_CASE(no_rows) {
  auto p = parameters();
  BOOST_TEST(std::isnan(ct::stream(backward, p, N = 10, X = ct::zeros<double>(0, 5), y = ct::zeros<double>(0))));  // a mean of nothing
}

BOOST_AUTO_TEST_CASE(mistakes_change_nothing) {
  auto p = parameters();
  auto const x = filled<double>(3, 30, 5);
  BOOST_TEST(message_of<ct::shape_error>([&] { ct::stream(backward, p, N = 10, X = x, y = ct::zeros<double>(29)); }) == "ctgrad: stream: y has 29 rows, and X has 30");
  BOOST_TEST(message_of<ct::shape_error>([&] { ct::stream(backward, p, N = 0, X = x, y = ct::zeros<double>(30)); }) == "ctgrad: stream: a tile of 0 rows");
  for (std::int64_t i = 0; i < p.size(); ++i) BOOST_TEST(p.grads()(i) == 0);
}
