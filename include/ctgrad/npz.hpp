// NumPy's .npz files, archives of .npy files: loaded by name, also into parameters, and saved, deflated where that is wanted.
// Apart from the umbrella: it needs libzip (Debian: libzip-dev; link -lzip). What is in an archive is not aligned, so it is copied, never mapped. POSIX only.
// Format: https://numpy.org/doc/stable/reference/generated/numpy.savez.html
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <zip.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "file.hpp"
#include "named_tensor.hpp"
#include "npy_header.hpp"

namespace ctgrad::npz {
namespace detail {

using namespace ctgrad::detail;

/// Frees what libzip makes; an archive that was not closed is left as it was.
struct zip_deleter {
  void operator()(zip_t* z) const { zip_discard(z); }
  void operator()(zip_file_t* f) const { zip_fclose(f); }
  void operator()(zip_source_t* s) const { zip_source_free(s); }
};
template <class T>
using zip_pointer = std::unique_ptr<T, zip_deleter>;

/// An error's text, which it holds.
inline std::string text_of_error(zip_error_t& e) {
  std::string text = zip_error_strerror(&e);
  zip_error_fini(&e);
  return text;
}

/// Elements in Fortran's order, in row-major order.
inline std::shared_ptr<std::byte[]> row_major_copy(std::span<std::byte const> bytes, std::vector<std::int64_t> const& shape, std::size_t element_size) {
  std::shared_ptr<std::byte[]> const copy(new std::byte[bytes.size()]);
  std::vector<std::int64_t> index(shape.size());
  for (std::size_t to = 0; to < bytes.size(); to += element_size) {
    std::int64_t from = 0;
    for (std::size_t axis = shape.size(); axis-- > 0;) from = from * shape[axis] + index[axis];
    std::memcpy(copy.get() + to, bytes.data() + static_cast<std::size_t>(from) * element_size, element_size);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return copy;
}

}  // namespace detail

/// A .npz file that is open for reading, mapped. Moves, does not copy.
class archive {
 public:
  /// Opens `path`; see npz::open.
  explicit archive(std::string const& path) : file_(path), name_(detail::printable_path(path)) {
    zip_error_t problem;
    zip_error_init(&problem);
    auto const bytes = file_.bytes();
    detail::zip_pointer<zip_source_t> source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &problem));
    if (source) zip_.reset(zip_open_from_source(source.get(), ZIP_RDONLY, &problem));
    if (!zip_) throw io_error(name_ + ": cannot be read as a .npz file: " + detail::text_of_error(problem));
    source.release();  // the archive's now
    zip_error_fini(&problem);
  }

  /// The names of all arrays, in the order of the file.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (zip_int64_t i = 0; i < zip_get_num_entries(zip_.get(), 0); ++i)
      if (char const* const name = zip_get_name(zip_.get(), static_cast<zip_uint64_t>(i), 0); name && std::string_view(name).ends_with(".npy")) all.emplace_back(name, std::strlen(name) - 4);
    return all;
  }
  bool has(std::string_view name) const { return place(name) >= 0; }

  /// The array of a name, of any rank. Throws io_error where there is none, where it is damaged, compressed by another method than deflate, or encrypted, and as npy::load does.
  named_tensor tensor(std::string_view name) const {
    std::string const place = detail::place_of_tensor(name_, name);
    std::size_t size = 0;
    std::shared_ptr<std::byte[]> memory = read(name, place, size);
    std::span<std::byte const> const bytes(memory.get(), size);
    auto const header = detail::parse_npy_header(bytes, place);
    auto const element_size = static_cast<std::size_t>(size_of(header.type));
    std::size_t const needed = static_cast<std::size_t>(detail::element_count(header.shape)) * element_size, given = size - header.data_offset;
    if (given < needed) throw io_error(place + ": lacks " + std::to_string(needed - given) + " of the " + std::to_string(needed) + " bytes of shape " + detail::shape_text(header.shape));
    named_tensor t;
    t.name = name, t.type = header.type, t.shape = header.shape;
    t.bytes = bytes.subspan(header.data_offset, needed);
    if (header.fortran_order && header.shape.size() > 1) {
      memory = detail::row_major_copy(t.bytes, t.shape, element_size);
      t.bytes = {memory.get(), needed};
    }
    t.memory = memory;
    return t;
  }
  /// The array of a name. Throws as `tensor`; dtype_error, shape_error for another dtype or rank.
  template <element T, std::size_t Rank>
  array<T, Rank> load(std::string_view name) const {
    return detail::array_of<T, Rank>(tensor(name), name_);
  }
  /// The file's name, as messages have it.
  std::string const& name() const { return name_; }

 private:
  detail::mapped_file file_;  // outlives the archive that reads from it
  std::string name_;
  detail::zip_pointer<zip_t> zip_;

  zip_int64_t place(std::string_view name) const { return zip_name_locate(zip_.get(), (std::string(name) + ".npy").c_str(), 0); }

  /// All bytes of an entry. A size that its compressed bytes cannot have is refused before memory is asked for: deflate makes 1,032 bytes of one at most.
  std::shared_ptr<std::byte[]> read(std::string_view name, std::string const& place_text, std::size_t& size) const {
    auto const fail = [&](std::string const& problem) { throw io_error(place_text + ": " + problem); };
    zip_int64_t const entry = place(name);
    if (entry < 0) throw io_error(name_ + ": it has no array " + detail::in_quotes(name));
    zip_stat_t status;
    constexpr zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(zip_.get(), static_cast<zip_uint64_t>(entry), 0, &status) != 0 || (status.valid & needed) != needed) fail("the archive does not say how long it is");
    if (status.encryption_method != ZIP_EM_NONE) fail("it is encrypted");
    if (status.comp_method != ZIP_CM_STORE && status.comp_method != ZIP_CM_DEFLATE) fail("it is compressed by method " + std::to_string(status.comp_method) + " (stored and deflated are read)");
    zip_uint64_t const most = status.comp_method == ZIP_CM_STORE ? 1 : 1032;
    if (status.comp_size > file_.bytes().size() || status.size / most > status.comp_size)
      fail("the archive says that " + std::to_string(status.comp_size) + " bytes of it are " + std::to_string(status.size) + " bytes, which cannot be");
    detail::zip_pointer<zip_file_t> const reader(zip_fopen_index(zip_.get(), static_cast<zip_uint64_t>(entry), 0));
    if (!reader) fail("cannot be read: " + std::string(zip_strerror(zip_.get())));
    size = static_cast<std::size_t>(status.size);
    std::shared_ptr<std::byte[]> memory(new std::byte[size + 1]);
    std::size_t at = 0;
    for (zip_int64_t got = 1; got > 0; at += static_cast<std::size_t>(got)) {  // also at the end, where the checksum is compared
      got = zip_fread(reader.get(), memory.get() + at, size + 1 - at);
      if (got < 0) fail("is damaged: " + std::string(zip_file_strerror(reader.get())));
      if (at + static_cast<std::size_t>(got) > size) fail("it is longer than the archive says");
    }
    if (at < size) fail("is truncated: " + std::to_string(size - at) + " of its " + std::to_string(size) + " bytes are missing");
    return memory;
  }
};

/// Opens a .npz file. Throws io_error where it cannot be read, or is none.
inline archive open(std::string const& path) { return archive(path); }

/// Copies one array of a file: `npz::load<float, 2>("model.npz", "w")`. Throws as npz::open, archive::load.
template <element T, std::size_t Rank>
array<T, Rank> load(std::string const& path, std::string_view name) {
  return archive(path).load<T, Rank>(name);
}
template <class T = void>
auto load(std::string const&, std::string_view) {
  static_assert(!sizeof(T*), "ctgrad: npz::load is told the elements and the number of axes: ct::npz::load<float, 2>(\"model.npz\", \"w\")");
}
/// Values of all parameters, by their names, and the state of an optimiser (all but lbfgs) where one is given; as safetensors::load.
template <class T, class... Symbols, class... Optimiser>
void load(std::string const& path, parameter_set<T, Symbols...>& parameters, Optimiser&... optimiser) {
  archive const file(path);
  detail::assign_tensors([&](std::string const& name) { return file.tensor(name); }, file.name(), parameters, optimiser...);
}

enum class compression { stored, deflated };

/// Writes arrays as numpy.savez does, or numpy.savez_compressed: `npz::save("model.npz", {{"w", w}, {"b", b}}, npz::compression::deflated)`. The file appears under its name complete
/// or not at all. Throws io_error, also for no arrays, or two of one name, and leaves nothing behind.
inline void save(std::string const& path, std::vector<named_tensor> const& tensors, compression how = compression::stored) {
  std::string const file = detail::printable_path(path);
  if (tensors.empty()) throw io_error(file + ": a .npz file of no arrays is not written");
  std::vector<std::string> headers(tensors.size());
  int code = 0;
  detail::zip_pointer<zip_t> zip(zip_open(path.c_str(), ZIP_CREATE | ZIP_TRUNCATE, &code));
  if (!zip) {
    zip_error_t problem;
    zip_error_init_with_code(&problem, code);
    throw io_error(file + ": cannot be written: " + detail::text_of_error(problem));
  }
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    auto const& t = tensors[i];
    auto const fail = [&] { throw io_error(detail::place_of_tensor(file, t.name) + " cannot be written: " + zip_strerror(zip.get())); };
    headers[i] = detail::write_npy_header(t.type, t.shape);
    // libzip reads from where these lie; its interface lacks the const.
    zip_buffer_fragment_t const parts[] = {{reinterpret_cast<zip_uint8_t*>(headers[i].data()), headers[i].size()},
                                           {reinterpret_cast<zip_uint8_t*>(const_cast<std::byte*>(t.bytes.data())), t.bytes.size()}};
    detail::zip_pointer<zip_source_t> source(zip_source_buffer_fragment(zip.get(), parts, t.bytes.empty() ? 1 : 2, 0));
    if (!source) fail();
    zip_int64_t const entry = zip_file_add(zip.get(), (t.name + ".npy").c_str(), source.get(), ZIP_FL_ENC_UTF_8);
    if (entry < 0) fail();
    source.release();  // the archive's now
    auto const place = static_cast<zip_uint64_t>(entry);
    constexpr zip_uint16_t first_day = 1 << 5 | 1;  // 1980-01-01, so that equal arrays make equal files
    if (zip_set_file_compression(zip.get(), place, how == compression::stored ? ZIP_CM_STORE : ZIP_CM_DEFLATE, 0) != 0 || zip_file_set_dostime(zip.get(), place, 0, first_day, 0) != 0) fail();
  }
  if (zip_close(zip.get()) != 0) throw io_error(file + ": cannot be written: " + zip_strerror(zip.get()));
  zip.release();
}
/// Writes the values of all parameters by name, and the state of an optimiser: what `load` reads.
template <class T, class... Symbols, class... Optimiser>
void save(std::string const& path, parameter_set<T, Symbols...>& parameters, Optimiser&... optimiser) {
  save(path, detail::tensors_of(parameters, optimiser...));
}
template <element T, std::size_t Rank>
void save(std::string const&, array<T, Rank> const&) {
  static_assert(!sizeof(T), "ctgrad: npz::save takes parameters, or arrays by name: ct::npz::save(\"model.npz\", {{\"w\", w}})");
}

}  // namespace ctgrad::npz
