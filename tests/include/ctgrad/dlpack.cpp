// DLPack: tensors come in and go out without a copy, and what does not fit is refused.
// The numbers of codes and devices, and the layout of the structs, are those of the DLPack specification, version 1.0.
//
// SPDX-License-Identifier: BSL-1.0
#define BOOST_TEST_MODULE dlpack
#include <boost/test/unit_test.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>

#include <ctgrad/array.hpp>
#include <ctgrad/dlpack.hpp>

namespace ct = ctgrad;

static_assert(sizeof(DLTensor) == 48 && offsetof(DLTensor, device) == 8 && offsetof(DLTensor, ndim) == 16 &&
              offsetof(DLTensor, dtype) == 20 && offsetof(DLTensor, shape) == 24 && offsetof(DLTensor, strides) == 32 &&
              offsetof(DLTensor, byte_offset) == 40);
static_assert(sizeof(DLManagedTensor) == 64 && sizeof(DLManagedTensorVersioned) == 80);

namespace {

/// A row-major 2 × 3 tensor of float, as another library would hand it over.
struct foreign {
  float memory[7] = {0, 1, 2, 3, 4, 5, 6};
  std::int64_t shape[2] = {2, 3}, strides[2] = {3, 1};
  DLTensor tensor{memory, {kDLCPU, 0}, 2, {2, 32, 1}, shape, strides, 0};

  template <class Error, class T = float, std::size_t Rank = 2>
  std::string problem() const {
    try {
      ct::from_dlpack<T, Rank>(tensor);
    } catch (Error const& error) {
      return error.what();
    }
    return "no exception";
  }
};

}  // namespace

BOOST_FIXTURE_TEST_CASE(comes_in_without_a_copy, foreign) {
  auto const m = ct::from_dlpack<float, 2>(tensor);
  BOOST_TEST(m(1, 0) == 3);
  m(1, 0) = 30;
  BOOST_TEST(memory[3] == 30);
  tensor.byte_offset = 4;
  BOOST_TEST((ct::from_dlpack<float const, 2>(tensor)(1, 2)) == 6);
  tensor.strides = nullptr;  // row-major
  BOOST_TEST((ct::from_dlpack<float, 2>(tensor)(1, 2)) == 6);
  tensor.byte_offset = 20, strides[0] = -3, strides[1] = -1, tensor.strides = strides;
  BOOST_TEST((ct::from_dlpack<float, 2>(tensor)(1, 2)) == 0);
  tensor.byte_offset = 8, tensor.ndim = 0, tensor.shape = nullptr;
  BOOST_TEST((ct::from_dlpack<float, 0>(tensor)()) == 2);
}

BOOST_FIXTURE_TEST_CASE(what_does_not_fit_is_refused, foreign) {
  BOOST_TEST((problem<ct::dtype_error, double>()) == "dlpack: the tensor's elements are float32, but float64 is asked for");
  BOOST_TEST((problem<ct::shape_error, float, 1>()) == "dlpack: the tensor has rank 2, but rank 1 is asked for");
  tensor.ndim = -1;
  BOOST_TEST(problem<ct::shape_error>() == "dlpack: the tensor has rank -1, but rank 2 is asked for");
  tensor.ndim = 2;
  tensor.device.device_type = kDLCUDA;
  BOOST_TEST(problem<ct::binding_error>() ==
             "dlpack: the tensor is in the memory of another device (type 2), copy it to the CPU first");
  tensor.device.device_type = kDLCPU;
  tensor.dtype = {4, 16, 2};
  BOOST_TEST(problem<ct::dtype_error>() == "dlpack: the tensor's elements are bfloat16x2, but float32 is asked for");
  tensor.dtype = {200, 16, 1};
  BOOST_TEST(problem<ct::dtype_error>() == "dlpack: the tensor's elements are code 200 of bits 16, but float32 is asked for");
  tensor.dtype = {1, 32, 1};
  BOOST_TEST((problem<ct::dtype_error, std::int32_t>()) == "dlpack: the tensor's elements are uint32, but int32 is asked for");
  tensor.dtype = {2, 32, 1};
  tensor.byte_offset = 2;
  BOOST_TEST(problem<ct::binding_error>() == "dlpack: the tensor's data is not aligned for float32");
  tensor.byte_offset = 0;
  tensor.data = nullptr;
  BOOST_TEST(problem<ct::binding_error>() == "dlpack: the tensor's data is a null pointer");
  shape[0] = 0;
  BOOST_TEST((ct::from_dlpack<float, 2>(tensor).size()) == 0);
  shape[0] = -2;
  BOOST_TEST(problem<ct::shape_error>() == "the extent of axis 0 is negative in shape (-2, 3)");
  shape[0] = 2, tensor.data = memory, strides[0] = std::numeric_limits<std::int64_t>::min();
  BOOST_TEST(problem<ct::stride_error>() != "no exception");
  tensor.shape = nullptr;
  BOOST_TEST(problem<ct::binding_error>() == "dlpack: the tensor's shape is a null pointer");
}

BOOST_AUTO_TEST_CASE(goes_out_without_a_copy) {
  ct::array<std::int64_t, 2> a{{1, 2, 3}, {4, 5, 6}};
  auto held = ct::to_dlpack(a.t());
  DLTensor const tensor = held.get();
  BOOST_TEST(tensor.data == a.data());
  BOOST_TEST(tensor.ndim == 2);
  BOOST_TEST(tensor.shape[0] == 3);
  BOOST_TEST(tensor.strides[0] == 1);
  BOOST_TEST(tensor.strides[1] == 3);
  BOOST_TEST(tensor.byte_offset == 0u);
  BOOST_TEST((tensor.device.device_type == kDLCPU && tensor.device.device_id == 0));
  BOOST_TEST((tensor.dtype.code == 0 && tensor.dtype.bits == 64 && tensor.dtype.lanes == 1));
  BOOST_TEST((ct::from_dlpack<std::int64_t, 2>(tensor)(2, 1)) == 6);
}

BOOST_AUTO_TEST_CASE(every_dtype_has_its_code) {
  auto const check = [](auto value, int code, int bits) {
    ct::array<decltype(value), 0> scalar(value);
    auto held = ct::to_dlpack(scalar.view());
    BOOST_TEST(int(held.get().dtype.code) == code);
    BOOST_TEST(int(held.get().dtype.bits) == bits);
    BOOST_TEST((ct::from_dlpack<decltype(value) const, 0>(held.get()).item() == value));
  };
  check(true, 6, 8);
  check(std::int32_t{-1}, 0, 32);
  check(std::int64_t{-1}, 0, 64);
  check(ct::float16(1.5), 2, 16);
  check(ct::bfloat16(1.5), 4, 16);
  check(1.5f, 2, 32);
  check(1.5, 2, 64);
}
