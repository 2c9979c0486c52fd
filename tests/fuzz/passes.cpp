// Random graphs through every pass: each has to leave a whole graph behind that computes the same.
// Gradients are held against differences. The seed is fixed; CTGRAD_SEED and CTGRAD_GRAPHS choose others.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE passes
#include "../../compiler/pipeline.hpp"
#include "../../compiler/print.hpp"
#include "../../compiler/verify.hpp"
#include "../fuzzed_graphs.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <set>
#include <string>
#include <vector>

using namespace ctgrad;
using namespace ctgrad::test;
using namespace ctgrad::test::passes;
using detail::extent, detail::extent_binding, detail::extent_name, detail::info, detail::op_count, detail::op_info, detail::op_kind, detail::result_rule, detail::verify;

namespace {

std::string text_of(graph const& g) { return std::string(detail::print_graph(g).view()); }

/// Compares outputs, to `tolerance` of the largest element; with 0, exactly. From output `nan_may_go` on, NaN may become a number.
struct comparison {
  bool same = true;
  std::string what;
};
comparison compare(detail::list<tensor_value> const& a, detail::list<tensor_value> const& b, graph const& g, double tolerance, std::size_t nan_may_go) {
  for (std::size_t k = 0; k < a.size(); ++k) {
    dtype const type = g[g.outputs[k]].type;
    if (a[k].extents != b[k].extents || a[k].elements.size() != b[k].elements.size()) return {false, "output " + std::to_string(k) + " has another shape"};
    double scale = 1;
    for (auto const& e : a[k].elements)
      if (std::isfinite(e.real)) scale = std::max(scale, std::fabs(e.real));
    for (std::size_t i = 0; i < a[k].elements.size(); ++i) {
      double const x = numbers_of(a[k], type)[i], y = numbers_of(b[k], type)[i];
      bool const close = !is_floating(type) || tolerance == 0 ? same(x, y) || x == y
                         : std::isfinite(x) && std::isfinite(y)  ? std::fabs(x - y) <= tolerance * scale
                                                                  : (std::isnan(x) && std::isnan(y)) || x == y;
      if (!close && !(k >= nan_may_go && std::isnan(x))) {
        std::ostringstream out;
        out.precision(17);
        out << "output " << k << ", element " << i << " was " << x << " and is " << y;
        return {false, out.str()};
      }
    }
  }
  return {};
}

template <class Condition>
bool has(graph const& g, Condition condition) { return std::any_of(g.nodes.begin(), g.nodes.end(), condition); }
auto count_of(graph const& g, op code) {
  auto const live = detail::live_nodes(g);
  int count = 0;
  for (std::size_t i = 0; i < live.size(); ++i) count += live[i] && g.nodes[i].code == code;
  return count;
}
bool has_float32(graph const& g) {
  return has(g, [](detail::node const& n) { return n.type == dtype::float32; });
}

std::uint64_t from_environment(char const* name, std::uint64_t otherwise) {
  char const* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

struct statistics {
  int graphs = 0, nodes = 0, rewritten = 0, gradients = 0, kinks = 0, nan = 0, special = 0, parts = 0, merged = 0;
  std::set<op> used;
};

/// One graph through all passes. False where something was wrong, which is reported.
bool check_passes(std::uint64_t seed, statistics& all) {
  generator made(seed);
  fuzzed f = made.make();
  if (!f.b.ok()) {
    BOOST_ERROR("seed " << seed << ": the generator made an error: " << f.b.error.view());
    return false;
  }
  graph g = f.b.g;
  for (value v : f.outputs) g.outputs.push_back(v.id);
  g.outputs.push_back(f.loss.id);
  std::size_t const first_gradient = g.outputs.size();
  std::vector<value> variables = f.by;
  variables.insert(variables.end(), f.by_parts.begin(), f.by_parts.end());
  for (value x : variables) {
    node_id const id = f.b.gradient(f.loss.id, x.id);
    detail::list<node_id> const outputs = g.outputs;
    g = f.b.g;
    g.outputs = outputs;
    g.outputs.push_back(id);
  }
  auto const& bound = made.extents.bound;
  auto fails = [&](std::string_view pass, std::string const& what, graph const& before, graph const& after) {
    BOOST_ERROR("seed " << seed << ", " << pass << ": " << what << "\nbefore:\n" << text_of(before) << "after:\n" << text_of(after));
    return false;
  };
  if (auto m = verify(g); !m.empty()) return fails("the generator", std::string(m.view()), g, g);

  graph const plain = differentiate(g);
  if (auto m = verify(plain, true); !m.empty()) return fails("differentiate alone", std::string(m.view()), g, plain);
  auto const expected = interpret(plain, f.inputs, bound);
  ++all.graphs, all.nodes += plain.size();
  all.used.insert(f.used.begin(), f.used.end());
  all.special += f.special;
  if (!f.special) all.nan += std::any_of(expected.begin(), expected.end(), [](tensor_value const& t) { return std::any_of(t.elements.begin(), t.elements.end(), [](scalar e) { return std::isnan(e.real); }); });

  // Through the pipeline. Before `differentiate` the gradients are worked out on the side.
  graph current = g;
  bool differentiated = false;
  detail::list<tensor_value> values = expected;
  // Of special numbers only the class is compared: 1e300 x moves by many periods of a sine when x does by an ulp.
  double const tolerance = f.special ? infinity : has_float32(g) ? 2e-3 : 1e-8;
  for (auto const& pass : detail::graph_passes<>) {
    graph const next = pass.run(current);
    differentiated = differentiated || pass.name == "differentiate";
    if (auto m = verify(next, differentiated); !m.empty()) return fails(pass.name, std::string(m.view()), current, next);
    for (std::size_t i = 0; i < next.nodes.size(); ++i)
      if (std::count(next.nodes.begin(), next.nodes.end(), next.nodes[i]) != 1) return fails(pass.name, "node " + std::to_string(i) + " has an equal one", current, next);
    auto const now = interpret(differentiate(next), f.inputs, bound);
    // Where rules made two equal nodes one, the gradient by one of them has become that by both.
    if (pass.name == "simplify")
      for (std::size_t k = 0; k < f.by_parts.size(); ++k)
        if (count_of(current, f.b.g[f.by_parts[k].id].code) != count_of(next, f.b.g[f.by_parts[k].id].code)) values[first_gradient + f.by.size() + k] = now[first_gradient + f.by.size() + k], ++all.merged;
    all.parts += pass.name == "simplify" ? static_cast<int>(f.by_parts.size()) : 0;
    bool const structure_only = pass.name == "differentiate" || pass.name == "separate outputs" || pass.name.substr(0, 6) == "remove";  // not prepare: a product's terms may be fused multiply-adds, a sum of products has them rounded
    // A rule that drops what `where` does not choose drops the gradient that it would have got, which is 0 times infinity for some inputs.
    std::size_t const nan_may_go = f.special && pass.name == "simplify" ? first_gradient : g.outputs.size();
    if (auto c = compare(values, now, next, structure_only ? 0 : tolerance, nan_may_go); !c.same) return fails(pass.name, c.what, differentiate(current), differentiate(next));
    all.rewritten += next.size() != current.size();
    current = next;
    values = now;
  }

  // Gradients against differences, where the function is smooth. Differences see through `detach`, and drown in float32's rounding.
  graph loss = f.b.g;
  loss.outputs = {f.loss.id};
  loss = without_dead_nodes(loss);
  if (f.special || has_float32(loss) || has(loss, [](detail::node const& n) { return n.code == op::detach; })) return true;
  for (std::size_t k = 0; k < f.by.size(); ++k) {
    auto const& gradient = expected[first_gradient + k];
    tensor_value& input = f.inputs[f.by_symbol[k]];
    if (input.elements.empty()) continue;
    std::size_t const i = static_cast<std::size_t>(made.below(static_cast<int>(input.elements.size())));
    double const at = input.elements[i].real;
    auto slope = [&](double h) {
      input.elements[i].real = at + h;
      double const above = interpret(loss, f.inputs, bound)[0].elements[0].real;
      input.elements[i].real = at - h;
      double const below = interpret(loss, f.inputs, bound)[0].elements[0].real;
      input.elements[i].real = at;
      return (above - below) / (2 * h);
    };
    double const wide = slope(2e-5), narrow = slope(1e-5), exact = gradient.elements[i].real;
    double const error = 1e-5 * (1 + std::fabs(narrow)) + std::fabs(wide - narrow);
    if (!(std::fabs(wide - narrow) <= 1e-4 * (1 + std::fabs(narrow)))) {
      ++all.kinks;
      continue;
    }
    ++all.gradients;
    if (!(std::fabs(exact - narrow) <= error)) {
      std::ostringstream what;
      what.precision(12);
      what << "the gradient by " << symbol_names[f.by_symbol[k]] << ", element " << i << ", is " << exact << ", by differences " << narrow << " and " << wide;
      return fails("differentiate", what.str(), g, plain);
    }
  }
  return true;
}

}  // namespace

BOOST_AUTO_TEST_CASE(random_graphs_through_all_passes) {
  auto const seed = from_environment("CTGRAD_SEED", 20240607), graphs = from_environment("CTGRAD_GRAPHS", 2000);
  statistics all;
  int wrong = 0;
  for (std::uint64_t i = 0; i < graphs && wrong < 3; ++i) wrong += !check_passes(seed + i, all);
  std::cout << all.graphs << " graphs from seed " << seed << ", " << all.nodes << " nodes, " << all.rewritten << " passes that changed something, " << all.gradients
            << " gradients against differences, " << all.kinks << " at kinks, " << all.special << " graphs of special numbers, " << all.nan << " others with NaN\n";
  // The generator has to reach what it is for.
  if (graphs < 1000) return;
  for (int code = 0; code < op_count; ++code) {
    auto const kind = info(static_cast<op>(code)).kind;
    if (kind == op_kind::map || kind == op_kind::reduction || kind == op_kind::product || kind == op_kind::view || kind == op_kind::lookup || kind == op_kind::assembly || (kind == op_kind::library && info(static_cast<op>(code)).whole == 1)) BOOST_CHECK_MESSAGE(all.used.count(static_cast<op>(code)), info(static_cast<op>(code)).name << " was in no graph");
  }
  BOOST_TEST(all.gradients > 10 * all.kinks);
  BOOST_TEST(all.nan * 100 < all.graphs);
  BOOST_TEST(all.special * 20 > all.graphs);
  BOOST_TEST(all.parts > 4 * all.merged);
  BOOST_TEST(all.rewritten > all.graphs);
}
