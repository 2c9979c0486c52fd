// The memory of a Python object for the length of a call: its address, extents and strides, never a copy.
// Found by the buffer protocol (NumPy, JAX, memoryview), by DLPack (PyTorch) or by __array__ (pandas); what cannot be shared is refused with the reason.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "refusal.hpp"

#include "../../../compiler/extent.hpp"
#include "../dlpack.hpp"
#include "../strides.hpp"
#include "../view.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>

namespace ctgrad::python {
namespace detail __attribute__((visibility("hidden"))) {

using ctgrad::detail::max_rank;

/// The dtype of a buffer by its format (Python's struct module; "Z" for complex is NumPy's); of no bits where it is another thing.
inline DLDataType dtype_of_buffer(Py_buffer const& b, bool& is_swapped) {
  char const* format = b.format ? b.format : "B";
  constexpr bool little = std::endian::native == std::endian::little;
  is_swapped = b.itemsize > 1 && (*format == '<' ? !little : (*format == '>' || *format == '!') && little);
  if (*format != 0 && std::strchr("@=<>!", *format)) ++format;
  bool const is_complex = *format == 'Z';
  if (is_complex) ++format;
  auto const one_of = [&](char const* letters) { return *format != 0 && format[1] == 0 && std::strchr(letters, *format) != nullptr; };
  auto const type = [&](DLDataTypeCode code) { return DLDataType{static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(8 * b.itemsize), 1}; };
  if (b.itemsize > 0 && b.itemsize < 32) {
    if (one_of("efdg")) return type(is_complex ? kDLComplex : kDLFloat);
    if (one_of("?") && !is_complex) return type(kDLBool);
    if (one_of("bhilqn") && !is_complex) return type(kDLInt);
    if (one_of("BHILQN") && !is_complex) return type(kDLUInt);
  }
  return {kDLOpaqueHandle, 0, 0};
}

/// An array or a number of Python's, held while a program reads or writes it.
class memory {
 public:
  memory() = default;
  memory(memory const&) = delete;
  memory& operator=(memory const&) = delete;
  ~memory() {
    if (buffer_.obj) PyBuffer_Release(&buffer_);
  }

  /// The memory of `o` to read. Numbers are taken for rank 0, as C++ takes them: any for a floating symbol, integers that fit for an integer one.
  /// Throws dtype_error, shape_error, stride_error, binding_error with the name of `w`.
  [[gnu::noinline]] void open(nb::handle o, wanted const& w) {
    if (w.rank == 0 && take_number(o, w)) return;
    find(o, w, false);
  }
  /// The memory of `o` to write. Throws binding_error where it is read-only, too.
  [[gnu::noinline]] void open_to_write(nb::handle o, wanted const& w) { find(o, w, true); }
  /// Room for one number.
  void* open_number() { return data_ = &number_; }

  std::int64_t extent(int axis) const { return extents_[axis]; }
  template <class T>
  T& number() {
    return *static_cast<T*>(data_);
  }
  /// Throws what view's constructor throws, with the name of `w`.
  template <class T, int Rank>
  view<T, static_cast<std::size_t>(Rank)> as(wanted const& w) const {
    std::array<std::int64_t, static_cast<std::size_t>(Rank)> shape, strides;
    for (int i = 0; i < Rank; ++i) shape[static_cast<std::size_t>(i)] = extents_[i], strides[static_cast<std::size_t>(i)] = strides_[i];
    try {
      view<T, static_cast<std::size_t>(Rank)> const v(static_cast<T*>(data_), shape, strides);
      if constexpr (std::is_same_v<T, bool const>) check_bools<Rank>(shape, strides);
      return v;
    } catch (error const&) {
      rethrow(w);
    }
  }

 private:
  void* data_ = nullptr;
  std::int64_t extents_[max_rank], strides_[max_rank];
  alignas(8) std::byte number_[8];
  Py_buffer buffer_{};
  nb::object array_;  // of __array__
  nb::ndarray<> tensor_;
  nb::ndarray<nb::ro> constant_tensor_;

  /// Whether `o` is a number, Python's or NumPy's, which is then kept here in the dtype of the symbol.
  bool take_number(nb::handle o, wanted const& w) {
    if (PyObject_TypeCheck(o.ptr(), reinterpret_cast<PyTypeObject*>(numpy().generic.ptr()))) {
      nb::object const item = o.attr("item")();
      if (!is_number(item)) throw_dtype(o, w);
      return store_number(item, o, w), true;
    }
    if (PyComplex_Check(o.ptr())) throw_dtype(o, w);
    return is_number(o) && (store_number(o, o, w), true);
  }
  static bool is_number(nb::handle o) { return PyFloat_Check(o.ptr()) || PyLong_Check(o.ptr()); }
  /// `given` is what the user gave, for messages.
  void store_number(nb::handle o, nb::handle given, wanted const& w) {
    bool const is_bool = PyBool_Check(o.ptr()), is_integer = PyLong_Check(o.ptr());
    if (!is_floating(w.type) && (!is_integer || (w.type == dtype::bool_ && !is_bool))) throw_dtype(given, w);
    auto const keep = [&]<class T>(T x) { std::memcpy(number_, &x, sizeof x); };
    if (is_floating(w.type)) {
      double const x = PyFloat_AsDouble(o.ptr());
      if (x == -1 && PyErr_Occurred()) PyErr_Clear(), throw_range(o, w);
      if (w.type == dtype::float32) keep(static_cast<float>(x));
      else if (w.type == dtype::float16) keep(float16(x));
      else if (w.type == dtype::bfloat16) keep(bfloat16(x));
      else keep(x);
    } else {
      int overflow = 0;
      long long const x = PyLong_AsLongLongAndOverflow(o.ptr(), &overflow);
      if (overflow != 0 || (w.type == dtype::int32 && (x < std::numeric_limits<std::int32_t>::min() || x > std::numeric_limits<std::int32_t>::max()))) throw_range(o, w);
      if (w.type == dtype::bool_) keep(x != 0);
      else if (w.type == dtype::int32) keep(static_cast<std::int32_t>(x));
      else keep(static_cast<std::int64_t>(x));
    }
    data_ = number_;
  }

  /// A byte that is neither 0 nor 1 is no bool of C++; views of other dtypes can have some.
  template <int Rank, class Array>
  void check_bools(Array const& shape, Array const& strides) const {
    auto const* const bytes = static_cast<unsigned char const*>(data_);
    unsigned char seen = 0;
    ctgrad::detail::for_each_row(shape, strides, strides, [&](std::int64_t first, std::int64_t, std::int64_t length, std::int64_t step, std::int64_t) {
      if (step == 1)
        for (std::int64_t i = 0; i < length; ++i) seen |= bytes[first + i];
      else
        for (std::int64_t i = 0; i < length; ++i) seen |= bytes[first + i * step];
    });
    if (seen > 1) throw binding_error("a bool is neither 0 nor 1 in its byte, as views of other dtypes can have it");
  }

  /// The exception that is being handled, with the name of `w`.
  [[noreturn, gnu::cold]] static void rethrow(wanted const& w) {
    try {
      throw;
    } catch (shape_error const& e) {
      throw shape_error(w.text() + ": " + e.what());
    } catch (stride_error const& e) {
      throw stride_error(w.text() + ": " + e.what());
    } catch (error const& e) {
      throw binding_error(w.text() + ": " + e.what());
    }
  }

  void find(nb::handle o, wanted const& w, bool writes) {
    if (is_number(o) && writes) throw dtype_error(w.text() + " is bound to a " + kind_of(o) + ", which cannot be written");
    if (is_number(o)) throw_rank(0, w);
    if (find_buffer(o, w, writes) || find_tensor(o, w, writes)) return;
    if (!nb::hasattr(o, "__array__")) throw_no_memory(o, w);
    // Asked twice, what shares its memory answers with one address.
    nb::object const once = array_of(o, w), again = array_of(o, w);
    if (!find_buffer(once, w, writes)) throw_no_memory(once, w);
    memory other;
    if (!other.find_buffer(again, w, writes) || (other.data_ != data_ && buffer_.len > 0))
      throw dtype_error(w.text() + " is bound to a " + kind_of(o) + " that has no array of its own to share, and would be copied: its columns lie apart or it has other elements; pass a NumPy array of them");
    array_ = once;
  }

  static nb::object array_of(nb::handle o, wanted const& w) {
    nb::object array = nb::steal(PyObject_CallMethod(o.ptr(), "__array__", nullptr));
    if (!array.is_valid()) throw_no_memory(o, w, "__array__");
    return array;
  }

  bool find_buffer(nb::handle o, wanted const& w, bool writes) {
    if (!PyObject_CheckBuffer(o.ptr())) return false;
    if (!Py_IS_TYPE(o.ptr(), reinterpret_cast<PyTypeObject*>(numpy().ndarray.ptr())) && nb::isinstance(o, numpy().masked_array))
      throw dtype_error(w.text() + " is bound to a masked array, whose mask would be lost: fill it first");
    if (PyObject_GetBuffer(o.ptr(), &buffer_, PyBUF_STRIDES | PyBUF_FORMAT | (writes ? PyBUF_WRITABLE : 0)) != 0) {
      PyErr_Clear();
      buffer_.obj = nullptr;
      if (writes && PyObject_GetBuffer(o.ptr(), &buffer_, PyBUF_STRIDES | PyBUF_FORMAT) == 0) throw_read_only(w);
      PyErr_Clear();
      buffer_.obj = nullptr;
      return false;
    }
    if (buffer_.ndim != w.rank) throw_rank(buffer_.ndim, w);
    bool is_swapped = false;
    check_dtype(dtype_of_buffer(buffer_, is_swapped), o, w);
    if (is_swapped) throw_dtype(o, w);
    auto const size = static_cast<std::int64_t>(size_of(w.type));
    std::int64_t step = size;  // of row-major memory, where ctypes gives no strides
    for (int i = w.rank - 1; i >= 0; --i) {
      extents_[i] = buffer_.shape[i];
      std::int64_t const stride = buffer_.strides ? buffer_.strides[i] : step;
      strides_[i] = stride / size;
      if (!buffer_.strides) step *= extents_[i];
      if (stride % size != 0 && extents_[i] > 1 && buffer_.len > 0)
        throw stride_error(w.text() + " has a stride of " + std::to_string(stride) + " bytes along axis " + std::to_string(i) + ", which is no multiple of the " + std::to_string(size) +
                           " of its elements: pass a copy");
    }
    data_ = buffer_.buf;
    check_alignment(w, buffer_.len > 0);
    return true;
  }

  bool find_tensor(nb::handle o, wanted const& w, bool writes) {
    if (!nb::hasattr(o, "__dlpack__") || nb::isinstance(o, numpy().ndarray)) return false;
    nb::object const capsule = capsule_of(o, w);
    if (writes ? !nb::try_cast(capsule, tensor_, false) : !nb::try_cast(capsule, constant_tensor_, false)) {
      if (writes && nb::try_cast(capsule, constant_tensor_, false)) throw_read_only(w);
      throw_no_memory(o, w, "__dlpack__");
    }
    if (writes) take(tensor_, o, w);
    else take(constant_tensor_, o, w);
    return true;
  }
  /// The tensor's own word on whether it may be shared, and how: of DLPack 1, which tells what is read-only, or of an older one.
  static nb::object capsule_of(nb::handle o, wanted const& w) {
    PyObject* const arguments[] = {o.ptr(), numpy().dlpack_version.ptr()};
    nb::object capsule = nb::steal(PyObject_VectorcallMethod(numpy().dlpack.ptr(), arguments, 1, numpy().dlpack_keywords.ptr()));
    if (!capsule.is_valid() && PyErr_ExceptionMatches(PyExc_TypeError)) {
      PyErr_Clear();
      capsule = nb::steal(PyObject_CallMethod(o.ptr(), "__dlpack__", nullptr));
    }
    if (!capsule.is_valid()) throw_no_memory(o, w, "__dlpack__");
    return capsule;
  }
  template <class Tensor>
  void take(Tensor const& t, nb::handle o, wanted const& w) {
    int const device = t.device_type();
    if (device != kDLCPU && device != kDLCUDAHost && device != kDLROCMHost && device != kDLCUDAManaged)
      throw binding_error(w.text() + " is bound to a " + kind_of(o) + " in the memory of another device (DLPack's type " + std::to_string(device) + "): copy it to the CPU first");
    if (static_cast<std::int64_t>(t.ndim()) != w.rank) throw_rank(static_cast<int>(t.ndim()), w);
    check_dtype({t.dtype().code, t.dtype().bits, t.dtype().lanes}, o, w);
    bool empty = false;
    for (int i = 0; i < w.rank; ++i) {
      extents_[i] = static_cast<std::int64_t>(t.shape(static_cast<std::size_t>(i)));
      strides_[i] = t.stride(static_cast<std::size_t>(i));
      empty = empty || extents_[i] == 0;
    }
    data_ = const_cast<void*>(static_cast<void const*>(t.data()));
    check_alignment(w, !empty);
  }

  void check_alignment(wanted const& w, bool has_elements) const {
    if (has_elements && reinterpret_cast<std::uintptr_t>(data_) % size_of(w.type) != 0)
      throw binding_error(w.text() + " is bound to data that is not aligned for " + std::string(to_string(w.type)) + ": pass a copy");
  }
  static void check_dtype(DLDataType given, nb::handle o, wanted const& w) {
    DLDataType const needed = ctgrad::detail::dlpack_dtype(w.type);
    if (given.code != needed.code || given.bits != needed.bits || given.lanes != 1) throw_dtype(o, w);
  }
};

}  // namespace detail
}  // namespace ctgrad::python
