// The names of a call: which argument is which symbol's, which place is which result's.
// Everything here is independent of the program, and compiled once for a module.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "refusal.hpp"

#include <string>
#include <vector>

namespace ctgrad::python {
namespace detail __attribute__((visibility("hidden"))) {

/// The names of a function, and what its results are made with.
struct function_names {
  std::string function;
  std::vector<nb::object> symbols;     // interned
  std::vector<std::string> outputs;
  std::vector<nb::object> output_keys;  // interned
  nb::object result_type;               // a namedtuple; none for one result
  nb::object out_key;
};

/// `a, b, c`, as messages list names.
template <class Names>
std::string list_of(Names const& names) {
  std::string text;
  for (auto const& name : names) text += (text.empty() ? "" : ", ") + text_of(name);
  return text;
}

inline bool is_among(nb::handle key, std::vector<nb::object> const& names) {
  for (auto const& name : names)
    if (key.equal(name)) return true;
  return false;
}

/// The arguments of one call in the order of the program's symbols, and `out`. Throws TypeError for names that are missing or unknown.
[[gnu::noinline]] inline nb::handle find_arguments(nb::args const& positional, nb::kwargs const& named, function_names const& names, nb::handle* found) {
  if (positional.size() > 0) throw nb::type_error(("ctgrad: " + names.function + " takes its arguments by name: " + list_of(names.symbols)).c_str());
  std::size_t known = 0;
  for (std::size_t i = 0; i < names.symbols.size(); ++i) {
    found[i] = PyDict_GetItemWithError(named.ptr(), names.symbols[i].ptr());
    known += found[i].is_valid();
  }
  nb::handle const out = PyDict_GetItemWithError(named.ptr(), names.out_key.ptr());
  if (known + out.is_valid() < named.size())
    for (nb::handle key : named.keys())
      if (!is_among(key, names.symbols) && !key.equal(names.out_key))
        throw nb::type_error(("ctgrad: " + text_of(key) + " is no symbol of " + names.function + ", which takes " + list_of(names.symbols)).c_str());
  for (std::size_t i = 0; i < names.symbols.size(); ++i)
    if (!found[i].is_valid()) {
      std::string const name = text_of(names.symbols[i]);
      throw nb::type_error(("ctgrad: " + name + " is not bound: add " + name + "=...").c_str());
    }
  return out.is_valid() && out.is_none() ? nb::handle() : out;
}

/// By output: the caller's array for it, or nothing; held, because what arguments do when they are asked for their memory may change `out`. Throws TypeError where `out` is something else.
[[gnu::noinline]] inline void find_outputs(nb::handle out, function_names const& names, nb::object* found) {
  if (!out.is_valid()) return;
  if (names.outputs.size() == 1 && !PyDict_Check(out.ptr())) {
    found[0] = nb::borrow(out);
    return;
  }
  if (!PyDict_Check(out.ptr())) throw nb::type_error(("ctgrad: out of " + names.function + " is a dictionary of arrays by name: " + list_of(names.output_keys)).c_str());
  nb::dict const places = nb::borrow<nb::dict>(out);
  std::size_t known = 0;
  for (std::size_t i = 0; i < names.outputs.size(); ++i) {
    found[i] = nb::borrow(PyDict_GetItemWithError(out.ptr(), names.output_keys[i].ptr()));
    if (PyErr_Occurred()) throw nb::python_error();  // of a key that does not compare
    known += found[i].is_valid();
    if (found[i].is_none()) found[i].reset();
  }
  if (known < places.size())
    for (nb::handle key : places.keys())
      if (!is_among(key, names.output_keys))
        throw nb::type_error(("ctgrad: " + text_of(key) + " is no result of " + names.function + ", which gives " + list_of(names.output_keys)).c_str());
}

}  // namespace detail
}  // namespace ctgrad::python
