// Programs that are watched: where their time goes, what in them is NaN, the page about them.
// Figures are those of closed forms; messages and structure are compared as texts.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE seeing
#include <ctgrad/check.hpp>
#include <ctgrad/html_report.hpp>
#include <ctgrad/indexing.hpp>
#include <ctgrad/latex.hpp>
#include <ctgrad/profile.hpp>

#include <boost/property_tree/json_parser.hpp>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto C = ct::dim("C"_s);
constexpr auto x = ct::tensor<float>("x"_s, N, C);
constexpr auto w = ct::tensor<float>("w<&\">"_s, C, 3_c);  // a name that HTML and JSON have to quote
constexpr auto y = ct::tensor<double>("y"_s, N);
constexpr auto loss = ct::sum(ct::exp(ct::matmul(x, w)));
constexpr auto step = ct::compile(loss, ct::grad(loss, w));
constexpr auto logs = ct::sum(ct::log(x - 1_c));
constexpr auto logs_step = ct::compile(logs, ct::grad(logs, x));
constexpr auto root = ct::sum(ct::sqrt(y));
constexpr auto root_step = ct::compile(root, ct::grad(root, y));
constexpr auto twice = ct::compile(y * 2_c);
constexpr auto tokens = ct::tensor<int>("tokens"_s, N);
constexpr auto table = ct::tensor<float>("table"_s, C, 2_c);
constexpr auto rows = ct::sum(ct::embedding(tokens, table));
constexpr auto rows_step = ct::compile(rows, ct::grad(rows, table));

std::filesystem::path scratch(char const* name) {
  auto const folder = std::filesystem::temp_directory_path() / ("ctgrad_seeing_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  return folder / name;
}
std::string contents(std::filesystem::path const& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}
std::size_t count_of(std::string const& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++n;
  return n;
}
/// The first tag that does not close what is open, or nothing: every element but void ones has to be closed.
std::string first_bad_tag(std::string const& html) {
  std::vector<std::string> open;
  for (std::size_t at = 0; (at = html.find('<', at)) != std::string::npos; ++at) {
    if (html[at + 1] == '!') continue;
    std::size_t const end = html.find('>', at);
    if (end == std::string::npos) return html.substr(at, 40);
    std::string const tag = html.substr(at + 1, end - at - 1), name = tag.substr(tag[0] == '/', tag.find_first_of(" /", 1) - (tag[0] == '/'));
    if (tag[0] == '/') {
      if (open.empty() || open.back() != name) return tag;
      open.pop_back();
    } else if (tag.back() != '/' && name != "meta" && name != "br") open.push_back(name);
  }
  return open.empty() ? "" : open.back();
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_profiled_program_computes_what_the_program_does) {
  auto const X = ct::full<float>(0.01f, 200, 50), W = ct::full<float>(0.5f, 50, 3);
  auto watched = ct::profile(step);
  auto const [l, g] = watched(x = X, w = W);
  auto const [l2, g2] = step(x = X, w = W);
  BOOST_TEST(l == l2);
  BOOST_TEST(std::equal(g.data(), g.data() + g.size(), g2.data()));
  auto space = watched.workspace(N = 200, C = 50);
  float into = 0;
  ct::array<float, 2> gradient = ct::zeros<float>(50, 3);
  watched.into(space, x = X, w = W, loss = into, ct::grad(loss, w) = gradient);
  BOOST_TEST(into == l);
  BOOST_TEST(watched.calls() == 2);

  // product, nest, product: 2 N C 3 operations each; exp and the sum
  BOOST_REQUIRE(watched.units().size() == 3);
  BOOST_TEST(watched.units()[0].name == "product 0");
  BOOST_TEST(watched.units()[1].name == "nest 0");
  BOOST_TEST(watched.units()[1].arrays == "reads temporary0[N, 3]; writes temporary1[N, 3], r0");
  BOOST_TEST(watched.units()[2].name == "product 1");
  for (auto const& u : watched.units()) BOOST_TEST(u.calls == 2);
  BOOST_TEST(watched.units()[0].flops == 2 * 2 * 200 * 50 * 3);
  BOOST_TEST(watched.units()[0].bytes == 2 * 4 * (200 * 50 + 50 * 3 + 200 * 3));
  BOOST_TEST(watched.units()[1].flops == 2 * 2 * 200 * 3);
  BOOST_TEST(watched.units()[1].bytes == 2 * 2 * 4 * 200 * 3);

  auto const wrong = ct::full<float>(0.5f, 49, 3);
  BOOST_CHECK_THROW(watched(x = X, w = wrong), ct::shape_error);
  BOOST_TEST(watched.calls() == 2);  // what throws is not counted
  watched.reset();
  BOOST_TEST(watched.calls() == 0);
  BOOST_TEST(watched.units()[0].flops == 0);
}
BOOST_AUTO_TEST_CASE(times_and_their_table) {
  auto const Y = ct::ones<double>(300000);
  auto watched = ct::profile(twice);
  for (int i = 0; i < 20; ++i) watched(y = Y);
  double inside = 0;
  for (auto const& u : watched.units()) inside += u.seconds;
  BOOST_TEST(inside > 0.02 * watched.seconds());  // the rest allocates the result
  BOOST_TEST(inside <= watched.seconds());
  std::ostringstream text;
  text << watched;
  std::istringstream lines(text.str());
  std::string head, unit, number;
  std::getline(lines, head);
  BOOST_TEST(head == "unit           calls      seconds   share      GB/s   GFLOP/s  arrays");
  int calls = 0;
  double seconds = 0, share = 0, bandwidth = 0, rate = 0;
  char percent = 0;
  lines >> unit >> number >> calls >> seconds >> share >> percent >> bandwidth >> rate;
  BOOST_TEST((unit + number + percent) == "nest0%");
  BOOST_TEST(calls == 20);
  BOOST_TEST(std::abs(bandwidth - 20 * 16 * 300000 / watched.units()[0].seconds / 1e9) < 0.006);  // a double in, a double out
  BOOST_TEST(std::abs(rate - 20 * 300000 / watched.units()[0].seconds / 1e9) < 0.006);
  BOOST_TEST(count_of(text.str(), "the rest") == 1);
}
// What would go tile by tile runs a unit at a time, or the first would have the time of all.
BOOST_AUTO_TEST_CASE(units_of_a_group_have_times_of_their_own) {
  constexpr auto v = ct::tensor<float>("v"_s, C, C);
  constexpr auto layers = ct::compile(ct::matmul(ct::relu(ct::matmul(x, v)), v));
  BOOST_TEST(ct::report(layers).groups == 1);
  auto watched = ct::profile(layers);
  BOOST_TEST_REQUIRE(watched.units().size() == 3u);
  double nearest = 0;  // of one's time to the other's; a call may be interrupted, but not all are
  for (int i = 0; i < 20; ++i) {
    watched.reset();
    watched(x = ct::full<float>(0.001f, 2000, 64), v = ct::full<float>(0.5f, 64, 64));
    double const first = watched.units()[0].seconds, second = watched.units()[2].seconds;
    nearest = std::max(nearest, std::min(first, second) / std::max(first, second));
  }
  BOOST_TEST(nearest > 0.1);
}
BOOST_AUTO_TEST_CASE(a_trace_that_browsers_read) {
  auto const X = ct::full<float>(0.001f, 4000, 60), W = ct::full<float>(0.5f, 60, 3);
  auto watched = ct::profile(step);
  for (int i = 0; i < 10; ++i) watched(x = X, w = W);
  auto const file = scratch("trace.json");
  watched.write_trace(file.string());
  boost::property_tree::ptree trace;
  boost::property_tree::read_json(file.string(), trace);
  struct event {
    double begin, end, inside = 0;  ///< in microseconds; of a call, its units' together
  };
  std::vector<event> calls, units;
  double whole = 0, inside = 0;
  for (auto const& [key, e] : trace.get_child("traceEvents")) {
    if (e.get<std::string>("ph") != "X") continue;
    event const at{e.get<double>("ts"), e.get<double>("ts") + e.get<double>("dur")};
    bool const call = e.get<std::string>("name") == "call";
    (call ? calls : units).push_back(at);
    (call ? whole : inside) += e.get<double>("dur");
    if (!call && e.get<std::string>("name") == "product 0") BOOST_TEST(e.get<std::string>("args.arrays") == "reads x[N, C], w<&\">[C, 3]; writes temporary0[N, 3]");
  }
  BOOST_TEST(calls.size() == 10u);
  BOOST_TEST(units.size() == 30u);
  for (auto const& u : units) {
    int around = 0;
    for (auto& c : calls)
      if (c.begin <= u.begin + 0.002 && u.end <= c.end + 0.002) ++around, c.inside += u.end - u.begin;  // times are cut to nanoseconds
    BOOST_TEST(around == 1);
  }
  for (std::size_t k = 0; k + 1 < units.size(); ++k) BOOST_TEST(units[k].end <= units[k + 1].begin + 0.002);
  BOOST_TEST(inside <= whole + 0.02);
  double most = 0;  // a call may be interrupted between its units, but not all are
  for (auto const& c : calls) most = std::max(most, c.inside / (c.end - c.begin));
  BOOST_TEST(most > 0.3);
  BOOST_TEST(std::abs(whole / 1e6 - watched.seconds()) < 1e-5);
  BOOST_CHECK_THROW(watched.write_trace("/no/such/folder/trace.json"), ct::io_error);
  std::filesystem::remove_all(file.parent_path());
}

BOOST_AUTO_TEST_CASE(the_first_part_that_is_no_number) {
  auto X = ct::full<float>(3, 5, 8);
  BOOST_TEST(ct::check(logs_step)(x = X).ok());
  X(3, 7) = 0.5f;
  auto const r = ct::check(logs_step)(x = X);
  BOOST_TEST(r.message == "ctgrad: log(x - 1) is NaN at [3, 7]: x - 1 = -0.5; it reaches output 0");
  BOOST_TEST(r.formula == "log(x - 1)");
  BOOST_TEST((r.index == std::vector<std::int64_t>{3, 7}));
  BOOST_TEST((r.outputs == std::vector<int>{0}));
  BOOST_CHECK_EXCEPTION(r.require(), ct::value_error, [&](auto const& e) { return e.what() == r.message; });
  X(3, 7) = 1;
  BOOST_TEST(ct::check(logs_step)(x = X).message == "ctgrad: log(x - 1) is -inf at [3, 7]: x - 1 = 0; it reaches outputs 0, 1");
  X(3, 7) = std::numeric_limits<float>::quiet_NaN();
  BOOST_TEST(ct::check(logs_step)(x = X).message == "ctgrad: x is NaN at [3, 7], as it was bound; it reaches outputs 0, 1");
  X(3, 7) = std::numeric_limits<float>::infinity();  // as meant
  BOOST_TEST(ct::check(logs_step)(x = X).ok());
  // Any strides, and nothing at all.
  auto const turned = ct::full<float>(3, 8, 5);
  BOOST_TEST(ct::check(logs_step)(x = turned.t()).ok());
  BOOST_TEST(ct::check(logs_step)(x = ct::zeros<float>(0, 4)).ok());
}
// The value is finite, and its gradient is not.
BOOST_AUTO_TEST_CASE(gradients_are_checked) {
  auto const r = ct::check(root_step)(y = ct::array<double, 1>{1, 4, 0});
  BOOST_TEST(r.message == "ctgrad: rsqrt(y) is inf at [2]: y = 0; it reaches output 1");
  BOOST_TEST(ct::check(root_step)(y = ct::array<double, 1>{1, 4, 9}).ok());
}
// float32 overflows where float64 would not; sums name the range of what they add up.
BOOST_AUTO_TEST_CASE(sums_and_products) {
  auto X = ct::zeros<float>(2, 2), W = ct::zeros<float>(2, 3);
  X(1, 0) = 1e30f, W(0, 2) = -1e30f;
  BOOST_TEST(ct::check(step)(x = X, w = W).message ==
             "ctgrad: matmul(x, w<&\">) is -inf at [1, 2]: x is from 0 to 1e+30, w<&\"> is from -1e+30 to 0; no output is NaN or infinite");
  X(1, 0) = 1, W(0, 2) = 88.6f, W(0, 1) = 88.6f, W(0, 0) = 88.6f;
  BOOST_TEST(ct::check(step)(x = X, w = W).message.starts_with("ctgrad: sum(exp(matmul(x, w<&\">))) is inf: exp(matmul(x, w<&\">)) is from 1 to 3.0"));
}
BOOST_AUTO_TEST_CASE(places_beyond_the_axis) {
  auto const T = ct::ones<float>(10, 2);
  BOOST_TEST(ct::check(rows_step)(tokens = ct::array<int, 1>{1, 9, 0}, table = T).ok());
  auto const r = ct::check(rows_step)(tokens = ct::array<int, 1>{1, 9, 10}, table = T);
  BOOST_TEST(r.message == "ctgrad: tokens is 10 at [2], and gather(table, tokens, axis 1) takes places from 0 to 9; it reaches output 0");
  BOOST_TEST((r.index == std::vector<std::int64_t>{2}));
  BOOST_TEST(ct::check(rows_step)(tokens = ct::array<int, 1>{-1}, table = T).message.starts_with("ctgrad: tokens is -1 at [0]"));
}
BOOST_AUTO_TEST_CASE(a_check_binds_as_a_call_does) {
  auto const X = ct::zeros<float>(2, 2), W = ct::zeros<float>(3, 3);
  BOOST_CHECK_THROW(ct::check(step)(x = X, w = W), ct::shape_error);
  BOOST_CHECK_THROW(ct::check(twice)(y = ct::view<double, 1>(static_cast<double*>(nullptr), {3})), ct::error);
}

BOOST_AUTO_TEST_CASE(a_page_about_a_program) {
  auto const file = scratch("step.html");
  ct::write_report(step, file.string(), N = 1000, C = 20);
  std::string const page = contents(file);
  BOOST_TEST(first_bad_tag(page) == "");
  for (char const* part : {"<section id=\"product-0\">", "<section id=\"nest-0\">", "<section id=\"product-1\">"}) BOOST_TEST(count_of(page, part) == 1, part);
  BOOST_TEST(count_of(page, "http") == count_of(page, "http://www.w3.org/2000/svg"));  // nothing is loaded
  BOOST_TEST(count_of(page, "w<&") == 0);
  BOOST_TEST(count_of(page, "temporary0 = matmul(x, w&lt;&amp;&quot;&gt;), by BLAS") == 1);
  for (auto const& pass : ct::detail::graph_passes<>) BOOST_TEST(page.find(std::string(pass.name) + ": ") != std::string::npos, pass.name);
  BOOST_TEST(count_of(page, "6 * C * N") >= 2);  // as a polynomial, and 120,000 as a number
  BOOST_TEST(count_of(page, "120 k") >= 2);
  BOOST_TEST(count_of(page, "temporary0[N, 3]") >= 2);  // in the text and in the plan of memory
  // Without numbers; no temporaries
  ct::write_report(twice, file.string());
  std::string const other = contents(file);
  BOOST_TEST(first_bad_tag(other) == "");
  BOOST_TEST(count_of(other, "Nothing is kept between loops") == 1);
  BOOST_TEST(std::distance(std::filesystem::directory_iterator(file.parent_path()), {}) == 1);  // no part file is left
  BOOST_CHECK_THROW(ct::write_report(step, file.string(), N = 3), ct::shape_error);
  BOOST_CHECK_EXCEPTION(ct::write_report(step, "/no/such/folder/step.html"), ct::io_error, [](auto const& e) { return std::string_view(e.what()).find("/no/such/folder/step.html") != std::string_view::npos; });
  std::filesystem::remove_all(file.parent_path());
}
// A node below each of its operands, numbers beside each of their users, a stop of a long edge in each layer.
BOOST_AUTO_TEST_CASE(pictures_of_graphs) {
  using namespace ct::detail;
  builder b;
  value v{&b, b.symbol("v", ct::dtype::float32, {1, {3}})}, deep = v;
  for (int i = 0; i < 5; ++i) deep = ct::exp(deep * 2);
  b.g.outputs = {(deep + v).id, v.id};
  std::string const picture = draw(b.g);
  BOOST_TEST(first_bad_tag(picture) == "");
  BOOST_TEST(count_of(picture, "<g class=\"node number\"") == 5);
  BOOST_TEST(count_of(picture, "<g class=\"node map\"") == 11);
  BOOST_TEST(count_of(picture, "<g class=\"node output\"") == 2);
  BOOST_TEST(count_of(picture, "<path class=\"edge\"") == 5 * 3 + 2 + 2);
  BOOST_TEST(count_of(draw(graph{}), "<g") == 0);
}

BOOST_AUTO_TEST_CASE(formulas_of_expressions_and_programs) {
  BOOST_TEST(ct::to_latex(ct::grad(root, y)) == "\\frac{0.5}{\\sqrt{y}}");
  BOOST_TEST(ct::to_latex(root_step) == "\\begin{aligned}\ny_{0} &= \\sum_{N} \\sqrt{y} \\\\\ny_{1} &= \\frac{0.5}{\\sqrt{y}}\n\\end{aligned}");
}
