// Arrays between loops lie in memory as loops walk them. Expected values are plain loops in double; which arrays are turned follows from the loops, as design 4.1 gives them.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE program_layout
#include <ctgrad/ctgrad.hpp>
#include <ctgrad/einsum.hpp>
#include <ctgrad/seeing.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;
using ct::test::filled, ct::test::near;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto K = ct::dim("K"_s);
constexpr auto D = ct::dim("D"_s);
constexpr auto E = ct::dim("E"_s);
constexpr auto X = ct::tensor<float>("X"_s, N, D);
constexpr auto L = ct::tensor<float>("L"_s, K, E, D);

/// How often the lines of kept arrays say that one is turned, or turned to `order`.
int turned(auto const& program, std::string_view order = "") {
  std::string const text(ct::explain(program)), wanted = "; in memory as [" + std::string(order);
  int count = 0;
  for (std::size_t at = text.find(wanted); at != std::string::npos; at = text.find(wanted, at + 1)) ++count;
  return count;
}

// Parts of a mixture: a product for each part, whose rows a loop over points then takes part by part.
constexpr auto z = ct::einsum("ked,nd->kne"_s, L, X);
constexpr auto terms = ct::sum(z * z, -1_c);
constexpr auto loss = ct::sum(ct::logsumexp(terms, 0_c));
constexpr auto mixture = ct::compile(loss, ct::grad(loss, L));

// Rows that are one axis as long as they lie in one another: turned, one product would become several.
constexpr auto B = ct::tensor<float>("B"_s, K, N, D);
constexpr auto W = ct::tensor<float>("W"_s, D, E);
constexpr auto layer = ct::matmul(B, W);
constexpr auto over_batch = ct::compile(ct::sum(ct::softmax(ct::sum(layer * layer, -1_c), 0_c) * ct::max(layer, -1_c)));

}  // namespace

BOOST_AUTO_TEST_CASE(rows_of_products_lie_as_loops_walk_them) {
  BOOST_TEST(turned(mixture, "N, K, E]") == 2);  // the product's result, and what its gradient is a product of
  BOOST_TEST(turned(mixture) == 2);
  for (auto [n, k, d, e] : {std::array{1, 1, 1, 1}, std::array{7, 3, 5, 2}, std::array{40, 5, 8, 33}, std::array{3, 17, 64, 16}, std::array{0, 2, 3, 4}, std::array{5, 1, 3, 4}}) {
    auto const x = filled<float>(1, n, d);
    auto const l = filled<float>(2, k, e, d);
    auto at = [&](int part, int row, int column) {
      double sum = 0;
      for (int i = 0; i < d; ++i) sum += static_cast<double>(l(part, column, i)) * static_cast<double>(x(row, i));
      return sum;
    };
    double expected = 0;
    std::vector<double> gradient(static_cast<std::size_t>(k * e * d));
    for (int row = 0; row < n; ++row) {
      std::vector<double> t(static_cast<std::size_t>(k));
      double most = -INFINITY, total = 0;
      for (int part = 0; part < k; ++part) {
        for (int column = 0; column < e; ++column) t[static_cast<std::size_t>(part)] += at(part, row, column) * at(part, row, column);
        most = std::fmax(most, t[static_cast<std::size_t>(part)]);
      }
      for (double v : t) total += std::exp(v - most);
      expected += most + std::log(total);
      for (int part = 0; part < k; ++part)
        for (int column = 0; column < e; ++column)
          for (int i = 0; i < d; ++i)
            gradient[static_cast<std::size_t>((part * e + column) * d + i)] +=
                2 * std::exp(t[static_cast<std::size_t>(part)] - most) / total * at(part, row, column) * static_cast<double>(x(row, i));
    }
    auto const [value, dl] = mixture(X = x, L = l);
    BOOST_TEST(near(static_cast<double>(value), expected, 1e-5));
    double scale = 1;
    for (double g : gradient) scale = std::fmax(scale, std::abs(g));
    for (std::size_t i = 0; i < gradient.size(); ++i) BOOST_TEST(std::abs(static_cast<double>(dl.data()[i]) - gradient[i]) <= 1e-4 * scale);
  }
}

BOOST_AUTO_TEST_CASE(products_keep_the_axes_that_they_read_as_one) {
  BOOST_TEST(turned(over_batch) == 0);
  auto const b = filled<float>(3, 4, 9, 6);
  auto const w = filled<float>(4, 6, 5);
  auto const [value] = over_batch(B = b, W = w);
  double expected = 0;
  for (int n = 0; n < 9; ++n) {
    double total = 0, weighted = 0;
    for (int k = 0; k < 4; ++k) {
      double squares = 0, most = -INFINITY;
      for (int e = 0; e < 5; ++e) {
        double sum = 0;
        for (int d = 0; d < 6; ++d) sum += static_cast<double>(b(k, n, d)) * static_cast<double>(w(d, e));
        squares += sum * sum, most = std::fmax(most, sum);
      }
      total += std::exp(squares), weighted += std::exp(squares) * most;
    }
    expected += weighted / total;
  }
  BOOST_TEST(near(static_cast<double>(value), expected, 1e-4));
}
