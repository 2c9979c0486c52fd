// An array: elements that it owns, in row-major order, aligned for SIMD.
// The eager counterpart of a symbol: what is bound to programs, what they return, and what users print.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "error.hpp"
#include "strides.hpp"
#include "view.hpp"

namespace ctgrad {

template <element T, std::size_t Rank>
class array;

namespace detail {

/// Bytes of a cache line and of the widest SIMD register.
inline constexpr std::align_val_t array_alignment{64};

struct free_aligned {
  void operator()(void* memory) const { ::operator delete(memory, array_alignment); }
};

template <class T, std::size_t Depth>
struct braces { using type = std::initializer_list<typename braces<T, Depth - 1>::type>; };
template <class T>
struct braces<T, 0> { using type = T; };

template <class X>
inline constexpr bool is_array = false;
template <class T, std::size_t Rank>
inline constexpr bool is_array<array<T, Rank>> = true;

/// An array that holds a copy of a view; an element stays an element. What a member of a temporary array returns.
template <class T, std::size_t Rank>
array<std::remove_const_t<T>, Rank> owned(view<T, Rank> const& source) { return source; }
template <element T>
T owned(T value) { return value; }

}  // namespace detail

/// Elements of type T with `Rank` axes, in one row-major block that is aligned to 64 bytes. Copies are deep; a const array
/// gives const views; an array converts to a view wherever one is asked for.
/// The members that make views share the array's memory. Called on a temporary array they return an array instead, so
/// that `auto x = ct::ones<float>(2, 3).t();` does not dangle.
/// After a move the source has no elements (rank 0: no memory) and can only be assigned to or destroyed.
template <element T, std::size_t Rank>
class array {
 public:
  using value_type = T;
  using shape_type = std::array<std::int64_t, Rank>;
  static constexpr std::size_t rank = Rank;

  /// No elements; for rank 0 a scalar of value zero.
  array() : array(uninitialized({})) {
    if constexpr (Rank == 0) *data_ = T{};
  }

  /// A scalar.
  array(T value)
    requires(Rank == 0)
      : array(uninitialized({})) {
    *data_ = value;
  }

  /// Nested braces: `array<int, 2>{{1, 0, 1}, {2, 1, 1}}`. Throws shape_error, naming the row, if they are ragged.
  array(typename detail::braces<T, Rank>::type values)
    requires(Rank > 0)
      : array(uninitialized(shape_of(values))) {
    T* next = data_.get();
    append<0>(values, next, {});
  }

  /// A copy of what a view shows.
  array(ctgrad::view<T const, Rank> const& source) : array(uninitialized(source.shape())) { view().assign(source); }
  array(ctgrad::view<T, Rank> const& source) : array(ctgrad::view<T const, Rank>(source)) {}
  template <class Source>
    requires detail::viewable_as<Source, T const, Rank>
  explicit array(Source&& source) : array(ctgrad::view<T const, Rank>(source)) {}

  array(array const& other) : array(uninitialized(other.shape_)) { std::copy_n(other.data(), size(), data()); }
  array(array&& other) noexcept : shape_(std::exchange(other.shape_, shape_type{})), data_(std::move(other.data_)) {}
  array& operator=(array other) noexcept {
    std::swap(shape_, other.shape_);
    std::swap(data_, other.data_);
    return *this;
  }
  ~array() = default;

  /// An array whose elements have no values yet. Throws shape_error for negative extents and for sizes that overflow.
  static array uninitialized(std::array<std::int64_t, Rank> const& shape) {
    std::int64_t const count = detail::checked_count(shape, sizeof(T));
    array result(shape, nullptr);
    if (count > 0)
      result.data_.reset(static_cast<T*>(::operator new(static_cast<std::size_t>(count) * sizeof(T), detail::array_alignment)));
    return result;
  }

  ctgrad::view<T, Rank> view() & { return detail::view_access::make(data(), shape_, strides()); }
  ctgrad::view<T const, Rank> view() const& { return detail::view_access::make(data(), shape_, strides()); }
  void view() && = delete;  // it would outlive its elements
  operator ctgrad::view<T, Rank>() & { return view(); }
  operator ctgrad::view<T const, Rank>() const { return view(); }

  T* data() { return data_.get(); }
  T const* data() const { return data_.get(); }
  shape_type const& shape() const { return shape_; }
  shape_type strides() const { return detail::row_major_strides(shape_); }
  std::int64_t extent(std::int64_t axis) const { return view().extent(axis); }
  std::int64_t size() const { return detail::element_count(shape_); }
  static constexpr bool is_contiguous() { return true; }

  /// Sets all elements.
  void fill(T value) { view().fill(value); }
  /// Copies elements of the same shape into this array. Throws shape_error.
  void assign(ctgrad::view<T const, Rank> source) { view().assign(source); }

  template <std::integral... Index>
    requires(sizeof...(Index) == Rank)
  T& operator()(Index... index) & { return view()(index...); }
  template <std::integral... Index>
    requires(sizeof...(Index) == Rank)
  T const& operator()(Index... index) const& { return view()(index...); }
  template <std::integral... Index>
    requires(sizeof...(Index) == Rank)
  T operator()(Index... index) && { return view()(index...); }

// The members of view (see there), for an array, a const array and a temporary. C++20 has no deducing `this`.
#define CTGRAD_ARRAY_FORWARDS(name)                                                                               \
  template <class... Argument>                                                                                    \
  decltype(auto) name(Argument const&... argument) & { return view().name(argument...); }                         \
  template <class... Argument>                                                                                    \
  decltype(auto) name(Argument const&... argument) const& { return view().name(argument...); }                    \
  template <class... Argument>                                                                                    \
  auto name(Argument const&... argument) && { return detail::owned(view().name(argument...)); }
  CTGRAD_ARRAY_FORWARDS(operator[])
  CTGRAD_ARRAY_FORWARDS(at)
  CTGRAD_ARRAY_FORWARDS(item)
  CTGRAD_ARRAY_FORWARDS(slice)
  CTGRAD_ARRAY_FORWARDS(permute)
  CTGRAD_ARRAY_FORWARDS(t)
  CTGRAD_ARRAY_FORWARDS(unsqueeze)
  CTGRAD_ARRAY_FORWARDS(squeeze)
  CTGRAD_ARRAY_FORWARDS(expand)
  CTGRAD_ARRAY_FORWARDS(reshape)
  CTGRAD_ARRAY_FORWARDS(flatten)
  CTGRAD_ARRAY_FORWARDS(diagonal)
#undef CTGRAD_ARRAY_FORWARDS

 private:
  array(shape_type const& shape, std::nullptr_t) : shape_(shape) {}

  /// The shape that the first entry of each level of braces tells.
  static shape_type shape_of(auto const& values) {
    shape_type shape{};
    measure<0>(values, shape);
    return shape;
  }
  template <std::size_t Axis>
  static void measure(auto const& values, shape_type& shape) {
    shape[Axis] = static_cast<std::int64_t>(values.size());
    if constexpr (Axis + 1 < Rank)
      if (values.size() > 0) measure<Axis + 1>(*values.begin(), shape);
  }

  /// Stores the elements of one level of braces; `where` counts the rows above it, for the message.
  template <std::size_t Axis>
  void append(auto const& values, T*& next, std::array<std::int64_t, Axis> const& where) const {
    if (static_cast<std::int64_t>(values.size()) != shape_[Axis])
      throw shape_error("ragged braces: row " + detail::shape_text(where) + " has " + std::to_string(values.size()) +
                        " entries, but the rows before it have " + std::to_string(shape_[Axis]));
    if constexpr (Axis + 1 == Rank) {
      next = std::copy(values.begin(), values.end(), next);
    } else {
      std::array<std::int64_t, Axis + 1> row{};
      std::copy(where.begin(), where.end(), row.begin());
      for (auto const& entry : values) {
        append<Axis + 1>(entry, next, row);
        ++row[Axis];
      }
    }
  }

  shape_type shape_{};
  std::unique_ptr<T, detail::free_aligned> data_;
};

template <class T, std::size_t Rank>
array(view<T, Rank>) -> array<std::remove_const_t<T>, Rank>;
// Braces of rank 1 to 3. Arrays instead of initializer lists: g++ 12 takes no list guides unless it sees a list constructor.
template <element T, element... More>
array(T, More...) -> array<T, 1>;
template <element T, std::size_t Columns, std::size_t... More>
array(T const (&)[Columns], T const (&... row)[More]) -> array<T, 2>;
template <element T, std::size_t Rows, std::size_t Columns, std::size_t... More>
array(T const (&)[Rows][Columns], T const (&... slab)[More][Columns]) -> array<T, 3>;

template <class T, std::size_t Rank>
view(array<T, Rank>&) -> view<T, Rank>;
template <class T, std::size_t Rank>
view(array<T, Rank> const&) -> view<T const, Rank>;

template <class T, std::size_t Rank>
view<T, Rank> view_of(array<T, Rank>& source) { return source.view(); }
template <class T, std::size_t Rank>
view<T const, Rank> view_of(array<T, Rank> const& source) { return source.view(); }
template <class T, std::size_t Rank>
void view_of(array<T, Rank>&& source) = delete;

}  // namespace ctgrad

#include "array_factories.hpp"
