// Programs under short names: what computes the same is one program, whatever it was written as, and nothing else is.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE compiled
#include <ctgrad/ctgrad.hpp>

#include "../../arrays.hpp"

#include <boost/test/unit_test.hpp>

#include <string_view>
#include <typeinfo>
#include <vector>

namespace ct = ctgrad;
using namespace ct::literals;

namespace {

constexpr auto N = ct::dim("N"_s);
constexpr auto M = ct::dim("M"_s);
constexpr auto x = ct::tensor<float>("x"_s, N);

constexpr auto square = ct::fn([](auto x) { return ct::sum(x * x); });
constexpr auto again = ct::fn([](auto x) { return ct::sum(x * x); });  // another type
constexpr auto cube = ct::fn([](auto x) { return ct::sum(x * x * x); });

template <auto const& Program>
using loops_of = typename std::remove_cvref_t<decltype(Program)>::compiled;
template <auto const& A, auto const& B>
constexpr bool one = std::is_same_v<loops_of<A>, loops_of<B>>;

constexpr auto f = ct::compile(square(x), ct::grad(square(x), x));
constexpr auto g = ct::compile(again(x), ct::grad(again(x), x));
constexpr auto plain = ct::compile(ct::sum(x * x), ct::grad(ct::sum(x * x), x));
static_assert(!std::is_same_v<decltype(f), decltype(g)>);
static_assert(one<f, g> && one<f, plain>);

constexpr auto h = ct::compile(cube(x), ct::grad(cube(x), x));
constexpr auto wide = ct::tensor<double>("x"_s, N);
constexpr auto in_double = ct::compile(square(wide), ct::grad(square(wide), wide));
constexpr auto longer = ct::tensor<float>("x"_s, M);
constexpr auto of_m = ct::compile(square(longer), ct::grad(square(longer), longer));
constexpr auto named = ct::tensor<float>("xx"_s, N);
constexpr auto of_xx = ct::compile(square(named), ct::grad(square(named), named));
constexpr auto value_only = ct::compile(square(x));
constexpr auto other_way = ct::compile(ct::grad(square(x), x), square(x));
constexpr auto accumulating = ct::backward(square(x), x);
static_assert(!one<f, h> && !one<f, in_double> && !one<f, of_m> && !one<f, of_xx> && !one<f, value_only> && !one<f, other_way>);
static_assert(!std::is_same_v<loops_of<f>, typename decltype(accumulating)::program_type::compiled>);

/// A deep formula of many parameters.
template <class X, int... I>
constexpr auto many(X h, std::integer_sequence<int, I...>) {
  ((h = ct::tanh(h * 0.5 + static_cast<double>(I))), ...);
  return ct::mean(h);
}
constexpr auto deep = ct::fn([](auto x) { return many(x, std::make_integer_sequence<int, 40>{}); });
constexpr auto deep_step = ct::compile(deep(x), ct::grad(deep(x), x));

// The gradient of a large expression has a short name for it, whatever the expression is made of; parameters are found through it.
constexpr auto v = ct::parameter<double>("v"_s, 3_c);
constexpr auto w = ct::parameter<double>("w"_s, 3_c);
constexpr auto large = ct::sum(v * v * v * v * v * v * w * w * w * w * w * w * w * w);
constexpr auto slope = ct::grad(large, v);
static_assert(decltype(large)::tree_size > ct::detail::short_expression_size);
static_assert(std::is_same_v<decltype(slope), decltype(ct::grad(large, v)) const> && !std::is_same_v<decltype(slope), decltype(ct::grad(large, w)) const>);
static_assert(!std::is_same_v<decltype(slope), decltype(ct::grad(large + 1_c, v)) const>);
static_assert(ct::equivalent(slope, 6_c * (v * v * v * v * v) * ct::pow(w, 8_c)));
static_assert(ct::equivalent(ct::grad(ct::sum(slope), v), 30_c * (v * v * v * v) * ct::pow(w, 8_c)));
static_assert(std::is_same_v<decltype(ct::parameters_of(slope)), decltype(ct::parameters_of(large))>);
// What is equal as a graph, and has parameters that begin otherwise, keeps them.
constexpr auto drawn = ct::parameter<double>("v"_s, ct::initial::ones{}, 3_c);
constexpr auto other = ct::sum(drawn * drawn * drawn * drawn * drawn * drawn * w * w * w * w * w * w * w * w);
static_assert(std::is_same_v<decltype(ct::parameters_of(ct::grad(other, drawn))), decltype(ct::parameters_of(other))>);
static_assert(!std::is_same_v<decltype(ct::parameters_of(other)), decltype(ct::parameters_of(large))>);

}  // namespace

BOOST_AUTO_TEST_CASE(names_are_short) {
  BOOST_TEST(std::string_view(typeid(slope).name()).size() < 250u);
  BOOST_TEST(std::string_view(typeid(large).name()).size() > 400u);
  // As the linker has it: two numbers of 64 bits and what is around them.
  BOOST_TEST(std::string_view(typeid(loops_of<deep_step>).name()).size() < 120u);
  BOOST_TEST(std::string_view(typeid(loops_of<f>).name()).size() < 120u);
}

BOOST_AUTO_TEST_CASE(programs_that_share_their_loops_compute_the_same) {
  std::vector<float> const in{1, -2, 0.5f};
  auto check = [&](auto const& program, std::vector<float> const& slopes, float value) {
    auto [v, slope] = program(x = in);
    BOOST_TEST(v == value);
    for (std::size_t i = 0; i < in.size(); ++i) BOOST_TEST(slope(static_cast<std::int64_t>(i)) == slopes[i]);
  };
  check(f, {2, -4, 1}, 5.25f);
  check(g, {2, -4, 1}, 5.25f);
  check(plain, {2, -4, 1}, 5.25f);
  check(h, {3, 12, 0.75f}, -6.875f);
}

BOOST_AUTO_TEST_CASE(each_program_has_its_own_outputs) {
  std::vector<float> const in{3, 4};
  auto [alone] = value_only(x = in);
  BOOST_TEST(alone == 25.0f);
  auto [slope, value] = other_way(x = in);
  BOOST_TEST(value == 25.0f);
  BOOST_TEST(slope(1) == 8.0f);
  auto [other_value, other_slope] = of_xx(named = in);
  BOOST_TEST(other_value == 25.0f);
  BOOST_TEST(other_slope(0) == 6.0f);
}
