// Holds compiled programs against the interpreter: random functions that are traced in the compiler, run on arrays of many layouts.
// The oracle is interpret() on the graph before any rewriting, so simplification, fusion, planning and emission all have to be right.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <ctgrad/ctgrad.hpp>

#include "arrays.hpp"
#include "random_graphs.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <string>
#include <vector>

namespace ctgrad::test {

using namespace ctgrad::literals;

inline constexpr auto N = ctgrad::dim("N"_s);
inline constexpr auto M = ctgrad::dim("M"_s);
inline constexpr auto K = ctgrad::dim("K"_s);

template <class E>
inline constexpr auto matrix_a = ctgrad::tensor<E>("a"_s, N, M);
template <class E>
inline constexpr auto matrix_b = ctgrad::tensor<E>("b"_s, M, K);
template <class E>
inline constexpr auto cube_c = ctgrad::tensor<E>("c"_s, N, 1_c, K);
template <class E>
inline constexpr auto vector_d = ctgrad::tensor<E>("d"_s, M);
template <class E>
inline constexpr auto number_e = ctgrad::scalar<E>("e"_s);
inline constexpr auto whole_i = ctgrad::tensor<std::int32_t>("i"_s, M);
inline constexpr auto truth_t = ctgrad::tensor<bool>("t"_s, N, M);

/// A function of the symbols above with some random operations. `Loss`: a scalar that hangs on it.
template <std::uint64_t Seed, int Operations, int Products, bool Loss>
struct random_function {
  template <class... Values>
  static constexpr value trace(value first, Values... others) {
    graph_grower grower(*first.b, Seed, {.products = Products, .max_rank = 3});
    for (value v : {first, others...}) grower.keep(v, is_floating(v.type()) ? 2 : 9, true);
    grower.grow(Operations);
    return Loss ? grower.loss_of_all() : grower.output();
  }
};

/// Runs a program on several extents and layouts, and compares every output with the interpreter's.
template <class E, class Program>
struct emission_check;

template <class E, int Assigned, class... Outputs>
struct emission_check<E, ctgrad::program<Assigned, Outputs...>> {
  using program = ctgrad::program<Assigned, Outputs...>;
  using source = detail::program_source<Assigned, Outputs...>;
  std::string name;
  double tolerance;

  /// A view of random elements with strides of some kind.
  template <class T, std::size_t Rank>
  static view<T, Rank> random_layout(random_numbers& r, std::deque<std::vector<std::byte>>& memory, std::array<std::int64_t, Rank> const& shape) {
    // Axes in a random order, each with room between its elements now and then, forwards or backwards.
    std::array<std::size_t, Rank> order{};
    for (std::size_t i = 0; i < Rank; ++i) order[i] = i;
    if (r.below(2))
      for (std::size_t i = Rank; i > 1; --i) std::swap(order[i - 1], order[static_cast<std::size_t>(r.below(static_cast<int>(i)))]);
    std::array<std::int64_t, Rank> strides{};
    std::int64_t count = 1, first = 0;
    for (std::size_t i = Rank; i-- > 0;) {
      std::size_t const axis = order[i];
      std::int64_t const step = r.below(4) == 0 ? 2 : 1;
      strides[axis] = count * step;
      count *= std::max<std::int64_t>(1, shape[axis]) * step;
      if (r.below(5) == 0 && shape[axis] > 0) first += (shape[axis] - 1) * strides[axis], strides[axis] = -strides[axis];
    }
    memory.emplace_back(static_cast<std::size_t>(count + 1) * sizeof(T));
    T* const data = reinterpret_cast<T*>(memory.back().data());
    for (std::int64_t i = 0; i < count; ++i) data[i] = random_element<T>(r);
    return view<T, Rank>(data + first, shape, strides);
  }
  template <class T, std::size_t Rank>
  static tensor_value tensor_of(view<T, Rank> const& v) {
    tensor_value t{{v.shape().begin(), v.shape().end()}, {}};
    array<std::remove_const_t<T>, Rank> const copy(v);
    for (std::int64_t i = 0; i < copy.size(); ++i) t.elements.push_back(scalar::from(static_cast<double>(copy.data()[i]), dtype::float64).cast(dtype::float64, dtype_of<std::remove_const_t<T>>));
    return t;
  }

  void compare(double seen, scalar expected, dtype type, std::size_t output, std::int64_t element, std::string const& where, int& wrong) const {
    double const y = is_floating(type) ? expected.real : static_cast<double>(expected.integer);
    if (!near(seen, y, is_floating(type) ? tolerance : 0) && wrong++ == 0)
      BOOST_TEST(false, name << ", output " << output << ", element " << element << where << ": " << seen << ", expected " << y);
  }
  template <class Output>
  void compare_output(Output const& seen, tensor_value const& expected, dtype type, std::size_t output, std::string const& where) const {
    int wrong = 0;
    if constexpr (std::is_arithmetic_v<Output>) {
      compare(static_cast<double>(seen), expected.elements[0], type, output, 0, where, wrong);
    } else {
      BOOST_TEST(seen.size() == static_cast<std::int64_t>(expected.elements.size()));
      for (std::int64_t i = 0; i < seen.size(); ++i) compare(static_cast<double>(seen.data()[i]), expected.elements[static_cast<std::size_t>(i)], type, output, i, where, wrong);
    }
  }

  void run(std::int64_t n, std::int64_t m, std::int64_t k, int seed) const {
    random_numbers r{static_cast<std::uint64_t>(seed)};
    std::deque<std::vector<std::byte>> memory;
    auto const a = random_layout<E, 2>(r, memory, {n, m}), b = random_layout<E, 2>(r, memory, {m, k});
    auto const c = random_layout<E, 3>(r, memory, {n, 1, k});
    auto const d = random_layout<E, 1>(r, memory, {m});
    E const e = random_element<E>(r);
    auto const i = random_layout<std::int32_t, 1>(r, memory, {m});
    auto const t = random_layout<bool, 2>(r, memory, {n, m});

    graph const g = detail::differentiate(detail::graph_after<source, 0>.thaw());
    extent_binding bound;
    for (auto const& s : g.symbols) {
      auto const& shape = g[s.shape];
      for (int axis = 0; axis < shape.rank; ++axis)
        if (!shape[axis].is_static()) bound.entries.push_back({shape[axis].name(), shape[axis].name().view() == "N" ? n : shape[axis].name().view() == "M" ? m : k});
    }
    std::int64_t elements = 0;
    for (auto const& s : g.nodes) elements += detail::product_of(detail::extents_of(g[s.shape], bound));
    if (elements > 3000000) return;
    detail::list<tensor_value> inputs;
    for (auto const& s : g.symbols) {
      std::string const of(s.view());
      if (of == "a") inputs.push_back(tensor_of(a));
      else if (of == "b") inputs.push_back(tensor_of(b));
      else if (of == "c") inputs.push_back(tensor_of(c));
      else if (of == "d") inputs.push_back(tensor_of(d));
      else if (of == "e") inputs.push_back({{}, {scalar::from(static_cast<double>(e), dtype_of<E>)}});
      else if (of == "i") inputs.push_back(tensor_of(i));
      else inputs.push_back(tensor_of(t));
    }
    auto const expected = detail::interpret(g, inputs, bound);
    std::string const where = " (" + std::to_string(n) + ", " + std::to_string(m) + ", " + std::to_string(k) + ")";

    auto const bindings = std::tuple_cat(bound_to(matrix_a<E>, a), bound_to(matrix_b<E>, b), bound_to(cube_c<E>, c), bound_to(vector_d<E>, d), bound_to(number_e<E>, e), bound_to(whole_i, i),
                                         bound_to(truth_t, t));
    auto const results = std::apply([](auto const&... all) { return program{}(all...); }, bindings);
    workspace_memory space(workspace_bytes(n, m, k));
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (compare_output(std::get<I>(results.values), expected[I], g[g.outputs[I]].type, I, where), ...);
      auto const outputs = std::tuple{layout_of(r, memory, std::get<I>(results.values))...};
      std::apply([&](auto const&... all) { program{}.into(space, all..., (Outputs{} = std::get<I>(outputs))...); }, bindings);
      (compare_output(array(std::get<I>(outputs)), expected[I], g[g.outputs[I]].type, I, where + ", into strided memory"), ...);
    }(std::index_sequence_for<Outputs...>{});
  }
  /// The binding of a symbol that the program has, or nothing.
  template <class Symbol, class Data>
  static auto bound_to(Symbol, Data const& data) {
    constexpr bool known = [] {
      for (auto const& s : program::compiled::graph.symbols)
        if (s.view() == detail::name_of<typename Symbol::name_type>) return true;
      return false;
    }();
    if constexpr (known) return std::tuple(binding<Symbol, Data const&>{data});
    else return std::tuple();
  }
  static std::int64_t workspace_bytes(std::int64_t n, std::int64_t m, std::int64_t k) {
    std::int64_t dims[4]{};
    for (int i = 0; i < program::compiled::dim_count; ++i) {
      auto const of = program::compiled::dims[static_cast<std::size_t>(i)].name.view();
      dims[i] = of == "N" ? n : of == "M" ? m : k;
    }
    detail::array_ref arrays[program::compiled::buffer_count + 1];
    return detail::lay_out_temporaries<typename program::compiled>(arrays, dims, nullptr).bytes(detail::thread_count());
  }
  template <class Value>
  static auto layout_of(random_numbers& r, std::deque<std::vector<std::byte>>& memory, Value const& like) {
    if constexpr (std::is_arithmetic_v<Value>) return random_layout<Value, 0>(r, memory, {});
    else return random_layout<typename Value::value_type, Value::rank>(r, memory, like.shape());
  }
};

template <class E, class Program>
void check_outputs(Program, std::string const& name) {
  emission_check<E, Program> const check{name, std::is_same_v<E, float> ? 2e-3 : 1e-8};
  int seed = 1;
  for (auto [n, m, k] : {std::array{1, 1, 1}, std::array{3, 2, 4}, std::array{7, 33, 1}, std::array{1, 7, 33}, std::array{33, 1, 7}, std::array{2, 300, 3}, std::array{300, 2, 1}, std::array{2, 3, 300}, std::array{5, 16, 17}})
    check.run(n, m, k, seed++);
}
template <class E, std::uint64_t Seed, int Operations, int Products, bool Loss>
constexpr auto random_expression() {
  return detail::make_expression<random_function<Seed, Operations, Products, Loss>, std::remove_cvref_t<decltype(matrix_a<E>)>, std::remove_cvref_t<decltype(matrix_b<E>)>,
                              std::remove_cvref_t<decltype(cube_c<E>)>, std::remove_cvref_t<decltype(vector_d<E>)>, std::remove_cvref_t<decltype(number_e<E>)>,
                              std::remove_cvref_t<decltype(whole_i)>, std::remove_cvref_t<decltype(truth_t)>>();
}
/// Whether this build takes the seed: all of them, or those that are CTGRAD_SEEDS modulo 2, where a build with another compiler takes the others (share, in meson_options.txt).
constexpr bool takes_seed([[maybe_unused]] std::uint64_t seed) {
#ifdef CTGRAD_SEEDS
  return seed % 2 == CTGRAD_SEEDS;
#else
  return true;
#endif
}
template <class E, std::uint64_t Seed, int Operations, int Products>
void check_random_function() {
  if constexpr (takes_seed(Seed)) {
    constexpr auto out = random_expression<E, Seed, Operations, Products, false>();
    constexpr auto loss = random_expression<E, Seed, Operations, Products, true>();
    check_outputs<E>(ctgrad::compile(out, loss, ctgrad::grad(loss, matrix_a<E>, matrix_b<E>, cube_c<E>, vector_d<E>, number_e<E>)), "seed " + std::to_string(Seed));
  }
}
/// One program for each seed from `First` on.
template <class E, int Operations, std::uint64_t First, int Products = 1, std::size_t... Seeds>
void check_random_functions(std::index_sequence<Seeds...>) {
  (check_random_function<E, First + Seeds, Operations, Products>(), ...);
}

}  // namespace ctgrad::test
