// Tensors with names, as files of several hold them, and parameter sets as such tensors.
// What is common to formats: which names a set of parameters and an optimiser have, and that nothing is changed unless all of it is there.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "error.hpp"
#include "parameters.hpp"
#include "strides.hpp"
#include "text.hpp"

namespace ctgrad {

/// A name, and elements in row-major order, which are referred to: they have to live as long. Of a view that lies otherwise a copy is kept.
struct named_tensor {
  std::string name;
  dtype type = dtype::float32;
  std::vector<std::int64_t> shape;
  std::span<std::byte const> bytes;
  std::shared_ptr<void const> memory{};  ///< of the bytes, where nobody else holds them

  named_tensor() = default;
  /// Of an array, or of all else that `view_of` takes: `{"w", weights}`.
  template <class Data>
    requires requires(Data const& data) { view_of(data); }
  named_tensor(std::string its_name, Data const& data) : name(std::move(its_name)) {
    auto const v = view_of(data);
    using T = std::remove_const_t<typename decltype(v)::value_type>;
    type = dtype_of<T>;
    for (std::int64_t extent : v.shape()) shape.push_back(extent);
    if (v.is_contiguous()) {
      bytes = std::as_bytes(std::span(v.data(), static_cast<std::size_t>(v.size())));
    } else {
      auto const copy = std::make_shared<array<T, decltype(v)::rank>>(v);
      bytes = std::as_bytes(std::span<T const>(copy->data(), static_cast<std::size_t>(copy->size())));
      memory = copy;
    }
  }
};

namespace detail {

/// "file: tensor 'w'", which messages about it begin with.
inline std::string place_of_tensor(std::string const& file, std::string_view name) { return file + ": tensor " + in_quotes(name); }

/// Throws dtype_error, shape_error, where a tensor of a file is of another dtype or rank, and io_error for a bool that is none.
template <element T>
void require_tensor(named_tensor const& t, std::size_t rank, std::string const& file) {
  std::string const place = place_of_tensor(file, t.name);
  if (t.type != dtype_of<T>) throw dtype_error(place + " is " + std::string(to_string(t.type)) + ", but " + std::string(to_string(dtype_of<T>)) + " is asked for");
  if (t.shape.size() != rank)
    throw shape_error(place + ": its shape " + shape_text(t.shape) + " has rank " + std::to_string(t.shape.size()) + ", but rank " + std::to_string(rank) + " is asked for");
  if constexpr (std::is_same_v<T, bool>)
    for (std::byte value : t.bytes)
      if (value > std::byte{1}) throw io_error(place + ": a bool is stored as " + std::to_string(std::to_integer<int>(value)));
}

/// The shape of a tensor of this rank.
template <std::size_t Rank>
std::array<std::int64_t, Rank> shape_of(named_tensor const& t) {
  std::array<std::int64_t, Rank> shape{};
  for (std::size_t axis = 0; axis < Rank; ++axis) shape[axis] = t.shape[axis];
  return shape;
}
/// An array of the elements of a tensor of a file. Throws as `require_tensor`.
template <element T, std::size_t Rank>
array<T, Rank> array_of(named_tensor const& t, std::string const& file) {
  require_tensor<T>(t, Rank, file);
  auto result = array<T, Rank>::uninitialized(shape_of<Rank>(t));
  if (!t.bytes.empty()) std::memcpy(result.data(), t.bytes.data(), t.bytes.size());
  return result;
}

/// Calls `f(name, view)` for every tensor of a set of parameters, and of the optimiser's state: "w", "w (state 0)", …, as training programs name them, and "(steps)".
template <class F, class T, class... Symbols, class... Optimiser>
void for_each_tensor(F const& f, parameter_set<T, Symbols...>& p, Optimiser&... optimiser) {
  p.for_each([&](char const* name, auto const& value, auto const&) { f(std::string(name), value); });
  [[maybe_unused]] auto const visit = [&](std::int64_t& steps, auto const& states) {
    for (std::size_t k = 0; k < states.size(); ++k)
      (f(std::string(target_name<Symbols>) + " (state " + std::to_string(k) + ")", p.part_of(states[k], Symbols{})), ...);
    f("(steps)", view<std::int64_t, 0>(&steps, {}));
  };
  (optimiser.template with_state<T>(p.size(), visit), ...);
}
template <class Set, class... Optimiser>
std::vector<named_tensor> tensors_of(Set& p, Optimiser&... optimiser) {
  std::vector<named_tensor> all;
  for_each_tensor([&](std::string name, auto const& v) { all.push_back({std::move(name), v}); }, p, optimiser...);
  return all;
}
/// Copies what `find(name)` gives into every tensor of the set and the optimiser's state, after all of it has been found and checked.
/// Throws dtype_error, shape_error where something is of another dtype or shape, and whatever `find` does.
template <class Find, class Set, class... Optimiser>
void assign_tensors(Find const& find, std::string const& file, Set& p, Optimiser&... optimiser) {
  std::vector<named_tensor> found;
  auto check = [&](std::string const& name, auto const& v) {
    named_tensor t = find(name);
    require_tensor<std::remove_const_t<typename std::remove_cvref_t<decltype(v)>::value_type>>(t, v.shape().size(), file);
    bool fits = true;
    for (std::size_t axis = 0; axis < t.shape.size(); ++axis) fits = fits && t.shape[axis] == v.shape()[axis];
    if (!fits)
      throw shape_error(place_of_tensor(file, name) + " has shape " + shape_text(t.shape) + ", and needs " + shape_text(v.shape()));
    found.push_back(std::move(t));
  };
  for_each_tensor(check, p, optimiser...);
  std::size_t next = 0;
  auto copy = [&](std::string const&, auto const& v) {
    if (auto const bytes = found[next++].bytes; !bytes.empty()) std::memcpy(v.data(), bytes.data(), bytes.size());
  };
  for_each_tensor(copy, p, optimiser...);
}

}  // namespace detail
}  // namespace ctgrad
