// What a program is called with: names found, shapes checked, arrays described.
// Names, dtypes and ranks are checked in the compiler; extents, overlaps and null pointers before the first element is written.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../compiler/program.hpp"
#include "array.hpp"
#include "cpu/frame.hpp"
#include "error.hpp"
#include "symbol.hpp"
#include "view.hpp"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>

namespace ctgrad::detail {

inline std::string to_text(message const& m) { return {m.view().begin(), m.view().end()}; }

/// The element type and rank of what was bound.
template <class Data>
struct data_traits {
  using view_type = decltype(view_of(std::declval<Data&>()));
  using element_type = std::remove_const_t<typename view_type::value_type>;
  static constexpr int rank = static_cast<int>(view_type::rank);
};
template <class Data>
  requires is_number<std::remove_cvref_t<Data>>
struct data_traits<Data> {
  using element_type = std::remove_cvref_t<Data>;
  static constexpr int rank = 0;
};
template <class Data>
concept bindable = is_number<std::remove_cvref_t<Data>> || requires(std::remove_reference_t<Data>& data) { view_of(data); };

template <class Target>
inline constexpr char const* target_name = nullptr;
template <class T, class Name, class... Extents>
inline constexpr char const* target_name<symbol<T, Name, Extents...>> = name_of<Name>;
template <class Name>
inline constexpr char const* target_name<dim_type<Name>> = name_of<Name>;

/// How one binding of a call names and types its data, as values.
struct argument_info {
  char const* name = nullptr;
  bool is_output = false, is_dim = false, is_number = false, is_bindable = false, is_writable = false;
  dtype type = dtype::float32;
  int rank = 0;
};
template <class Binding>
constexpr argument_info argument_info_of() {
  using target = typename Binding::target;
  using data = decltype(Binding::data);
  argument_info a;
  a.name = target_name<target>;
  a.is_output = a.name == nullptr;
  a.is_dim = is_dim<target>;
  a.is_number = is_number<std::remove_cvref_t<data>>;
  if constexpr (bindable<data>) {
    using T = typename data_traits<std::remove_reference_t<data>>::element_type;
    a.is_bindable = element<T>;
    if constexpr (element<T>) a.type = dtype_of<T>;
    a.rank = data_traits<std::remove_reference_t<data>>::rank;
    if constexpr (is_number<std::remove_cvref_t<data>>) a.is_writable = std::is_lvalue_reference_v<data> && !std::is_const_v<std::remove_reference_t<data>>;
    else a.is_writable = !std::is_const_v<std::remove_pointer_t<decltype(view_of(std::declval<std::remove_reference_t<data>&>()).data())>>;
  }
  return a;
}

/// Names that a call lacks, repeats or should not have, and data of the wrong dtype or rank: the message for the first, or nothing.
template <class P>
constexpr message check_names(argument_info const* arguments, int count) {
  auto const& g = P::graph;
  auto symbols = [&](message& m) {
    for (std::size_t i = 0; i < g.symbols.size(); ++i) (i ? m << ", " : m) << g.symbols[i].view();
  };
  for (int a = 0; a < count; ++a) {
    if (arguments[a].is_output) continue;
    std::string_view const name = arguments[a].name;
    int place = -1;
    for (std::size_t i = 0; i < g.symbols.size(); ++i)
      if (g.symbols[i].name == arguments[a].name && !arguments[a].is_dim) place = static_cast<int>(i);
    if (arguments[a].is_dim) return message() << "ctgrad: " << name << " is an extent, which a call takes from its arrays; only workspace(...) is told it";
    if (place < 0) {
      message m;
      m << "ctgrad: " << name << " is no symbol of this program, which takes ";
      symbols(m);
      return m;
    }
    for (int b = 0; b < a; ++b)
      if (!arguments[b].is_output && !arguments[b].is_dim && arguments[b].name == arguments[a].name) return message() << "ctgrad: " << name << " is bound twice";
    auto const& symbol = g.symbols[place];
    int const rank = g.shapes[static_cast<std::size_t>(index(symbol.shape))].rank;
    if (!arguments[a].is_bindable) return message() << "ctgrad: " << name << " is bound to something that is neither a number nor an array; see ct::view";
    if (arguments[a].rank != rank)
      return message() << "ctgrad: " << name << " has " << rank << (rank == 1 ? " axis" : " axes") << ", and is bound to data of " << arguments[a].rank;
    bool const fits = arguments[a].type == symbol.type ||
                      (arguments[a].is_number && (is_floating(symbol.type) || (!is_floating(arguments[a].type) && symbol.type != dtype::bool_)));
    if (!fits) return message() << "ctgrad: " << name << " is " << to_string(symbol.type) << ", and is bound to " << to_string(arguments[a].type) << " data";
  }
  for (std::size_t i = 0; i < g.symbols.size(); ++i) {
    bool found = false;
    for (int a = 0; a < count; ++a) found = found || (!arguments[a].is_output && !arguments[a].is_dim && arguments[a].name == g.symbols[i].name);
    if (!found) {
      return message() << "ctgrad: " << g.symbols[i].view() << " is not bound: add " << g.symbols[i].view() << " = ...";
    }
  }
  return {};
}
template <class P, class... Bindings>
struct names_error {
  constexpr message operator()() const {
    argument_info arguments[] = {argument_info_of<Bindings>()..., argument_info{}};
    return check_names<P>(arguments, sizeof...(Bindings));
  }
};

template <dtype Type, class Number>
[[noreturn, gnu::cold]] void throw_range(char const* name, Number number) {
  throw binding_error("ctgrad: " + std::string(name) + " is bound to " + std::to_string(number) + ", which does not fit " + std::string(to_string(Type)));
}

/// The bytes that an array touches; nothing where it has no element.
struct memory_range {
  std::uintptr_t begin = 0, end = 0;
  bool overlaps(memory_range o) const { return (begin < o.end) & (o.begin < end); }
};
template <class View>
memory_range range_of(View const& v) {
  std::int64_t low = 0, high = 0;
  for (std::size_t i = 0; i < v.shape().size(); ++i) {
    if (v.shape()[i] == 0) return {};
    std::int64_t const reach = (v.shape()[i] - 1) * v.strides()[i];
    (reach < 0 ? low : high) += reach;
  }
  auto const base = reinterpret_cast<std::uintptr_t>(v.data());
  constexpr auto size = static_cast<std::int64_t>(sizeof(*v.data()));
  return {base + static_cast<std::uintptr_t>(low * size), base + static_cast<std::uintptr_t>((high + 1) * size)};
}

/// `data` as an array reference, into `a`. Numbers are copied into `number`, in the dtype of the symbol `name`.
/// Returns its memory: from the view's own numbers, since those just written to `a` come back late.
/// Throws binding_error for an integer that it does not hold.
template <dtype Type, class Data>
memory_range describe_data(array_ref& a, Data& data, std::int64_t& number, char const* name = "") {
  if constexpr (is_number<std::remove_cvref_t<Data>>) {
    auto const converted = static_cast<element_t<Type>>(data);
    if constexpr (std::is_integral_v<std::remove_cvref_t<Data>> && is_integer(Type))
      if (static_cast<std::remove_cvref_t<Data>>(converted) != data || (converted < 0) != (data < 0)) [[unlikely]] throw_range<Type>(name, data);
    std::memcpy(&number, &converted, sizeof converted);
    a.data = &number;
    return {};
  } else {
    auto const v = view_of(data);
    a.data = const_cast<void*>(static_cast<void const*>(v.data()));
    for (std::size_t i = 0; i < v.shape().size(); ++i) a.extents[i] = v.shape()[i], a.strides[i] = v.strides()[i];
    return range_of(v);
  }
}

/// An array's memory where ranges of addresses alone do not tell: bytes.
struct strided_memory {
  array_ref const* a;
  int rank;
  std::int64_t element_size;
};
/// Whether two arrays are known to share no byte although their ranges meet: columns of one matrix, every other element.
/// For some stride, what the other axes reach stays in different parts of its period.
[[gnu::cold]] inline bool are_interleaved(strided_memory x, strided_memory y) {
  auto disjoint_modulo = [&](std::int64_t period) {
    std::int64_t starts[2], lengths[2];
    for (int which = 0; which < 2; ++which) {
      auto const& [a, rank, size] = which ? y : x;
      std::int64_t low = 0, high = 0;
      for (int axis = 0; axis < rank; ++axis) {
        std::int64_t const step = a->strides[axis] * size;
        if (a->extents[axis] <= 1 || step % period == 0) continue;
        (step < 0 ? low : high) += (a->extents[axis] - 1) * step;
      }
      starts[which] = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(a->data) % static_cast<std::uintptr_t>(period)) + low;
      lengths[which] = high - low + size;
    }
    std::int64_t const between = ((starts[1] - starts[0]) % period + period) % period;
    return between >= lengths[0] && between + lengths[1] <= period;
  };
  for (auto const& [a, rank, size] : {x, y})
    for (int axis = 0; axis < rank; ++axis)
      if (std::int64_t const period = std::abs(a->strides[axis] * size); a->extents[axis] > 1 && period != 0 && disjoint_modulo(period)) return true;
  return false;
}

/// Where an extent differs from what the array has: the message for it.
template <class P>
[[noreturn, gnu::cold]] void throw_extent(std::string_view name, int axis, std::int64_t given, extent const& e, std::int64_t needed) {
  message m;
  m << "ctgrad: axis " << axis << " of " << name << " has extent " << given << ", and needs " << needed;
  if (!e.is_static()) {
    if (!e.is_anonymous()) m << " = " << e;  // a name that the user gave
    for (auto const& d : P::dims)
      if (d.symbol >= 0 && e.name() == d.name) m << " (from axis " << d.axis << " of " << P::symbols[static_cast<std::size_t>(d.symbol)].view() << ")";
  }
  throw shape_error(to_text(m));
}

/// Where a slice leaves less than nothing.
[[noreturn, gnu::cold]] inline void throw_negative_extent(extent const& e, std::int64_t size) {
  throw shape_error(to_text(message() << "ctgrad: extent " << e << " is " << size << ": a slice or a lookup takes more than there is"));
}

/// Whether no two elements of an array to be written share memory.
inline bool is_distinct(array_ref const& a, int rank) {
  if (rank == 0) return true;
  if (rank == 1) return a.extents[0] <= 1 || a.strides[0] != 0;
  int order[max_rank];
  int count = 0;
  for (int i = 0; i < rank; ++i) {
    if (a.extents[i] == 0) return true;
    if (a.extents[i] == 1) continue;
    int place = count++;
    for (; place > 0 && std::abs(a.strides[order[place - 1]]) > std::abs(a.strides[i]); --place) order[place] = order[place - 1];
    order[place] = i;
  }
  std::int64_t reach = 0;
  for (int k = 0; k < count; ++k) {
    std::int64_t const step = std::abs(a.strides[order[k]]);
    if (step <= reach) return false;
    reach += (a.extents[order[k]] - 1) * step;
  }
  return true;
}

}  // namespace ctgrad::detail
