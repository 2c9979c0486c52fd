// Programs: expressions, compiled to loops, as a function object without state.
// `ct::compile(loss, ct::grad(loss, w))` runs the passes; calling it runs what they made.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "expression.hpp"  // first: compile_error.hpp says why

#include "arguments.hpp"
#include "compiled.hpp"
#include "cpu/memory.hpp"
#include "cpu/views.hpp"
#include "gradient.hpp"
#include "results.hpp"
#include "workspace.hpp"

#include <algorithm>
#include <tuple>

namespace ctgrad {
namespace detail {

/// Outputs that do not go together: one name for two symbols, extents that would have to agree and are known to differ, or that nothing binds.
template <int Assigned, class... Outputs>
struct outputs_that_differ {
  constexpr message operator()() const {
    graph g = kept_graph<program_source<Assigned, Outputs...>>::kept.thaw();
    if (!g.outputs.empty()) {
      message m = unify_extents(g);
      if (m.empty()) m = find_unbound_extent(g);
      return m;
    }
    lowering l;
    (lower<Outputs>(l), ...);
    return l.b.error;
  }
};

/// Calls `f` with 0, 1, … `Count` - 1: few one after the other, where all that follows from the number is known (measured: a tenth of a small call's time), many in a loop, which compiles once.
template <int Count, class F>
CTGRAD_INLINE void for_each_number(F const& f) {
  if constexpr (Count <= 12) [&]<int... I>(std::integer_sequence<int, I...>) CTGRAD_LAMBDA_INLINE { (f(I), ...); }(std::make_integer_sequence<int, Count>{});
  else
    for (int i = 0; i < Count; ++i) f(i);
}

/// Whether the loops of a program are in another unit (CTGRAD_EXTERN_PROGRAM).
template <class P>
inline constexpr bool is_elsewhere = false;
/// The loops of a program, as a function that one unit instantiates for others.
template <class P>
void run_whole(frame<P>& f);

/// What a call does when all is bound: its instructions in order.
struct whole_run {
  template <class P>
  void operator()(frame<P>& f) const {
    if constexpr (is_elsewhere<P>) run_whole(f);
    else run_level<P, 0, P::size.instructions>(f);
  }
};

/// The symbol of a program that `Target` is; -1: none, or an extent.
template <class P, class Target>
inline constexpr int symbol_number = [] {
  if constexpr (target_name<Target> != nullptr && !is_dim<Target>) {
    int i = 0;
    while (P::graph.symbols[static_cast<std::size_t>(i)].name != target_name<Target>) ++i;
    return i;
  } else {
    return -1;
  }
}();

/// One call at work: arrays by buffer, extents by name. By the short name of a program: it has a function for each parameter.
template <class P>
struct program_call {
  array_ref arrays[P::buffer_count + 1];
  std::int64_t dims[P::dim_count + 1];
  std::int64_t numbers[P::symbol_count + 1];
  memory_range ranges[P::symbol_count + P::output_count + 1];  // by buffer

  template <class... Bindings>
  void bind_symbols(Bindings&... bindings) {
    [[maybe_unused]] char const each[] = {(bind_symbol<symbol_number<P, typename Bindings::target>>(bindings.data), '\0')..., '\0'};  // (no fold: clang takes none of more than 256)
    for (int i = 0; i < P::dim_count; ++i) dims[i] = arrays[P::dims[i].symbol].extents[P::dims[i].axis];
    for_each_number<P::symbol_count>([&](int i) CTGRAD_LAMBDA_INLINE { check_extents(i); });
    if constexpr (P::difference_count > 0)
      for (auto const& e : P::differences)
        if (std::int64_t const size = evaluate_extent<P>(e, dims); size < 0) [[unlikely]] throw_negative_extent(e, size);
  }
  template <int Number, class Data>
  void bind_symbol(Data& data) {
    if constexpr (Number >= 0) {
      constexpr symbol_entry symbol = P::graph.symbols[Number];
      ranges[Number] = describe_data<symbol.type>(arrays[Number], data, numbers[Number], symbol.name);
    }
  }
  /// A buffer as messages name it.
  static std::string name_of_buffer(int buffer) { return detail::name_of_buffer<P>(buffer); }
  [[noreturn, gnu::cold]] static void throw_null(int buffer) { throw binding_error("ctgrad: " + name_of_buffer(buffer) + " is bound to a null pointer"); }
  CTGRAD_INLINE void check_extents(int buffer) {
    bool empty = false;
    for (int axis = 0, rank = P::shape_of_buffer(buffer).rank; axis < rank; ++axis) {
      std::int64_t const needed = extent_of_shape<P>(index(P::schedule.buffers[static_cast<std::size_t>(buffer)].s), axis, dims);
      if (arrays[buffer].extents[axis] != needed) [[unlikely]]
        throw_extent<P>(name_of_buffer(buffer), axis, arrays[buffer].extents[axis], P::shape_of_buffer(buffer)[axis], needed);
      empty = empty || needed == 0;
    }
    if (!empty && arrays[buffer].data == nullptr) [[unlikely]] throw_null(buffer);
  }

  template <class Values, int... I>
  void make_outputs(Values& values, std::integer_sequence<int, I...>) {
    (make_output<I>(std::get<I>(values)), ...);
  }
  template <int I, class Value>
  void make_output(Value& value) {
    constexpr int buffer = P::symbol_count + I;
    array_ref& a = arrays[buffer];
    if constexpr (is_number<Value>) {
      a.data = &value;
    } else {
      lay_out<P>(a, dims, buffer);
      typename Value::shape_type extents;
      for (std::size_t axis = 0; axis < extents.size(); ++axis) extents[axis] = a.extents[axis];
      value = Value::uninitialized(extents);
      a.data = value.data();
    }
  }

  /// Outputs have their places; those that are the same expression as an earlier one have that one's.
  void finish_outputs(int const* first_equal) {
    for_each_number<P::output_count>([&](int number) CTGRAD_LAMBDA_INLINE {
      int const buffer = P::symbol_count + number, first = P::symbol_count + first_equal[number];
      if (first != buffer) arrays[buffer] = arrays[first], ranges[buffer] = ranges[first];
      check_extents(buffer);
      if (!is_distinct(arrays[buffer], P::shape_of_buffer(buffer).rank))
        throw_shared(number);
    });
  }
  [[noreturn, gnu::cold]] static void throw_shared(int output) { throw overlap_error("ctgrad: output " + std::to_string(output) + " has elements that share memory"); }
  template <int Number, class Data>
  void bind_output(Data& data) {
    if constexpr (Number >= 0) {
      constexpr int buffer = P::symbol_count + Number;
      if constexpr (is_number<std::remove_cvref_t<Data>>) {
        arrays[buffer].data = &data;
        auto const address = reinterpret_cast<std::uintptr_t>(&data);
        ranges[buffer] = {address, address + sizeof(data)};
      } else {
        std::int64_t none;
        ranges[buffer] = describe_data<P::schedule.buffers[buffer].type>(arrays[buffer], data, none);
      }
    }
  }

  void check_overlap() {
    constexpr int first = P::symbol_count;
    for_each_number<P::output_count>([&](int number) CTGRAD_LAMBDA_INLINE {
      int const buffer = first + number;
      bool any = false;  // (no branch for each: a small call has dozens)
      for (int other = 0; other < buffer; ++other) any |= ranges[buffer].overlaps(ranges[other]);
      if (any) [[unlikely]] check_shared(buffer);
    });
  }
  /// An array as what decides whether interleaved ones share memory.
  [[gnu::cold]] strided_memory memory_of(int buffer) const {
    return {&arrays[buffer], P::shape_of_buffer(buffer).rank, static_cast<std::int64_t>(size_of(type_of(buffer)))};
  }
  static constexpr dtype type_of(int buffer) { return P::schedule.buffers[static_cast<std::size_t>(buffer)].type; }
  [[gnu::cold]] CTGRAD_NOINLINE void check_shared(int buffer) const {
    for (int other = 0; other < buffer; ++other)
      if (ranges[buffer].overlaps(ranges[other])) check_shared(other, buffer);
  }
  /// What an output has in common with a symbol has to be all of both, element for element, and read before it is written; with another output nothing.
  [[gnu::cold]] CTGRAD_NOINLINE void check_shared(int other, int buffer) const {
    int const output = buffer - P::symbol_count, rank = P::shape_of_buffer(buffer).rank;
    array_ref const &to = arrays[buffer], &from = arrays[other];
    bool same = other < P::symbol_count && P::same_array_allowed[static_cast<std::size_t>(other)][static_cast<std::size_t>(output)] && to.data == from.data &&
                rank == P::shape_of_buffer(other).rank && type_of(buffer) == type_of(other);
    for (int axis = 0; same && axis < rank; ++axis) same = to.extents[axis] == from.extents[axis] && (to.strides[axis] == from.strides[axis] || to.extents[axis] <= 1);
    if (same || are_interleaved(memory_of(buffer), memory_of(other))) return;
    if (other >= P::symbol_count) throw overlap_error("ctgrad: outputs " + std::to_string(other - P::symbol_count) + " and " + std::to_string(output) + " overlap in memory");
    throw overlap_error("ctgrad: output " + std::to_string(output) + " overlaps " + name_of_buffer(other) + " in memory, which would change the result");
  }

  static void require_memory(workspace_memory const& space, memory_layout const& layout) {
    if (layout.bytes() > space.bytes()) [[unlikely]]
      throw shape_error("ctgrad: the workspace has " + std::to_string(space.bytes()) + " bytes, and this call needs " + std::to_string(layout.bytes()) + ": make it for larger extents");
  }

  /// Runs the loops; the temporaries are laid out.
  template <class Run = whole_run>
  void run(workspace_memory& space, memory_layout const& layout, std::int64_t const* sizes, Run const& loops = {}) {
    make_views<P>(arrays, dims);
    frame<P> f;
    f.arrays = arrays;
    f.dims = dims;
    f.sizes = sizes;
    f.memory = space.data();
    f.scratch = {space.data() + layout.slots, space.data() + layout.bytes(), 1};
    if (layout.rows > 0) f.scratch.threads = static_cast<int>(std::min<std::int64_t>(thread_count(), 1 + (space.bytes() - layout.bytes()) / layout.rows));
    loops(f);
  }
};

/// What `into` does when all is bound. (A lambda's name would have that of `into` in it.)
struct run_call {
  template <class P>
  void operator()(program_call<P>& c, memory_layout const& layout, workspace_memory& memory) const {
    c.run(memory, layout, c.dims);
  }
};
/// For tools that look into a call (instrument.hpp).
struct program_access;

}  // namespace detail

/// A compiled program: a function of its symbols. It holds nothing, and may be called from several threads at once.
template <int Assigned, class... Outputs>
struct program {
  using compiled = detail::short_compiled<Assigned, Outputs...>;

  /// Computes all outputs. Symbols are bound by name, in any order: `step(X = images, w = weights)`.
  /// Throws shape_error, binding_error before anything is computed.
  template <class... Bindings>
    requires all_bound<Bindings...>
  auto operator()(Bindings&&... bindings) const {
    return evaluate(detail::whole_run{}, bindings...);
  }

  template <class... Arguments>
    requires(!all_bound<Arguments...>)
  auto operator()(Arguments&&...) const {
    static_assert(sizeof...(Arguments) == 0, "ctgrad: a program takes its arrays by name: step(X = images, w = weights)");
    return detail::no_expression{};
  }

  /// The memory that `into` needs for extents up to the given ones, and as many threads as there are now: `step.workspace(N = 4096)`.
  template <class... Bindings>
    requires all_bound<Bindings...>
  workspace_memory workspace(Bindings const&... bindings) const {
    std::int64_t dims[compiled::dim_count + 1]{};
    bool given[compiled::dim_count + 1]{};
    (
        [&] {
          constexpr int number = compiled::dim_number(detail::extent_name{detail::target_name<typename Bindings::target>});
          static_assert(number < compiled::dim_count, "ctgrad: workspace is bound to a name that is no extent of this program");
          dims[number] = bindings.data, given[number] = true;
        }(),
        ...);
    for (int i = 0; i < compiled::dim_count; ++i) {
      detail::message m;
      if (!given[i]) m << "ctgrad: workspace needs the extent " << compiled::dims[i].name.view();
      else if (dims[i] < 0) m << "ctgrad: extent " << compiled::dims[i].name.view() << " is " << dims[i];
      if (!m.empty()) throw shape_error(detail::to_text(m));
    }
    detail::array_ref arrays[compiled::buffer_count + 1];
    return workspace_memory(detail::lay_out_temporaries<compiled>(arrays, dims, nullptr).bytes(detail::thread_count()));
  }

  template <class... Arguments>
    requires(!all_bound<Arguments...>)
  auto workspace(Arguments&&...) const {
    static_assert(sizeof...(Arguments) == 0, "ctgrad: a workspace is told extents by name: step.workspace(N = 4096)");
    return detail::no_expression{};
  }

  /// The bytes of temporaries that a call with these symbols needs.
  template <class... Bindings>
    requires all_bound<Bindings...>
  std::int64_t workspace_bytes(Bindings&&... bindings) const {
    detail::require_no_error<detail::names_error<compiled, std::remove_cvref_t<Bindings>...>>();
    call c;
    c.bind_symbols(bindings...);
    return detail::lay_out_temporaries<compiled>(c.arrays, c.dims, nullptr).bytes(detail::thread_count());
  }

  /// Computes into arrays of the caller's, without allocating: `step.into(space, X = images, w = weights, loss = l, dw = buffer)`.
  /// Throws shape_error, binding_error, overlap_error before anything is written.
  template <class... Bindings>
    requires all_bound<Bindings...>
  void into(workspace_memory& space, Bindings&&... bindings) const {
    compute(space, detail::run_call{}, bindings...);
  }
  template <class First, class... Arguments>
    requires(!std::same_as<std::remove_cvref_t<First>, workspace_memory> || !all_bound<Arguments...>)
  auto into(First&&, Arguments&&...) const {
    static_assert(sizeof(First) == 0, "ctgrad: into takes a workspace, then arrays by name: auto space = step.workspace(N = 4096); step.into(space, X = images, loss = l)");
    return detail::no_expression{};
  }
  /// As `into`, for arrays that are a tile of `whole` rows of extent `Name`: where a formula has the extent as a number, as a mean does, it is that of the whole.
  template <class Name, class... Bindings>
    requires all_bound<Bindings...>
  void into_tile(workspace_memory& space, dim_type<Name>, std::int64_t whole, Bindings&&... bindings) const {
    auto const run = [whole](call& c, detail::memory_layout const& layout, workspace_memory& memory) {
      std::int64_t sizes[compiled::dim_count + 1];
      std::copy_n(c.dims, compiled::dim_count, sizes);
      sizes[compiled::dim_number(dim_type<Name>::value.name())] = whole;
      c.run(memory, layout, sizes);
    };
    compute(space, run, bindings...);
  }

 private:
  friend detail::program_access;
  using call = detail::program_call<compiled>;
  template <class Run, class... Bindings>
  static auto evaluate(Run const& run, Bindings&... bindings) {
    static_assert(Assigned >= static_cast<int>(sizeof...(Outputs)), "ctgrad: a program that accumulates is called with ct::parameters or through into");
    detail::require_no_error<detail::names_error<compiled, std::remove_cv_t<Bindings>...>>();
    call c;
    c.bind_symbols(bindings...);
    results<Outputs...> r;
    c.make_outputs(r.values, std::make_integer_sequence<int, sizeof...(Outputs)>{});
    detail::memory_layout const layout = detail::lay_out_temporaries<compiled>(c.arrays, c.dims, nullptr);
    workspace_memory memory(layout.bytes(detail::thread_count()));
    if (memory.data()) detail::lay_out_temporaries<compiled>(c.arrays, c.dims, memory.data());
    c.run(memory, layout, c.dims, run);
    return r;
  }
  /// Checks and binds everything, then runs.
  template <class Run, class... Bindings>
  static void compute(workspace_memory& space, Run const& run, Bindings&... bindings) {
    detail::require_no_error<detail::names_error<compiled, std::remove_cv_t<Bindings>...>>();
    detail::require_no_error<outputs_error<std::remove_cv_t<Bindings>...>>();
    call c;
    c.bind_symbols(bindings...);
    [[maybe_unused]] char const each[] = {(c.template bind_output<output_number(&detail::type_address<typename Bindings::target>)>(bindings.data), '\0')..., '\0'};
    c.finish_outputs(first_equal.data());
    c.check_overlap();
    detail::memory_layout const layout = detail::lay_out_temporaries<compiled>(c.arrays, c.dims, space.data());
    c.require_memory(space, layout);
    run(c, layout, space);
  }

  /// The first output that is the type of that address; -1: none is. (By addresses: the name of a template's instance would have all outputs in it, for each.)
  static constexpr int output_number(void const* target) {
    void const* const outputs[] = {&detail::type_address<Outputs>...};
    for (int i = 0; i < static_cast<int>(sizeof...(Outputs)); ++i)
      if (outputs[i] == target) return i;
    return -1;
  }
  /// By output: the first that is the same expression.
  static constexpr std::array<int, sizeof...(Outputs)> first_equal{output_number(&detail::type_address<Outputs>)...};
  template <class... Bindings>
  struct outputs_error {
    constexpr detail::message operator()() const {
      detail::message m;
      detail::argument_info const arguments[] = {detail::argument_info_of<Bindings>()..., detail::argument_info{}};
      int const number_of[] = {output_number(&detail::type_address<typename Bindings::target>)..., -1};
      dtype const types[] = {dtype_of<detail::output_element<Outputs>>...};
      detail::shape const* const shapes[] = {&Outputs::type.s...};
      int bound[sizeof...(Outputs)]{};  // the binding, and one more
      bool unknown = false;
      for (int b = 0; b < static_cast<int>(sizeof...(Bindings)); ++b) {
        if (!arguments[b].is_output) continue;
        unknown = unknown || number_of[b] < 0;
        if (number_of[b] >= 0 && bound[number_of[b]]) return m << "ctgrad: output " << number_of[b] << " is bound twice";
        if (number_of[b] >= 0) bound[number_of[b]] = b + 1;
      }
      for (int number = 0; number < static_cast<int>(sizeof...(Outputs)); ++number) {
        if (!bound[first_equal[static_cast<std::size_t>(number)]]) return m << "ctgrad: output " << number << " has no place to go: add `expression = array`";
        detail::argument_info const& a = arguments[bound[first_equal[static_cast<std::size_t>(number)]] - 1];
        if (!a.is_bindable || a.type != types[number] || a.rank != shapes[number]->rank)
          return m << "ctgrad: output " << number << ", " << to_string(types[number]) << *shapes[number] << ", is bound to " << to_string(a.type) << " data with " << a.rank
                   << (a.rank == 1 ? " axis" : " axes");
        if (!a.is_writable) return m << "ctgrad: output " << number << " is bound to " << (a.is_number ? "a number" : "an array") << " that cannot be written: it is const, or a temporary";
      }
      if (unknown) m << "ctgrad: an expression is bound that is no output of this program";
      return m;
    }
  };
};

namespace detail {
template <int Assigned, class... Outputs>
constexpr auto make_program(std::tuple<Outputs...>) {
  require_no_error<outputs_that_differ<Assigned, Outputs...>>();
  return program<Assigned, Outputs...>{};
}
template <class T>
concept compilable = expression<T> || boost::hana::Foldable<T>::value;
template <class T>
constexpr auto as_tuple(T const& x) {
  if constexpr (expression<T>) return std::tuple<T>{};
  else return boost::hana::unpack(x, [](auto... e) { return std::tuple<decltype(e)...>{}; });
}
}  // namespace detail

/// Compiles expressions, and Hana tuples of them as `grad` makes, to one program. Parts that they share are computed once.
template <class... Outputs>
constexpr auto compile(Outputs const&... outputs) {
  static_assert(sizeof...(Outputs) > 0, "ctgrad: compile takes what a program computes: ct::compile(loss, ct::grad(loss, w))");
  static_assert((detail::compilable<Outputs> && ...), "ctgrad: compile takes expressions, and tuples of them as ct::grad makes; a lambda f becomes one by ct::fn(f)(X, w)");
  if constexpr (sizeof...(Outputs) > 0 && (detail::compilable<Outputs> && ...)) return detail::make_program<1 << 30>(std::tuple_cat(detail::as_tuple(outputs)...));
}

}  // namespace ctgrad
