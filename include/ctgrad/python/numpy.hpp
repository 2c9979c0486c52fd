// What the bridge needs of NumPy and of nanobind: their headers, and the objects that every call looks at.
// Looked up once, when a module is imported, and never given back: modules outlive their interpreter's last steps.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include "../../../compiler/dtype.hpp"

namespace ctgrad::python {
namespace detail __attribute__((visibility("hidden"))) {  // as all of nanobind is

namespace nb = nanobind;

struct numpy_objects {
  nb::object ndarray, generic, masked_array, empty, types[dtype_count];
  nb::object dlpack, dlpack_version, dlpack_keywords;  // of `x.__dlpack__(max_version=(1, 0))`

  numpy_objects() {
    nb::object const module = nb::module_::import_("numpy");
    ndarray = module.attr("ndarray"), generic = module.attr("generic"), empty = module.attr("empty");
    masked_array = nb::module_::import_("numpy.ma").attr("MaskedArray");
    dlpack = nb::str("__dlpack__"), dlpack_version = nb::make_tuple(1, 0), dlpack_keywords = nb::make_tuple("max_version");
    for (dtype t : {dtype::bool_, dtype::int32, dtype::int64, dtype::float16, dtype::float32, dtype::float64}) types[static_cast<int>(t)] = module.attr("dtype")(to_string(t).data());
  }
};
/// Throws ImportError where there is no NumPy.
inline numpy_objects const& numpy() {
  static numpy_objects const* const objects = new numpy_objects;
  return *objects;
}

}  // namespace detail
}  // namespace ctgrad::python
