// DLPack: views of other libraries' tensors, and theirs of ours, without a copy.
// Takes <dlpack/dlpack.h> where it is installed, and else declares the same structs of its stable C ABI (version 1.0).
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <type_traits>

#include "../../compiler/dtype.hpp"
#include "error.hpp"
#include "view.hpp"

#if __has_include(<dlpack/dlpack.h>)
#include <dlpack/dlpack.h>
#elif !defined(DLPACK_DLPACK_H_)
#define DLPACK_DLPACK_H_  // the guard of the original, so that it may be included later

extern "C" {

#define DLPACK_MAJOR_VERSION 1
#define DLPACK_MINOR_VERSION 0
#define DLPACK_FLAG_BITMASK_READ_ONLY (1UL << 0UL)
#define DLPACK_FLAG_BITMASK_IS_COPIED (1UL << 1UL)

typedef struct {
  uint32_t major;
  uint32_t minor;
} DLPackVersion;

typedef enum : int32_t {
  kDLCPU = 1,
  kDLCUDA = 2,
  kDLCUDAHost = 3,
  kDLOpenCL = 4,
  kDLVulkan = 7,
  kDLMetal = 8,
  kDLVPI = 9,
  kDLROCM = 10,
  kDLROCMHost = 11,
  kDLExtDev = 12,
  kDLCUDAManaged = 13,
  kDLOneAPI = 14,
  kDLWebGPU = 15,
  kDLHexagon = 16,
  kDLMAIA = 17,
} DLDeviceType;

typedef struct {
  DLDeviceType device_type;
  int32_t device_id;
} DLDevice;

typedef enum {
  kDLInt = 0U,
  kDLUInt = 1U,
  kDLFloat = 2U,
  kDLOpaqueHandle = 3U,
  kDLBfloat = 4U,
  kDLComplex = 5U,
  kDLBool = 6U,
} DLDataTypeCode;

typedef struct {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
} DLDataType;

typedef struct {
  void* data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t* shape;
  int64_t* strides;  // in elements; may be null for row-major memory
  uint64_t byte_offset;
} DLTensor;

typedef struct DLManagedTensor {
  DLTensor dl_tensor;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensor* self);
} DLManagedTensor;

struct DLManagedTensorVersioned {
  DLPackVersion version;
  void* manager_ctx;
  void (*deleter)(struct DLManagedTensorVersioned* self);
  uint64_t flags;
  DLTensor dl_tensor;
};
typedef struct DLManagedTensorVersioned DLManagedTensorVersioned;

}  // extern "C"
#endif

namespace ctgrad {

namespace detail {

constexpr DLDataType dlpack_dtype(dtype type) {
  DLDataTypeCode const code = type == dtype::bool_ ? kDLBool : type == dtype::bfloat16 ? kDLBfloat : is_floating(type) ? kDLFloat : kDLInt;
  return {static_cast<std::uint8_t>(code), static_cast<std::uint8_t>(8 * size_of(type)), 1};
}

/// `float32`, `uint8`, `bfloat16x2`: a DLPack dtype, whether or not tensors have it.
inline std::string dlpack_dtype_text(DLDataType type) {
  if (type.code == kDLBool && type.bits == 8 && type.lanes == 1) return "bool";
  constexpr char const* names[] = {"int", "uint", "float", "handle", "bfloat", "complex", "bool"};
  std::string const name = type.code < std::size(names) ? names[type.code] : "code " + std::to_string(type.code) + " of bits ";
  return name + std::to_string(type.bits) + (type.lanes == 1 ? "" : "x" + std::to_string(type.lanes));
}

}  // namespace detail

/// The memory of a DLPack tensor as a view, which must not outlive it. T, const or not, and Rank must be the tensor's.
/// Throws binding_error (memory that the CPU cannot read, null or unaligned pointers), dtype_error, shape_error, stride_error.
template <class T, std::size_t Rank>
view<T, Rank> from_dlpack(DLTensor const& tensor) {
  DLDeviceType const device = tensor.device.device_type;
  if (device != kDLCPU && device != kDLCUDAHost && device != kDLROCMHost && device != kDLCUDAManaged)
    throw binding_error("dlpack: the tensor is in the memory of another device (type " + std::to_string(static_cast<int>(device)) +
                        "), copy it to the CPU first");
  constexpr DLDataType wanted = detail::dlpack_dtype(dtype_of<std::remove_const_t<T>>);
  if (tensor.dtype.code != wanted.code || tensor.dtype.bits != wanted.bits || tensor.dtype.lanes != 1)
    throw dtype_error("dlpack: the tensor's elements are " + detail::dlpack_dtype_text(tensor.dtype) + ", but " +
                      detail::dlpack_dtype_text(wanted) + " is asked for");
  if (tensor.ndim < 0 || static_cast<std::size_t>(tensor.ndim) != Rank)
    throw shape_error("dlpack: the tensor has rank " + std::to_string(tensor.ndim) + ", but rank " + std::to_string(Rank) +
                      " is asked for");
  if (Rank > 0 && tensor.shape == nullptr) throw binding_error("dlpack: the tensor's shape is a null pointer");

  std::array<std::int64_t, Rank> shape{};
  for (std::size_t axis = 0; axis < Rank; ++axis) shape[axis] = tensor.shape[axis];
  if (detail::checked_count(shape, sizeof(T)) > 0 && tensor.data == nullptr)
    throw binding_error("dlpack: the tensor's data is a null pointer");
  T* data = nullptr;
  if (tensor.data != nullptr) {
    std::byte* const first = static_cast<std::byte*>(tensor.data) + tensor.byte_offset;
    if (reinterpret_cast<std::uintptr_t>(first) % alignof(T) != 0)
      throw binding_error("dlpack: the tensor's data is not aligned for " + detail::dlpack_dtype_text(wanted));
    data = reinterpret_cast<T*>(first);
  }
  if (tensor.strides == nullptr) return view<T, Rank>(data, shape);
  std::array<std::int64_t, Rank> strides{};
  for (std::size_t axis = 0; axis < Rank; ++axis) strides[axis] = tensor.strides[axis];
  return view<T, Rank>(data, shape, strides);
}

/// A view's shape and strides where a DLTensor can point to them.
template <class T, std::size_t Rank>
class dlpack_tensor {
 public:
  explicit dlpack_tensor(view<T, Rank> const& source) : data_(source.data()), shape_(source.shape()), strides_(source.strides()) {}

  /// Points into this object, and shares the view's memory: it may outlive neither.
  DLTensor get() & {
    return {data_, {kDLCPU, 0}, static_cast<std::int32_t>(Rank), detail::dlpack_dtype(dtype_of<T>), shape_.data(), strides_.data(), 0};
  }

 private:
  T* data_;
  std::array<std::int64_t, Rank> shape_, strides_;
};

/// What a DLTensor of a view needs: `auto held = ct::to_dlpack(v); consume(held.get());`. DLTensor cannot say that memory
/// is read-only, so views of const elements are not taken.
template <class T, std::size_t Rank>
dlpack_tensor<T, Rank> to_dlpack(view<T, Rank> const& source) {
  static_assert(!std::is_const_v<T>, "ctgrad: to_dlpack needs a view of elements that may be written");
  return dlpack_tensor<T, Rank>(source);
}

}  // namespace ctgrad
