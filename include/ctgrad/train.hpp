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
template <class Formula, class T, class Loss, class Symbol, int... States>
constexpr auto parameter_update(std::integer_sequence<int, States...>) {
  return Formula::template update<T>(Symbol{}, grad(Loss{}, Symbol{}), typename state_symbol<Symbol, States>::type{}...);
}
template <class Formula, class T, class Loss, class Symbol>
using parameter_update_t = decltype(parameter_update<Formula, T, Loss, Symbol>(std::make_integer_sequence<int, Formula::states>{}));

template <class Loss, class... Updates>
constexpr auto compile_updates(std::tuple<Updates...>) {
  return compile(Loss{}, Updates{}...);
}
template <class Formula, class T, class Loss, class... Symbols>
using training_program = decltype(compile_updates<Loss>(std::tuple_cat(parameter_update_t<Formula, T, Loss, Symbols>{}...)));

/// A parameter that some loop reads after its new value is written. (Outputs: the loss, then the value and the states of each parameter.)
template <class Program, int Outputs, class... Symbols>
struct updates_too_early {
  constexpr message operator()() const {
    using compiled = typename Program::compiled;
    int output = 1;
    message m;
    for (char const* name : {target_name<Symbols>...}) {
      for (int symbol = 0; symbol < compiled::symbol_count; ++symbol)
        if (m.empty() && compiled::graph.symbols[static_cast<std::size_t>(symbol)].name == name && !compiled::same_array_allowed[static_cast<std::size_t>(symbol)][static_cast<std::size_t>(output)])
          m << "ctgrad: train_step: the new value of " << name << " would be written before the old one was read for the last time; use ct::backward and the optimiser's step";
      output += Outputs;
    }
    return m;
  }
};

}  // namespace detail

/// A training step of one loss, one set of parameters and one optimiser, to which it refers. Made by `ct::train_step`.
template <class Loss, class Optimiser, class T, class... Symbols>
class training_step {
 public:
  training_step(parameter_set<T, Symbols...>& parameters, Optimiser& optimiser) : p(parameters), o(optimiser) {}

  /// Computes the loss, its gradients and the new parameters; returns the loss before the update: `float l = train(X = images, y = labels)`.
  /// Throws shape_error, binding_error before anything is changed.
  template <bound... Bindings>
  auto operator()(Bindings&&... bindings) {
    detail::output_value<Loss> loss;
    o.template advance<T>(p.size(), [&]<class Formula>(Formula, auto const& numbers, auto const& states) {
      using program = detail::training_program<Formula, T, Loss, Symbols...>;
      with_arguments<Formula>(states, [&](auto... arguments) {
        std::apply(
            [&](auto... number) {
              workspace_memory space(program{}.workspace_bytes(bindings..., number..., arguments...));
              run<Formula>(space, loss, states, bindings..., number..., arguments...);
            },
            numbers);
      });
    });
    return loss;
  }
  /// The same, with temporaries in `space`: nothing is allocated, but states at the first step.
  template <bound... Bindings>
  auto into(workspace_memory& space, Bindings&&... bindings) {
    detail::output_value<Loss> loss;
    o.template advance<T>(p.size(), [&]<class Formula>(Formula, auto const& numbers, auto const& states) {
      with_arguments<Formula>(states, [&](auto... arguments) {
        std::apply([&](auto... number) { run<Formula>(space, loss, states, bindings..., number..., arguments...); }, numbers);
      });
    });
    return loss;
  }
  /// Memory for `into`, for extents up to the given ones; those that only parameters have are known.
  template <bound... Bindings>
  workspace_memory workspace(Bindings const&... extents) {
    workspace_memory space(0);
    o.template with_formula<T>([&]<class Formula>(Formula) { space = detail::training_program<Formula, T, Loss, Symbols...>{}.workspace(extents...); });
    return space;
  }

 private:
  parameter_set<T, Symbols...>& p;
  Optimiser& o;

  /// Calls `f` with bindings of every parameter and its states.
  template <class Formula, class States, class F>
  void with_arguments(States const& states, F const& f) {
    [&]<int... K>(std::integer_sequence<int, K...>) {
      std::apply(f, std::tuple_cat(std::tuple((Symbols{} = p[Symbols{}].value))..., states_of<Symbols>(states, std::integer_sequence<int, K...>{})...));
    }(std::make_integer_sequence<int, Formula::states>{});
  }
  template <class Symbol, class States, int... K>
  auto states_of(States const& states, std::integer_sequence<int, K...>) {
    return std::tuple((typename detail::state_symbol<Symbol, K>::type{} = p.part_of(states[K], Symbol{}))...);
  }
  /// The places of a parameter's new value and states: where the old ones are.
  template <class Formula, class Symbol, class States, int... K>
  auto places_of(States const& states, std::integer_sequence<int, K...>) {
    using update = detail::parameter_update_t<Formula, T, Loss, Symbol>;
    return std::tuple((std::tuple_element_t<0, update>{} = p[Symbol{}].value), (std::tuple_element_t<1 + K, update>{} = p.part_of(states[K], Symbol{}))...);
  }
  template <class Formula, class Value, class States, class... Arguments>
  void run(workspace_memory& space, Value& loss, States const& states, Arguments const&... arguments) {
    using program = detail::training_program<Formula, T, Loss, Symbols...>;
    detail::require_no_error<detail::updates_too_early<program, 1 + Formula::states, Symbols...>>();
    constexpr auto numbers = std::make_integer_sequence<int, Formula::states>{};
    std::apply([&](auto... places) { program{}.into(space, arguments..., Loss{} = loss, places...); },
               std::tuple_cat(places_of<Formula, Symbols>(states, numbers)...));
  }
};

/// One step of training as one program: `auto train = ct::train_step(loss, params, adam);`, then `float l = train(X = images, y = labels);`
/// is `backward(params, …)` and `adam.step(params)` in one, without gradients in between. The loss is a scalar; every parameter of the set is updated.
/// Refers to `parameters` and `optimiser`, which have to live as long.
template <expression Loss, class Optimiser, class T, class... Symbols>
auto train_step(Loss const&, parameter_set<T, Symbols...>& parameters, Optimiser& optimiser) {
  static_assert(Loss::type.s.rank == 0, "ctgrad: the loss of a training step is a scalar: sum or mean it");
  return training_step<Loss, Optimiser, T, Symbols...>(parameters, optimiser);
}

}  // namespace ctgrad
