// safetensors files: mapped without a copy, loaded into parameters by name, and saved.
// The format in which weights are exchanged. Apart from the umbrella: it needs nlohmann's JSON (Debian: nlohmann-json3-dev). POSIX only.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "file.hpp"
#include "safetensors_header.hpp"

#include <initializer_list>

namespace ctgrad::safetensors {

/// A safetensors file in memory, read-only and not copied: pages are read when they are touched. Moves, does not copy; views of it live as long as it does.
/// Whoever shortens the file meanwhile makes reads of the lost part fail (SIGBUS).
class mapped {
 public:
  /// Maps `path`; see safetensors::map.
  explicit mapped(std::string const& path) : file_(path), name_(detail::printable_path(path)), header_(detail::parse_safetensors_header(file_.bytes(), name_)) {}

  /// The names of all tensors, in the order in which they lie.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (auto const& e : header_.tensors) all.push_back(e.name);
    return all;
  }
  bool has(std::string_view name) const { return entry(name) != nullptr; }
  /// What was written beside the tensors: text by name.
  std::map<std::string, std::string> const& metadata() const { return header_.metadata; }

  /// The tensor of a name as it lies in the file, of any rank. Throws io_error where there is none, dtype_error where its dtype is one that tensors here do not have.
  named_tensor tensor(std::string_view name) const {
    auto const* e = entry(name);
    if (!e) throw io_error(name_ + ": it has no tensor " + detail::in_quotes(name));
    if (e->type->type < 0) throw dtype_error(detail::place_of_tensor(name_, name) + " is " + std::string(e->type->name) + " (bool, int32, int64, float16, bfloat16, float32 and float64 are read)");
    named_tensor t;
    t.name = e->name, t.type = static_cast<dtype>(e->type->type), t.shape = e->shape;
    t.bytes = file_.bytes().subspan(header_.data_offset + e->begin, e->end - e->begin);
    return t;
  }
  /// A view of the tensor of a name: `file.view<float, 2>("fc1.weight")`. Throws as `tensor`; dtype_error, shape_error for another dtype or rank; io_error where it is not aligned.
  template <element T, std::size_t Rank>
  ctgrad::view<T const, Rank> view(std::string_view name) const {
    named_tensor const t = tensor(name);
    detail::require_tensor<T>(t, Rank, name_);
    if (reinterpret_cast<std::uintptr_t>(t.bytes.data()) % alignof(T) != 0)
      throw io_error(detail::place_of_tensor(name_, name) + ": its elements are not aligned for " + std::string(to_string(dtype_of<T>)) + "; use safetensors::load");
    return ctgrad::view<T const, Rank>(t.bytes.empty() ? nullptr : reinterpret_cast<T const*>(t.bytes.data()), detail::shape_of<Rank>(t));
  }
  /// A copy of it, which may have been unaligned. Throws as `view` otherwise.
  template <element T, std::size_t Rank>
  array<T, Rank> load(std::string_view name) const {
    return detail::array_of<T, Rank>(tensor(name), name_);
  }
  /// The file's name, as messages have it.
  std::string const& name() const { return name_; }

 private:
  detail::mapped_file file_;
  std::string name_;
  detail::safetensors_header header_;

  detail::safetensors_entry const* entry(std::string_view name) const {
    for (auto const& e : header_.tensors)
      if (e.name == name) return &e;
    return nullptr;
  }
};

/// Maps a safetensors file. Throws io_error (cannot be read, malformed, truncated, overlapping or left-over data), dtype_error (a dtype that the format does not have),
/// shape_error (overflow), with the names of the file and of the tensor.
inline mapped map(std::string const& path) { return mapped(path); }

/// Copies one tensor of a file: `safetensors::load<float, 2>("model.safetensors", "fc1.weight")`. Throws as safetensors::map, mapped::tensor; dtype_error, shape_error for another dtype or rank.
template <element T, std::size_t Rank>
array<T, Rank> load(std::string const& path, std::string_view name) {
  return mapped(path).load<T, Rank>(name);
}
template <class T = void>
auto load(std::string const&, std::string_view) {
  static_assert(!sizeof(T*), "ctgrad: safetensors::load is told the elements and the number of axes: ct::safetensors::load<float, 2>(\"model.safetensors\", \"w\")");
}

/// Values of all parameters, by their names, and the state of an optimiser (all but lbfgs) where one is given. The file may hold more. Throws as safetensors::map does, io_error for
/// a name that is missing, dtype_error and shape_error for tensors that are not as the parameter; then nothing is changed.
template <class T, class... Symbols, class... Optimiser>
void load(std::string const& path, parameter_set<T, Symbols...>& parameters, Optimiser&... optimiser) {
  mapped const file(path);
  detail::assign_tensors([&](std::string const& name) { return file.tensor(name); }, file.name(), parameters, optimiser...);
}

/// Writes tensors, those of the widest elements first, so that all are aligned: `safetensors::save("model.safetensors", {{"w", w}, {"b", b}})`. The file appears under its name
/// complete or not at all. Throws io_error, and leaves nothing behind.
inline void save(std::string const& path, std::vector<named_tensor> const& tensors, std::map<std::string, std::string> const& metadata = {}) {
  std::string const file = detail::printable_path(path);
  std::vector<named_tensor> by_size;
  for (unsigned size : {8u, 4u, 2u, 1u})
    for (auto const& t : tensors)
      if (size_of(t.type) == size) by_size.push_back(t);
  std::string const header = detail::write_safetensors_header(by_size, metadata, file);
  detail::part_file part(path);
  bool good = part.get() >= 0 && detail::write_all(part.get(), std::as_bytes(std::span(header)));
  for (auto const& t : by_size) good = good && detail::write_all(part.get(), t.bytes);
  good = good && part.replace(path);
  int const problem = errno;
  if (!good) throw io_error(file + ": cannot be written: " + detail::system_problem(problem));
}
/// Writes the values of all parameters by name, and the state of an optimiser: what `load` reads.
template <class T, class... Symbols, class... Optimiser>
void save(std::string const& path, parameter_set<T, Symbols...>& parameters, Optimiser&... optimiser) {
  save(path, detail::tensors_of(parameters, optimiser...));
}
template <element T, std::size_t Rank>
void save(std::string const&, array<T, Rank> const&) {
  static_assert(!sizeof(T), "ctgrad: safetensors::save takes parameters, or arrays by name: ct::safetensors::save(\"model.safetensors\", {{\"w\", w}})");
}

}  // namespace ctgrad::safetensors
