// What a view can be made of: C arrays, contiguous ranges, Eigen's matrices, mdspans.
// Recognised by their members, so that no other library is included; a library with the same members works as well.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>

#include "../../compiler/dtype.hpp"

namespace ctgrad::detail {

/// Memory as a source describes it: where the first element is, and how to step along each axis.
template <class T, std::size_t Rank>
struct strided {
  using element_type = T;
  static constexpr std::size_t rank = Rank;
  T* data;
  std::array<std::int64_t, Rank> shape, strides;
};

template <class X>
concept c_array = std::is_bounded_array_v<std::remove_reference_t<X>>;

/// std::mdspan, and what looks like it; its rank must be a constant expression.
template <class X>
concept mdspan_like = requires(X const& x) {
  requires std::is_pointer_v<std::remove_cvref_t<decltype(x.data_handle())>>;
  std::integral_constant<std::size_t, X::rank()>{};
  { x.extent(0) } -> std::integral;
  { x.stride(0) } -> std::integral;
};

/// Eigen's Matrix, Array, Map, Ref, Block: whatever gives direct access and its strides.
template <class X>
concept matrix_like = requires(X& x) {
  requires std::is_pointer_v<std::remove_cvref_t<decltype(x.data())>>;
  { x.rows() } -> std::integral;
  { x.cols() } -> std::integral;
  { x.rowStride() } -> std::integral;
  { x.colStride() } -> std::integral;
};

template <class X>
concept contiguous_elements = requires(X& x) {
  requires std::contiguous_iterator<decltype(std::begin(x))>;
  std::data(x);
  std::size(x);
};

/// Vectors of Eigen have rank 1, although they have rows and columns.
template <class X>
constexpr bool is_eigen_vector() {
  if constexpr (requires(X& x) { bool(X::IsVectorAtCompileTime); x.innerStride(); }) return bool(X::IsVectorAtCompileTime);
  else return false;
}

template <class X>
constexpr auto first_of_c_array(X& x) {
  if constexpr (std::is_array_v<X>) return first_of_c_array(x[0]);
  else return &x;
}

/// The memory of `x`. The order of the cases matters: Eigen's matrices are ranges, too.
template <class X>
  requires(c_array<X> || mdspan_like<X> || matrix_like<X> || contiguous_elements<X>)
constexpr auto describe(X& x) {
  auto extent = [](auto n) { return static_cast<std::int64_t>(n); };
  if constexpr (c_array<X>) {
    constexpr std::size_t rank = std::rank_v<X>;
    strided<std::remove_pointer_t<decltype(first_of_c_array(x))>, rank> result{first_of_c_array(x), {}, {}};
    [&]<std::size_t... Axis>(std::index_sequence<Axis...>) {
      ((result.shape[Axis] = extent(std::extent_v<X, Axis>)), ...);
    }(std::make_index_sequence<rank>{});
    std::int64_t step = 1;
    for (std::size_t axis = rank; axis-- > 0;) result.strides[axis] = step, step *= result.shape[axis];
    return result;
  } else if constexpr (mdspan_like<X>) {
    strided<std::remove_pointer_t<std::remove_cvref_t<decltype(x.data_handle())>>, X::rank()> result{x.data_handle(), {}, {}};
    for (std::size_t axis = 0; axis < X::rank(); ++axis) {
      result.shape[axis] = extent(x.extent(axis));
      result.strides[axis] = extent(x.stride(axis));
    }
    return result;
  } else if constexpr (matrix_like<X>) {
    using element_type = std::remove_pointer_t<std::remove_cvref_t<decltype(x.data())>>;
    if constexpr (is_eigen_vector<X>())
      return strided<element_type, 1>{x.data(), {extent(x.rows() * x.cols())}, {extent(x.innerStride())}};
    else
      return strided<element_type, 2>{x.data(), {extent(x.rows()), extent(x.cols())}, {extent(x.rowStride()), extent(x.colStride())}};
  } else {
    using element_type = std::remove_pointer_t<decltype(std::data(x))>;
    return strided<element_type, 1>{std::data(x), {extent(std::size(x))}, {1}};
  }
}

template <class X>
using described_by = decltype(describe(std::declval<X&>()));

/// A thing that describes memory of elements that ctgrad knows.
template <class X>
concept view_source = requires(X& x) {
  describe(x);
  requires element<std::remove_const_t<typename described_by<X>::element_type>>;
};

}  // namespace ctgrad::detail
