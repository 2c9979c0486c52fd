// Runs a program node by node, and says which part of it was the first to make a NaN, an infinity, or to look where nothing is.
// The loops of a program are fused, so that a debugger shows nothing of it; this computes the same formulas, one after the other.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../../compiler/find_fault.hpp"
#include "instrument.hpp"
#include "report.hpp"

#include <cstdio>
#include <string>
#include <vector>

namespace ctgrad {

/// A value that is NaN, infinite, or no place of an axis, where a check found one.
struct value_error : error { using error::error; };

/// What `ct::check` found: nothing, or the first part of the program at fault.
struct check_result {
  std::string message;              ///< one line; empty where nothing was found
  std::string formula;              ///< of the part, in about 80 characters
  std::vector<std::int64_t> index;  ///< the element of it
  std::vector<int> outputs;         ///< which outputs of the program are NaN or infinite somewhere

  bool ok() const { return message.empty(); }
  explicit operator bool() const { return ok(); }
  /// Throws value_error with the message, where there is one.
  void require() const {
    if (!ok()) throw value_error(message);
  }
};

namespace detail {

/// The elements of a bound array.
template <class T>
void read_elements(tensor_value& t, array_ref const& a) {
  odometer o(t.extents);
  auto const count = static_cast<std::size_t>(product_of(t.extents));
  t.elements.reserve(count);
  for (std::size_t e = 0; e < count; ++e, o.next()) {
    std::int64_t offset = 0;
    for (std::size_t axis = 0; axis < t.extents.size(); ++axis) offset += o.at[axis] * a.strides[axis];
    T const x = static_cast<T const*>(a.data)[offset];
    if constexpr (is_floating(dtype_of<T>)) t.elements.push_back({static_cast<double>(x), 0});
    else t.elements.push_back({0, static_cast<std::int64_t>(x)});
  }
}
inline tensor_value read_tensor(array_ref const& a, dtype type, int rank) {
  tensor_value t{{a.extents, a.extents + rank}, {}};
  switch (type) {
    case dtype::bool_: read_elements<bool>(t, a); break;
    case dtype::int32: read_elements<std::int32_t>(t, a); break;
    case dtype::int64: read_elements<std::int64_t>(t, a); break;
    case dtype::float16: read_elements<float16>(t, a); break;
    case dtype::bfloat16: read_elements<bfloat16>(t, a); break;
    case dtype::float32: read_elements<float>(t, a); break;
    case dtype::float64: read_elements<double>(t, a); break;
  }
  return t;
}

inline std::string number_text(scalar const& s, dtype type) {
  if (type == dtype::bool_) return s.integer ? "true" : "false";
  if (!is_floating(type)) return std::to_string(s.integer);
  if (s.real != s.real) return "NaN";
  char text[32];
  std::snprintf(text, sizeof text, "%.*g", type == dtype::float64 ? 12 : 7, s.real);
  return text;
}
inline std::string place_text(std::vector<std::int64_t> const& at) {
  std::string text;
  for (auto i : at) text += (text.empty() ? "[" : ", ") + std::to_string(i);
  return text.empty() ? "" : " at " + text + "]";
}

/// Says a fault in the words of the user's expressions.
class fault_teller {
 public:
  fault_teller(graph const& graph_at_work, fault const& what) : g(graph_at_work), f(what), n(g[f.node]) {}

  check_result tell() const {
    check_result r;
    r.formula = formula(f.node, 80);
    r.outputs.assign(f.outputs.begin(), f.outputs.end());
    if (f.kind == fault_kind::beyond) {
      r.message = "ctgrad: " + r.formula + " goes beyond the axis: the array is too short";
      return r;
    }
    bool const place = f.kind == fault_kind::no_place;
    node_id const of = place ? without_repetition(n.operands[1], r.index) : without_repetition(f.node, r.index);
    if (place) r.message = formula(of, 80) + " is " + number_text(f.value, g[of].type) + place_text(r.index) + ", and " + r.formula + places();
    else r.message = r.formula + (f.kind == fault_kind::not_a_number ? " is NaN" : f.value.real < 0 ? " is -inf" : " is inf") + place_text(r.index) + operands();
    r.message = "ctgrad: " + r.message + reached();
    return r;
  }

 private:
  graph const& g;
  fault const& f;
  node const& n;

  std::string formula(node_id id, std::size_t width) const {
    message m;
    print_short_formula(m, g, id, width);
    return to_text(m);
  }
  /// What `id` repeats, and where in it the element stands.
  node_id without_repetition(node_id id, std::vector<std::int64_t>& at) const {
    at.assign(f.at.begin(), f.at.end());
    while (g[id].code == op::broadcast) {
      shape const& from = g.shape_of(g[id].operands[0]);
      std::vector<std::int64_t> source;
      for (std::size_t axis = 0; axis < at.size(); ++axis)
        if (!(g[id].axes() >> axis & 1)) source.push_back(from[static_cast<int>(source.size())].is_one() ? 0 : at[axis]);
      at = source, id = g[id].operands[0];
    }
    return id;
  }
  std::string places() const {
    return (info(n.code).scatters ? " adds at places from 0 to " : " takes places from 0 to ") + std::to_string(f.highest[0].integer);
  }
  /// What it is made of.
  std::string operands() const {
    if (n.code == op::symbol) return ", as it was bound";
    std::string text;
    for (int k = 0; k < n.arity; ++k) {
      node const& operand = source_of(g, n.operands[k]);
      if (operand.is_constant()) continue;
      std::string const name = formula(n.operands[k], 60), start = (text.empty() ? ": " : ", ") + name;
      if (text.find(": " + name + ' ') != std::string::npos) continue;
      dtype const type = g[n.operands[k]].type;
      if (!f.operands.empty()) text += start + " = " + number_text(f.operands[static_cast<std::size_t>(k)], type);
      else text += start + " is from " + number_text(f.lowest[static_cast<std::size_t>(k)], type) + " to " + number_text(f.highest[static_cast<std::size_t>(k)], type);
    }
    return text;
  }
  std::string reached() const {
    if (f.outputs.empty()) return "; no output is NaN or infinite";
    std::string text = f.outputs.size() == 1 ? "; it reaches output " : "; it reaches outputs ";
    for (std::size_t k = 0; k < f.outputs.size(); ++k) text += (k ? ", " : "") + std::to_string(f.outputs[k]);
    return text;
  }
};

}  // namespace detail

/// A program that is checked: call it as the program itself.
template <class Program>
struct checked_program;
template <int Assigned, class... Outputs>
struct checked_program<program<Assigned, Outputs...>> {
  /// Computes the program's formulas, as they are after simplification and with gradients worked out, one after the other: NaN of operands without NaN, an infinity of
  /// finite operands, a place beyond an axis that is looked up or added at. What is bound may be infinite, but not NaN. Slow, and in the memory of all formulas at once
  /// (16 bytes for each element). Throws shape_error and binding_error as a call does; outputs need not be bound.
  template <bound... Bindings>
  check_result operator()(Bindings&&... bindings) const {
    using program_type = program<Assigned, Outputs...>;
    using compiled = typename program_type::compiled;
    auto const find = [](detail::array_ref const* arrays, std::int64_t const*) {
      detail::graph const g = detail::graph_after<detail::program_source<Assigned, Outputs...>, detail::formula_pass_count>.thaw();
      detail::list<detail::tensor_value> inputs;
      detail::extent_binding extents;
      for (auto const& symbol : g.symbols) {
        std::size_t place = 0;
        while (place < compiled::symbol_count && !(compiled::symbols[place].name == symbol.name)) ++place;
        detail::shape const& s = g[symbol.shape];
        // A symbol that no output needs any more has no array.
        inputs.push_back(place < compiled::symbol_count ? detail::read_tensor(arrays[place], symbol.type, s.rank) : detail::tensor_value{});
        for (int axis = 0; place < compiled::symbol_count && axis < s.rank; ++axis)
          if (auto const name = s[axis].name(); name.characters && !extents.find(name)) extents.entries.push_back({name, arrays[place].extents[axis]});
      }
      detail::fault const f = detail::find_fault(g, inputs, extents);
      return f.kind == detail::fault_kind::none ? check_result{} : detail::fault_teller(g, f).tell();
    };
    return detail::program_access::bind(program_type{}, find, bindings...);
  }
};

/// `step` with checks: `ct::check(step)(X = images, w = weights).require();` names the first part of it that is NaN or infinite, or takes a place that is none:
/// `log(x - 1) is NaN at [3, 7]: x - 1 = -0.5; it reaches outputs 0, 1`.
template <int Assigned, class... Outputs>
checked_program<program<Assigned, Outputs...>> check(program<Assigned, Outputs...> const&) {
  return {};
}

}  // namespace ctgrad
