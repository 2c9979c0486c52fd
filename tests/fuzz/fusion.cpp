// Random graphs through the passes and the fuser; the schedules that come out are run by tests/schedule_interpreter.hpp.
// The oracle is interpret() on the graph that was fused: same graph, so values agree up to the order of sums.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE fusion
#include "../../compiler/draw.hpp"
#include "../../compiler/explain.hpp"
#include "../../compiler/find_fault.hpp"
#include "../../compiler/latex.hpp"
#include "../../compiler/pipeline.hpp"
#include "../../compiler/program.hpp"

#include "../random_graphs.hpp"
#include "../schedule_interpreter.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

using namespace ctgrad;
using namespace ctgrad::test;

namespace {

graph after_passes(graph g) {
  for (auto const& pass : detail::graph_passes<>) g = pass.run(g);
  return g;
}

/// What is wrong with the schedule of `g` (after all passes) for these extents; nothing where all is right.
std::string wrong_with(graph const& g, schedule const& s, std::uint64_t seed, extent_binding const& bound) {
  random_bits r{seed};
  auto const inputs = random_inputs(r, g, bound);
  auto const expected = detail::interpret(g, inputs, bound);
  detail::list<tensor_value> before = expected;
  for (auto& t : before)
    for (auto& e : t.elements) e = {0.5, 3};
  auto const seen = schedule_interpreter(g, s, inputs, bound, before).run();
  if (!seen.error.empty()) return seen.error;
  bool single = false;  // sums of float32 are rounded at other places
  for (auto const& n : g.nodes) single = single || n.type == dtype::float32;
  for (std::size_t o = 0; o < expected.size(); ++o) {
    dtype const type = g[g.outputs[o]].type;
    // Sums in another order, and products of values that hang on them.
    double const tolerance = single ? 1e-3 : 1e-7;
    for (std::size_t e = 0; e < expected[o].elements.size(); ++e) {
      scalar const a = seen.outputs[o].elements[e], b = static_cast<int>(o) >= g.accumulate_from ? add(before[o].elements[e], expected[o].elements[e]) : expected[o].elements[e];
      double const x = is_floating(type) ? a.real : static_cast<double>(a.integer), y = is_floating(type) ? b.real : static_cast<double>(b.integer);
      bool const same = (x != x && y != y) || x == y || std::abs(x - y) <= tolerance * (1 + std::abs(y));
      if (!same) return "output " + std::to_string(o) + ", element " + std::to_string(e) + " is " + std::to_string(x) + ", expected " + std::to_string(y);
    }
  }
  return {};
}

int grouped = 0;  // schedules with a group
int in_place_allowed = 0, in_place_refused = 0;

/// What is wrong with the schedule of `g`, which went through all passes.
std::string check(graph const& g, std::uint64_t seed) {
  schedule const s = detail::fuse(g);
  grouped += std::any_of(s.instructions.begin(), s.instructions.end(), [](instruction const& i) { return i.group >= 0; });
  for (auto const& bound : some_extents())
    if (std::string wrong = wrong_with(g, s, seed, bound); !wrong.empty()) return wrong;
  // Which output may be the array of a symbol: by first and last uses as by all pairs of them.
  detail::in_place const rule(s);
  int const symbols = static_cast<int>(g.symbols.size()), outputs = static_cast<int>(g.outputs.size());
  for (int a = 0; a < symbols; ++a)
    for (int b = symbols; b < symbols + outputs; ++b) {
      bool const may = rule.allows(a, b);
      ++(may ? in_place_allowed : in_place_refused);
      if (may != rule.allows_by_pairs(a, b)) return "symbol " + std::to_string(a) + " and output " + std::to_string(b - symbols) + ": one array is " + (may ? "allowed" : "refused");
    }
  return {};
}

/// `g` with other outputs; those that nothing computes get a copy, as the prepare pass gives it.
graph with_outputs(graph const& g, detail::list<node_id> const& outputs) {
  builder b(g);
  std::vector<node_id> map;
  for (auto const& n : g.nodes) {
    node_id operands[detail::max_operands];
    for (int k = 0; k < n.arity; ++k) operands[k] = map[static_cast<std::size_t>(detail::index(n.operands[k]))];
    map.push_back(b.copy(n, operands));
  }
  for (node_id id : outputs) {
    id = map[static_cast<std::size_t>(detail::index(id))];
    auto const n = b.g[id];
    if (!detail::is_computed(n) && n.code != op::contract && n.code != op::concat) {
      node_id const copied = b.add({.code = op::copy, .type = n.type, .arity = 1, .shape = n.shape, .operands = {id, node_id::none, node_id::none}, .attribute = 99});
      id = copied;
    }
    b.g.outputs.push_back(id);
  }
  return detail::without_dead_nodes(b.g);
}
/// `g` with the node `id` as an input.
graph with_input(graph const& g, int id) {
  static constexpr char names[][4] = {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19"};
  int used = 0;
  for (auto const& s : g.symbols) used += s.view()[0] == 'x';
  if (used >= 20) return g;
  graph h = g;
  auto& n = h.nodes[static_cast<std::size_t>(id)];
  h.symbols.push_back({names[used], n.type, n.shape});
  n = {.code = op::symbol, .type = n.type, .shape = n.shape, .attribute = static_cast<std::int64_t>(h.symbols.size()) - 1};
  return detail::without_dead_nodes(h);
}
/// A graph with the same kind of failure: fewer outputs, earlier ones, nodes made inputs, one after the other.
graph smallest(graph g, std::uint64_t seed) {
  auto fails = [&](graph const& h) { return h.size() < g.size() && !check(h, seed).empty(); };
  for (bool smaller = true; smaller;) {
    smaller = false;
    std::vector<graph> candidates;
    for (std::size_t o = 0; g.outputs.size() > 1 && o < g.outputs.size(); ++o) {
      auto outputs = g.outputs;
      outputs.erase(outputs.begin() + static_cast<std::ptrdiff_t>(o));
      candidates.push_back(with_outputs(g, outputs));
    }
    for (int i = 0; i < g.size(); ++i) {
      if (g.outputs.size() == 1) candidates.push_back(with_outputs(g, {node_id{i}}));
      if (g.nodes[static_cast<std::size_t>(i)].arity && std::find(g.outputs.begin(), g.outputs.end(), node_id{i}) == g.outputs.end()) candidates.push_back(with_input(g, i));
    }
    for (auto const& h : candidates)
      if (!smaller && fails(h)) g = h, smaller = true;
  }
  return g;
}

void report(graph const& g, std::uint64_t seed, int size, std::string const& wrong) {
  graph const small = smallest(g, seed);
  auto const text = detail::print_graph(small);
  BOOST_TEST(false, "seed " << seed << ", size " << size << ": " << wrong << "\nThe smallest graph found that fails, after the passes:\n" << std::string(text.view()) << check(small, seed));
}

int count_of(char const* name, int otherwise) {
  char const* text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

void fuzz(int size, int seeds, graph_options options) {
  int failed = 0;
  int const first = count_of("CTGRAD_FUZZ_SEED", 1);
  seeds = count_of("CTGRAD_FUZZ_SEEDS", seeds);
  for (int seed = first; seed < first + seeds && failed < 3; ++seed) {
    graph const g = after_passes(random_graph(static_cast<std::uint64_t>(seed) * 1000 + static_cast<std::uint64_t>(size), size, options));
    std::string const wrong = check(g, static_cast<std::uint64_t>(seed));
    if (!wrong.empty()) ++failed, report(g, static_cast<std::uint64_t>(seed), size, wrong);
  }
  BOOST_TEST(failed == 0);
}

}  // namespace

BOOST_AUTO_TEST_CASE(small_graphs) {
  for (int size = 1; size <= 6; ++size) fuzz(size, 1000, {});
}
BOOST_AUTO_TEST_CASE(bigger_graphs) {
  for (int size : {8, 12, 20, 35}) fuzz(size, 300, {});
}
BOOST_AUTO_TEST_CASE(gradients) {
  for (int size : {2, 4, 6, 9, 14}) fuzz(size, 300, {.gradients = true});
}
BOOST_AUTO_TEST_CASE(outputs_that_are_added_to) {
  for (int size : {2, 5, 10}) fuzz(size, 300, {.gradients = true, .accumulate = true});
}
BOOST_AUTO_TEST_CASE(many_views) {
  for (int size : {2, 3, 5, 8, 12}) fuzz(size, 400, {.views = 20});
  for (int size : {2, 4, 8}) fuzz(size, 300, {.gradients = true, .accumulate = true, .views = 12});
}
// More loops than a byte counts: each view of what was computed begins a nest.
BOOST_AUTO_TEST_CASE(hundreds_of_loops) {
  builder b;
  shape s;
  for (int axis = 0; axis < 3; ++axis) s.push_back(dim(axis));
  value v{&b, b.symbol(symbol_names[0], dtype::float64, s)};
  for (int k = 0; k < 60; ++k) v = ctgrad::sin(value{&b, b.slice(v.id, k % 3, s[k % 3] - 1, s[k % 3], -1)}) + 0.5;
  graph g = b.g;
  g.outputs = {v.id};
  g = after_passes(g);
  BOOST_TEST(detail::fuse(g).loops.size() > 150u);
  BOOST_TEST(check(g, 1) == "");
}
BOOST_AUTO_TEST_CASE(many_products) {
  grouped = in_place_allowed = in_place_refused = 0;
  for (int size : {3, 6, 12}) fuzz(size, 300, {.gradients = true, .products = 6});
  BOOST_TEST(grouped > 100, grouped << " graphs have a group");
  BOOST_TEST(in_place_allowed > 1000, in_place_allowed << " symbols and outputs may be one array");
  BOOST_TEST(in_place_refused > 1000, in_place_refused << " may not");
}

// What people are shown of any graph: costs as polynomials are those counted for the extents, units do not overlap and name what later ones wait for,
// and where a check finds nothing, nothing is NaN.
BOOST_AUTO_TEST_CASE(what_is_said_of_graphs) {
  int const first = count_of("CTGRAD_FUZZ_SEED", 1), seeds = count_of("CTGRAD_FUZZ_SEEDS", 300);
  for (int seed = first; seed < first + seeds; ++seed) {
    graph const g = after_passes(random_graph(static_cast<std::uint64_t>(seed) * 1000, 4 + seed % 20, {.gradients = seed % 3 == 0, .products = seed % 3}));
    schedule const s = detail::fuse(g);
    auto const units = detail::find_units(g, s);
    int last = 0;
    for (std::size_t k = 0; k < units.size(); ++k) {
      BOOST_TEST(units[k].first >= last);
      last = units[k].last;
      for (auto const& end : units[k].ends) BOOST_TEST((end.reader > static_cast<int>(k) && end.reader < static_cast<int>(units.size())));
      for (auto const& bound : some_extents()) {
        auto const counted = detail::measure<std::int64_t>(g, s, units[k].first, units[k].last, [&](detail::extent const& e) { return e.evaluate(bound); });
        BOOST_TEST(units[k].cost.flops.evaluate(bound) == static_cast<double>(counted.flops));
        BOOST_TEST(units[k].cost.bytes.evaluate(bound) == static_cast<double>(counted.bytes));
      }
    }
    auto const text = detail::explain(g, s);
    std::string_view const shown = text.view();
    std::size_t told = 0;
    for (std::size_t at = 0; (at = shown.find(" flops, ", at)) != std::string_view::npos; ++at) ++told;
    BOOST_TEST(told == units.size());
    auto const formulas = detail::print_latex(g);
    int braces = 0;
    for (char c : formulas.view()) braces += c == '{' ? 1 : c == '}' ? -1 : 0;
    BOOST_TEST(braces == 0, formulas.view());
    BOOST_TEST(detail::draw(g).ends_with("</svg>\n"));
    for (auto const& bound : some_extents()) {
      random_bits r{static_cast<std::uint64_t>(seed)};
      auto const inputs = random_inputs(r, g, bound);
      auto const fault = detail::find_fault(g, inputs, bound);
      if (fault.kind != detail::fault_kind::none) continue;
      auto const values = detail::interpret(g, inputs, bound);
      for (auto const& v : values)
        for (auto const& e : v.elements) BOOST_TEST(e.real == e.real);
    }
  }
}
