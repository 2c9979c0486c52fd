// A program as a Python function: keyword arguments bound by name, results as NumPy arrays or into `out`, the GIL released while loops run.
// Everything is checked before anything is written; what is not a matter of types is in memory.hpp.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "memory.hpp"
#include "names.hpp"

#include "../parameters.hpp"
#include "../program.hpp"

#include <array>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace ctgrad::python {
namespace detail __attribute__((visibility("hidden"))) {

using ctgrad::detail::shape;

/// What a call binds to the symbol of that number.
template <class Compiled, int Number>
struct symbol_of {};

}  // namespace detail
}  // namespace ctgrad::python
template <class Compiled, int Number>
inline constexpr char const* ctgrad::detail::target_name<ctgrad::python::detail::symbol_of<Compiled, Number>> = Compiled::graph.symbols[Number].name;

namespace ctgrad::python {
namespace detail __attribute__((visibility("hidden"))) {

/// A program's symbols and results as values.
template <class Program>
struct interface;
template <int Assigned, class... Outputs>
struct interface<program<Assigned, Outputs...>> {
  using compiled = typename program<Assigned, Outputs...>::compiled;
  static constexpr int symbol_count = compiled::symbol_count, output_count = sizeof...(Outputs);
  using symbol_numbers = std::make_integer_sequence<int, symbol_count>;
  using output_numbers = std::make_integer_sequence<int, output_count>;

  template <int I>
  static constexpr shape symbol_shape = compiled::graph.shapes[static_cast<std::size_t>(index(compiled::graph.symbols[I].shape))];
  template <int I>
  static constexpr dtype symbol_type = compiled::graph.symbols[I].type;
  template <int I>
  using output = std::tuple_element_t<I, std::tuple<Outputs...>>;
  template <int I>
  using output_element = ctgrad::detail::output_element<output<I>>;
  template <int I>
  static constexpr shape output_shape = compiled::template buffer_shape<symbol_count + I>;
  /// Whether output `I` is added to what its array holds.
  static constexpr bool accumulates(int i) { return i >= Assigned; }

  static constexpr auto symbols = []<int... I>(std::integer_sequence<int, I...>) {
    return std::array<wanted, symbol_count>{wanted{"", compiled::symbols[I].view(), symbol_type<I>, symbol_shape<I>.rank}...};
  }(symbol_numbers{});
  static constexpr bool has_symbol(std::string_view name) {
    for (wanted const& w : symbols)
      if (w.name == name) return true;
    return false;
  }
};

/// A new NumPy array.
[[gnu::noinline]] inline nb::object new_array(dtype type, std::int64_t const* extents, int rank) {
  if (!numpy().types[static_cast<int>(type)].is_valid()) throw dtype_error("ctgrad: an output is " + std::string(to_string(type)) + ", which NumPy does not have: pass a tensor of another library as out=");
  nb::object const shape = nb::steal(PyTuple_New(rank));
  if (!shape.is_valid()) throw nb::python_error();
  for (int i = 0; i < rank; ++i) {
    PyObject* const extent = PyLong_FromLongLong(extents[i]);
    if (extent == nullptr) throw nb::python_error();
    PyTuple_SET_ITEM(shape.ptr(), i, extent);
  }
  PyObject* const arguments[] = {shape.ptr(), numpy().types[static_cast<int>(type)].ptr()};
  nb::object const array = nb::steal(PyObject_Vectorcall(numpy().empty.ptr(), arguments, 2, nullptr));
  if (!array.is_valid()) throw nb::python_error();
  return array;
}

template <class T>
nb::object python_number(T x) {
  if constexpr (std::is_same_v<T, bool>) return nb::steal(PyBool_FromLong(x));
  else if constexpr (std::is_integral_v<T>) return nb::steal(PyLong_FromLongLong(x));
  else return nb::steal(PyFloat_FromDouble(static_cast<double>(x)));
}

template <class Target, class View>
binding<Target, View> bind(View const& v) {
  return {v};
}

/// One call of a program.
template <class Program>
class call {
  using of = interface<Program>;
  using compiled = typename of::compiled;

 public:
  nb::object operator()(nb::args const& positional, nb::kwargs const& named, function_names const& names) {
    nb::handle arguments[of::symbol_count + 1];
    nb::object given[of::output_count];
    find_outputs(find_arguments(positional, named, names, arguments), names, given);
    return run(arguments, given, names, typename of::symbol_numbers{}, typename of::output_numbers{});
  }

 private:
  memory inputs[of::symbol_count + 1], outputs[of::output_count];
  nb::object results[of::output_count];

  template <int... S, int... O>
  nb::object run(nb::handle const* arguments, nb::object* given, function_names const& names, std::integer_sequence<int, S...>, std::integer_sequence<int, O...>) {
    (inputs[S].open(arguments[S], of::symbols[S]), ...);
    [[maybe_unused]] auto symbols = std::tuple(bind<symbol_of<compiled, S>>(inputs[S].template as<element_t<of::template symbol_type<S>> const, of::template symbol_shape<S>.rank>(of::symbols[S]))...);
    // Throws where extents do not fit each other.
    std::int64_t const bytes = Program{}.workspace_bytes(std::get<S>(symbols)...);
    std::int64_t dims[compiled::dim_count + 1];
    for (int i = 0; i < compiled::dim_count; ++i) dims[i] = inputs[compiled::dims[i].symbol].extent(compiled::dims[i].axis);
    (open_output<O>(std::move(given[O]), names, dims), ...);
    auto places = std::tuple(bind<typename of::template output<O>>(outputs[O].template as<typename of::template output_element<O>, of::template output_shape<O>.rank>(output_wanted<O>(names)))...);

    static thread_local workspace_memory space(0);
    {
      nb::gil_scoped_release released;
      if (space.bytes() < bytes) space = workspace_memory(0), space = workspace_memory(bytes);
      Program{}.into(space, std::get<S>(symbols)..., std::get<O>(places)...);
    }

    ((results[O].is_valid() ? void() : void(results[O] = python_number(outputs[O].template number<typename of::template output_element<O>>()))), ...);
    if constexpr (of::output_count == 1) {
      return results[0];
    } else {
      // As tuple's own __new__ makes an instance of a subclass.
      auto* const type = reinterpret_cast<PyTypeObject*>(names.result_type.ptr());
      nb::object const tuple = nb::steal(type->tp_alloc(type, of::output_count));
      if (!tuple.is_valid()) throw nb::python_error();
      (PyTuple_SET_ITEM(tuple.ptr(), O, results[O].release().ptr()), ...);
      return tuple;
    }
  }

  template <int I>
  static wanted output_wanted(function_names const& names) {
    return {"output ", names.outputs[I], dtype_of<typename of::template output_element<I>>, of::template output_shape<I>.rank};
  }
  /// The place of output `I`: the caller's array, a number, or a new array.
  template <int I>
  void open_output(nb::object given, function_names const& names, std::int64_t const* dims) {
    constexpr shape s = of::template output_shape<I>;
    wanted const w = output_wanted<I>(names);
    if (given.is_valid()) {
      outputs[I].open_to_write(given, w);
      results[I] = std::move(given);
    } else if (of::accumulates(I)) {
      throw nb::type_error(("ctgrad: " + names.function + " adds to " + names.outputs[I] + ": pass out={\"" + names.outputs[I] + "\": array}").c_str());
    } else if constexpr (s.rank == 0) {
      outputs[I].open_number();
    } else {
      std::int64_t extents[s.rank];
      for (int axis = 0; axis < s.rank; ++axis) extents[axis] = ctgrad::detail::evaluate_extent<compiled>(s[axis], dims);
      results[I] = new_array(w.type, extents, s.rank);
      outputs[I].open_to_write(results[I], w);
    }
  }
};

}  // namespace detail
}  // namespace ctgrad::python
