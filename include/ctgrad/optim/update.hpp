// What optimisers are made of: the symbols of an update, its program over all parameters, and the states that it keeps.
// An optimiser is then a formula and a few numbers; the same formula is a step alone and the end of a ct::train_step.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "../fn.hpp"
#include "../functions.hpp"
#include "../parameters.hpp"

#include <cmath>
#include <cstring>

namespace ctgrad::optim::detail {

using namespace ctgrad::literals;
using namespace ctgrad::detail;

/// The symbols of an update: vectors over all parameters, and the step's numbers.
template <class T>
struct symbols {
  using number = std::conditional_t<is_half<T>, float, T>;
  static constexpr auto P = ctgrad::dim("P"_s);
  static constexpr auto value = ctgrad::tensor<T>("value"_s, P);
  static constexpr auto gradient = ctgrad::tensor<T>("gradient"_s, P);
  template <int Number>
  static constexpr auto state = ctgrad::tensor<T>(boost::hana::string_c<'s', 't', 'a', 't', 'e', ' ', '0' + Number>, P);
  static constexpr auto rate = ctgrad::scalar<number>("learning rate"_s);
  static constexpr auto decay = ctgrad::scalar<number>("weight decay"_s);
  static constexpr auto beta1 = ctgrad::scalar<number>("beta 1"_s);
  static constexpr auto beta2 = ctgrad::scalar<number>("beta 2"_s);
  static constexpr auto take1 = ctgrad::scalar<number>("1 - beta 1"_s);
  static constexpr auto take2 = ctgrad::scalar<number>("1 - beta 2"_s);
  static constexpr auto epsilon = ctgrad::scalar<number>("epsilon"_s);
  static constexpr auto root = ctgrad::scalar<number>("root of correction 2"_s);
  static constexpr auto shrink = ctgrad::scalar<number>("shrinkage"_s);
  static constexpr auto scale = ctgrad::scalar<number>("scale"_s);
  static constexpr auto limit = ctgrad::scalar<number>("limit"_s);
  static constexpr auto nesterov = ctgrad::scalar<bool>("nesterov"_s);
  static constexpr auto centered = ctgrad::scalar<bool>("centered"_s);
};

/// New values and states as elements `T`: numbers of 16 bits meet float32 ones in float32.
template <class T, class... Expressions>
constexpr auto as_elements(std::tuple<Expressions...>) {
  if constexpr (is_half<T>) return std::tuple{ctgrad::cast<T>(Expressions{})...};
  else return std::tuple<Expressions...>{};
}

/// One update of every value from its gradient, over the vectors of a parameter set. `numbers` are bindings, `states` vectors.
/// A formula has a number of `states`, and update<T>(value, gradient, states…): the new value and the new states of a parameter, whatever expressions those are.
template <class Formula, class T, class... Symbols, class Numbers>
void update_all(parameter_set<T, Symbols...>& p, Numbers const& numbers, std::array<view<T, 1>, Formula::states> const& states) {
  using s = symbols<T>;
  [&]<int... K>(std::integer_sequence<int, K...>) {
    constexpr auto all = as_elements<T>(Formula::template update<T>(s::value, s::gradient, s::template state<K>...));
    constexpr auto value = std::get<0>(all);
    workspace_memory none(0);
    std::apply(
        [&](auto... number) {
          ctgrad::compile(value, std::get<1 + K>(all)...)
              .into(none, s::value = p.values(), s::gradient = p.grads(), (s::template state<K> = states[K])..., number..., value = p.values(), (std::get<1 + K>(all) = states[K])...);
        },
        numbers);
  }(std::make_integer_sequence<int, Formula::states>{});
}

/// The step of an optimiser that is a formula.
template <class Optimiser>
struct stepping {
  /// One update of every value from its gradient.
  template <class T, class... Symbols>
  void step(parameter_set<T, Symbols...>& p) {
    static_cast<Optimiser&>(*this).template advance<T>(p.size(), [&]<class Formula>(Formula, auto const& numbers, auto const& states) { update_all<Formula>(p, numbers, states); });
  }
  template <class... Arguments>
  void step(Arguments&&...) {
    static_assert(sizeof...(Arguments) > 1000, "ctgrad: step takes the parameters that it updates: adam.step(params)");
  }
};

/// Whatever a setting is given.
struct any_value {
  template <class T>
  constexpr any_value(T const&) {}
  constexpr any_value(std::initializer_list<double>) {}
};
/// Settings by torch's names, and by those of other optimisers: what is none of an optimiser's own is an error that lists them.
struct other_settings {
  any_value learning_rate = 0, lr = 0, betas = 0, beta1 = 0, beta2 = 0, momentum = 0, dampening = 0, lr_decay = 0, alpha = 0, epsilon = 0, eps = 0, weight_decay = 0, nesterov = 0,
            centered = 0, amsgrad = 0, maximize = 0;
};

/// A state vector of an optimiser, of whichever dtype its parameters have; made at the first step, one number in all elements.
/// (Bytes, so that no array type is instantiated for those who only include this.)
class state {
 public:
  state() = default;
  state(state const& other) : size_(other.size_), bytes_(other.bytes_), type_(other.type_), memory_(allocate(other.bytes_)) {
    if (bytes_) std::memcpy(memory_.get(), other.memory_.get(), static_cast<std::size_t>(bytes_));
  }
  state(state&&) = default;
  state& operator=(state other) {
    std::swap(size_, other.size_), std::swap(bytes_, other.bytes_), std::swap(type_, other.type_), std::swap(memory_, other.memory_);
    return *this;
  }
  /// Throws shape_error, dtype_error for other parameters than at the first step.
  template <class T>
  view<T, 1> of(std::int64_t size, T initial = T(0)) {
    if (size_ < 0) {
      std::int64_t const bytes = size * static_cast<std::int64_t>(sizeof(T));
      memory_ = allocate(bytes);
      std::fill_n(reinterpret_cast<T*>(memory_.get()), size, initial);
      size_ = size, bytes_ = bytes, type_ = dtype_of<T>;
    }
    if (size != size_) throw shape_error("ctgrad: an optimiser that has stepped " + std::to_string(size_) + " parameters is given " + std::to_string(size));
    if (dtype_of<T> != type_)
      throw dtype_error("ctgrad: an optimiser that has stepped " + std::string(to_string(type_)) + " parameters is given " + std::string(to_string(dtype_of<T>)));
    return view<T, 1>(reinterpret_cast<T*>(memory_.get()), {size});
  }

 private:
  std::int64_t size_ = -1, bytes_ = 0;
  dtype type_ = dtype::float32;
  arena memory_;

  static arena allocate(std::int64_t bytes) {
    return arena(bytes ? static_cast<std::byte*>(::operator new(static_cast<std::size_t>(bytes), arena_alignment)) : nullptr);
  }
};

}  // namespace ctgrad::optim::detail
