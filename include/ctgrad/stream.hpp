// Sums over more rows than one would hold at once: a tile of rows at a time, gradients added up.
// For data sets in mapped files that are larger than memory, and for temporaries that would be.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../compiler/separable.hpp"
#include "parameters.hpp"

#include <algorithm>

namespace ctgrad {
namespace detail {

/// Why `Of` cannot be added up from tiles of the rows of `Name`; empty where it can.
template <class Of, class Name>
struct not_a_sum_over_rows {
  constexpr message operator()() const {
    graph const g = graph_after<source_graph<Of>, formula_pass_count>.thaw();
    auto const found = find_row_dependences(g, dim_type<Name>::value.name());
    row_dependence const d = found.of[static_cast<std::size_t>(index(g.outputs[0]))];
    message m;
    if (d == row_dependence::total) return m;
    m << "ctgrad: stream over " << dim_type<Name>::value << ": ";
    if (d == row_dependence::none) return m << "the value does not depend on it";
    if (found.culprit != node_id::none) {
      op_info const& row = info(g[found.culprit].code);
      return m << "the value is no sum of what each row gives: `" << row.name << "` mixes rows, or what is summed over them with what is not; compute that part by a program of its own";
    }
    return m << "the value is no sum over it";
  }
};

/// The axis of a symbol whose extent is `Name`, or -1.
template <class Target, class Name>
inline constexpr int streamed_axis = [] {
  if constexpr (requires { Target::type.s; } && target_name<Target> != nullptr)
    for (int axis = 0; axis < Target::type.s.rank; ++axis)
      if (Target::type.s[axis] == dim_type<Name>::value) return axis;
  return -1;
}();

/// Rows [from, to) of what is bound, where its symbol has them; otherwise all of it.
template <class Name, class Target, class Data>
auto tile_of(binding<Target, Data>& b, std::int64_t from, std::int64_t to) {
  constexpr int axis = streamed_axis<Target, Name>;
  if constexpr (axis < 0) return binding<Target, Data&>{b.data};
  else {
    auto const tile = view_of(b.data).slice(axis, from, to);
    return binding<Target, decltype(tile)>{tile};
  }
}

template <class T>
inline constexpr bool is_row_count = false;
template <class Name>
inline constexpr bool is_row_count<binding<dim_type<Name>, std::int64_t>> = true;

template <class Name, class Target, class Data>
void count_rows(binding<Target, Data>& b, std::int64_t& rows, char const*& counted) {
  constexpr int axis = streamed_axis<Target, Name>;
  if constexpr (axis >= 0) {
    std::int64_t const here = view_of(b.data).extent(axis);
    if (counted && here != rows)
      throw shape_error(std::string("ctgrad: stream: ") + target_name<Target> + " has " + std::to_string(here) + " rows, and " + counted + " has " + std::to_string(rows));
    rows = here, counted = target_name<Target>;
  }
}

}  // namespace detail

/// The value of `Of` over all rows, its gradients added into those of `p`, a tile of at most `rows.data` rows at a time:
/// `float l = ct::stream(backward, params, N = 65536, X = file, y = labels);` for `backward = ct::backward(loss, w)`. Every array whose symbol has the extent N
/// is sliced along it, mapped files included (`ct::npy::map`): memory is needed for one tile. `Of` has to be a sum or a mean over N of what each row gives
/// (a compile error otherwise); where it has N as a number, as a mean does, that is the number of all rows. The sum over tiles is kept in double.
/// Throws shape_error, binding_error before anything is added.
template <class Of, class... By, class T, class... Symbols, class Name, bound... Bindings>
auto stream(backward_program<Of, By...> const& backward, parameter_set<T, Symbols...>& p, binding<dim_type<Name>, std::int64_t> rows, Bindings&&... bindings) {
  detail::require_no_error<detail::not_a_sum_over_rows<Of, Name>>();
  if (rows.data < 1) throw shape_error("ctgrad: stream: a tile of " + std::to_string(rows.data) + " rows");
  std::int64_t whole = 0;
  char const* counted = nullptr;
  (detail::count_rows<Name>(bindings, whole, counted), ...);
  workspace_memory space(backward.workspace_bytes(p, detail::tile_of<Name>(bindings, 0, std::min(rows.data, whole))...));
  double total = 0;
  for (std::int64_t from = 0; from == 0 || from < whole; from += rows.data)
    total += static_cast<double>(backward.into_tile(space, p, dim_type<Name>{}, whole, detail::tile_of<Name>(bindings, from, std::min(from + rows.data, whole))...));
  return static_cast<detail::output_value<Of>>(total);
}
template <class Backward, class Parameters, class Rows, class... Arguments>
  requires(!detail::is_row_count<std::remove_cvref_t<Rows>>)
auto stream(Backward&&, Parameters&&, Rows&&, Arguments&&...) {
  static_assert(sizeof(Rows) == 0, "ctgrad: stream is told by name how many rows a tile has: ct::stream(backward, params, N = 65536, X = file)");
  return detail::no_expression{};
}

}  // namespace ctgrad
