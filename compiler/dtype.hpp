// Element types of tensors, and how they meet.
// Kept apart from the graph because arrays, files and bindings need dtypes without the compiler.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "half.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace ctgrad {

/// The element types. The order is the promotion order: two dtypes meet in the later one, but for float16 and bfloat16, which meet in float32.
enum class dtype : std::uint8_t { bool_, int32, int64, float16, bfloat16, float32, float64 };

inline constexpr int dtype_count = 7;

/// The name that messages and printed graphs use, which is PyTorch's.
constexpr std::string_view to_string(dtype t) {
  constexpr std::string_view names[] = {"bool", "int32", "int64", "float16", "bfloat16", "float32", "float64"};
  return names[static_cast<int>(t)];
}

constexpr std::size_t size_of(dtype t) {
  constexpr std::size_t sizes[] = {1, 4, 8, 2, 2, 4, 8};
  return sizes[static_cast<int>(t)];
}

constexpr bool is_floating(dtype t) { return t >= dtype::float16; }
/// What arrays hold in 16 bits, and loops compute with as float32.
constexpr bool is_narrow(dtype t) { return t == dtype::float16 || t == dtype::bfloat16; }
constexpr bool is_integer(dtype t) { return t == dtype::int32 || t == dtype::int64; }

/// The dtype of an operation on `a` and `b`: PyTorch's rule, bool < int32 < int64 < float16, bfloat16 < float32 < float64
/// (so int64 with float32 gives float32, where NumPy gives float64).
constexpr dtype promote(dtype a, dtype b) { return a != b && is_narrow(a) && is_narrow(b) ? dtype::float32 : a < b ? b : a; }

namespace detail {

template <class T>
struct dtype_of_type;
template <>
struct dtype_of_type<bool> : std::integral_constant<dtype, dtype::bool_> {};
template <>
struct dtype_of_type<float16> : std::integral_constant<dtype, dtype::float16> {};
template <>
struct dtype_of_type<bfloat16> : std::integral_constant<dtype, dtype::bfloat16> {};
template <>
struct dtype_of_type<float> : std::integral_constant<dtype, dtype::float32> {};
template <>
struct dtype_of_type<double> : std::integral_constant<dtype, dtype::float64> {};

template <class T>
  requires(std::is_integral_v<T> && std::is_signed_v<T> && !std::is_same_v<T, char> && (sizeof(T) == 4 || sizeof(T) == 8))
struct dtype_of_type<T> : std::integral_constant<dtype, sizeof(T) == 4 ? dtype::int32 : dtype::int64> {};

template <dtype>
struct type_of_dtype;
template <>
struct type_of_dtype<dtype::bool_> { using type = bool; };
template <>
struct type_of_dtype<dtype::int32> { using type = std::int32_t; };
template <>
struct type_of_dtype<dtype::int64> { using type = std::int64_t; };
template <>
struct type_of_dtype<dtype::float16> { using type = float16; };
template <>
struct type_of_dtype<dtype::bfloat16> { using type = bfloat16; };
template <>
struct type_of_dtype<dtype::float32> { using type = float; };
template <>
struct type_of_dtype<dtype::float64> { using type = double; };

}  // namespace detail

/// A C++ type that a tensor can hold: bool, a signed integer of 32 or 64 bits, float16, bfloat16, float or double.
template <class T>
concept element = requires { detail::dtype_of_type<T>::value; };

template <element T>
inline constexpr dtype dtype_of = detail::dtype_of_type<T>::value;

/// The C++ type behind a dtype.
template <dtype Type>
using element_t = typename detail::type_of_dtype<Type>::type;

}  // namespace ctgrad
