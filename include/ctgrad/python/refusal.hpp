// Why an argument or a place for a result is refused: ctgrad's exceptions, with the name of the symbol or the result, what was given and what is needed.
// Apart from memory.hpp because no call that succeeds comes here.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "numpy.hpp"

#include "../error.hpp"

#include <string>
#include <string_view>

namespace ctgrad::python {
namespace detail __attribute__((visibility("hidden"))) {

/// What a symbol or an output takes.
struct wanted {
  std::string_view kind, name;  ///< "" or "output ", and the name: for messages
  dtype type;
  int rank;

  std::string text() const { return "ctgrad: " + std::string(kind) + std::string(name); }
};

/// str(o) for a message, cut where it is longer than `most` characters.
inline std::string text_of(nb::handle o, std::size_t most = 60) {
  nb::object const text = nb::steal(PyObject_Str(o.ptr()));
  char const* const characters = text.is_valid() ? PyUnicode_AsUTF8(text.ptr()) : nullptr;
  if (characters == nullptr) return PyErr_Clear(), "?";
  std::string const all = characters;
  if (all.size() <= most) return all;
  std::size_t end = most - 3;
  while (end > 0 && (all[end] & 0xC0) == 0x80) --end;  // not within a character of UTF-8
  return all.substr(0, end) + "...";
}

/// The type's name without its module.
inline std::string kind_of(nb::handle o) {
  std::string_view const name = Py_TYPE(o.ptr())->tp_name;
  return std::string(name.substr(name.rfind('.') + 1));
}
[[noreturn, gnu::cold]] inline void throw_dtype(nb::handle o, wanted const& w) {
  std::string const given = nb::hasattr(o, "dtype") ? text_of(nb::object(o.attr("dtype"))) : nb::hasattr(o, "format") ? "'" + text_of(nb::object(o.attr("format"))) + "'" : kind_of(o);
  throw dtype_error(w.text() + " is " + std::string(to_string(w.type)) + ", and is bound to " + given + " data");
}
[[noreturn, gnu::cold]] inline void throw_range(nb::handle o, wanted const& w) {
  throw binding_error(w.text() + " is bound to " + text_of(o) + ", which does not fit " + std::string(to_string(w.type)));
}
[[noreturn, gnu::cold]] inline void throw_rank(int given, wanted const& w) {
  throw shape_error(w.text() + " has " + std::to_string(w.rank) + (w.rank == 1 ? " axis" : " axes") + ", and is bound to data of " + std::to_string(given));
}
[[noreturn, gnu::cold]] inline void throw_read_only(wanted const& w) { throw binding_error(w.text() + " is bound to an array that is read-only"); }
/// An object that has no memory to share; with what Python's error says, if `method` has just failed.
[[noreturn, gnu::cold]] inline void throw_no_memory(nb::handle o, wanted const& w, char const* method = nullptr) {
  if (!method && nb::isinstance(o, numpy().ndarray)) throw_dtype(o, w);
  std::string reason = ", which is neither a number nor an array";
  if (method) reason = std::string(", whose ") + method + " gives no array";
  if (PyErr_Occurred()) reason += ": " + text_of(nb::python_error().value(), 300);
  throw dtype_error(w.text() + " is bound to " + (o.is_none() ? "None" : "a " + kind_of(o)) + reason);
}

}  // namespace detail
}  // namespace ctgrad::python
