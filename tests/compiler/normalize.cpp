// Equality over the reals. What is shown equal has to agree wherever both sides are defined (random formulas against the interpreter);
// formulas that are equal by construction, each built from two random forms of every operation, have to be found equal.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE normalize
#include "../../compiler/normalize.hpp"

#include "../../compiler/differentiate.hpp"
#include "../../compiler/interpret.hpp"
#include "../../compiler/print.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

namespace ctgrad::detail {
namespace {

constexpr char name_n[] = "N", name_k[] = "K", name_x[] = "x", name_y[] = "y", name_z[] = "z", name_u[] = "u", name_v[] = "v", name_w[] = "w", name_m[] = "M";
constexpr extent extent_n{extent_name{name_n}}, extent_k{extent_name{name_k}};

/// The symbols of all formulas here: scalars x y z, vectors u v[N] and w[K], a matrix M[N,K].
struct formulas {
  builder b;
  value x{&b, b.symbol(name_x, dtype::float64, {})}, y{&b, b.symbol(name_y, dtype::float64, {})}, z{&b, b.symbol(name_z, dtype::float64, {})};
  value u{&b, b.symbol(name_u, dtype::float64, {1, {extent_n}})}, v{&b, b.symbol(name_v, dtype::float64, {1, {extent_n}})};
  value w{&b, b.symbol(name_w, dtype::float64, {1, {extent_k}})}, m{&b, b.symbol(name_m, dtype::float64, {2, {extent_n, extent_k}})};

  constexpr graph pair(value left, value right) {
    b.g.outputs = {left.id, right.id};
    return without_dead_nodes(b.g);
  }
  constexpr value number(double c) { return x.constant(c); }
  constexpr value sum(value a) { return reduce(op::sum, a, (axis_mask{1} << a.rank()) - 1); }
  constexpr value product(value a, value c) { return {&b, b.matmul(a.id, c.id)}; }
  constexpr value rows(value a) { return {&b, b.broadcast(a.id, b.intern(m.shape()), 0b10)}; }  // a[N] along M's columns
  constexpr value gradient(value of, value by) { return {&b, b.gradient(of.id, by.id)}; }
};

constexpr bool equivalent(graph const& g) { return compare_normal_forms(expand_definitions(g)) == agreement::shown; }

template <class Make>
constexpr bool same(Make make) {
  formulas f;
  auto [left, right] = make(f);
  return equivalent(differentiate(f.pair(left, right)));
}
using two = std::pair<value, value>;

// In the compiler, one case for each part of the normal form.
static_assert(same([](formulas& f) { return two{(f.x + 1) * (f.x - 1), f.x * f.x - 1}; }));
static_assert(same([](formulas& f) { return two{1 / (2 * f.x + 2), 0.5 / (f.x + 1)}; }));
static_assert(same([](formulas& f) { return two{(f.x * f.x - 1) / (f.x - 1), f.x + 1}; }));
static_assert(same([](formulas& f) { return two{1 / (f.x + 1) + 1 / (f.y + 1), (f.x + f.y + 2) / ((f.x + 1) * (f.y + 1))}; }));
static_assert(same([](formulas& f) { return two{exp(f.x + f.y), exp(f.y) * exp(f.x)}; }));
static_assert(same([](formulas& f) { return two{log(f.x * f.y), log(f.x) + log(f.y)}; }));
static_assert(same([](formulas& f) { return two{sqrt(f.x * f.x), abs(f.x)}; }));
static_assert(same([](formulas& f) { return two{pow(sqrt(f.x), 2), f.x}; }));
static_assert(same([](formulas& f) { return two{relu(f.x) - relu(-f.x), f.x}; }));
static_assert(same([](formulas& f) { return two{sin(f.x) * sin(f.x) + cos(f.x) * cos(f.x), f.number(1)}; }));
static_assert(same([](formulas& f) { return two{f.sum(3 * f.u + f.x), 3 * f.sum(f.u) + f.x * value{&f.b, f.b.size_of(f.u.shape(), dtype::float64)}}; }));
static_assert(same([](formulas& f) { return two{f.sum(f.product(f.m, f.w) * f.u), f.product(f.product(f.u, f.m), f.w)}; }));
static_assert(!same([](formulas& f) { return two{sqrt(f.x * f.x), f.x}; }));
static_assert(!same([](formulas& f) { return two{sqrt(f.x * f.y) * sqrt(f.x * f.z), f.x * sqrt(f.y * f.z)}; }));  // -1, -1, -1
static_assert(!same([](formulas& f) { return two{where(f.x == 0, 5, 1 / f.x), where(f.x == 0, 7, 1 / f.x)}; }));
static_assert(!same([](formulas& f) { return two{f.sum(f.u * f.u), f.sum(f.u) * f.sum(f.u)}; }));
static_assert(!same([](formulas& f) { return two{f.u, f.sum(f.u)}; }));  // shapes

/// CTGRAD_FUZZ=20 tries twenty times as many formulas.
unsigned fuzz_factor() {
  char const* text = std::getenv("CTGRAD_FUZZ");
  return text ? static_cast<unsigned>(std::atoi(text)) : 1;
}

/// One thing built twice.
struct forms {
  value left, right;
};

/// Random formulas. Every operation is built twice, each time in a form drawn from several that are the same over the reals; so `left` and `right` are.
struct generator {
  formulas f;
  std::mt19937 random;
  int change = -1;  ///< at the operation of this number, counted down, `right` becomes something else

  explicit generator(unsigned seed) : random(seed) {}
  int draw(int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); }
  template <class... Values>
  value one_of(Values... values) {
    value const all[] = {values...};
    return all[draw(sizeof...(Values))];
  }
  template <class Form>
  forms both(Form form, forms a) {
    return {form(a.left), form(a.right)};
  }
  template <class Form>
  forms both(Form form, forms a, forms c) {
    return {form(a.left, c.left), form(a.right, c.right)};
  }

  forms leaf(int rank) {
    if (draw(4) == 0) {
      double const numbers[] = {1, 2, -1, 0.5, 3, -2, 0.1, 0};
      value c = f.number(numbers[draw(8)]);
      return {c, c};
    }
    value s = rank == 0 ? one_of(f.x, f.y, f.z) : rank == 1 ? one_of(f.u, f.v, f.x) : one_of(f.m, f.rows(f.u), f.w, f.y);
    return {s, s};
  }

  /// A formula of at most the given rank and depth.
  forms make(int rank, int depth) {
    if (depth == 0) return leaf(rank);
    forms result = operation(rank, depth);
    if (change-- == 0) {
      value const r = result.right;
      switch (draw(6)) {
        case 0: result.right = r + 1; break;
        case 1: result.right = -r; break;
        case 2: result.right = abs(r); break;
        case 3: result.right = 2 * r; break;
        case 4: result.right = r * r; break;
        default: result.right = where(f.x == 0, r + 1, r); break;
      }
    }
    return result;
  }

  forms operation(int rank, int depth) {
    forms a = make(rank, depth - 1);
    switch (draw(34)) {
      case 0:
      case 1: return both([&](value p, value q) { return one_of(p + q, q + p, p - -q, 2 * (p / 2 + 0.5 * q)); }, a, make(rank, depth - 1));
      case 2: return both([&](value p, value q) { return one_of(p - q, -(q - p), -q + p); }, a, make(rank, depth - 1));
      case 3:
      case 4: return both([&](value p, value q) { return one_of(p * q, q * p, -p * -q, ((p + q) * (p + q) - (p - q) * (p - q)) / 4); }, a, make(rank, depth - 1));
      case 5: return both([&](value p, value q) { return one_of(p / q, p * pow(q, -1), p * reciprocal(q), -p / -q, 3 * p / (q + q + q)); }, a, make(rank, depth - 1));
      case 6: return both([&](value p) { return one_of(exp(p), 1 / exp(-p), exp(p / 2) * exp(p / 2), expm1(p) + 1, exp(p + 1) / exp(f.number(1))); }, a);
      case 7: return both([&](value p) { return one_of(log(exp(p) + 1), softplus(p), log1p(exp(p)), p + softplus(-p)); }, a);
      case 8: return both([&](value p) { return one_of(sigmoid(p), 1 / (1 + exp(-p)), exp(p) / (1 + exp(p)), 1 - sigmoid(-p), (tanh(p / 2) + 1) / 2); }, a);
      case 9: return both([&](value p) { return one_of(tanh(p), 2 * sigmoid(2 * p) - 1, sinh(p) / cosh(p), -tanh(-p), (exp(2 * p) - 1) / (exp(2 * p) + 1)); }, a);
      case 10: return both([&](value p) { return one_of(relu(p), maximum(p, 0), (p + abs(p)) / 2, p + relu(-p), where(p > 0, p, 0), -minimum(-p, 0)); }, a);
      case 11: return both([&](value p) { return one_of(abs(p), abs(-p), sqrt(p * p), maximum(p, -p), relu(p) + relu(-p), p * sign(p)); }, a);
      case 12: return both([&](value p, value q) { return one_of(maximum(p, q), maximum(q, p), q + relu(p - q), (p + q + abs(p - q)) / 2, -minimum(-p, -q)); }, a, make(rank, depth - 1));
      case 13: return both([&](value p) { return one_of(p * p, pow(p, 2), abs(p) * abs(p), pow(-p, 2), (p + 1) * (p - 1) + 1); }, a);
      case 14: return both([&](value p) { return one_of(sqrt(p), pow(p, 0.5), 1 / rsqrt(p), p * pow(p, -0.5), sqrt(4 * p) / 2); }, a);
      case 15: return both([&](value p) { return one_of(sin(p) / cos(p), tan(p), -tan(-p), sin(p) * cos(p) / (1 - sin(p) * sin(p))); }, a);
      case 16: return both([&](value p) { return one_of(cbrt(p), -cbrt(-p), cbrt(8 * p) / 2, pow(cbrt(p), 2) / cbrt(p)); }, a);
      case 17: return both([&](value p, value q) { return one_of(where(p > q, p, 2 * q), where(q < p, p, q + q), where(!(p > q), 2 * q, p), where(p <= q, q * 2, p)); }, a, make(rank, depth - 1));
      case 18: return both([&](value p) { return one_of(log(p), -log(1 / p), 2 * log(sqrt(p)), log(3 * p) - log(f.number(3)), log(p * p) / 2 + log(p) - log(abs(p))); }, a);
      case 19: return both([&](value p) { return one_of(gelu(p), p / 2 * (1 + erf(p / sqrt(f.number(2)))), p - p * (0.5 - 0.5 * erf(p * std::sqrt(0.5)))); }, a);
      case 20: return both([&](value p, value q) { return one_of(pow(p, q), exp(q * log(p)), pow(p, q - 1) * p, 1 / pow(p, -q)); }, a, make(rank, depth - 1));
      case 21: return both([&](value p) { return one_of(floor(p), -ceil(-p), floor(p + 0.0), floor(2 * p / 2)); }, a);
      case 22: return both([&](value p, value q) { return one_of(hypot(p, q), sqrt(p * p + q * q), hypot(-q, p), abs(p) * hypot(f.number(1), q / p)); }, a, make(rank, depth - 1));
      case 23: return both([&](value p) { return one_of(clamp(p, -1, 1), minimum(maximum(p, -1), 1), -clamp(-p, -1, 1), maximum(minimum(1, p), -1)); }, a);
      case 24: return both([&](value p) { return one_of(acos(p), 1.5707963267948966 - asin(p), asin(-p) + 1.5707963267948966); }, a);
      case 25: return both([&](value p) { return one_of(atan(p), -atan(-p), atan(2 * p - p)); }, a);
      case 26: return both([&](value p) { return one_of(silu(p), p * sigmoid(p), p - p * sigmoid(-p), p / (1 + exp(-p))); }, a);
      case 27: return both([&](value p) { return one_of(sqrt(abs(p)), sqrt(sqrt(p * p)), pow(p * p, 0.25), abs(p) * rsqrt(abs(p))); }, a);
      case 28: return both([&](value p) { return one_of(sign(p), -sign(-p), where(p > 0, 1.0, where(p == 0, 0.0, -1.0)), p / abs(p)); }, a);
      default: break;
    }
    if (rank == 1 && draw(4) == 0 && depth > 1) {
      forms s = make(2, depth - 1);
      if (s.left.rank() == 2 && s.right.rank() == 2) {
        if (draw(2)) return both([&](value p) { return one_of(reduce(op::max, p, 0b10), -reduce(op::min, -p, 0b10)); }, s);
        return both([&](value p) { return reduce(op::prod, p, 0b10); }, s);
      }
      return a;
    }
    if (rank == 0 && draw(3) == 0 && depth > 1) {
      forms s = make(2, depth - 1);
      std::array<int, max_rank> const swap{1, 0};
      if (s.left.rank() == 2 && s.right.rank() == 2)
        return both(
            [&](value p) {
              value const turned{&f.b, f.b.permute(p.id, swap)};
              value const square = f.product(turned, p), rows = reduce(op::sum, p, 0b10);  // [K,K] and [N]
              return one_of(f.sum(p) * f.sum(p * p), f.sum(reduce(op::sum, p, 0b01)) * f.sum(p * p), f.sum(turned) * f.sum(turned * turned),
                            reduce(op::sum, reduce(op::sum, p, 0b10), 1) * f.sum(reduce(op::sum, p * p, 0b10)),
                            f.sum(square) - f.sum(rows * rows) + f.sum(p) * f.sum(p * p));
            },
            s);
      return a;
    }
    // Sums over axes.
    if (rank == 0 && depth > 1) {
      forms s = make(1, depth - 1), t = make(1, depth - 1);
      if (s.left.rank() == 1 && s.right.rank() == 1 && t.left.rank() == 1 && t.right.rank() == 1)
        return both([&](value p, value q) { return one_of(f.sum(p * q), f.product(p, q), f.sum(q * p), -f.sum(-p * q), f.sum((p + 1) * q) - f.sum(q)); }, s, t);
      return a;
    }
    if (rank == 1 && depth > 1) {
      forms s = make(2, depth - 1);
      if (s.left.rank() == 2 && s.right.rank() == 2)
        return both([&](value p) { return one_of(f.product(p, f.w), reduce(op::sum, p * f.w, 0b10), reduce(op::sum, f.w * 2 * p, 0b10) / 2); }, s);
      return a;
    }
    return a;
  }
};

/// The value of every node at a point, and whether it has one: finite, and made of such in the branches that were chosen.
struct evaluation {
  detail::list<tensor_value> values;
  std::vector<std::vector<char>> defined;
};
evaluation evaluate(graph g, std::mt19937& random) {
  auto const outputs = g.outputs;
  g.outputs.clear();
  for (int i = 0; i < g.size(); ++i) g.outputs.push_back(node_id{i});
  extent_binding const bound{{{{name_n}, 3}, {{name_k}, 2}}};
  double const special[] = {0, 1, -1, 2, 0.5, -0.5};
  bool const ordinary = random() % 4 != 0, positive = random() % 2;
  std::uniform_real_distribution<double> number(-2, 2);
  detail::list<tensor_value> inputs;
  for (auto const& s : g.symbols) {
    tensor_value t{extents_of(g[s.shape], bound), {}};
    for (auto k = product_of(t.extents); k > 0; --k) {
      double const x = ordinary ? number(random) : special[random() % 6];
      t.elements.push_back({positive ? std::abs(x) : x, 0});
    }
    inputs.push_back(t);
  }
  evaluation e{interpret(g, inputs, bound), {}};
  for (int i = 0; i < g.size(); ++i) {
    node const& n = g.nodes[i];
    std::vector<char> d(e.values[i].elements.size(), 1);
    double largest = 0;  // of what is added up
    bool const adds = n.code == op::add || n.code == op::subtract || n.code == op::sum || n.code == op::contract;
    if (adds)
      for (int o = 0; o < n.arity; ++o)
        for (auto const& s : e.values[index(n.operands[o])].elements) largest = std::max(largest, std::abs(s.real));
    bool const map = info(n.code).kind == op_kind::map;
    for (std::size_t k = 0; k < d.size(); ++k) {
      if (is_floating(n.type)) d[k] = std::isfinite(e.values[i].elements[k].real) && std::abs(e.values[i].elements[k].real) < 1e6;
      if (n.code == op::floor || n.code == op::ceil) {
        double const x = e.values[index(n.operands[0])].elements[k].real;
        d[k] = x == std::round(x) || std::abs(x - std::round(x)) > 1e-9;
      }
      // A sum of which few digits are left.
      if (adds && e.values[i].elements[k].real != 0 && std::abs(e.values[i].elements[k].real) < 1e-5 * largest) d[k] = 0;
      if (map && (n.type == dtype::bool_ || n.code == op::sign) && is_floating(g[n.operands[0]].type)) {
        // A comparison that rounding decides.
        double const left = e.values[index(n.operands[0])].elements[k].real, right = n.arity == 2 ? e.values[index(n.operands[1])].elements[k].real : 0;
        d[k] = left == right || std::abs(left - right) > 1e-9 * (1 + std::abs(left));
      }
      for (int o = 0; o < n.arity; ++o) {
        int const from = index(n.operands[o]);
        if (map && n.code == op::where && o > 0 && (e.values[index(n.operands[0])].elements[k].integer != 0) != (o == 1)) continue;
        if (map) d[k] = d[k] && e.defined[from][k];
        else
          for (char one : e.defined[from]) d[k] = d[k] && one;
      }
    }
    e.defined.push_back(d);
  }
  return e;
}

enum class verdict { agree, differ, undefined };
/// Compares the outputs at some points. Points where a sum of large numbers left few digits decide nothing.
verdict compare(graph const& g, unsigned seed) {
  std::mt19937 random(seed);
  int points = 0;
  for (int round = 0; round < 60 && points < 20; ++round) {
    evaluation const e = evaluate(g, random);
    auto const &left = e.values[index(g.outputs[0])].elements, &right = e.values[index(g.outputs[1])].elements;
    bool all = left.size() == right.size();
    double largest = 1;
    for (int side = 0; side < 2; ++side)
      for (char d : e.defined[index(g.outputs[side])]) all = all && d;
    if (!all) continue;
    for (auto const& v : e.values)
      for (auto const& s : v.elements)
        if (std::isfinite(s.real)) largest = std::max(largest, std::abs(s.real));
    if (largest > 1e8) continue;
    ++points;
    for (std::size_t k = 0; k < left.size(); ++k)
      if (std::abs(left[k].real - right[k].real) > 1e-6 * std::sqrt(largest)) return verdict::differ;
  }
  return points ? verdict::agree : verdict::undefined;
}

std::string describe(graph const& g) {
  message m;
  print_formula(m, g, g.outputs[0]);
  m << "\n  and  ";
  print_formula(m, g, g.outputs[1]);
  return std::string(m.view());
}

BOOST_AUTO_TEST_CASE(forms_of_one_formula_are_found_equal) {
  int found = 0, tried = 0, shown = 0;
  for (unsigned seed = 0; seed < 3000 * fuzz_factor(); ++seed) {
    generator make(seed);
    forms const pair = make.make(static_cast<int>(seed % 3), 2 + static_cast<int>(seed % 2));
    graph const g = make.f.pair(pair.left, pair.right);
    verdict const v = compare(g, seed);
    if (v == verdict::undefined || g.outputs[0] == g.outputs[1] || (g[g.outputs[0]].is_constant() && g[g.outputs[1]].is_constant()) || g.nodes[index(g.outputs[0])].shape != g.nodes[index(g.outputs[1])].shape) continue;
    ++tried;
    if (equivalent(g)) ++found;
    else if (std::getenv("CTGRAD_SHOW_MISSED") && shown++ < 60) BOOST_TEST_MESSAGE("not shown: " << describe(g));
    BOOST_TEST((v == verdict::agree), "not the same: " << describe(g));  // the forms themselves, or the comparison
  }
  BOOST_TEST_MESSAGE(found << " of " << tried << " found equal");
  BOOST_TEST(found > 0.9 * tried);
}

BOOST_AUTO_TEST_CASE(formulas_that_differ_are_not_equal) {
  int differ = 0, equal = 0;
  for (unsigned seed = 0; seed < 12000 * fuzz_factor(); ++seed) {
    generator make(seed + 100'000'000);
    make.change = make.draw(4);
    forms const pair = make.make(static_cast<int>(seed % 3), 2 + static_cast<int>(seed % 2));
    graph const g = make.f.pair(pair.left, pair.right);
    verdict const v = compare(g, seed);
    bool const e = equivalent(g);
    differ += v == verdict::differ, equal += e;
    BOOST_TEST(!(e && v == verdict::differ), "shown equal: " << describe(g));
  }
  BOOST_TEST_MESSAGE(differ << " pairs differ, " << equal << " are equal");
  BOOST_TEST(differ > 3000);
}

BOOST_AUTO_TEST_CASE(gradients_of_forms_are_not_equal_where_they_differ) {
  int found = 0, tried = 0;
  for (unsigned seed = 0; seed < 4000 * fuzz_factor(); ++seed) {
    generator make(seed + 200'000'000);
    if (seed % 2) make.change = make.draw(4);
    forms pair = make.make(0, 2 + static_cast<int>(seed % 2));
    if (pair.left.rank() || pair.right.rank() || !is_floating(pair.left.type()) || !is_floating(pair.right.type())) continue;
    if (pair.left.get().weak || pair.right.get().weak) continue;
    value const by = make.one_of(make.f.x, make.f.y, make.f.u);
    graph const g = differentiate(make.f.pair(make.f.gradient(pair.left, by), make.f.gradient(pair.right, by)));
    verdict const v = compare(g, seed);
    bool const e = equivalent(g);
    if (v == verdict::agree) ++tried, found += e;
    BOOST_TEST(!(e && v == verdict::differ), "shown equal: " << describe(g));
  }
  BOOST_TEST_MESSAGE(found << " of " << tried << " gradients that agree found equal");
  BOOST_TEST(found > 0.7 * tried);
}

}  // namespace
}  // namespace ctgrad::detail
