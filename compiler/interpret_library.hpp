// Library operations in the interpreter: the plain computation of their rows, one call after the other.
// Apart from the rest of it, because the calls work on arrays where everything else works on elements.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "ops.hpp"

namespace ctgrad::detail {

/// A tensor's elements in row-major order.
struct tensor_value {
  list<std::int64_t> extents;
  list<scalar> elements;
};

/// The first of the slices that `data` holds, over the last `axes` of `extents`; returns the number of its elements.
template <class T>
constexpr std::size_t first_slice(whole_slice<T>& slice, T* data, list<std::int64_t> const& extents, std::size_t axes) {
  slice.data = data;
  for (std::size_t k = 0; k < axes; ++k) slice.extents[k] = extents[extents.size() - axes + k];
  slice.strides[0] = axes == 2 ? slice.extents[1] : 1, slice.strides[1] = 1;
  return static_cast<std::size_t>(slice.extents[0] * slice.extents[1]);
}

/// One call for each place along the axes that the operation does not take whole, on operands that are taken as `Number`.
template <op Code, class Number>
constexpr void interpret_calls(node const& n, tensor_value const* const* operands, tensor_value& result) {
  using r = row<Code>;
  using made = std::conditional_t<r::type(dtype::float64) == dtype::int64, cmath::wrapping<std::int64_t>, Number>;
  constexpr int count = r::info.arity;
  constexpr std::size_t whole = r::info.whole;
  list<Number> taken;
  std::size_t starts[count]{}, sizes[count]{};
  for (int k = 0; k < count; ++k) {
    starts[k] = taken.size();
    for (scalar const& e : operands[k]->elements) taken.push_back(e.template as<Number>());
  }
  whole_slice<Number const> slices[count];
  for (int k = 0; k < count; ++k) sizes[k] = first_slice<Number const>(slices[k], taken.data() + starts[k], operands[k]->extents, whole);
  list<made> all(result.elements.size(), made());
  whole_slice<made> to;
  std::size_t const size = first_slice(to, all.data(), result.extents, result.extents.size() + whole - operands[0]->extents.size());
  for (std::size_t done = 0; done < all.size(); done += size) {
    [&]<int... K>(std::integer_sequence<int, K...>) { r::eval(n.attribute, slices[K]..., to); }(std::make_integer_sequence<int, count>{});
    to.data += size;
    for (int k = 0; k < count; ++k) slices[k].data += sizes[k];
  }
  for (std::size_t e = 0; e < all.size(); ++e) result.elements[e] = scalar::of_result(all[e], n.type);
}

/// The calls of a library operation on numbers, and on integers where it takes any.
struct library_functions {
  using function = void (*)(node const&, tensor_value const* const*, tensor_value&);
  function of_reals = nullptr, of_integers = nullptr;
};
template <op Code>
constexpr library_functions library_functions_of() {
  if constexpr (row<Code>::info.kind != op_kind::library) return {};
  else if constexpr (row<Code>::info.whole == 2) return {&interpret_calls<Code, cmath::ieee>, nullptr};
  else return {&interpret_calls<Code, cmath::ieee>, &interpret_calls<Code, cmath::wrapping<std::int64_t>>};
}
template <class Node, std::size_t... Codes>
constexpr std::array<library_functions, op_count> library_function_table(std::index_sequence<Codes...>) {
  return std::array<library_functions, op_count>{library_functions_of<static_cast<op>(Codes)>()...};
}
template <class Node>
inline constexpr std::array<library_functions, op_count> libraries = library_function_table<Node>(std::make_index_sequence<op_count>{});

/// (A template of what it always is: who interprets nothing has no table of functions to wait for.)
template <class Node>
constexpr void interpret_library(Node const& n, dtype operand_type, tensor_value const* const* operands, tensor_value& result) {
  library_functions const& f = libraries<Node>[static_cast<std::size_t>(n.code)];
  (is_floating(operand_type) ? f.of_reals : f.of_integers)(n, operands, result);
}

}  // namespace ctgrad::detail
