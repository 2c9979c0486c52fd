// NumPy's .npy files: mapped without a copy, loaded, and saved.
// The plainest way for arrays in and out of Python, and for data sets that are larger than memory. POSIX only.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

#include "../../compiler/dtype.hpp"
#include "array.hpp"
#include "error.hpp"
#include "file.hpp"
#include "npy_header.hpp"
#include "view.hpp"

namespace ctgrad {

namespace detail {

/// Elements as a .npy file holds them: their bytes, which may be unaligned, and their layout.
template <std::size_t Rank>
struct npy_contents {
  std::span<std::byte const> bytes;
  std::array<std::int64_t, Rank> shape{}, strides{};
};

/// Holds `bytes`, all of a .npy file, against the dtype and rank that are asked for.
/// Throws io_error, dtype_error, shape_error as parse_npy_header does, and where dtype, rank or length are not as needed.
template <element T, std::size_t Rank>
npy_contents<Rank> read_npy(std::span<std::byte const> bytes, std::string const& file) {
  npy_header const header = parse_npy_header(bytes, file);
  if (header.type != dtype_of<T>)
    throw dtype_error(file + ": its elements are " + std::string(to_string(header.type)) + ", but " +
                      std::string(to_string(dtype_of<T>)) + " is asked for");
  if (header.shape.size() != Rank)
    throw shape_error(file + ": its shape " + shape_text(header.shape) + " has rank " + std::to_string(header.shape.size()) +
                      ", but rank " + std::to_string(Rank) + " is asked for");
  std::size_t const needed = static_cast<std::size_t>(element_count(header.shape)) * sizeof(T);
  std::size_t const given = bytes.size() - header.data_offset;
  if (given < needed)
    throw io_error(file + ": lacks " + std::to_string(needed - given) + " of the " + std::to_string(needed) + " bytes of shape " +
                   shape_text(header.shape));

  npy_contents<Rank> contents{bytes.subspan(header.data_offset, needed)};
  std::copy(header.shape.begin(), header.shape.end(), contents.shape.begin());
  contents.strides = row_major_strides(contents.shape);
  if (header.fortran_order) {
    auto reversed = contents.shape;
    std::reverse(reversed.begin(), reversed.end());
    contents.strides = row_major_strides(reversed);
    std::reverse(contents.strides.begin(), contents.strides.end());
  }
  if constexpr (std::is_same_v<T, bool>)
    for (std::byte value : contents.bytes)
      if (value > std::byte{1}) throw io_error(file + ": a bool is stored as " + std::to_string(std::to_integer<int>(value)));
  return contents;
}

/// Writes elements in row-major order, gathered into pieces where they do not lie so. False on failure, with errno set.
template <class T, std::size_t Rank>
bool write_elements(int file, view<T const, Rank> const& values) {
  if (values.is_contiguous())
    return write_all(file, std::as_bytes(std::span(values.data(), static_cast<std::size_t>(values.size()))));
  constexpr std::size_t piece = 8192;
  auto const buffer = std::make_unique_for_overwrite<T[]>(piece);
  std::size_t filled = 0;
  bool good = true;
  auto const flush = [&] {
    good = good && write_all(file, std::as_bytes(std::span(buffer.get(), filled)));
    filled = 0;
  };
  for_each_row(values.shape(), values.strides(), values.strides(),
               [&](std::int64_t offset, std::int64_t, std::int64_t length, std::int64_t step, std::int64_t) {
                 for (std::int64_t i = 0; i < length && good; ++i) {
                   buffer[filled++] = values.data()[offset + i * step];
                   if (filled == piece) flush();
                 }
               });
  flush();
  return good;
}

}  // namespace detail

namespace npy {

/// A .npy file in memory, read-only and not copied: pages are read when they are touched. Moves, does not copy; views of
/// it live as long as it does. Whoever shortens the file meanwhile makes reads of the lost part fail (SIGBUS).
template <element T, std::size_t Rank>
class mapped {
 public:
  /// Maps `path`; see npy::map.
  explicit mapped(std::string const& path) : file_(path) {
    std::string const name = detail::printable_path(path);
    auto const contents = detail::read_npy<T, Rank>(file_.bytes(), name);
    bool const has_elements = !contents.bytes.empty();
    if (has_elements && reinterpret_cast<std::uintptr_t>(contents.bytes.data()) % alignof(T) != 0)
      throw io_error(name + ": its elements are not aligned for " + std::string(to_string(dtype_of<T>)) + "; use npy::load");
    view_ = detail::view_access::make(has_elements ? reinterpret_cast<T const*>(contents.bytes.data()) : nullptr, contents.shape,
                                      contents.strides);
  }

  ctgrad::view<T const, Rank> view() const { return view_; }
  operator ctgrad::view<T const, Rank>() const { return view_; }

 private:
  detail::mapped_file file_;
  ctgrad::view<T const, Rank> view_;
};

/// A mapped file binds as its view does: `step(X = file)`.
template <element T, std::size_t Rank>
ctgrad::view<T const, Rank> view_of(mapped<T, Rank> const& file) { return file.view(); }
template <element T, std::size_t Rank>
void view_of(mapped<T, Rank>&&) = delete;

/// Maps a .npy file of this dtype and rank; its view has Fortran's strides if the file is in Fortran's order. Bytes after
/// the elements are ignored, as NumPy does. Throws io_error (cannot be read, malformed, too short, unaligned),
/// dtype_error (other elements, big-endian) and shape_error (other rank, overflow), with the file's name.
template <element T, std::size_t Rank>
mapped<T, Rank> map(std::string const& path) { return mapped<T, Rank>(path); }

/// Reads a .npy file into an array, in row-major order. Throws as npy::map does, but takes unaligned files.
template <element T, std::size_t Rank>
array<T, Rank> load(std::string const& path) {
  detail::mapped_file const file(path);
  auto const contents = detail::read_npy<T, Rank>(file.bytes(), detail::printable_path(path));
  auto result = array<T, Rank>::uninitialized(contents.shape);
  T* next = result.data();
  auto const copy_row = [&](std::int64_t offset, std::int64_t, std::int64_t length, std::int64_t step, std::int64_t) {
    for (std::int64_t i = 0; i < length; ++i)
      std::memcpy(next++, contents.bytes.data() + (offset + i * step) * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
  };
  detail::for_each_row(contents.shape, contents.strides, contents.strides, copy_row);
  return result;
}
template <class T = void>
auto load(std::string const&) {
  static_assert(!sizeof(T*), "ctgrad: npy::load is told the elements and the number of axes: ct::npy::load<float, 2>(\"images.npy\")");
}

/// Writes a .npy file (version 1.0, C's order). It appears under its name complete or not at all: the elements go to a
/// file beside it, which is then renamed over `path`. Throws io_error, and leaves nothing behind.
template <class T, std::size_t Rank>
void save(std::string const& path, view<T, Rank> const& values) {
  using value_type = std::remove_const_t<T>;
  std::string const header = detail::write_npy_header(dtype_of<value_type>, values.shape());
  detail::part_file part(path);
  bool const good = part.get() >= 0 && detail::write_all(part.get(), std::as_bytes(std::span(header))) &&
                    detail::write_elements<value_type, Rank>(part.get(), values) && part.replace(path);
  int const problem = errno;
  if (!good) throw io_error(detail::printable_path(path) + ": cannot be written: " + detail::system_problem(problem));
}
template <class T, std::size_t Rank>
void save(std::string const& path, array<T, Rank> const& values) { save(path, values.view()); }

}  // namespace npy
}  // namespace ctgrad
