// Values of expressions in the compiler: plain evaluation, and gradients checked against finite differences.
// The interpreter does it, on the same graph that programs are made from.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "arguments.hpp"
#include "gradient.hpp"

#include <iterator>

namespace ctgrad {

/// The elements of a tensor that was evaluated in the compiler, in row-major order.
template <class T>
struct evaluated {
  detail::list<std::int64_t> extents;
  detail::list<T> elements;
  constexpr T operator[](std::size_t i) const { return elements[i]; }
  constexpr std::size_t size() const { return elements.size(); }
};

namespace detail {

/// What `evaluate` and `gradient_check` read of an expression's graph: as it is after differentiation.
template <class E>
struct evaluation {
  static constexpr auto const& graph = graph_after<source_graph<E>, formula_pass_count>;
};

template <class T>
concept nested_range = requires(T const& t) {
  std::begin(t);
  std::end(t);
};
template <nested_range T>
using part_of = std::remove_cvref_t<decltype(*std::begin(std::declval<T const&>()))>;

template <class Data>
constexpr int range_rank() {
  if constexpr (nested_range<Data>) return 1 + range_rank<part_of<Data>>();
  else return 0;
}
template <class Data>
struct innermost {
  using type = Data;
};
template <nested_range Data>
struct innermost<Data> : innermost<part_of<Data>> {};

/// As names_error, for data that may be nested ranges.
template <class Binding>
constexpr argument_info value_info_of() {
  argument_info a = argument_info_of<Binding>();
  using data = std::remove_cvref_t<decltype(Binding::data)>;
  if constexpr (nested_range<data>) {
    using T = typename innermost<data>::type;
    a.rank = range_rank<data>();
    a.is_bindable = a.is_number = std::is_arithmetic_v<T>;  // converted element by element
    if constexpr (element<T>) a.type = dtype_of<T>;
  }
  return a;
}
template <class P, class... Bindings>
struct values_error {
  constexpr message operator()() const {
    argument_info arguments[] = {value_info_of<Bindings>()..., argument_info{}};
    return check_names<P>(arguments, sizeof...(Bindings));
  }
};

/// A number, or (nested) ranges of numbers, as a tensor of dtype `type`.
template <class Data>
constexpr void append_elements(tensor_value& t, Data const& data, dtype type, std::size_t axis = 0) {
  if constexpr (std::is_arithmetic_v<Data>) {
    if (is_floating(type)) t.elements.push_back(scalar::from(static_cast<double>(data), type));
    else t.elements.push_back(scalar::from(static_cast<std::int64_t>(data), type));
  } else if constexpr (nested_range<Data>) {
    if (t.extents.size() <= axis) t.extents.push_back(static_cast<std::int64_t>(std::size(data)));
    for (auto const& part : data) append_elements(t, part, type, axis + 1);
  } else {
    auto const v = view_of(data);
    for (auto e : v.shape()) t.extents.push_back(e);
    odometer o(t.extents);
    for (std::int64_t k = product_of(t.extents); k > 0; --k, o.next()) {
      std::int64_t offset = 0;
      for (std::size_t i = 0; i < t.extents.size(); ++i) offset += o.at[i] * v.strides()[i];
      append_elements(t, v.data()[offset], type);
    }
  }
}

/// The bound values by symbol, and what they say of the extents.
struct bound_values {
  list<tensor_value> tensors;
  extent_binding extents;
};
template <class Graph, class... Bindings>
constexpr bound_values bind_values(Graph const& g, Bindings const&... bindings) {
  bound_values b;
  for (std::size_t i = 0; i < g.symbols.size(); ++i) {
    tensor_value t;
    auto const& s = g.symbols[i];
    ((std::string_view(target_name<typename Bindings::target>) == s.view() ? append_elements(t, bindings.data, s.type) : void()), ...);
    shape const& needed = g.shapes[static_cast<std::size_t>(index(s.shape))];
    if (static_cast<int>(t.extents.size()) != needed.rank) throw "ctgrad: evaluate: data of another rank than its symbol";
    for (int axis = 0; axis < needed.rank; ++axis) {
      extent_name const name = needed[axis].name();
      if (name.characters && !b.extents.find(name)) b.extents.entries.push_back({name, t.extents[static_cast<std::size_t>(axis)]});
    }
    b.tensors.push_back(t);
  }
  for (std::size_t i = 0; i < g.symbols.size(); ++i) {
    shape const& needed = g.shapes[static_cast<std::size_t>(index(g.symbols[i].shape))];
    for (int axis = 0; axis < needed.rank; ++axis)
      if (needed[axis].evaluate(b.extents) != b.tensors[i].extents[static_cast<std::size_t>(axis)]) throw "ctgrad: evaluate: data of another extent than its symbol";
  }
  return b;
}

/// `g` with float64 for every floating-point number: finite differences need the digits.
constexpr graph widened(graph g) {
  for (auto& s : g.symbols)
    if (is_floating(s.type)) s.type = dtype::float64;
  for (auto& n : g.nodes)
    if (is_floating(n.type)) n.type = dtype::float64;
  return g;
}

template <class Target, class... Bindings>
constexpr bool is_bound = (std::is_same_v<Target, typename Bindings::target> || ...);

}  // namespace detail

/// The value of `e` where the symbols are as bound, in a constant expression or at run time: a number, or for tensors `evaluated`.
/// Data are numbers, (nested) ranges, arrays and views. Throws (is no constant expression) where extents do not fit.
template <expression E, bound... Bindings>
constexpr auto evaluate(E const&, Bindings const&... bindings) {
  using source = detail::evaluation<E>;
  detail::require_no_error<detail::values_error<source, Bindings...>>();
  auto const b = detail::bind_values(source::graph, bindings...);
  auto const result = detail::interpret(source::graph.thaw(), b.tensors, b.extents)[0];
  constexpr dtype type = source::graph.nodes[static_cast<std::size_t>(detail::index(source::graph.outputs[0]))].type;
  using T = element_t<type>;
  auto number = [](detail::scalar s) { return is_floating(type) ? static_cast<T>(s.real) : static_cast<T>(s.integer); };
  if constexpr (E::type.s.rank == 0) {
    return number(result.elements[0]);
  } else {
    evaluated<T> r{result.extents, {}};
    for (auto const& s : result.elements) r.elements.push_back(number(s));
    return r;
  }
}

namespace detail {

/// Whether the gradient of `Of` by the symbol `By` is that of central differences, in float64, to `tolerance` relative to the largest element.
template <class Of, class By, class... Bindings>
constexpr bool matches_differences(double tolerance, Bindings const&... bindings) {
  using gradient = apply<gradient_function, Of, By>;
  auto const value = widened(evaluation<Of>::graph.thaw()), derivative = widened(evaluation<gradient>::graph.thaw());
  auto const b = bind_values(value, bindings...);
  auto const g = interpret(derivative, bind_values(derivative, bindings...).tensors, b.extents)[0];
  std::size_t place = 0;
  while (place < value.symbols.size() && value.symbols[place].name != target_name<By>) ++place;
  double scale = 1, worst = 0;
  for (std::size_t e = 0; e < g.elements.size(); ++e) {
    double difference = 0;
    if (place < value.symbols.size()) {
      auto moved = b.tensors;
      double& x = moved[place].elements[e].real;
      double const at = x, step = 6e-6 * (at < -1 ? -at : at > 1 ? at : 1);  // the cube root of the rounding error
      x = at + step;
      double const above = interpret(value, moved, b.extents)[0].elements[0].real;
      x = at - step;
      double const below = interpret(value, moved, b.extents)[0].elements[0].real;
      difference = (above - below) / (2 * step);
    }
    double const error = g.elements[e].real - difference, size = difference < 0 ? -difference : difference;
    if (size > scale) scale = size;
    if (!(error <= worst && -error <= worst)) worst = error < 0 ? -error : error;
    if (error != error) return false;
  }
  return worst <= tolerance * scale;
}

template <class E, class Binding>
constexpr bool is_differentiable_target() {
  using target = typename Binding::target;
  if constexpr (expression<target>) return is_floating(target::type.type);
  else return false;
}

}  // namespace detail

/// Whether the gradients of the scalar `e` by every bound float symbol agree with central differences, in the compiler or at run time.
/// The comparison is in float64, to 1e-6 of the largest element; at a kink it fails.
template <expression E, bound... Bindings>
constexpr bool gradient_check(E const&, Bindings const&... bindings) {
  detail::require_no_error<detail::values_error<detail::evaluation<E>, Bindings...>>();
  return ([&] {
    if constexpr (detail::is_differentiable_target<E, Bindings>()) return detail::matches_differences<E, typename Bindings::target>(1e-6, bindings...);
    else return true;
  }() && ...);
}

}  // namespace ctgrad
