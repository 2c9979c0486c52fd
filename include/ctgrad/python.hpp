// Programs as functions of Python, by nanobind: arrays go in without a copy, results come out as NumPy arrays.
// Not part of <ctgrad/ctgrad.hpp>: only extension modules need it, and they have nanobind's headers.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "python/function.hpp"
#include "python/signature.hpp"

namespace ctgrad::python {

/// Makes `program` the function `name` of module `m`: `ct::python::define(m, "step", step, "loss", "dw", "db")`, with a name for each result.
///
/// In Python: `r = step(X=images, y=labels, w=w, b=0.5)`.
/// - An argument is anything with memory: NumPy arrays, pandas columns and frames, DLPack tensors on the CPU (PyTorch, JAX). Its dtype and rank are those of the symbol, its strides are any.
///   Nothing is copied. A symbol of rank 0 takes numbers as well.
/// - Several results are a namedtuple, one is returned itself. Arrays are new NumPy arrays, results of rank 0 are Python's numbers.
/// - `out={"dw": buffer}` has results written to arrays of the caller's; with one result, `out=buffer`. Programs of `ct::backward` add to them, and need them.
/// - TypeError: names, dtypes, what is no array. ValueError: ranks, extents, strides, overlap, read-only outputs, memory of another device. Nothing is written then.
/// - Without the GIL while loops run; from several threads at once. Temporaries stay allocated, for each thread and function.
template <int Assigned, class... Outputs, class... Names>
void define(nanobind::module_& m, char const* name, program<Assigned, Outputs...> const&, Names const&... names) {
  static_assert(sizeof...(Names) == sizeof...(Outputs), "ctgrad: python::define needs a name for each result of the program");
  static_assert((!ctgrad::detail::target_name<Outputs> && ...), "ctgrad: python::define: a result is a symbol itself, and is to be a copy of it: write 1_c * symbol");
  static_assert(!detail::interface<program<Assigned, Outputs...>>::has_symbol("out"), "ctgrad: python::define: a symbol is named out, which is Python's word for where results go");
  detail::define_program<program<Assigned, Outputs...>>(m, name, {names...});
}
template <class Of, class... By, class... Names>
void define(nanobind::module_& m, char const* name, backward_program<Of, By...> const&, Names const&... names) {
  define(m, name, typename backward_program<Of, By...>::program_type{}, names...);
}

namespace detail {
/// ctgrad's exceptions as Python's, with their messages.
inline void translate_errors() {
  nb::register_exception_translator([](std::exception_ptr const& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (dtype_error const& e) {
      PyErr_SetString(PyExc_TypeError, e.what());
    } catch (index_error const& e) {
      PyErr_SetString(PyExc_IndexError, e.what());
    } catch (io_error const& e) {
      PyErr_SetString(PyExc_OSError, e.what());
    } catch (error const& e) {
      PyErr_SetString(PyExc_ValueError, e.what());
    }
  });
}
}  // namespace detail

}  // namespace ctgrad::python

/// An extension module: `CTGRAD_PYTHON_MODULE(logistic, m) { ct::python::define(m, "step", step, "loss", "dw"); }`, compiled to logistic.so.
#define CTGRAD_PYTHON_MODULE(name, m)                       \
  static void ctgrad_define_##name(nanobind::module_& m);   \
  NB_MODULE(name, ctgrad_module) {                          \
    ctgrad::python::detail::numpy();                        \
    ctgrad::python::detail::translate_errors();             \
    ctgrad_define_##name(ctgrad_module);                    \
  }                                                         \
  static void ctgrad_define_##name(nanobind::module_& m)
