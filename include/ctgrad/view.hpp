// A view: elements that somebody else owns, seen through a shape and strides.
// Every array that a program reads or writes is one, so NumPy, Eigen, mdspan and mapped files are bound without a copy.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <cassert>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "../../compiler/dtype.hpp"
#include "error.hpp"
#include "strides.hpp"
#include "view_source.hpp"

namespace ctgrad {

template <class T, std::size_t Rank>
class view;

namespace detail {

template <class X>
inline constexpr bool is_view = false;
template <class T, std::size_t Rank>
inline constexpr bool is_view<view<T, Rank>> = true;

/// Whether a view<T, Rank> may be made of a `Source&&`: the right elements, and no pointer into a temporary unless
/// they are only read (as arguments of a call are).
template <class Source, class T, std::size_t Rank>
concept viewable_as = !is_view<std::remove_cvref_t<Source>> && view_source<Source> &&
                      std::convertible_to<typename described_by<Source>::element_type (*)[], T (*)[]> &&
                      described_by<Source>::rank == Rank &&
                      (std::is_lvalue_reference_v<Source> || std::is_const_v<T> || std::ranges::enable_borrowed_range<std::remove_cvref_t<Source>> ||
                       mdspan_like<Source>);

/// Builds a view whose layout is known to be right.
struct view_access {
  template <class T, std::size_t Rank>
  static constexpr view<T, Rank> make(T* data, std::array<std::int64_t, Rank> const& shape,
                                      std::array<std::int64_t, Rank> const& strides) {
    view<T, Rank> result;
    result.data_ = data, result.shape_ = shape, result.strides_ = strides;
    return result;
  }
};

}  // namespace detail

/// A pointer, a shape and strides (in elements; zero and negative ones are fine). Constness is that of a pointer:
/// `view<T const, Rank>` cannot write. All members that make views share the memory; none of them allocates.
/// T: bool, a signed integer of 32 or 64 bits, float, double. Rank 0 is a scalar.
template <class T, std::size_t Rank>
class view {
  static_assert(element<std::remove_const_t<T>>, "ctgrad: a view's elements are bool, int32, int64, float or double");

 public:
  using element_type = T;
  using value_type = std::remove_const_t<T>;
  using shape_type = std::array<std::int64_t, Rank>;
  static constexpr std::size_t rank = Rank;

  /// No memory and no elements (a null scalar for rank 0).
  constexpr view() = default;

  /// Row-major memory without gaps. Throws shape_error (negative extents, overflow) and binding_error (null).
  constexpr view(T* data, std::array<std::int64_t, Rank> const& shape) : data_(data), shape_(shape) {
    check_not_null(detail::checked_count(shape, sizeof(T)));
    strides_ = detail::row_major_strides(shape);
  }

  /// Memory with strides, in elements. Throws shape_error, binding_error, and stride_error where addresses would overflow.
  constexpr view(T* data, std::array<std::int64_t, Rank> const& shape, std::array<std::int64_t, Rank> const& strides)
      : data_(data), shape_(shape), strides_(strides) {
    std::int64_t const count = detail::checked_count(shape, sizeof(T));
    check_not_null(count);
    if (count > 0) detail::check_reach(shape, strides, sizeof(T));
  }

  /// What owns contiguous or strided memory: std::vector, std::array, std::span, C arrays, Eigen's matrices, mdspans.
  template <class Source>
    requires detail::viewable_as<Source, T, Rank>
  constexpr view(Source&& source) : view(detail::describe(source)) {}

  /// The same memory, read only.
  constexpr operator view<T const, Rank>() const
    requires(!std::is_const_v<T>)
  {
    return share<T const, Rank>(data_, shape_, strides_);
  }

  constexpr T* data() const { return data_; }
  constexpr shape_type const& shape() const { return shape_; }
  constexpr shape_type const& strides() const { return strides_; }
  /// The extent of an axis; negative axes count from the end. Throws index_error.
  constexpr std::int64_t extent(std::int64_t axis) const { return shape_[detail::checked_axis(axis, Rank)]; }
  /// The number of elements.
  constexpr std::int64_t size() const { return detail::element_count(shape_); }
  /// Whether the elements lie in row-major order without gaps.
  constexpr bool is_contiguous() const { return detail::is_row_major(shape_, strides_); }

  /// An element. Indices count from zero and are only asserted.
  template <std::integral... Index>
    requires(sizeof...(Index) == Rank)
  constexpr T& operator()(Index... index) const {
    shape_type const at{static_cast<std::int64_t>(index)...};
    std::int64_t offset = 0;
    for (std::size_t axis = 0; axis < Rank; ++axis) {
      assert(at[axis] >= 0 && at[axis] < shape_[axis]);
      offset += at[axis] * strides_[axis];
    }
    return data_[offset];
  }

  /// An element; negative indices count from the end, as in NumPy. Throws index_error.
  template <std::integral... Index>
    requires(sizeof...(Index) == Rank)
  constexpr T& at(Index... index) const {
    shape_type const where{static_cast<std::int64_t>(index)...};
    std::int64_t offset = 0;
    for (std::size_t axis = 0; axis < Rank; ++axis)
      offset += detail::checked_index(where[axis], shape_[axis], axis) * strides_[axis];
    return data_[offset];
  }

  /// Entry `index` of the first axis: an element for rank 1, else a view of one rank less. Only asserted.
  constexpr decltype(auto) operator[](std::int64_t index) const
    requires(Rank > 0)
  {
    assert(index >= 0 && index < shape_[0]);
    T* const entry = data_ + index * strides_[0];
    if constexpr (Rank == 1) return static_cast<T&>(*entry);
    else return share<T, Rank - 1>(entry, without(shape_, 0), without(strides_, 0));
  }

  /// The only element of a view of size 1. Throws shape_error for other sizes.
  constexpr T& item() const {
    if (size() != 1) throw shape_error("item() needs one element, but the shape is " + detail::shape_text(shape_));
    return *data_;
  }

  /// Python's `start:stop:step` along `axis`: ends are clamped, negative ones count from the end, std::nullopt means the
  /// whole axis. Throws index_error for a step of zero and for an axis that does not exist.
  constexpr view slice(std::int64_t axis, std::optional<std::int64_t> start, std::optional<std::int64_t> stop,
                       std::int64_t step = 1) const {
    std::size_t const along = detail::checked_axis(axis, Rank);
    auto const range = detail::clamp_slice(start, stop, step, shape_[along]);
    view result = *this;
    result.shape_[along] = range.extent;
    if (size() > 0 && range.extent > 0) result.data_ += range.start * strides_[along];
    if (range.extent > 1) result.strides_[along] *= range.step;
    return result;
  }

  /// The axes in another order: `permute(1, 0)` transposes. Negative axes count from the end.
  /// Throws index_error for an axis that does not exist, shape_error for one that is named twice.
  template <std::integral... Axis>
    requires(sizeof...(Axis) == Rank)
  constexpr view permute(Axis... axes) const {
    return permute(shape_type{static_cast<std::int64_t>(axes)...});
  }
  constexpr view permute(std::array<std::int64_t, Rank> const& axes) const {
    view result = *this;
    std::array<bool, Rank> taken{};
    for (std::size_t to = 0; to < Rank; ++to) {
      std::size_t const from = detail::checked_axis(axes[to], Rank);
      if (taken[from]) throw shape_error("permute" + detail::shape_text(axes) + " names axis " + std::to_string(from) + " twice");
      taken[from] = true;
      result.shape_[to] = shape_[from], result.strides_[to] = strides_[from];
    }
    return result;
  }

  /// The transpose of a matrix; scalars and vectors stay as they are, as in PyTorch.
  constexpr view t() const
    requires(Rank <= 2)
  {
    if constexpr (Rank == 2) return permute(1, 0);
    else return *this;
  }

  /// A new axis of extent 1 before `axis`; -1 appends it. Throws index_error.
  constexpr view<T, Rank + 1> unsqueeze(std::int64_t axis) const {
    std::size_t const place = detail::checked_axis(axis, Rank + 1);
    std::array<std::int64_t, Rank + 1> shape{}, strides{};
    for (std::size_t to = 0; to <= Rank; ++to) {
      shape[to] = to == place ? 1 : shape_[to - (to > place)];
      strides[to] = to == place ? 1 : strides_[to - (to > place)];
    }
    return share<T, Rank + 1>(data_, shape, strides);
  }

  /// The view without `axis`, whose extent must be 1 (else shape_error).
  constexpr view<T, Rank - 1> squeeze(std::int64_t axis) const
    requires(Rank > 0)
  {
    std::size_t const place = detail::checked_axis(axis, Rank);
    if (shape_[place] != 1)
      throw shape_error("squeeze: axis " + std::to_string(place) + " of shape " + detail::shape_text(shape_) + " has not extent 1");
    return share<T, Rank - 1>(data_, without(shape_, place), without(strides_, place));
  }

  /// Broadcasts to a shape: axes of extent 1 and missing first axes are repeated with stride 0; -1 keeps an extent.
  /// Throws shape_error where NumPy would not broadcast.
  template <std::integral... Extent>
  constexpr view<T, sizeof...(Extent)> expand(Extent... extents) const {
    return expand(std::array<std::int64_t, sizeof...(Extent)>{static_cast<std::int64_t>(extents)...});
  }
  template <std::size_t To>
  constexpr view<T, To> expand(std::array<std::int64_t, To> shape) const {
    static_assert(To >= Rank, "ctgrad: expand cannot remove axes");
    std::array<std::int64_t, To> strides{};
    for (std::size_t from = 0; from < Rank; ++from) {
      std::size_t const to = from + (To - Rank);
      if (shape[to] == -1) shape[to] = shape_[from];
      if (shape[to] == shape_[from]) strides[to] = strides_[from];
      else if (shape_[from] != 1)
        throw shape_error("shape " + detail::shape_text(shape_) + " does not broadcast to " + detail::shape_text(shape) +
                          ": axis " + std::to_string(to) + " differs");
    }
    detail::checked_count(shape, sizeof(T));
    return share<T, To>(data_, shape, strides);
  }

  /// The same elements, in row-major order, in another shape; one extent may be -1, which is then computed.
  /// Throws shape_error if the counts differ, stride_error if the strides do not allow it without a copy.
  template <std::integral... Extent>
  constexpr view<T, sizeof...(Extent)> reshape(Extent... extents) const {
    return reshape(std::array<std::int64_t, sizeof...(Extent)>{static_cast<std::int64_t>(extents)...});
  }
  template <std::size_t To>
  constexpr view<T, To> reshape(std::array<std::int64_t, To> shape) const {
    auto const asked = shape;
    if (auto const open = std::find(shape.begin(), shape.end(), -1); open != shape.end()) {
      *open = 1;
      std::int64_t const others = detail::checked_count(shape, sizeof(T));
      *open = others == 0 ? 0 : size() / others;
    }
    if (detail::checked_count(shape, sizeof(T)) != size())
      throw shape_error("shape " + detail::shape_text(shape_) + " cannot be reshaped to " + detail::shape_text(asked));
    auto const strides = detail::reshaped_strides(shape_, strides_, shape);
    if (!strides)
      throw stride_error("shape " + detail::shape_text(shape_) + " with strides " + detail::shape_text(strides_) +
                         " is not reshaped to " + detail::shape_text(asked) + " without a copy: copy it to an array first");
    return share<T, To>(data_, shape, *strides);
  }

  /// All elements along one axis. Throws stride_error if they do not lie evenly spaced.
  constexpr view<T, 1> flatten() const { return reshape(size()); }

  /// The diagonal of a matrix; a positive `offset` lies above the main one. Off the matrix it is empty.
  constexpr view<T, 1> diagonal(std::int64_t offset = 0) const
    requires(Rank == 2)
  {
    offset = std::clamp(offset, -shape_[0], shape_[1]);
    std::int64_t const row = offset < 0 ? -offset : 0, column = offset > 0 ? offset : 0;
    std::int64_t const length = std::min(shape_[0] - row, shape_[1] - column);
    if (length == 0) return share<T, 1>(data_, {0}, {1});
    return share<T, 1>(data_ + row * strides_[0] + column * strides_[1], {length}, {length > 1 ? strides_[0] + strides_[1] : 1});
  }

  /// Copies `source`, which must have the same shape (else shape_error), into this view. The memory may overlap.
  /// Throws overlap_error if an axis of this view has stride 0, so that elements would be written over.
  constexpr void assign(view<value_type const, Rank> source) const
    requires(!std::is_const_v<T>);

  /// Sets all elements.
  constexpr void fill(value_type value) const
    requires(!std::is_const_v<T>)
  {
    detail::for_each_row(shape_, strides_, strides_,
                         [&](std::int64_t offset, std::int64_t, std::int64_t length, std::int64_t step, std::int64_t) {
                           for (std::int64_t i = 0; i < length; ++i) data_[offset + i * step] = value;
                         });
  }

 private:
  friend detail::view_access;
  template <class Other, std::size_t OtherRank>
  static constexpr view<Other, OtherRank> share(Other* data, std::array<std::int64_t, OtherRank> const& shape,
                                                std::array<std::int64_t, OtherRank> const& strides) {
    return detail::view_access::make(data, shape, strides);
  }

  template <class Source>
  constexpr view(detail::strided<Source, Rank> const& source) : view(source.data, source.shape, source.strides) {}

  constexpr void check_not_null(std::int64_t count) const {
    if (data_ == nullptr && count > 0) throw binding_error("a view of shape " + detail::shape_text(shape_) + " is given a null pointer");
  }

  static constexpr auto without(shape_type const& from, std::size_t place) {
    std::array<std::int64_t, Rank - 1> rest{};
    for (std::size_t to = 0; to + 1 < Rank; ++to) rest[to] = from[to + (to >= place)];
    return rest;
  }

  T* data_ = nullptr;
  shape_type shape_{}, strides_{};
};

template <class Source>
  requires(!detail::is_view<std::remove_cvref_t<Source>> && detail::view_source<Source>)
view(Source&&) -> view<typename detail::described_by<Source>::element_type, detail::described_by<Source>::rank>;

/// A view of anything that one can be made of, with its element type and rank.
template <class Source>
  requires(!detail::is_view<std::remove_cvref_t<Source>> && detail::view_source<Source>)
constexpr auto view_of(Source&& source) {
  using memory = detail::described_by<Source>;
  return view<typename memory::element_type, memory::rank>(std::forward<Source>(source));
}
template <class T, std::size_t Rank>
constexpr view<T, Rank> view_of(view<T, Rank> const& source) { return source; }

}  // namespace ctgrad

#include "view_copy.hpp"
