// Formulas in LaTeX. Whole texts are compared with what a person would write; where there is a TeX, it has to take them all.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE latex
#include "../../compiler/latex.hpp"
#include "../../compiler/pipeline.hpp"
#include "../../include/ctgrad/functions.hpp"
#include "../interpreted.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

using namespace ctgrad;
using namespace ctgrad::test;
using detail::print_latex;

namespace {

constexpr char x_name[] = "x", y_name[] = "beta_2", z_name[] = "rate10", n_name[] = "N", c_name[] = "C1";
constexpr detail::extent N(detail::extent_name{n_name}), C(detail::extent_name{c_name});

std::vector<std::string> written;  // all that was compared, for TeX

/// Symbols of one shape, and what is written for a formula of them.
struct formulas {
  builder b;
  value x, y, z;
  explicit formulas(shape const& s = {}) : x{&b, b.symbol(x_name, dtype::float64, s)}, y{&b, b.symbol(y_name, dtype::float64, s)}, z{&b, b.symbol(z_name, dtype::float64, s)} {}
  std::string of(value v) {
    graph g = b.g;
    g.outputs = {v.id};
    auto const text = print_latex(g);
    written.emplace_back(text.view());
    return written.back();
  }
};

struct balance {
  int braces = 0, pairs = 0;
};
balance balance_of(std::string const& text) {
  balance found;
  for (char c : text) found.braces += c == '{' ? 1 : c == '}' ? -1 : 0;
  for (std::size_t at = 0; (at = text.find("\\left", at)) != std::string::npos; at += 5) found.pairs += text.compare(at, 7, "\\lefta") != 0;
  for (std::size_t at = 0; (at = text.find("\\right", at)) != std::string::npos; at += 6) --found.pairs;
  return found;
}

constexpr bool is_written(std::string_view text) {
  builder b;
  value x{&b, b.symbol(x_name, dtype::float64, {})};
  return print_latex(with_outputs(b, {ctgrad::exp(x) / (x + 1)})).view() == text;
}
static_assert(is_written("\\frac{e^{x}}{x + 1}"));  // in the compiler, too

}  // namespace

BOOST_AUTO_TEST_CASE(parentheses_stand_where_they_are_needed) {
  formulas f;
  auto const [x, y, z] = std::tuple{f.x, f.y, f.z};
  BOOST_TEST(f.of(x - (y - z)) == "x - \\left(\\beta_{2} - \\mathrm{rate}_{\\mathrm{10}}\\right)");
  BOOST_TEST(f.of(x - y * z) == "x - \\beta_{2} \\, \\mathrm{rate}_{\\mathrm{10}}");
  BOOST_TEST(f.of(x * (x + y)) == "x \\, \\left(x + \\beta_{2}\\right)");
  BOOST_TEST(f.of(x * y / (x + y)) == "\\frac{x \\, \\beta_{2}}{x + \\beta_{2}}");
  BOOST_TEST(f.of(-(x + y)) == "-\\left(x + \\beta_{2}\\right)");
  BOOST_TEST(f.of(x * -y) == "x \\, \\left(-\\beta_{2}\\right)");
  BOOST_TEST(f.of(-x + y) == "\\beta_{2} - x");
  BOOST_TEST(f.of(x + -2) == "x - 2");
  BOOST_TEST(f.of(x * -2) == "\\left(-2\\right) \\, x");
  BOOST_TEST(f.of(ctgrad::pow(x + 1, 3)) == "\\left(x + 1\\right)^{3}");
  BOOST_TEST(f.of(ctgrad::pow(ctgrad::pow(x, y), 2)) == "\\left(x^{\\beta_{2}}\\right)^{2}");
  BOOST_TEST(f.of(ctgrad::exp(x - y) * ctgrad::exp(x - y)) == "\\left(e^{x - \\beta_{2}}\\right)^{2}");
  BOOST_TEST(f.of(x * ctgrad::reciprocal(y + 1)) == "\\frac{x}{\\beta_{2} + 1}");
  BOOST_TEST(f.of(ctgrad::rsqrt(x) * 0.5) == "\\frac{0.5}{\\sqrt{x}}");
  BOOST_TEST(f.of(1e-5 * x) == "1 \\cdot 10^{-5} \\, x");
}
BOOST_AUTO_TEST_CASE(functions) {
  formulas f;
  auto const [x, y] = std::tuple{f.x, f.y};
  BOOST_TEST(f.of(ctgrad::sqrt(ctgrad::log(x))) == "\\sqrt{\\log\\left(x\\right)}");
  BOOST_TEST(f.of(ctgrad::log1p(ctgrad::abs(x - y))) == "\\log\\left(1 + \\left|x - \\beta_{2}\\right|\\right)");
  BOOST_TEST(f.of(ctgrad::hypot(x, y + 1)) == "\\sqrt{x^{2} + \\left(\\beta_{2} + 1\\right)^{2}}");
  BOOST_TEST(f.of(ctgrad::softplus(x) - ctgrad::atan2(x, y)) == "\\operatorname{softplus}\\left(x\\right) - \\operatorname{atan2}\\left(x, \\beta_{2}\\right)");
  BOOST_TEST(f.of(ctgrad::where(x < y && !(x >= 0), ctgrad::floor(x), 2)) ==
             "\\begin{cases} \\left\\lfloor x \\right\\rfloor & \\text{if } x < \\beta_{2} \\land \\lnot \\left(x \\ge 0\\right) \\\\ 2 & \\text{otherwise} \\end{cases}");
  BOOST_TEST(f.of(detail::cast(x, dtype::float32) + 1) == "\\operatorname{float32}\\left(x\\right) + 1");
  BOOST_TEST(f.of(ctgrad::minimum(x, infinity)) == "\\min\\left(\\infty, x\\right)");
}
// Below a sum stand the extents that it goes over, by name where a name is one axis only.
BOOST_AUTO_TEST_CASE(sums_over_axes) {
  formulas f({2, {N, C}}), square({2, {N, N}});
  value const x = f.x, y = f.y;
  BOOST_TEST(f.of(detail::reduce(op::sum, x * y + 1, 2)) == "\\sum_{C_{1}} \\left(x \\odot \\beta_{2} + 1\\right)");
  BOOST_TEST(f.of(sum_of(x * x) / value{&f.b, f.b.size_of({2, {N, C}}, dtype::float64)}) == "\\frac{\\sum_{N, C_{1}} x^{2}}{N \\, C_{1}}");
  BOOST_TEST(f.of(sum_of(x) * 2) == "2 \\, \\left(\\sum_{N, C_{1}} x\\right)");
  BOOST_TEST(f.of(x - detail::reduce(op::max, x, 1)) == "x - \\max_{N}\\left(x\\right)");
  BOOST_TEST(square.of(detail::reduce(op::prod, square.x, 2)) == "\\prod_{\\text{axis } 1} x");
  BOOST_TEST(square.of(sum_of(square.x)) == "\\sum x");
}
BOOST_AUTO_TEST_CASE(products_and_movement) {
  formulas f({2, {N, C}});
  value const x = f.x, y = f.y;
  value const turned{&f.b, f.b.permute(y.id, {1, 0})};
  value v{&f.b, f.b.symbol("v", dtype::float64, {1, {C}})};
  BOOST_TEST(f.of({&f.b, f.b.matmul(x.id, turned.id)}) == "x \\, \\beta_{2}^{\\top}");
  BOOST_TEST(f.of({&f.b, f.b.matmul(x.id, v.id)}) == "x \\, v");
  BOOST_TEST(f.of(turned + 1) == "\\beta_{2}^{\\top} + 1");
  BOOST_TEST(f.of(detail::outer_function::trace(v, ctgrad::exp(v))) == "v \\, \\left(e^{v}\\right)^{\\top}");
  value const u{&f.b, f.b.symbol("u", dtype::float64, {1, {N}})};
  BOOST_TEST(f.of(x * detail::outer_function::trace(u, v)) == "x \\odot \\left(u \\, v^{\\top}\\right)");
  BOOST_TEST(f.of({&f.b, f.b.slice(v.id, 0, 1, C - 1, 1)}) == "v_{[1:C_{1}]}");
  BOOST_TEST(f.of({&f.b, f.b.slice((x + 1).id, 1, 0, 2, 3)}) == "\\left(x + 1\\right)_{[:, 0:6:3]}");
  BOOST_TEST(f.of({&f.b, f.b.concat(x.id, y.id, 1)}) == "\\operatorname{concat}_{1}\\left(x, \\beta_{2}\\right)");
  value batch{&f.b, f.b.symbol("T", dtype::float64, {3, {2, N, N}})};
  BOOST_TEST(f.of({&f.b, f.b.matmul(batch.id, batch.id)}) == "\\operatorname{einsum}_{dab, dbc \\to dac}\\left(T, T\\right)");
}
// d/dw of the residuals' squares, and what is shared in a formula that is large.
// Options of calls on whole arrays stand below their names, and a count along one axis of several says which.
BOOST_AUTO_TEST_CASE(calls_with_options_and_places) {
  formulas f({2, {N, C}});
  BOOST_TEST(f.of(detail::call_library<op::cumsum>(0, f.x)) == "\\operatorname{cumsum}\\left(x\\right)");
  BOOST_TEST(f.of(detail::call_library<op::cumsum>(1, f.x)) == "\\operatorname{cumsum}_{\\text{reverse}}\\left(x\\right)");
  value const places{&f.b, f.b.broadcast(f.b.iota(N, dtype::float64), f.x.get().shape, 0b10)};
  BOOST_TEST(f.of(f.x + places) == "x + \\text{place on axis } 0");
}
BOOST_AUTO_TEST_CASE(gradients_and_shared_parts) {
  builder b;
  value X{&b, b.symbol("X", dtype::float64, {2, {N, C}})}, w{&b, b.symbol("w", dtype::float64, {1, {C}})};
  value residual{&b, b.matmul(X.id, w.id)};
  value loss = sum_of(residual * residual);
  graph g = simplify<&detail::write_default_rules>(differentiate(with_outputs(b, {loss, gradient(loss, w)})));
  BOOST_TEST((written.emplace_back(print_latex(g).view())) ==
             "\\begin{aligned}\n"
             "y_{0} &= \\sum_{N} \\left(X \\, w\\right)^{2} \\\\\n"
             "y_{1} &= X^{\\top} \\, \\left(2 \\, X \\, w\\right)\n"
             "\\end{aligned}");
  formulas f;
  value shared = ctgrad::tanh(f.x + f.y), sum = shared;
  for (int i = 2; i < 12; ++i) sum = sum + ctgrad::pow(shared, i);
  std::string const text = f.of(sum);
  BOOST_TEST(text.starts_with("\\begin{aligned}\n& v_{1} + v_{1}^{2} + v_{1}^{3}"));
  BOOST_TEST(text.ends_with(" \\\\\n\\text{where } v_{1} &= \\tanh\\left(x + \\beta_{2}\\right)\n\\end{aligned}"));
  // A chain of reuses, whose formula without names would have 2^60 parts.
  value chain = f.x;
  for (int i = 0; i < 60; ++i) chain = ctgrad::sin(chain * chain + chain);
  BOOST_TEST(f.of(chain).size() < 60 * 60);
}
BOOST_AUTO_TEST_CASE(they_are_latex) {
  for (auto const& text : written) {
    BOOST_TEST(balance_of(text).braces == 0, text);
    BOOST_TEST(balance_of(text).pairs == 0, text);
  }
  if (std::system("command -v pdflatex > /dev/null 2>&1") != 0) {
    BOOST_TEST_MESSAGE("skipped: there is no pdflatex to compile the formulas with");
    return;
  }
  auto const folder = std::filesystem::temp_directory_path() / "ctgrad_latex_test";
  std::filesystem::create_directories(folder);
  std::ofstream file(folder / "formulas.tex");
  file << "\\documentclass{article}\\usepackage{amsmath}\\begin{document}\n";
  for (auto const& text : written) file << "\\[" << text << "\\]\n";
  file << "\\end{document}\n";
  file.close();
  BOOST_TEST(std::system(("cd " + folder.string() + " && pdflatex -halt-on-error -interaction=nonstopmode formulas.tex > log.txt 2>&1").c_str()) == 0);
  std::filesystem::remove_all(folder);
}
