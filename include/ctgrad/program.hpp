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

template <class P, int Buffer, int Axis>
inline constexpr extent buffer_extent = P::template buffer_shape<Buffer>[Axis];
template <class P, int Buffer, int Axis>
inline constexpr int buffer_extent_dim = buffer_extent<P, Buffer, Axis>.is_static() || buffer_extent<P, Buffer, Axis>.name().characters == nullptr
                                             ? -1
                                             : P::dim_number(buffer_extent<P, Buffer, Axis>.name());
/// The number of an extent of a buffer; most are known now, or one name.
template <class P, int Buffer, int Axis>
std::int64_t extent_of_buffer(std::int64_t const* dims) {
  if constexpr (buffer_extent<P, Buffer, Axis>.is_static()) return buffer_extent<P, Buffer, Axis>.constant;
  else if constexpr (buffer_extent_dim<P, Buffer, Axis> >= 0) return dims[buffer_extent_dim<P, Buffer, Axis>];
  else return buffer_extent<P, Buffer, Axis>.evaluate([&](extent_name name) { return dims[P::dim_number(name)]; });
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
/// For tools that look into a call (instrument.hpp).
struct program_access;

}  // namespace detail

/// A compiled program: a function of its symbols. It holds nothing, and may be called from several threads at once.
template <int Assigned, class... Outputs>
struct program {
  using compiled = detail::compiled<Assigned, Outputs...>;

  /// Computes all outputs. Symbols are bound by name, in any order: `step(X = images, w = weights)`.
  /// Throws shape_error, binding_error before anything is computed.
  template <bound... Bindings>
  auto operator()(Bindings&&... bindings) const {
    return evaluate(detail::whole_run{}, bindings...);
  }

  template <class... Arguments>
    requires(!(bound<Arguments> && ...))
  auto operator()(Arguments&&...) const {
    static_assert(sizeof...(Arguments) == 0, "ctgrad: a program takes its arrays by name: step(X = images, w = weights)");
    return detail::no_expression{};
  }

  /// The memory that `into` needs for extents up to the given ones, and as many threads as there are now: `step.workspace(N = 4096)`.
  template <bound... Bindings>
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
    requires(!(bound<Arguments> && ...))
  auto workspace(Arguments&&...) const {
    static_assert(sizeof...(Arguments) == 0, "ctgrad: a workspace is told extents by name: step.workspace(N = 4096)");
    return detail::no_expression{};
  }

  /// The bytes of temporaries that a call with these symbols needs.
  template <bound... Bindings>
  std::int64_t workspace_bytes(Bindings&&... bindings) const {
    detail::require_no_error<detail::names_error<compiled, std::remove_cvref_t<Bindings>...>>();
    call c;
    c.bind_symbols(bindings...);
    return detail::lay_out_temporaries<compiled>(c.arrays, c.dims, nullptr).bytes(detail::thread_count());
  }

  /// Computes into arrays of the caller's, without allocating: `step.into(space, X = images, w = weights, loss = l, dw = buffer)`.
  /// Throws shape_error, binding_error, overlap_error before anything is written.
  template <bound... Bindings>
  void into(workspace_memory& space, Bindings&&... bindings) const {
    compute(space, [](call& c, detail::memory_layout const& layout, workspace_memory& memory) { c.run(memory, layout, c.dims); }, bindings...);
  }
  template <class First, class... Arguments>
    requires(!std::same_as<std::remove_cvref_t<First>, workspace_memory> || !(bound<Arguments> && ...))
  auto into(First&&, Arguments&&...) const {
    static_assert(sizeof(First) == 0, "ctgrad: into takes a workspace, then arrays by name: auto space = step.workspace(N = 4096); step.into(space, X = images, loss = l)");
    return detail::no_expression{};
  }
  /// As `into`, for arrays that are a tile of `whole` rows of extent `Name`: where a formula has the extent as a number, as a mean does, it is that of the whole.
  template <class Name, bound... Bindings>
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
  struct call;
  template <class Run, class... Bindings>
  static auto evaluate(Run const& run, Bindings&... bindings) {
    static_assert(Assigned >= static_cast<int>(sizeof...(Outputs)), "ctgrad: a program that accumulates is called with ct::parameters or through into");
    detail::require_no_error<detail::names_error<compiled, std::remove_cv_t<Bindings>...>>();
    call c;
    c.bind_symbols(bindings...);
    results<Outputs...> r;
    c.make_outputs(r, std::make_integer_sequence<int, sizeof...(Outputs)>{});
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
    c.bind_outputs(std::make_integer_sequence<int, sizeof...(Outputs)>{}, bindings...);
    c.check_overlap(std::make_integer_sequence<int, sizeof...(Outputs)>{});
    detail::memory_layout const layout = detail::lay_out_temporaries<compiled>(c.arrays, c.dims, space.data());
    c.require_memory(space, layout);
    run(c, layout, space);
  }

  /// What is wrong with the place of output `number`.
  template <class Output, class... Bindings>
  static constexpr void check_output(detail::message& m, int number) {
    int const times = (0 + ... + (std::is_same_v<typename Bindings::target, Output> ? 1 : 0));
    if (times == 0) m << "ctgrad: output " << number << " has no place to go: add `expression = array`";
    if (times > 1) m << "ctgrad: output " << number << " is bound twice";
    detail::argument_info const arguments[] = {detail::argument_info_of<Bindings>()...};
    bool const is_it[] = {std::is_same_v<typename Bindings::target, Output>...};
    dtype const type = dtype_of<detail::output_element<Output>>;
    for (std::size_t i = 0; m.empty() && i < sizeof...(Bindings); ++i)
      if (is_it[i] && (!arguments[i].is_bindable || arguments[i].type != type || arguments[i].rank != Output::type.s.rank))
        m << "ctgrad: output " << number << ", " << to_string(type) << Output::type.s << ", is bound to " << to_string(arguments[i].type) << " data with " << arguments[i].rank
          << (arguments[i].rank == 1 ? " axis" : " axes");
      else if (is_it[i] && !arguments[i].is_writable)
        m << "ctgrad: output " << number << " is bound to " << (arguments[i].is_number ? "a number" : "an array") << " that cannot be written: it is const, or a temporary";
  }
  template <class Binding>
  static constexpr bool is_known_target = !detail::argument_info_of<Binding>().is_output || (std::is_same_v<typename Binding::target, Outputs> || ...);
  template <class... Bindings>
  struct outputs_error {
    constexpr detail::message operator()() const {
      detail::message m;
      int number = 0;
      ((m.empty() ? check_output<Outputs, Bindings...>(m, number) : void(), ++number), ...);
      if (m.empty() && !(is_known_target<Bindings> && ...)) m << "ctgrad: an expression is bound that is no output of this program";
      return m;
    }
  };

  /// One call at work: arrays by buffer, extents by name.
  struct call {
    detail::array_ref arrays[compiled::buffer_count + 1];
    std::int64_t dims[compiled::dim_count + 1];
    std::int64_t numbers[compiled::symbol_count + 1];
    detail::memory_range ranges[compiled::symbol_count + compiled::output_count + 1];  // by buffer

    template <class... Bindings>
    void bind_symbols(Bindings&... bindings) {
      (bind_symbol(bindings), ...);
      for (int i = 0; i < compiled::dim_count; ++i) dims[i] = arrays[compiled::dims[i].symbol].extents[compiled::dims[i].axis];
      [&]<int... I>(std::integer_sequence<int, I...>) { (check_extents<I>(), ...); }(std::make_integer_sequence<int, compiled::symbol_count>{});
      if constexpr (compiled::difference_count > 0)
        for (auto const& e : compiled::differences)
          if (std::int64_t const size = detail::evaluate_extent<compiled>(e, dims); size < 0) [[unlikely]] detail::throw_negative_extent(e, size);
    }
    template <class Binding>
    void bind_symbol(Binding& b) {
      constexpr char const* name = detail::target_name<typename Binding::target>;
      if constexpr (name != nullptr && !detail::is_dim<typename Binding::target>) {
        constexpr int number = [] {
          int i = 0;
          while (compiled::graph.symbols[i].name != detail::target_name<typename Binding::target>) ++i;
          return i;
        }();
        ranges[number] = detail::describe_data<compiled::graph.symbols[number].type>(arrays[number], b.data, numbers[number], name);
      }
    }
    /// A buffer as messages name it.
    static std::string name_of_buffer(int buffer) { return detail::name_of_buffer<compiled>(buffer); }
    [[noreturn, gnu::cold]] static void throw_null(int buffer) { throw binding_error("ctgrad: " + name_of_buffer(buffer) + " is bound to a null pointer"); }
    template <int Buffer, int Axis>
    bool check_extent() {
      std::int64_t const needed = detail::extent_of_buffer<compiled, Buffer, Axis>(dims);
      if (arrays[Buffer].extents[Axis] != needed) [[unlikely]]
        detail::throw_extent<compiled>(name_of_buffer(Buffer), Axis, arrays[Buffer].extents[Axis], detail::buffer_extent<compiled, Buffer, Axis>, needed);
      return needed == 0;
    }
    template <int Buffer>
    void check_extents() {
      bool const empty = [&]<int... Axes>(std::integer_sequence<int, Axes...>) {
        return (false | ... | check_extent<Buffer, Axes>());
      }(std::make_integer_sequence<int, compiled::template buffer_shape<Buffer>.rank>{});
      if (!empty && arrays[Buffer].data == nullptr) [[unlikely]] throw_null(Buffer);
    }

    template <int... I>
    void make_outputs(results<Outputs...>& r, std::integer_sequence<int, I...>) {
      (make_output<I>(std::get<I>(r.values)), ...);
    }
    template <int I, class Value>
    void make_output(Value& value) {
      constexpr int buffer = compiled::symbol_count + I;
      detail::array_ref& a = arrays[buffer];
      if constexpr (detail::is_number<Value>) {
        a.data = &value;
      } else {
        detail::lay_out<compiled, buffer>(a, dims);
        typename Value::shape_type extents;
        for (std::size_t axis = 0; axis < extents.size(); ++axis) extents[axis] = a.extents[axis];
        value = Value::uninitialized(extents);
        a.data = value.data();
      }
    }

    template <int... I, class... Bindings>
    void bind_outputs(std::integer_sequence<int, I...>, Bindings&... bindings) {
      (bind_output<I, std::tuple_element_t<I, std::tuple<Outputs...>>>(bindings...), ...);
    }
    template <int I, class Output, class... Bindings>
    void bind_output(Bindings&... bindings) {
      constexpr int buffer = compiled::symbol_count + I;
      (
          [&] {
            if constexpr (std::is_same_v<typename Bindings::target, Output>) {
              using data = decltype(Bindings::data);
              if constexpr (detail::is_number<std::remove_cvref_t<data>>) {
                arrays[buffer].data = &bindings.data;
                auto const address = reinterpret_cast<std::uintptr_t>(&bindings.data);
                ranges[buffer] = {address, address + sizeof(bindings.data)};
              } else {
                std::int64_t none;
                ranges[buffer] = detail::describe_data<dtype_of<detail::output_element<Output>>>(arrays[buffer], bindings.data, none);
              }
            }
          }(),
          ...);
      check_extents<buffer>();
      if (!detail::is_distinct(arrays[buffer], compiled::template buffer_shape<buffer>.rank))
        throw overlap_error("ctgrad: output " + std::to_string(I) + " has elements that share memory");
    }

    template <int... I>
    void check_overlap(std::integer_sequence<int, I...>) {
      (check_output_overlap<I>(), ...);
    }
    /// An array as what decides whether interleaved ones share memory.
    [[gnu::cold]] detail::strided_memory memory_of(int buffer) const {
      auto const& b = compiled::schedule.buffers[static_cast<std::size_t>(buffer)];
      return {&arrays[buffer], compiled::schedule.shapes[static_cast<std::size_t>(index(b.s))].rank, static_cast<std::int64_t>(size_of(b.type))};
    }
    template <int Output>
    void check_output_overlap() {
      constexpr int buffer = compiled::symbol_count + Output;
      for (int other = compiled::symbol_count; other < buffer; ++other)
        if (ranges[buffer].overlaps(ranges[other]) && !are_interleaved(memory_of(buffer), memory_of(other))) [[unlikely]]
          throw overlap_error("ctgrad: outputs " + std::to_string(other - compiled::symbol_count) + " and " + std::to_string(Output) + " overlap in memory");
      [&]<int... S>(std::integer_sequence<int, S...>) { (check_input_overlap<S, Output>(), ...); }(std::make_integer_sequence<int, compiled::symbol_count>{});
    }
    template <int Symbol, int Output>
    void check_input_overlap() {
      constexpr int buffer = compiled::symbol_count + Output;
      if (!ranges[buffer].overlaps(ranges[Symbol])) return;
      if constexpr (compiled::same_array_allowed[Symbol][Output]) {
        // The very same array, element for element: what is written has been read.
        constexpr int rank = compiled::template buffer_shape<buffer>.rank;
        bool same = arrays[buffer].data == arrays[Symbol].data && rank == compiled::template buffer_shape<Symbol>.rank &&
                    compiled::schedule.buffers[buffer].type == compiled::schedule.buffers[Symbol].type;
        for (int axis = 0; same && axis < rank; ++axis)
          same = arrays[buffer].extents[axis] == arrays[Symbol].extents[axis] && (arrays[buffer].strides[axis] == arrays[Symbol].strides[axis] || arrays[buffer].extents[axis] <= 1);
        if (same) return;
      }
      if (are_interleaved(memory_of(buffer), memory_of(Symbol))) return;
      throw overlap_error("ctgrad: output " + std::to_string(Output) + " overlaps " + std::string(compiled::symbols[Symbol].view()) + " in memory, which would change the result");
    }

    static void require_memory(workspace_memory const& space, detail::memory_layout const& layout) {
      if (layout.bytes() > space.bytes()) [[unlikely]]
        throw shape_error("ctgrad: the workspace has " + std::to_string(space.bytes()) + " bytes, and this call needs " + std::to_string(layout.bytes()) + ": make it for larger extents");
    }

    /// Runs the loops; the temporaries are laid out.
    template <class Run = detail::whole_run>
    void run(workspace_memory& space, detail::memory_layout const& layout, std::int64_t const* sizes, Run const& loops = {}) {
      detail::make_views<compiled>(arrays, dims);
      detail::frame<compiled> f;
      f.arrays = arrays;
      f.dims = dims;
      f.sizes = sizes;
      f.scratch = {space.data() + layout.slots, space.data() + layout.bytes(), 1};
      if (layout.rows > 0) f.scratch.threads = static_cast<int>(std::min<std::int64_t>(detail::thread_count(), 1 + (space.bytes() - layout.bytes()) / layout.rows));
      loops(f);
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
