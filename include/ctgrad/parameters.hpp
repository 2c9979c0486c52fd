// Parameters: values and gradients of symbols, and programs that add into the gradients.
// All values are in one contiguous buffer and all gradients in another, so that optimisers and all-reduce see one vector.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "parameter.hpp"
#include "program.hpp"

namespace ctgrad {

/// The value and the gradient of a parameter, which share memory with the set that it is of.
template <class T, std::size_t Rank>
struct parameter_value {
  view<T, Rank> value, grad;
};

namespace detail {

template <class... Symbols>
struct parameters_error {
  constexpr message operator()() const {
    message m;
    ((m.empty() && !is_floating(Symbols::type.type)
          ? void(m << "ctgrad: parameter " << target_name<Symbols> << " is " << to_string(Symbols::type.type) << ", and only floating-point numbers have gradients")
          : void()),
     ...);
    dtype const types[] = {Symbols::type.type..., dtype::float32};
    char const* const names[] = {target_name<Symbols>..., nullptr};
    for (std::size_t i = 0; i < sizeof...(Symbols); ++i) {
      if (m.empty() && types[i] != types[0])
        m << "ctgrad: parameters " << names[0] << " and " << names[i] << " are " << to_string(types[0]) << " and " << to_string(types[i]) << "; one set has one dtype";
      for (std::size_t j = 0; j < i; ++j)
        if (m.empty() && names[i] == names[j]) m << "ctgrad: parameter " << names[i] << " is given twice";
    }
    return m;
  }
};
template <class Binding>
struct parameter_data_error {
  constexpr message operator()() const {
    using target = typename Binding::target;
    auto const a = argument_info_of<Binding>();
    if (!a.is_bindable) return message() << "ctgrad: parameter " << target_name<target> << " is given something that is neither a number nor an array";
    if (a.rank != target::rank) return message() << "ctgrad: parameter " << target_name<target> << " has " << target::rank << " axes, and is given data of " << a.rank;
    if (a.type != target::type.type && !a.is_number)
      return message() << "ctgrad: parameter " << target_name<target> << " is " << to_string(target::type.type) << ", and is given " << to_string(a.type) << " data";
    return {};
  }
};
/// The first of `By` that is none of the parameters `Symbols`.
template <class By, class Symbols>
struct missing_parameter;
template <class... By, class... Symbols>
struct missing_parameter<std::tuple<By...>, std::tuple<Symbols...>> {
  template <class Symbol>
  static constexpr bool is_there = (std::is_same_v<typename Symbol::name_type, typename Symbols::name_type> || ...);
  constexpr message operator()() const {
    message m;
    ((m.empty() && !is_there<By> ? static_cast<void>(m << "ctgrad: " << target_name<By> << " is none of these parameters: add " << target_name<By> << " = ... in ct::parameters") : void()), ...);
    return m;
  }
};
/// What stands in the way of making parameters from an expression alone.
template <class... Symbols>
struct storage_error {
  constexpr message operator()() const {
    if constexpr (sizeof...(Symbols) == 0)
      return message() << "ctgrad: this expression has no parameters; ct::parameter and the layers of ct::nn declare some";
    else
      return of_symbols();
  }

 private:
  static constexpr message of_symbols() {
    message m = parameters_error<Symbols...>{}();
    auto check = [&]<class Symbol>(std::type_identity<Symbol>) {
      for (int axis = 0; axis < Symbol::rank; ++axis)
        if (m.empty() && !Symbol::type.s[axis].is_static())
          m << "ctgrad: axis " << axis << " of parameter " << target_name<Symbol> << " has extent " << Symbol::type.s[axis] << ", which has to be known to make it; give it data, as ct::parameters("
            << target_name<Symbol> << " = ...)";
    };
    (check(std::type_identity<Symbols>{}), ...);
    return m;
  }
};

}  // namespace detail

/// Values and gradients of `Symbols`, all of element type `T`. Made by `ct::parameters`.
template <class T, class... Symbols>
class parameter_set {
 public:
  using element_type = T;
  static constexpr std::size_t count = sizeof...(Symbols);
  /// Which of the symbols has a name; -1 for none.
  template <class Name>
  static constexpr int place = [] {
    int i = 0, found = -1;
    ((detail::name_of<typename Symbols::name_type> == detail::name_of<Name> ? void(found = i++) : void(++i)), ...);
    return found;
  }();

  /// Zeros, where all extents are known.
  parameter_set() {
    std::size_t number = 0;
    auto measure = [&]<class Symbol>(std::type_identity<Symbol>) {
      static_assert(detail::storage_error<Symbol>{}().empty(), "ctgrad: parameters without data have to have known extents");
      for (int axis = 0; axis < Symbol::rank; ++axis) extents_[number][static_cast<std::size_t>(axis)] = Symbol::type.s[axis].constant;
      ++number;
    };
    (measure(std::type_identity<Symbols>{}), ...);
    allocate();
  }
  template <class... Bindings>
  explicit parameter_set(std::tuple<Bindings...> const& initial) {
    std::size_t number = 0;
    auto measure = [&](auto const& binding) {
      using target = typename std::remove_cvref_t<decltype(binding)>::target;
      std::int64_t none;
      detail::array_ref a;
      detail::describe_data<dtype_of<T>>(a, binding.data, none);
      for (int axis = 0; axis < target::rank; ++axis) {
        detail::extent const& e = target::type.s[axis];
        if (e.is_static() && e.constant != a.extents[axis])
          throw shape_error("ctgrad: axis " + std::to_string(axis) + " of parameter " + detail::target_name<target> + " has extent " + std::to_string(a.extents[axis]) +
                            ", and needs " + std::to_string(e.constant));
        extents_[number][static_cast<std::size_t>(axis)] = a.extents[axis];
      }
      ++number;
    };
    std::apply([&](auto const&... b) { (measure(b), ...); }, initial);
    allocate();
    std::apply([&](auto const&... b) { (copy(b), ...); }, initial);
  }

  /// The value and the gradient of a symbol, or of a name: `params[w]`, `params["fc1.weight"_s]`.
  template <class Symbol>
  auto operator[](Symbol) {
    return at<typename Symbol::name_type>();
  }
  template <char... Characters>
  auto operator[](boost::hana::string<Characters...>) {
    return at<boost::hana::string<Characters...>>();
  }
  /// Calls `f(name, value, grad)` for every parameter, in order: a char const*, and two views.
  template <class F>
  void for_each(F const& f) {
    (f(detail::target_name<Symbols>, part<Symbols>(values_.data()), part<Symbols>(grads_.data())), ...);
  }
  template <class Symbol>
  static constexpr bool has = place<typename Symbol::name_type> >= 0;

  /// The elements of `all`, a vector over all parameters, that belong to a symbol.
  template <class Symbol>
  auto part_of(view<T, 1> all, Symbol) {
    return part<Symbol>(all.data());
  }

  view<T, 1> values() { return values_.view(); }  ///< all values, one after the other
  view<T, 1> grads() { return grads_.view(); }    ///< all gradients, in the same order
  std::int64_t size() const { return values_.size(); }
  void zero_grad() { grads_.fill(T{0}); }

 private:
  array<T, 1> values_, grads_;
  std::int64_t first_[count + 1]{};
  std::array<std::int64_t, detail::max_rank> extents_[count + 1]{};

  void allocate() {
    constexpr int ranks[] = {Symbols::rank..., 0};
    std::int64_t total = 0;
    for (std::size_t i = 0; i < count; ++i) {
      std::int64_t size = 1;
      for (int axis = 0; axis < ranks[i]; ++axis) size *= extents_[i][static_cast<std::size_t>(axis)];
      first_[i] = total;
      total += size;
    }
    values_ = zeros<T>(total);
    grads_ = zeros<T>(total);
  }
  template <class Name>
  struct no_parameter {
    constexpr detail::message operator()() const { return detail::message() << "ctgrad: " << detail::name_of<Name> << " is none of these parameters"; }
  };
  template <class Name>
  auto at() {
    constexpr int i = place<Name>;
    if constexpr (i < 0) {
      static_cast<void>(sizeof(decltype(detail::error_message_of<no_parameter<Name>>())));
    } else {
      using own = std::tuple_element_t<static_cast<std::size_t>(i), std::tuple<Symbols...>>;
      return parameter_value<T, static_cast<std::size_t>(own::rank)>{part<own>(values_.data()), part<own>(grads_.data())};
    }
  }
  template <class Symbol>
  auto part(T* of) {
    constexpr auto rank = static_cast<std::size_t>(Symbol::rank);
    std::array<std::int64_t, rank> extents{};
    for (std::size_t axis = 0; axis < rank; ++axis) extents[axis] = extents_[place<typename Symbol::name_type>][axis];
    return view<T, rank>(of + first_[place<typename Symbol::name_type>], extents);
  }
  template <class Binding>
  void copy(Binding const& b) {
    using target = typename Binding::target;
    auto to = part<target>(values_.data());
    if constexpr (detail::is_number<std::remove_cvref_t<decltype(b.data)>>) *to.data() = static_cast<T>(b.data);
    else to.assign(view_of(b.data));
  }
};

/// Parameters with their first values: `ct::parameters(w = ct::zeros<float>(784), b = 0.0f)`. Gradients start at zero.
/// Throws shape_error where data do not have the extents of their symbol.
template <bound First, bound... Rest>
auto parameters(First&& first, Rest&&... rest) {
  using T = typename std::remove_cvref_t<First>::target::element_type;
  detail::require_no_error<detail::parameters_error<typename std::remove_cvref_t<First>::target, typename std::remove_cvref_t<Rest>::target...>>();
  detail::require_no_error<detail::parameter_data_error<std::remove_cvref_t<First>>>();
  (detail::require_no_error<detail::parameter_data_error<std::remove_cvref_t<Rest>>>(), ...);
  return parameter_set<T, typename std::remove_cvref_t<First>::target, typename std::remove_cvref_t<Rest>::target...>(
      std::tuple<First const&, Rest const&...>(first, rest...));
}

template <class... Arguments>
  requires(!(sizeof...(Arguments) > 0 && (bound<Arguments> && ...)) && !(std::same_as<std::remove_cvref_t<Arguments>, generator> || ...))
auto parameters(Arguments&&...) {
  static_assert(sizeof...(Arguments) > 1000, "ctgrad: parameters takes symbols with their first values, as ct::parameters(w = ct::zeros<float>(784)), or what declares some, as ct::parameters(loss, ct::generator(1))");
  return detail::no_expression{};
}

/// Parameters of an expression, all that `ct::parameters_of` finds, as they begin: `auto params = ct::parameters(loss, ct::generator(1));`. Gradients start at zero.
/// Each that draws numbers takes the next stream of the generator. Extents have to be known while compiling, and all are of one dtype.
template <expression E, class Generator>
  requires std::same_as<std::remove_cvref_t<Generator>, generator>
auto parameters(E const& e, Generator&& generator) {
  return [&]<class... Symbols>(boost::hana::tuple<Symbols...>) {
    using problem = detail::storage_error<Symbols...>;
    if constexpr (detail::text_of<problem>.view().size() != 0) {
      detail::require_no_error<problem>();
    } else {
      parameter_set<std::common_type_t<typename Symbols::element_type...>, Symbols...> p;
      auto begin = [&]<class Symbol>(Symbol s) {
        auto const value = p[s].value;
        detail::initial_of<Symbol>::type::fill(std::span(value.data(), static_cast<std::size_t>(value.size())), generator);
      };
      (begin(Symbols{}), ...);
      return p;
    }
  }(parameters_of(e));
}

/// A program that computes `Of` and adds its gradients into those of a parameter set.
template <class Of, class... By>
struct backward_program {
  using program_type = program<1, Of, decltype(grad(Of{}, By{}))...>;

  /// Returns the value; adds into the gradients of `by` in `p`: `float l = backward(params, X = images, y = labels)`.
  /// Throws shape_error, binding_error before anything is added.
  template <class T, class... Symbols, bound... Bindings>
  auto operator()(parameter_set<T, Symbols...>& p, Bindings&&... bindings) const {
    using missing = detail::missing_parameter<std::tuple<By...>, std::tuple<Symbols...>>;
    if constexpr (detail::text_of<missing>.view().size() != 0) {
      static_cast<void>(sizeof(decltype(detail::error_message_of<missing>())));
    } else if constexpr (!detail::needs_memory<typename program_type::compiled>) {
      workspace_memory none(0);
      return into(none, p, bindings...);
    } else {
      return with_memory(p, bindings...);
    }
  }
  template <class... Arguments>
  auto operator()(Arguments&&...) const {
    static_assert(sizeof...(Arguments) > 1000, "ctgrad: backward takes the parameters, then arrays by name: float l = backward(params, X = images, y = labels)");
    return detail::no_expression{};
  }
  /// The same, with temporaries in `space`: nothing is allocated.
  template <class T, class... Symbols, bound... Bindings>
  auto into(workspace_memory& space, parameter_set<T, Symbols...>& p, Bindings&&... bindings) const {
    detail::output_value<Of> value;
    call(space, p, value, bindings...);
    return value;
  }
  template <bound... Bindings>
  workspace_memory workspace(Bindings const&... extents) const {
    return program_type{}.workspace(extents...);
  }
  /// The bytes of temporaries of a call.
  template <class T, class... Symbols, bound... Bindings>
  std::int64_t workspace_bytes(parameter_set<T, Symbols...>& p, Bindings&&... bindings) const {
    return [&]<class... Symbol>(std::type_identity<Symbol>...) {
      return program_type{}.workspace_bytes(bindings..., (Symbol{} = p[Symbol{}].value)...);
    }(std::type_identity<By>{}...);
  }
  /// As `into`, for a tile of `whole` rows (program::into_tile).
  template <class T, class... Symbols, class Name, bound... Bindings>
  auto into_tile(workspace_memory& space, parameter_set<T, Symbols...>& p, dim_type<Name> name, std::int64_t whole, Bindings&&... bindings) const {
    detail::output_value<Of> value;
    [&]<class... Symbol>(std::type_identity<Symbol>...) {
      program_type{}.into_tile(space, name, whole, bindings..., (Symbol{} = p[Symbol{}].value)..., (Of{} = value), (decltype(grad(Of{}, By{})){} = p[By{}].grad)...);
    }(std::type_identity<By>{}...);
    return value;
  }

 private:
  template <class Set, class Value, class... Bindings>
  static void call(workspace_memory& space, Set& p, Value& value, Bindings&... bindings) {
    [&]<class... Symbol>(std::type_identity<Symbol>...) {
      program_type{}.into(space, bindings..., (Symbol{} = p[Symbol{}].value)..., (Of{} = value), (decltype(grad(Of{}, By{})){} = p[By{}].grad)...);
    }(std::type_identity<By>{}...);
  }
  template <class Set, class... Bindings>
  static auto with_memory(Set& p, Bindings&... bindings) {
    detail::output_value<Of> value;
    workspace_memory space(backward_program{}.workspace_bytes(p, bindings...));
    call(space, p, value, bindings...);
    return value;
  }
};

/// The program of a scalar and its gradients by `by`, which adds the gradients to those of a parameter set.
template <expression Of, expression... By>
constexpr auto backward(Of const& of, By const&... by) {
  static_cast<void>(detail::make_program<1>(std::tuple(of, grad(of, by)...)));
  return backward_program<Of, By...>{};
}
/// The same for all parameters of the expression (`ct::parameters_of`).
template <expression Of>
constexpr auto backward(Of const& of) {
  return boost::hana::unpack(parameters_of(of), [](auto... by) { return backward(Of{}, by...); });
}

}  // namespace ctgrad
