// What Python shows of a program: its signature, and a docstring with the dtype and shape of every argument and result.
// Read off the compiled program, so that it is never out of date.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "function.hpp"

#include <initializer_list>
#include <string>
#include <vector>

namespace ctgrad::python {
namespace detail __attribute__((visibility("hidden"))) {

/// `float32[N, 784]`; an extent without a name is `*`, a number has no brackets.
[[gnu::cold, gnu::noinline]] inline std::string type_text(dtype type, shape const& s) {
  std::string text(to_string(type));
  for (int i = 0; i < s.rank; ++i) {
    ctgrad::detail::message m;
    m << s[i];
    text += (i ? ", " : "[") + (s[i].is_anonymous() ? "*" : ctgrad::detail::to_text(m));
  }
  return s.rank ? text + "]" : text;
}

/// `step(*, X, y, w, out=None)` in Python's words.
[[gnu::cold]] inline std::string signature_text(function_names const& names) {
  return "def " + names.function + "(*, " + list_of(names.symbols) + (names.symbols.empty() ? "" : ", ") + "out=None)";
}

template <class Program>
[[gnu::cold]] std::string docstring(function_names const& names) {
  using of = interface<Program>;
  std::string text;
  [&]<int... I>(std::integer_sequence<int, I...>) {
    ((text += std::string(of::symbols[I].name) + ": " + type_text(of::template symbol_type<I>, of::template symbol_shape<I>) + "\n"), ...);
  }(typename of::symbol_numbers{});
  text += of::output_count == 1 ? "Returns " : "Returns a namedtuple of\n";
  [&]<int... I>(std::integer_sequence<int, I...>) {
    ((text += names.outputs[I] + ": " + type_text(dtype_of<typename of::template output_element<I>>, of::template output_shape<I>) + (of::accumulates(I) ? ", added to out[\"" + names.outputs[I] + "\"]" : "") + "\n"), ...);
  }(typename of::output_numbers{});
  return text;
}

template <class Program>
[[gnu::cold]] void define_program(nb::module_& m, char const* name, std::initializer_list<char const*> outputs) {
  using of = interface<Program>;
  auto const interned = [](std::string_view text) { return nb::steal(PyUnicode_InternFromString(std::string(text).c_str())); };
  function_names names{name, {}, {outputs.begin(), outputs.end()}, {}, nb::none(), interned("out")};
  for (wanted const& w : of::symbols) names.symbols.push_back(interned(w.name));
  for (auto const& output : names.outputs) names.output_keys.push_back(interned(output));
  if (of::output_count > 1) {
    nb::list fields;
    for (auto const& key : names.output_keys) fields.append(key);
    std::string const type = std::string(name) + "_results";
    names.result_type = nb::module_::import_("collections").attr("namedtuple")(type.c_str(), fields, nb::arg("module") = m.attr("__name__"));
    m.attr(type.c_str()) = names.result_type;  // where pickle looks for it
  }
  std::string const signature = signature_text(names), text = docstring<Program>(names);
  m.def(name, [names](nb::args positional, nb::kwargs named) { return call<Program>()(positional, named, names); }, nb::sig(signature.c_str()), text.c_str());
}

}  // namespace detail
}  // namespace ctgrad::python
