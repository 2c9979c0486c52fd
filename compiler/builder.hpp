// Appends nodes to a graph: infers shapes and dtypes, inserts casts and broadcasts, and gives equal nodes one place.
// Everything that makes a graph (lowering, tracing, derivatives, rewriting) goes through it, so all obey the same rules.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "graph.hpp"
#include "ieee.hpp"

#include <concepts>
#include <initializer_list>

namespace ctgrad::detail {

struct value;

struct builder {
  graph g;
  bool lookup_only = false;  ///< `add` finds nodes, and makes none
  message error;  ///< the first thing that went wrong; what is built after it means nothing
  void (*on_error)(builder const&) = nullptr;  ///< called by the first error

  constexpr builder() : slots(64) { intern(shape{}); }
  /// Starts a graph with the symbols and shapes of another, which keep their places, for a pass that rewrites it.
  constexpr explicit builder(graph const& from) : slots(table_size(from.nodes.size())) {
    g.symbols = from.symbols;
    g.equalities = from.equalities;
    g.accumulate_from = from.accumulate_from;
    g.shapes = from.shapes;
    g.nodes.reserve(from.nodes.size() + 64);
  }

  /// Takes the nodes of the graph that it was made for, under their numbers, and from now on finds nodes, and makes none.
  constexpr void find_only(list<node> const& nodes) { g.nodes = nodes, lookup_only = true, enter_nodes(slots.size()); }

  constexpr bool ok() const { return error.empty(); }

  /// Notes an error, unless there was one before.
  constexpr node_id fail(message m) {
    if (ok()) {
      error = m;
      if (on_error) on_error(*this);
    }
    return add({.code = op::constant, .type = dtype::float32});
  }

  constexpr shape_id intern(shape const& s) {
    shape const* const shapes = g.shapes.data();
    int const count = static_cast<int>(g.shapes.size()), last = s.rank ? s.rank - 1 : 0;
    for (int i = 0; i < count; ++i)  // (what most differ in comes first: one step of the compilers' limits for each of them)
      if (shapes[i].rank == s.rank && shapes[i].extents[0].constant == s.extents[0].constant && shapes[i].extents[last].constant == s.extents[last].constant && shapes[i] == s) return shape_id{i};
    g.shapes.push_back(s);
    return shape_id{count};
  }

  /// The place of `n`: where an equal node is, or a new one.
  constexpr node_id add(node const& n) {
    std::int32_t* const places = slots.data();
    std::uint64_t const mask = slots.size() - 1;
    std::uint64_t h = hash(n) & mask;
    for (node const* const nodes = g.nodes.data(); places[h]; h = (h + 1) & mask)
      if (nodes[places[h] - 1] == n) return node_id{places[h] - 1};
    if (lookup_only) return node_id::none;
    g.nodes.push_back(n);
    int const count = places[h] = g.size();
    if (2 * static_cast<std::uint64_t>(count) > mask) enter_nodes(4 * slots.size());
    return node_id{count - 1};
  }

  // Leaves.

  constexpr node_id symbol(char const* name, dtype type, shape const& s) {
    shape_id id = intern(s);
    int place = 0;
    for (; place < static_cast<int>(g.symbols.size()); ++place)
      if (g.symbols[place].name == name) {
        if (g.symbols[place].shape != id || g.symbols[place].type != type)
          return fail(message() << "ctgrad: two different symbols have the name " << g.symbols[place].view() << ": " << to_string(g.symbols[place].type)
                                << g[g.symbols[place].shape] << " and " << to_string(type) << s);
        break;
      }
    if (place == static_cast<int>(g.symbols.size())) g.symbols.push_back({name, type, id});
    return add({.code = op::symbol, .type = type, .shape = id, .attribute = place});
  }
  constexpr node_id real(double number, dtype type, shape_id s = shape_id::scalar, bool weak = false) {
    if (type != dtype::float64 && is_floating(type)) number = static_cast<double>(cmath::ieee::to_float(number));  // of 16 bits too: numbers beside arrays stay exact
    std::int64_t bits = is_floating(type) ? std::bit_cast<std::int64_t>(number) : static_cast<std::int64_t>(number);
    return add({.code = op::constant, .type = type, .weak = weak, .shape = s, .attribute = bits});
  }
  constexpr node_id integer(std::int64_t number, dtype type, shape_id s = shape_id::scalar, bool weak = false) {
    if (is_floating(type)) return real(static_cast<double>(number), type, s, weak);
    if (type == dtype::bool_) number = number != 0;
    if (type == dtype::int32) number = static_cast<std::int32_t>(number);
    return add({.code = op::constant, .type = type, .weak = weak, .shape = s, .attribute = number});
  }
  /// The number of elements of `s`, as a scalar.
  constexpr node_id size_of(shape const& s, dtype type) {
    std::int64_t number = 1;
    for (int i = 0; i < s.rank; ++i)
      if (s[i].is_static()) number *= s[i].constant;
      else return add({.code = op::extent, .type = type, .attribute = index(intern(s))});
    return integer(number, type);
  }
  /// 0, 1, 2, … along the only axis.
  constexpr node_id iota(extent const& e, dtype type) {
    shape s;
    s.push_back(e);
    return add({.code = op::iota, .type = type, .shape = intern(s)});
  }

  // Maps.

  constexpr node_id map(op code, node_id a, node_id b = node_id::none, node_id c = node_id::none);

  constexpr node_id cast(node_id a, dtype type) {
    node const n = g[a];
    if (n.type == type && !n.weak) return a;
    if (n.is_constant()) return is_floating(n.type) ? real_cast(n, type) : integer(n.attribute, type, n.shape);
    return add({.code = op::cast, .type = type, .arity = 1, .shape = n.shape, .operands = {a, node_id::none, node_id::none}});
  }

  // Movement.

  /// `a` with the shape `s`, in which the axes of `inserted` are new, and the others are `a`'s or repeat its only element.
  constexpr node_id broadcast(node_id a, shape_id s, axis_mask inserted) {
    node const n = g[a];
    if (n.shape == s) return a;
    if (n.is_constant()) {
      node repeated = n;
      repeated.shape = s;
      return add(repeated);
    }
    return add({.code = op::broadcast, .type = n.type, .arity = 1, .shape = s, .operands = {a, node_id::none, node_id::none}, .attribute = inserted});
  }
  /// Axis i of the result is axis `source[i]` of `a`.
  constexpr node_id permute(node_id a, std::array<int, max_rank> const& source) {
    node n = g[a];
    shape const from = g[n.shape];
    shape to;
    std::int64_t packed = 0;
    bool same = true;
    for (int i = 0; i < from.rank; ++i) {
      to.push_back(from[source[i]]);
      packed |= std::int64_t{source[i]} << (4 * i);
      same = same && source[i] == i;
    }
    if (same) return a;
    n.shape = intern(to);
    if (n.is_constant()) return add(n);
    if (n.code == op::permute) {
      std::array<int, max_rank> through{};
      for (int i = 0; i < from.rank; ++i) through[i] = n.source_axis(source[i]);
      return permute(n.operands[0], through);
    }
    return add({.code = op::permute, .type = n.type, .arity = 1, .shape = n.shape, .operands = {a, node_id::none, node_id::none}, .attribute = packed});
  }
  /// The shape in which two shapes meet, by NumPy's rule; anonymous extents become what they meet. Returns the axis, counted from the last, where they do not; else 0.
  constexpr int meet(shape const& left, shape const& right, shape& result);
  constexpr shape meet(node_id a, node_id b);
  /// `a` repeated to the shape `s`, aligned at the last axes as in NumPy.
  constexpr node_id broadcast_to(node_id a, shape const& s) {
    int missing = s.rank - g.shape_of(a).rank;
    return broadcast(a, intern(s), (axis_mask{1} << missing) - 1);
  }

  /// `a` without the axes of `axes`, whose extent is 1.
  constexpr node_id squeeze(node_id a, axis_mask axes) {
    node const n = g[a];
    if (axes == 0) return a;
    shape const from = g[n.shape];
    shape to;
    for (int i = 0; i < from.rank; ++i)
      if (!(axes >> i & 1)) to.push_back(from[i]);
    shape_id const s = intern(to);
    if (n.is_constant()) return broadcast(a, s, 0);
    if (n.code == op::broadcast && n.axes() == axes && g[n.operands[0]].shape == s) return n.operands[0];
    return add({.code = op::squeeze, .type = n.type, .arity = 1, .shape = s, .operands = {a, node_id::none, node_id::none}, .attribute = axes});
  }

  // Views and assemblies: of arrays (shapes.hpp).

  /// Along one axis, the elements first, first + step, … of `a`, `count` of them. That they are there is the caller's to know, or is checked when extents are.
  constexpr node_id slice(node_id a, int axis, extent const& first, extent const& count, std::int32_t step);
  /// An axis as two: `size` elements, `dilation` apart, from each of `places` on, which are `step` apart.
  constexpr node_id windows(node_id a, int axis, extent const& places, std::int64_t size, std::int32_t step, std::int32_t dilation);
  /// Of the element k of axis - 1 the elements first + slope k, … of `axis`, `count` of them. That they are there is the caller's to know.
  constexpr node_id skew(node_id a, int axis, extent const& first, extent const& count, std::int32_t slope);
  /// `a` in row-major order with another shape of as many elements.
  constexpr node_id reshape(node_id a, shape const& to);
  /// `a`, then `b` along an axis; the other extents have to be equal.
  constexpr node_id concat(node_id a, node_id b, int axis);

  // Places that are known when a program runs (shapes.hpp). A place before the axis is its first, one behind it its last.

  /// `a` at `places` along an axis: element r of the result, which has the shape of `places`, is that of `a` at r with places[r] inserted at the axis.
  constexpr node_id gather(node_id a, node_id places, int axis);
  /// Zeros, with each element of `a` added at its place: the axes of `gone` are summed over, and an axis of `count` elements comes in at `axis` of the result.
  constexpr node_id scatter(node_id a, node_id places, int axis, extent const& count, axis_mask gone);

  // Reductions and products.

  constexpr node_id reduce(op code, node_id a, axis_mask axes) {
    node const n = g[a];
    shape const from = g[n.shape];
    shape to;
    axis_mask single = 0;  // of one element: nothing to reduce
    for (int i = 0, left = 0; i < from.rank; ++i) {
      bool const goes = axes >> i & 1;
      if (goes && from[i].is_one()) single |= axis_mask{1} << left;
      if (!goes || from[i].is_one()) to.push_back(from[i]), ++left;
      if (goes && from[i].is_one()) axes &= ~(axis_mask{1} << i);
    }
    dtype type = info(code).widens && !is_floating(n.type) ? dtype::int64 : n.type;
    if (axes == 0) return squeeze(cast(a, type), single);
    if (n.code == op::scatter && code == op::sum && !single) return sum_of_scatter(n, axes);
    if (single) return squeeze(reduce(code, a, axes), single);
    return add({.code = code,
                .type = type,
                .arity = 1,
                .shape = intern(to),
                .operands = {type == n.type ? a : cast(a, type), node_id::none, node_id::none},
                .attribute = axes});
  }
  /// The sum of a scatter over axes of its result, without making it first.
  constexpr node_id sum_of_scatter(node const& n, axis_mask axes);
  constexpr node_id contract(node_id a, node_id b, contraction const& labels, std::string_view name = "matmul");
  /// Products of vectors, matrices, and of the matrices of the last two axes, as in NumPy's matmul.
  constexpr node_id matmul(node_id a, node_id b);

  /// d `of` / d `by`, to be worked out by the differentiate pass.
  constexpr node_id gradient(node_id of, node_id by) {
    node const f = g[of], x = g[by];
    if (g.shape_of(of).rank) return fail(message() << "ctgrad: the gradient of " << describe(of) << ": only a scalar has a gradient; sum or mean it, with weights ct::sum(weights * it)");
    if (!is_floating(f.type)) return fail(message() << "ctgrad: the gradient of " << describe(of) << ": it is " << to_string(f.type) << ", and only floating-point numbers have gradients");
    if (!is_floating(x.type)) return fail(message() << "ctgrad: the gradient by " << describe(by) << ": it is " << to_string(x.type) << ", and only floating-point numbers have gradients");
    return add({.code = op::gradient, .type = x.type, .arity = 2, .shape = x.shape, .operands = {of, by, node_id::none}});
  }

  /// Makes `a` the extent in which `a` and `b` meet, and notes that they are equal; false where they cannot be.
  constexpr bool unify(extent& a, extent const& b);

  /// A node as messages name it: its symbol or its operation, and its shape.
  constexpr message describe(node_id id) const {
    node const& n = g[id];
    message m;
    if (n.code == op::symbol) m << g.symbols[n.attribute].view();
    else if (n.is_constant()) m << "the constant " << n.real();
    else m << info(n.code).name << "(...)";
    if (g[n.shape].rank) m << g[n.shape];
    return m;
  }

  /// A node of another graph with the same shapes, with operands of this one that have the dtypes and shapes of its own.
  constexpr node_id copy(node const& n, node_id const* operands) {
    node moved = n;
    for (int k = 0; k < n.arity; ++k) moved.operands[k] = operands[k];
    if (n.arity == 2 && info(n.code).commutative) order(moved);
    return add(moved);
  }

 private:
  /// Operands of commutative operations stand in one order, constants first: equal terms are found equal.
  constexpr void order(node& n) const {
    node_id const first = n.operands[0], second = n.operands[1];
    node const* const nodes = g.nodes.data();
    if (nodes[static_cast<int>(first)].code == op::constant || !(nodes[static_cast<int>(second)].code == op::constant || second < first)) return;
    n.operands[0] = second;
    n.operands[1] = first;
  }
  static constexpr std::size_t table_size(std::size_t nodes) {
    std::size_t size = 64;
    while (size < 3 * nodes) size *= 2;
    return size;
  }
  list<std::int32_t> slots;  // numbers of nodes, from 1 on: open addressing; a linear scan breaks clang's limit of steps near 100 nodes

  static constexpr std::uint64_t hash(node const& n) {
    std::uint64_t h = static_cast<std::uint64_t>(n.code) * 0x9E3779B97F4A7C15u + static_cast<std::uint64_t>(n.attribute);
    h = (h ^ h >> 29) * 0xBF58476D1CE4E5B9u + static_cast<std::uint64_t>(n.operands[0]) * 0x94D049BB133111EBu + static_cast<std::uint64_t>(n.operands[1]) * 0xD6E8FEB86659FD93u +
        static_cast<std::uint64_t>(n.operands[2]) + static_cast<std::uint64_t>(n.shape) * 0xA0761D6478BD642Fu + static_cast<std::uint64_t>(n.type);
    h = (h ^ h >> 32) * 0xE7037ED1A0B428DBu;
    return h ^ h >> 29;
  }
  constexpr void enter_nodes(std::size_t size) {
    std::uint64_t const mask = size - 1;
    slots = list<std::int32_t>(size);
    std::int32_t* const places = slots.data();
    node const* const nodes = g.nodes.data();
    for (int i = 0, count = g.size(); i < count; ++i) {
      std::uint64_t h = hash(nodes[i]) & mask;
      while (places[h]) h = (h + 1) & mask;
      places[h] = i + 1;
    }
  }
  constexpr node_id real_cast(node const& n, dtype type) {
    double number = n.real();
    if (is_floating(type)) return real(number, type, n.shape);
    if (type == dtype::bool_) return integer(number != 0, type, n.shape);
    double limit = type == dtype::int32 ? 2147483648.0 : 9223372036854775808.0;
    if (!(number > -limit - 1 && number < limit)) return fail(message() << "ctgrad: the constant " << number << " does not fit " << to_string(type));
    return integer(static_cast<std::int64_t>(number), type, n.shape);
  }
  constexpr node_id fold(op code, dtype type, bool weak, node_id const* operands, int count);
};

/// Defined by the surface (fn.hpp), which says why a value is none.
template <class Number>
constexpr Number number_of_value();

/// A value of the graph that is being built: what a traced function works with.
/// The operators and functions that work on expressions work on it too.
struct value {
  builder* b = nullptr;
  node_id id = node_id::none;

  constexpr node const& get() const { return b->g[id]; }
  constexpr dtype type() const { return get().type; }
  constexpr detail::shape const& shape() const { return b->g[get().shape]; }
  constexpr int rank() const { return shape().rank; }

  /// `number` as a constant that takes the dtype of what it meets.
  template <class Number>
    requires std::is_arithmetic_v<Number>
  constexpr value constant(Number number) const {
    if constexpr (std::is_same_v<Number, bool>) return {b, b->integer(number, dtype::bool_)};
    else if constexpr (std::is_integral_v<Number>) return {b, b->integer(number, dtype::int64, shape_id::scalar, true)};
    else return {b, b->real(static_cast<double>(number), dtype::float64, shape_id::scalar, true)};
  }

  // Of `if`, and of std's functions: errors both.
  template <std::same_as<bool> Bool>
  explicit constexpr operator Bool() const { return number_of_value<Bool>(); }
  template <std::same_as<double> Double>
  constexpr operator Double() const { return number_of_value<Double>(); }
};

template <class T>
concept number = std::is_arithmetic_v<T>;
template <class T>
concept traced = std::same_as<T, value>;

// The hook through which function objects reach the graph (functions.hpp).
constexpr value call_map(op code, value a) { return {a.b, a.b->map(code, a.id)}; }
template <class A, class B>
  requires(traced<A> || traced<B>)
constexpr value call_map(op code, A a, B b) {
  if constexpr (!traced<A>) return {b.b, b.b->map(code, b.constant(a).id, b.id)};
  else if constexpr (!traced<B>) return {a.b, a.b->map(code, a.id, a.constant(b).id)};
  else return {a.b, a.b->map(code, a.id, b.id)};
}
template <class A, class B, class C>
  requires(traced<A> || traced<B> || traced<C>)
constexpr value call_map(op code, A a, B b, C c) {
  value some;
  if constexpr (traced<A>) some = a;
  else if constexpr (traced<B>) some = b;
  else some = c;
  auto lift = [&](auto x) {
    if constexpr (traced<decltype(x)>) return x.id;
    else return some.constant(x).id;
  };
  return {some.b, some.b->map(code, lift(a), lift(b), lift(c))};
}

#define CTGRAD_VALUE_OPERATOR(symbol, name)                        \
  template <class A, class B>                                      \
    requires((traced<A> && (traced<B> || number<B>)) || (traced<B> && number<A>)) \
  constexpr value operator symbol(A a, B b) {                      \
    return call_map(op::name, a, b);                               \
  }
CTGRAD_VALUE_OPERATOR(+, add)
CTGRAD_VALUE_OPERATOR(-, subtract)
CTGRAD_VALUE_OPERATOR(*, multiply)
CTGRAD_VALUE_OPERATOR(/, divide)
CTGRAD_VALUE_OPERATOR(==, equal)
CTGRAD_VALUE_OPERATOR(!=, not_equal)
CTGRAD_VALUE_OPERATOR(<, less)
CTGRAD_VALUE_OPERATOR(<=, less_equal)
CTGRAD_VALUE_OPERATOR(>, greater)
CTGRAD_VALUE_OPERATOR(>=, greater_equal)
CTGRAD_VALUE_OPERATOR(&&, logical_and)
CTGRAD_VALUE_OPERATOR(||, logical_or)
#undef CTGRAD_VALUE_OPERATOR
constexpr value operator-(value a) { return call_map(op::negative, a); }
constexpr value operator+(value a) { return a; }
constexpr value operator!(value a) { return call_map(op::logical_not, a); }
template <class B>
constexpr value& operator+=(value& a, B b) { return a = a + b; }
template <class B>
constexpr value& operator-=(value& a, B b) { return a = a - b; }
template <class B>
constexpr value& operator*=(value& a, B b) { return a = a * b; }
template <class B>
constexpr value& operator/=(value& a, B b) { return a = a / b; }

}  // namespace ctgrad::detail
