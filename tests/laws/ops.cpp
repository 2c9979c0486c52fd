// What holds for every map of the op table: values, derivatives, second derivatives, dtypes.
// The laws run over all operations; one without an entry in laws.hpp fails the first test.
// Values and derivatives are compared with long double (x86: 11 bits more than double) and with differences.
// (Random words are no function of real numbers: tests/include/ctgrad/random.cpp.)
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE ops
#include "../interpreted.hpp"
#include "laws.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <sstream>
#include <string>
#include <vector>

using namespace ctgrad;
using namespace ctgrad::test;
using detail::op_info, detail::op_kind, detail::result_rule, detail::info, detail::index, detail::op_count;

namespace {

std::string name_of(op code) { return std::string(info(code).name); }

using point = std::array<double, 3>;
std::string text_of(law const& l, point const& p) {
  std::ostringstream out;
  out.precision(17);
  out << name_of(l.code) << '(' << p[0] << ", " << p[1] << ", " << p[2] << ')';
  return out.str();
}

/// All points whose first `arity` coordinates are in `axis`; a condition is 0 or 1.
std::vector<point> grid(law const& l, numbers const& axis, numbers const& other, numbers const& third) {
  int const arity = info(l.code).arity;
  std::vector<point> points;
  for (double x : l.code == op::where ? numbers{0, 1} : axis)
    for (double y : arity > 1 ? other : numbers{0})
      for (double z : arity > 2 ? third : numbers{0}) points.push_back({x, y, z});
  return points;
}

/// A graph that applies the operation to the symbols x, y, z, one element for each point.
struct applied {
  builder b;
  value operands[3];
  value result;

  applied(op code, dtype type, std::int64_t count, dtype to = dtype::float64) {
    constexpr char const* names[] = {"x", "y", "z"};
    for (int k = 0; k < info(code).arity; ++k) operands[k] = symbol(b, names[k], code == op::where && k == 0 ? dtype::bool_ : type, {count});
    result = {&b, code == op::cast ? b.cast(operands[0].id, to) : b.map(code, operands[0].id, operands[1].id, operands[2].id)};
  }
  detail::list<tensor_value> inputs(std::vector<point> const& points) const {
    detail::list<tensor_value> all;
    for (std::size_t k = 0; k < b.g.symbols.size(); ++k) {
      numbers column;
      for (auto const& p : points) column.push_back(p[k]);
      all.push_back(tensor(b.g.symbols[k].type, {static_cast<std::int64_t>(points.size())}, column));
    }
    return all;
  }
};

real ulp_of(real x, dtype type) {
  if (type == dtype::float32) {
    auto const f = static_cast<float>(std::fabs(x));
    return std::isinf(f) ? 0x1p104L : real{std::nextafter(f, HUGE_VALF)} - real{f};
  }
  double const d = static_cast<double>(std::fabs(x));
  return std::isinf(d) ? 0x1p971L : real{std::nextafter(d, HUGE_VAL)} - real{d};
}

const numbers special{-infinity, -1.7976931348623157e308, -1e300, -1e10, -750, -745.2, -709.9, -100.25, -40, -8.5, -3.7, -2.5, -1.5, -1, -0.5, -0.3, -1e-5, -1e-20, -1e-300, -5e-324, -0.0,
                      0, 5e-324, 1e-300, 1e-20, 1e-5, 0.3, 0.5, 0.99, 1, 1.5, 2.5, 3.7, 8.5, 40, 100.25, 709.7, 745.2, 750, 1e10, 1e17, 1e300, 1.7976931348623157e308, infinity, not_a_number};
const numbers special_pair{-infinity, -1e300, -3, -1.5, -1, -1e-300, -0.0, 0, 1e-300, 0.5, 1, 2, 2.5, 1e300, infinity, not_a_number};

/// Compares all values with the law's, in `type`. The points are rounded to `type` first.
void check_values(law const& l, dtype type) {
  auto points = grid(l, info(l.code).arity == 1 ? special : special_pair, special_pair, special_pair);
  if (type == dtype::float32)
    for (auto& p : points)
      for (auto& x : p) x = static_cast<float>(x);
  applied a(l.code, type, static_cast<std::int64_t>(points.size()), type);
  auto const values = run(with_outputs(a.b, {a.result}), a.inputs(points));
  for (std::size_t i = 0; i < points.size(); ++i) {
    auto const [x, y, z] = points[i];
    real const exact = l.f(x, y, z);
    double const rounded = type == dtype::float32 ? static_cast<float>(exact) : static_cast<double>(exact);
    if (same(values[i], rounded) || (!l.sign_of_zero && values[i] == rounded)) continue;
    real const allowed = (type == dtype::float32 ? std::min(l.ulp, 0.501) : l.ulp) * ulp_of(exact, type) +
                         (l.absolute ? l.absolute * 0x1p-52L * std::max(std::fabs(real{x}), std::fabs(real{y})) : 0) +
                         (l.ulp > 1 ? real{1000 * std::numeric_limits<double>::min()} : 0);  // what is made of exp underflows early, times x up to 750
    bool const close = std::fabs(values[i] - exact) <= allowed && (rounded != 0 || !l.sign_of_zero || l.ulp > 1);
    BOOST_CHECK_MESSAGE(close, text_of(l, points[i]) << " in " << to_string(type) << " is " << values[i] << ", and has to be " << static_cast<double>(exact));
  }
}

std::vector<point> smooth_points(law const& l) {
  numbers x{-2.3, -1.2, -0.4, 0.35, 0.9, 1.7, 2.6};
  if (l.smooth == domain::positive) x = {0.15, 0.6, 1.1, 2.7, 9.5};
  if (l.smooth == domain::unit_interval) x = {-0.93, -0.4, 0.05, 0.3, 0.88};
  if (l.smooth == domain::above_minus_1) x = {-0.9, -0.3, 0.2, 1.5, 12};
  return grid(l, x, {-1.9, -0.7, 0.45, 1.3, 3.1}, {-1.1, 0.7, 2.2});
}

/// The gradients of sum(w * f) by each floating operand, at each point; with `again`, of sum(w' * gradient) for all gradients.
struct gradients {
  std::vector<numbers> first;
  std::vector<std::vector<numbers>> second;  ///< [k][j]: by operand j of the gradient by operand k
};
gradients gradients_of(law const& l, std::vector<point> const& points, bool again) {
  applied a(l.code, dtype::float64, static_cast<std::int64_t>(points.size()));
  value y = is_floating(a.result.type()) ? a.result : detail::cast(a.result, dtype::float64);
  gradients all;
  auto const inputs = a.inputs(points);
  graph g = a.b.g;
  std::vector<value> by;
  for (int k = 0; k < info(l.code).arity; ++k)
    if (a.operands[k].type() == dtype::float64) by.push_back(a.operands[k]);
  std::vector<value> requests;
  for (value x : by) requests.push_back(gradient(sum_of(y), x));
  std::size_t const firsts = requests.size();
  if (again)
    for (std::size_t k = 0; k < firsts; ++k)
      for (value x : by) requests.push_back(gradient(sum_of(requests[k]), x));
  BOOST_REQUIRE_MESSAGE(a.b.ok(), a.b.error.view());
  g = a.b.g;
  for (value r : requests) g.outputs.push_back(r.id);
  auto const values = interpret(differentiate(g), inputs, {});
  std::vector<numbers> columns;
  for (auto const& v : values) columns.push_back(numbers_of(v, dtype::float64));
  all.first.assign(columns.begin(), columns.begin() + static_cast<long>(firsts));
  if (again)
    for (std::size_t k = 0; k < firsts; ++k)
      all.second.emplace_back(columns.begin() + static_cast<long>(firsts * (k + 1)), columns.begin() + static_cast<long>(firsts * (k + 2)));
  return all;
}
/// The coordinates of a point by which there are gradients.
std::vector<std::size_t> floating_operands(law const& l) {
  std::vector<std::size_t> which;
  for (std::size_t k = l.code == op::where ? 1 : 0; k < static_cast<std::size_t>(info(l.code).arity); ++k) which.push_back(k);
  return which;
}
constexpr double step = 1e-5;
std::vector<point> moved(std::vector<point> points, std::size_t coordinate, double by) {
  for (auto& p : points) p[coordinate] += by;
  return points;
}
numbers values_of(law const& l, std::vector<point> const& points) {
  applied a(l.code, dtype::float64, static_cast<std::int64_t>(points.size()));
  return run(with_outputs(a.b, {a.result}), a.inputs(points));
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_map_has_a_law) {
  for (int code = 0; code < op_count; ++code) {
    if (info(static_cast<op>(code)).kind != op_kind::map || info(static_cast<op>(code)).result == result_rule::word) continue;
    auto const found = std::count_if(std::begin(laws), std::end(laws), [&](law const& l) { return static_cast<int>(l.code) == code; });
    BOOST_CHECK_MESSAGE(found == 1, name_of(static_cast<op>(code)) << " has " << found << " entries in tests/laws/laws.hpp, and needs one");
  }
}

BOOST_AUTO_TEST_CASE(values_in_float64) {
  for (law const& l : laws) check_values(l, dtype::float64);
}
BOOST_AUTO_TEST_CASE(values_in_float32) {
  for (law const& l : laws) check_values(l, dtype::float32);
}

// Derivatives against the textbook's (relative error 1e-12) and against differences of values (1e-7: h^2 f''' and 2^-53 f / h).
BOOST_AUTO_TEST_CASE(first_derivatives) {
  for (law const& l : laws) {
    auto const points = smooth_points(l);
    auto const g = gradients_of(l, points, false);
    auto const which = floating_operands(l);
    BOOST_REQUIRE_EQUAL(g.first.size(), which.size());
    for (std::size_t k = 0; k < which.size(); ++k) {
      auto const above = values_of(l, moved(points, which[k], step)), below = values_of(l, moved(points, which[k], -step));
      for (std::size_t i = 0; i < points.size(); ++i) {
        auto const [x, y, z] = points[i];
        double const expected = l.d[which[k]] ? static_cast<double>(l.d[which[k]](x, y, z)) : 0;
        BOOST_CHECK_MESSAGE(near(g.first[k][i], expected, 1e-12), "d" << which[k] << ' ' << text_of(l, points[i]) << " is " << g.first[k][i] << ", and has to be " << expected);
        if (l.code == op::detach) continue;
        double const difference = (above[i] - below[i]) / (2 * step);
        BOOST_CHECK_MESSAGE(near(g.first[k][i], difference, 1e-7), "d" << which[k] << ' ' << text_of(l, points[i]) << " is " << g.first[k][i] << ", by differences " << difference);
      }
    }
  }
}

// The gradient of the gradient, against differences of the first and against each other (d/dx d/dy = d/dy d/dx).
BOOST_AUTO_TEST_CASE(second_derivatives) {
  for (law const& l : laws) {
    if (l.code == op::power) continue;  // below
    auto const points = smooth_points(l);
    auto const g = gradients_of(l, points, true);
    auto const which = floating_operands(l);
    for (std::size_t k = 0; k < which.size(); ++k)
      for (std::size_t j = 0; j < which.size(); ++j) {
        auto const above = gradients_of(l, moved(points, which[j], step), false), below = gradients_of(l, moved(points, which[j], -step), false);
        for (std::size_t i = 0; i < points.size(); ++i) {
          double const difference = (above.first[k][i] - below.first[k][i]) / (2 * step);
          BOOST_CHECK_MESSAGE(near(g.second[k][j][i], difference, 1e-6),
                              "d" << which[k] << 'd' << which[j] << ' ' << text_of(l, points[i]) << " is " << g.second[k][j][i] << ", by differences " << difference);
          BOOST_CHECK_MESSAGE(near(g.second[k][j][i], g.second[j][k][i], 1e-11), "d" << which[k] << 'd' << which[j] << ' ' << text_of(l, points[i]) << " is not symmetric");
        }
      }
  }
}
BOOST_AUTO_TEST_CASE(second_derivatives_of_pow) {
  law const& l = *std::find_if(std::begin(laws), std::end(laws), [](law const& one) { return one.code == op::power; });
  auto const points = smooth_points(l);
  auto const g = gradients_of(l, points, true);
  for (std::size_t i = 0; i < points.size(); ++i) {
    real const x = points[i][0], n = points[i][1];
    BOOST_TEST(near(g.second[0][0][i], static_cast<double>(n * (n - 1) * std::pow(x, n - 2)), 1e-12));
    BOOST_TEST(near(g.second[0][1][i], static_cast<double>(std::pow(x, n - 1) * (1 + n * std::log(x))), 1e-12));
    BOOST_TEST(near(g.second[1][0][i], static_cast<double>(std::pow(x, n - 1) * (1 + n * std::log(x))), 1e-12));
    BOOST_TEST(near(g.second[1][1][i], static_cast<double>(std::pow(x, n) * std::log(x) * std::log(x)), 1e-12));
  }
}

namespace {
struct kink {
  op code;
  point at;
  point expected;
};
// What PyTorch 2 gives (tools/autograd/derivatives.yaml), and limits of derivatives.
const kink kinks[] = {
    {op::relu, {0}, {0}},
    {op::relu, {-0.0}, {0}},
    {op::abs, {0}, {0}},
    {op::abs, {-0.0}, {0}},
    {op::sign, {0}, {0}},
    {op::floor, {2}, {0}},
    {op::ceil, {2}, {0}},
    {op::round, {2.5}, {0}},
    {op::maximum, {3, 3}, {0.5, 0.5}},
    {op::minimum, {3, 3}, {0.5, 0.5}},
    {op::maximum, {0.0, -0.0}, {0.5, 0.5}},
    {op::clamp, {-1, -1, 2}, {1, 0, 0}},
    {op::clamp, {2, -1, 2}, {1, 0, 0}},
    {op::clamp, {-3, -1, 2}, {0, 1, 0}},
    {op::clamp, {3, -1, 2}, {0, 0, 1}},
    {op::clamp, {0, 2, -1}, {0, 0, 1}},  // low > high: the result is high
    {op::power, {0, 0}, {0, 0}},
    {op::power, {3, 0}, {0, 1.0986122886681098}},  // log 3
    {op::power, {0, 2}, {0, 0}},
    {op::power, {0, 1}, {1, 0}},
    {op::power, {-2, 3}, {12, not_a_number}},
    {op::power, {-2, 0}, {0, not_a_number}},
    {op::power, {0, 0.5}, {infinity, 0}},
    {op::sqrt, {0}, {infinity}},
    {op::cbrt, {0}, {infinity}},
    {op::log, {0}, {infinity}},
    {op::asin, {1}, {infinity}},
    {op::acos, {1}, {-infinity}},
    {op::hypot, {0, 0}, {not_a_number, not_a_number}},
    {op::hypot, {0, 2}, {0, 1}},
    {op::where, {1, infinity, not_a_number}, {0, 1, 0}},
    {op::where, {0, infinity, not_a_number}, {0, 0, 1}},
    {op::softplus, {1000}, {1}},
    {op::softplus, {-1000}, {0}},
    {op::sigmoid, {1000}, {0}},
    {op::sigmoid, {-1000}, {0}},
    {op::tanh, {1000}, {0}},
    {op::silu, {0}, {0.5}},
    {op::silu, {1e17}, {1}},
    {op::silu, {-1000}, {0}},
    {op::gelu, {0}, {0.5}},
    {op::gelu, {1e17}, {1}},
    {op::erf, {1000}, {0}},
    {op::log1p, {-1}, {infinity}},
    {op::atan, {1e200}, {0}},
    {op::expm1, {-infinity}, {0}},
};
}  // namespace

BOOST_AUTO_TEST_CASE(derivatives_at_kinks) {
  for (kink const& k : kinks) {
    law const& l = *std::find_if(std::begin(laws), std::end(laws), [&](law const& one) { return one.code == k.code; });
    auto const g = gradients_of(l, {k.at}, false);
    auto const which = floating_operands(l);
    for (std::size_t j = 0; j < which.size(); ++j)
      BOOST_CHECK_MESSAGE(near(g.first[j][0], k.expected[which[j]], 1e-15), "d" << which[j] << ' ' << text_of(l, k.at) << " is " << g.first[j][0] << ", and has to be " << k.expected[which[j]]);
  }
}

// The branch that a constant exponent takes.
BOOST_AUTO_TEST_CASE(derivative_of_a_constant_power) {
  struct { double x, n, expected, second; } const cases[] = {
      {0, 0, 0, 0}, {5, 0, 0, 0}, {0, 1, 1, 0}, {0, 2, 0, 2}, {-2, 3, 12, -12}, {0, 0.5, infinity, -infinity}, {4, 0.5, 0.25, -0.03125}, {2, -1, -0.25, 0.25}, {0, 3, 0, 0}, {not_a_number, 0, 0, 0}, {not_a_number, 1, 1, 0}};
  for (auto const& c : cases) {
    builder b;
    value x = symbol(b, "x");
    value first = gradient(ctgrad::pow(x, c.n), x), second = gradient(first, x);
    graph const g = with_outputs(b, {first, second});
    BOOST_CHECK_MESSAGE(near(run(g, {tensor(dtype::float64, {}, {c.x})}, 0), {c.expected}, 1e-15), c.x << " ^ " << c.n);
    BOOST_CHECK_MESSAGE(near(run(g, {tensor(dtype::float64, {}, {c.x})}, 1), {c.second}, 1e-15), "twice " << c.x << " ^ " << c.n);
  }
}

// Dtypes of results, and values, for integers and bool.
BOOST_AUTO_TEST_CASE(integers_and_bools) {
  auto const result_of = [](outcome o, dtype type) { return o == outcome::same ? type : o == outcome::boolean ? dtype::bool_ : dtype::float32; };
  for (law const& l : laws)
    for (dtype type : {dtype::bool_, dtype::int32, dtype::int64}) {
      outcome const expected = type == dtype::bool_ ? l.of_bools : l.of_integers;
      numbers const axis = type == dtype::bool_ ? numbers{0, 1} : numbers{-3, -1, 0, 1, 2, 5};
      auto points = grid(l, axis, axis, axis);
      if (l.code == op::power) std::erase_if(points, [](point const& p) { return p[1] < 0; });  // see below
      applied a(l.code, type, static_cast<std::int64_t>(points.size()), dtype::float32);
      BOOST_CHECK_MESSAGE(a.b.ok() == (expected != outcome::error), name_of(l.code) << " of " << to_string(type) << ": " << a.b.error.view());
      if (expected == outcome::error || !a.b.ok()) continue;
      dtype const result = result_of(expected, type);
      BOOST_CHECK_MESSAGE(a.result.type() == result, name_of(l.code) << " of " << to_string(type) << " is " << to_string(a.result.type()) << ", and has to be " << to_string(result));
      auto const values = run(with_outputs(a.b, {a.result}), a.inputs(points));
      for (std::size_t i = 0; i < points.size(); ++i) {
        real exact = l.f(points[i][0], points[i][1], points[i][2]);
        if (result == dtype::float32) exact = static_cast<float>(exact);
        if (result == dtype::bool_) exact = exact != 0;
        bool const close = same(values[i], static_cast<double>(exact)) || values[i] == exact ||
                           (result == dtype::float32 && std::fabs(values[i] - exact) <= ulp_of(exact, result)) ||
                           (l.absolute != 0 && std::fabs(values[i] - exact) <= 0x1p-50L);
        BOOST_CHECK_MESSAGE(close, text_of(l, points[i]) << " in " << to_string(type) << " is " << values[i] << ", and has to be " << static_cast<double>(exact));
      }
    }
}
// Integers wrap, as PyTorch's; a negative power is 0 but for 1 and -1.
BOOST_AUTO_TEST_CASE(integers_at_their_limits) {
  struct { op code; dtype type; std::int64_t x, y, expected; } const cases[] = {
      {op::power, dtype::int64, 2, -1, 0}, {op::power, dtype::int64, 1, -5, 1}, {op::power, dtype::int32, -1, -3, -1}, {op::power, dtype::int32, -1, -4, 1},
      {op::power, dtype::int32, 3, 21, 1870418611},  // 3^21 mod 2^32
      {op::add, dtype::int32, 2147483647, 1, -2147483648}, {op::multiply, dtype::int32, 65536, 65536, 0}, {op::negative, dtype::int32, -2147483648, 0, -2147483648},
      {op::abs, dtype::int32, -2147483648, 0, -2147483648}, {op::add, dtype::int64, INT64_MAX, 1, INT64_MIN}, {op::subtract, dtype::int64, INT64_MIN, 1, INT64_MAX},
      {op::multiply, dtype::int64, INT64_MAX, 2, -2}, {op::negative, dtype::int64, INT64_MIN, 0, INT64_MIN}, {op::abs, dtype::int64, INT64_MIN, 0, INT64_MIN}};
  for (auto const& c : cases) {
    applied a(c.code, c.type, 1);
    detail::list<tensor_value> inputs{{{1}, {{0, c.x}}}};
    if (info(c.code).arity == 2) inputs.push_back({{1}, {{0, c.y}}});
    auto const got = interpret(with_outputs(a.b, {a.result}), inputs, {})[0].elements[0].integer;
    BOOST_CHECK_MESSAGE(got == c.expected, name_of(c.code) << '(' << c.x << ", " << c.y << ") in " << to_string(c.type) << " is " << got << ", and has to be " << c.expected);
  }
}
BOOST_AUTO_TEST_CASE(casts) {
  struct { dtype from; double x; dtype to; double expected; } const cases[] = {
      {dtype::float64, 2.9, dtype::int32, 2}, {dtype::float64, -2.9, dtype::int64, -2}, {dtype::float64, 0.5, dtype::bool_, 1}, {dtype::float64, not_a_number, dtype::bool_, 1},
      {dtype::float64, -0.0, dtype::bool_, 0}, {dtype::float64, 0.1, dtype::float32, 0x1.99999ap-4}, {dtype::float64, 1e300, dtype::float32, infinity},
      {dtype::int64, 16777217, dtype::float32, 16777216}, {dtype::int64, 4294967299, dtype::int32, 3}, {dtype::int32, -7, dtype::bool_, 1}, {dtype::bool_, 1, dtype::float32, 1},
      {dtype::bool_, 1, dtype::int64, 1}, {dtype::float32, 3e9, dtype::int32, -2147483648.0}, {dtype::float64, not_a_number, dtype::int64, -0x1p63}, {dtype::float64, infinity, dtype::int64, -0x1p63}};
  for (auto const& c : cases) {
    applied a(op::cast, c.from, 1, c.to);
    auto const got = run(with_outputs(a.b, {a.result}), {tensor(c.from, {1}, {c.x})})[0];
    BOOST_CHECK_MESSAGE(same(got, c.expected), c.x << " from " << to_string(c.from) << " to " << to_string(c.to) << " is " << got);
  }
}
BOOST_AUTO_TEST_CASE(casts_carry_gradients_between_floating_dtypes_only) {
  builder b;
  value x = symbol(b, "x", dtype::float32);
  value to_double = gradient(detail::cast(x, dtype::float64) * 3, x), to_integer = gradient(detail::cast(detail::cast(x, dtype::int32), dtype::float32) * 3, x);
  BOOST_TEST((to_double.type() == dtype::float32));
  graph const g = with_outputs(b, {to_double, to_integer});
  auto const in = tensor(dtype::float32, {}, {1.5});
  BOOST_TEST(same(run(g, {in}, 0), {3}));
  BOOST_TEST(same(run(g, {in}, 1), {0}));
}
