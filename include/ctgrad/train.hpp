// A step of training as one program: forward, backward, and the update of every parameter in place.
// No gradient is stored where nobody looks at it, and nothing is zeroed.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "optim.hpp"
#include "parameters.hpp"

namespace ctgrad {
namespace detail {

/// The name of a parameter's state: "W (state 0)".
template <class Name, int Number>
struct state_name;
template <char... Characters, int Number>
struct state_name<boost::hana::string<Characters...>, Number> {
  using type = boost::hana::string<Characters..., ' ', '(', 's', 't', 'a', 't', 'e', ' ', '0' + Number, ')'>;
};
template <class Name, class Initial, int Number>
struct state_name<parameter_name<Name, Initial>, Number> : state_name<typename full_name<Name>::type, Number> {};
template <class Symbol, int Number>
struct state_symbol;
template <class T, class Name, class... Extents, int Number>
struct state_symbol<symbol<T, Name, Extents...>, Number> {
  using type = symbol<T, typename state_name<Name, Number>::type, Extents...>;
};

/// What a step of `Formula` makes of one parameter: its new value, and its new states.
template <class Formula, class Clipping, class T, class Loss, class Set, class Symbol, int... States>
constexpr auto parameter_update(std::integer_sequence<int, States...>) {
  return optim::detail::as_elements<T>(Formula::template update<T>(Symbol{}, Clipping::template gradient<T>(Loss{}, Symbol{}, Set{}), typename state_symbol<Symbol, States>::type{}...));
}
template <class Formula, class Clipping, class T, class Loss, class Set, class Symbol>
using parameter_update_t = decltype(parameter_update<Formula, Clipping, T, Loss, Set, Symbol>(std::make_integer_sequence<int, Formula::states>{}));

template <class Loss, class... Updates>
constexpr auto compile_updates(std::tuple<Updates...>) {
  return compile(Loss{}, Updates{}...);
}
template <class Formula, class Clipping, class T, class Loss, class... Symbols>
using training_program = decltype(compile_updates<Loss>(std::tuple_cat(parameter_update_t<Formula, Clipping, T, Loss, symbol_list<Symbols...>, Symbols>{}...)));

/// Whether output `Output` of a program, a parameter's new value or state, may stand where the old one is, which a symbol is: else something reads the old one later.
template <class Program, class Symbol, int Output>
constexpr bool updates_in_place() {
  using compiled = typename Program::compiled;
  for (int symbol = 0; symbol < compiled::symbol_count; ++symbol)
    if (compiled::graph.symbols[static_cast<std::size_t>(symbol)].name == name_of<typename Symbol::name_type>)
      return compiled::same_array_allowed[static_cast<std::size_t>(symbol)][static_cast<std::size_t>(Output)];
  return true;
}

/// Gradients as they are.
struct no_clipping {
  template <class T, class Loss, class Symbol, class Set>
  static constexpr auto gradient(Loss of, Symbol by, Set) {
    return grad(of, by);
  }
  std::tuple<> numbers() const { return {}; }
};

}  // namespace detail

/// A training step of one loss, one set of parameters and one optimiser, to which it refers. Made by `ct::train_step`.
template <class Loss, class Optimiser, class Clipping, class T, class... Symbols>
class training_step {
 public:
  training_step(parameter_set<T, Symbols...>& parameters, Optimiser& optimiser, Clipping clipping) : p(parameters), o(optimiser), c(clipping) {}

  /// Computes the loss, its gradients and the new parameters; returns the loss before the update: `float l = train(X = images, y = labels)`.
  /// Throws shape_error, binding_error before anything is changed.
  template <bound... Bindings>
  auto operator()(Bindings&&... bindings) {
    return step([&]<class Formula>(Formula, auto& loss, auto const& states, auto const&... arguments) {
      workspace_memory space(program_of<Formula>{}.workspace_bytes(bindings..., arguments...));
      run<Formula>(space, loss, states, bindings..., arguments...);
    });
  }
  /// The same, with temporaries in `space`: nothing is allocated, but states at the first step, and room for new values that cannot stand where the old ones are.
  template <bound... Bindings>
  auto into(workspace_memory& space, Bindings&&... bindings) {
    return step([&]<class Formula>(Formula, auto& loss, auto const& states, auto const&... arguments) { run<Formula>(space, loss, states, bindings..., arguments...); });
  }
  /// Memory for `into`, for extents up to the given ones; those that only parameters have are known.
  template <bound... Bindings>
  workspace_memory workspace(Bindings const&... extents) {
    workspace_memory space(0);
    o.template with_formula<T>([&]<class Formula>(Formula) { space = program_of<Formula>{}.workspace(extents...); });
    return space;
  }

 private:
  parameter_set<T, Symbols...>& p;
  Optimiser& o;
  Clipping c;
  array<T, 1> beside_;  // new values and states that cannot stand where the old ones are

  template <class Formula>
  using program_of = detail::training_program<Formula, Clipping, T, Loss, Symbols...>;
  template <class Formula, class Symbol>
  using update_of = detail::parameter_update_t<Formula, Clipping, T, Loss, detail::symbol_list<Symbols...>, Symbol>;
  template <class Symbol, int Number>
  using state_of = typename detail::state_symbol<Symbol, Number>::type;

  /// What step `J` of a walk over all parameters, and over `Each` things of each, is at: without tuples of bindings, whose functions would be most of a training step's.
  template <int J, int Each>
  using symbol_at = std::tuple_element_t<static_cast<std::size_t>(J / Each), std::tuple<Symbols...>>;
  static constexpr int count = static_cast<int>(sizeof...(Symbols));

  /// One step by `f`, which is given the formula, the loss's place, the states, and bindings of every parameter, its states and the step's numbers.
  template <class F>
  auto step(F const& f) {
    detail::output_value<Loss> loss;
    o.template advance<T>(p.size(), [&]<class Formula>(Formula formula, auto const& numbers, auto const& states) {
      [&]<int... J>(std::integer_sequence<int, J...>) {
        std::apply(
            [&](auto const&... number) {
              std::apply([&](auto const&... limit) { f(formula, loss, states, number..., limit..., (Symbols{} = p[Symbols{}].value)..., bind_state<symbol_at<J, Formula::states>, J % Formula::states>(states)...); },
                         c.numbers());
            },
            numbers);
      }(std::make_integer_sequence<int, count * Formula::states>{});
    });
    return loss;
  }
  template <class Symbol, int K, class States>
  auto bind_state(States const& states) {
    return state_of<Symbol, K>{} = p.part_of(states[K], Symbol{});
  }

  /// Which output is part `Part` of a parameter: its value, then its states. The loss is the first of all.
  template <class Formula, class Symbol, int Part>
  static constexpr int output_of = 1 + (1 + Formula::states) * parameter_set<T, Symbols...>::template place<typename Symbol::name_type> + Part;
  template <class Formula, class Symbol, int Part>
  static constexpr bool is_in_place = [] {
    if constexpr (Part == 0) return detail::updates_in_place<program_of<Formula>, Symbol, output_of<Formula, Symbol, 0>>();
    else return detail::updates_in_place<program_of<Formula>, state_of<Symbol, Part - 1>, output_of<Formula, Symbol, Part>>();
  }();
  template <class Formula>
  static constexpr bool all_in_place = []<int... K>(std::integer_sequence<int, K...>) {
    auto whole = []<class Symbol>(std::type_identity<Symbol>) { return (is_in_place<Formula, Symbol, 0> && ... && is_in_place<Formula, Symbol, 1 + K>); };
    return (whole(std::type_identity<Symbols>{}) && ...);
  }(std::make_integer_sequence<int, Formula::states>{});

  /// The vector over all parameters where part `Part` is, and where the new one is written.
  template <int Part, class States>
  view<T, 1> part_in(States const& states) {
    if constexpr (Part == 0) return p.values();
    else return states[Part - 1];
  }
  template <class Formula, class Symbol, int Part, class States>
  auto new_part(States const& states) {
    if constexpr (is_in_place<Formula, Symbol, Part>) return p.part_of(part_in<Part>(states), Symbol{});
    else return p.part_of(view<T, 1>(beside_.data() + Part * p.size(), {p.size()}), Symbol{});
  }
  template <class Formula, class Symbol, int Part, class States>
  auto bind_new(States const& states) {
    return std::tuple_element_t<Part, update_of<Formula, Symbol>>{} = new_part<Formula, Symbol, Part>(states);
  }
  template <class Formula, class Symbol, int Part, class States>
  void take_part(States const& states) {
    if constexpr (!is_in_place<Formula, Symbol, Part>) p.part_of(part_in<Part>(states), Symbol{}).assign(new_part<Formula, Symbol, Part>(states));
  }
  template <class Formula, class Value, class States, class... Arguments>
  void run(workspace_memory& space, Value& loss, States const& states, Arguments const&... arguments) {
    constexpr int each = 1 + Formula::states;
    if constexpr (!all_in_place<Formula>)
      if (beside_.size() != each * p.size()) beside_ = zeros<T>(each * p.size());
    [&]<int... J>(std::integer_sequence<int, J...>) {
      program_of<Formula>{}.into(space, arguments..., Loss{} = loss, bind_new<Formula, symbol_at<J, each>, J % each>(states)...);
      (take_part<Formula, symbol_at<J, each>, J % each>(states), ...);
    }(std::make_integer_sequence<int, count * each>{});
  }
};

/// One step of training as one program: `auto train = ct::train_step(loss, params, adam);`, then `float l = train(X = images, y = labels);`
/// is `backward(params, …)` and `adam.step(params)` in one, without gradients in between. The loss is a scalar; every parameter of the set is updated: in place, or,
/// where something reads the old value after the new one is known, beside it first. Refers to `parameters` and `optimiser`, which have to live as long.
template <expression Loss, class Optimiser, class T, class... Symbols>
auto train_step(Loss const&, parameter_set<T, Symbols...>& parameters, Optimiser& optimiser) {
  static_assert(Loss::type.s.rank == 0, "ctgrad: the loss of a training step is a scalar: sum or mean it");
  return training_step<Loss, Optimiser, detail::no_clipping, T, Symbols...>(parameters, optimiser, {});
}
/// The same with gradients that are clipped: `ct::train_step(loss, params, adam, ct::clip_grad_norm(1.0))`, or ct::clip_grad_value (optim/clip.hpp).
template <expression Loss, class Optimiser, class T, class... Symbols, class Clipping>
auto train_step(Loss const&, parameter_set<T, Symbols...>& parameters, Optimiser& optimiser, Clipping clipping) {
  static_assert(Loss::type.s.rank == 0, "ctgrad: the loss of a training step is a scalar: sum or mean it");
  return training_step<Loss, Optimiser, Clipping, T, Symbols...>(parameters, optimiser, clipping);
}
template <expression Loss, class... Arguments>
  requires(sizeof...(Arguments) < 2)
auto train_step(Loss const&, Arguments&&...) {
  static_assert(sizeof(Loss) == 0, "ctgrad: train_step takes a loss, its parameters and an optimiser: ct::train_step(loss, params, adam)");
  return detail::no_expression{};
}

}  // namespace ctgrad
