// Activations beyond those of the op table: formulas of it, named and defined as in torch.nn.functional.
// Where a formula has two branches, each is evaluated where it is finite only, so that derivatives are finite too. At kinks PyTorch's choice holds.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "shapes.hpp"

namespace ctgrad {
namespace detail {

using namespace literals;

/// A function of which the last arguments may be left out: constants stand for them.
template <class Function, int Required, class... Defaults>
struct function_with_defaults {
  template <class... Arguments>
    requires(sizeof...(Arguments) >= Required && sizeof...(Arguments) <= Required + sizeof...(Defaults))
  constexpr auto operator()(Arguments const&... arguments) const {
    static_assert(sizeof...(Defaults) <= 2);
    constexpr std::size_t missing = Required + sizeof...(Defaults) - sizeof...(Arguments);
    if constexpr (missing == 0) return call_function<Function>(arguments...);
    else if constexpr (missing == 1) return call_function<Function>(arguments..., last{});
    else return call_function<Function>(arguments..., std::tuple_element_t<0, std::tuple<Defaults...>>{}, last{});
  }

 private:
  using last = std::tuple_element_t<sizeof...(Defaults) - 1, std::tuple<Defaults...>>;
};

/// x where it is negative, else 0: what the left branch of a function is taken of.
constexpr value negative_part(value x) { return where(x > 0, 0, x); }

struct leaky_relu_function {
  static constexpr value trace(value x, value slope) { return where(x > 0, x, slope * x); }
};
struct elu_function {
  static constexpr value trace(value x, value alpha) { return where(x > 0, x, alpha * expm1(negative_part(x))); }
};
struct celu_function {
  static constexpr value trace(value x, value alpha) { return where(x > 0, x, alpha * expm1(negative_part(x) / alpha)); }
};
// Source: Klambauer, Unterthiner, Mayr, Hochreiter, Self-normalizing neural networks (2017), to the digits of PyTorch.
struct selu_function {
  static constexpr value trace(value x) { return 1.0507009873554804934193349852946 * where(x > 0, x, 1.6732632423543772848170429916717 * expm1(negative_part(x))); }
};
// Source: Misra, Mish: a self regularized non-monotonic activation function (2019).
struct mish_function {
  static constexpr value trace(value x) { return x * tanh(softplus(x)); }
};
struct hardtanh_function {
  static constexpr value trace(value x, value low, value high) { return where(x <= low, low, where(x >= high, high, x)); }
};
struct hardsigmoid_function {
  static constexpr value trace(value x) { return hardtanh_function::trace(x + 3, x.constant(0), x.constant(6)) / 6; }
};
// Source: Howard and others, Searching for MobileNetV3 (2019).
struct hardswish_function {
  static constexpr value trace(value x) { return where(x < -3, 0, where(x <= 3, x * (x + 3) / 6, x)); }
};
struct softsign_function {
  static constexpr value trace(value x) { return x / (1 + abs(x)); }
};
struct tanhshrink_function {
  static constexpr value trace(value x) { return x - tanh(x); }
};
struct softshrink_function {
  static constexpr value trace(value x, value size) { return where(x > size, x - size, where(x < -size, x + size, x * 0)); }
};
struct hardshrink_function {
  static constexpr value trace(value x, value size) { return where(x >= -size && x <= size, 0, x); }
};
struct log_sigmoid_function {
  static constexpr value trace(value x) { return -softplus(-x); }
};
/// The first half along an axis, times the logistic function of the second.
template <class Axes>
struct glu_function;
template <bool Keep, int Axis>
struct glu_function<axis_list<Keep, Axis>> {
  static constexpr value trace(value x) {
    int const axis = axis_place(x, Axis, "glu");
    if (!x.b->ok()) return x;
    extent const all = x.shape()[axis];
    if (!all.is_static() || all.constant % 2 != 0)
      return {x.b, x.b->fail(message() << "ctgrad: glu of " << x.b->describe(x.id) << " along axis " << axis << ": the extent " << all << " is no known multiple of 2")};
    extent const half = all.constant / 2;
    return value{x.b, x.b->slice(x.id, axis, 0, half, 1)} * sigmoid(value{x.b, x.b->slice(x.id, axis, half, half, 1)});
  }
};

using leaky_relu_type = function_with_defaults<leaky_relu_function, 1, decltype(0.01_c)>;
using elu_type = function_with_defaults<elu_function, 1, decltype(1_c)>;
using celu_type = function_with_defaults<celu_function, 1, decltype(1_c)>;
using hardtanh_type = function_with_defaults<hardtanh_function, 1, constant<false, -1>, decltype(1_c)>;
using shrink_size = decltype(0.5_c);

}  // namespace detail

inline constexpr detail::leaky_relu_type leaky_relu{};                                 ///< leaky_relu(x, slope = 0.01): x above 0, else slope x
inline constexpr detail::elu_type elu{};                                               ///< elu(x, alpha = 1): x above 0, else alpha (e^x - 1)
inline constexpr detail::celu_type celu{};                                             ///< celu(x, alpha = 1): x above 0, else alpha (e^(x / alpha) - 1)
inline constexpr detail::plain_function<detail::selu_function> selu{};                 ///< scale elu(x, alpha), with the constants that keep mean 0 and variance 1
inline constexpr detail::plain_function<detail::mish_function> mish{};                 ///< x tanh(softplus(x))
inline constexpr detail::hardtanh_type hardtanh{};                                     ///< hardtanh(x, low = -1, high = 1); its derivative is 1 between, and 0 at low and high
inline constexpr detail::plain_function<detail::hardsigmoid_function> hardsigmoid{};   ///< min(max(x + 3, 0), 6) / 6
inline constexpr detail::plain_function<detail::hardswish_function> hardswish{};       ///< x min(max(x + 3, 0), 6) / 6
inline constexpr detail::plain_function<detail::softsign_function> softsign{};         ///< x / (1 + |x|)
inline constexpr detail::plain_function<detail::tanhshrink_function> tanhshrink{};     ///< x - tanh(x)
inline constexpr detail::function_with_defaults<detail::softshrink_function, 1, detail::shrink_size> softshrink{};  ///< softshrink(x, size = 0.5): x nearer to 0 by size, and 0 within size of it
inline constexpr detail::function_with_defaults<detail::hardshrink_function, 1, detail::shrink_size> hardshrink{};  ///< hardshrink(x, size = 0.5): x, and 0 within size of it
inline constexpr detail::plain_function<detail::log_sigmoid_function> log_sigmoid{};   ///< log(sigmoid(x)), without underflow
inline constexpr detail::last_axis_function<detail::glu_function> glu{};               ///< a sigmoid(b), for the halves a and b of an axis, the last where none is given

}  // namespace ctgrad
