// Layers: functions of expressions that declare their parameters, by name and with known extents.
// A layer is no object: what it learns is in the expression that it returns (ct::parameters_of), under names such as "block0.attention.q.weight".
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "convolution.hpp"
#include "indexing.hpp"
#include "initial.hpp"
#include "normalization.hpp"
#include "parameter.hpp"

#include <tuple>

namespace ctgrad::nn {

struct causal_option {};
/// Attention in which position i sees positions 0 … i only.
inline constexpr causal_option causal{};

namespace detail {

using namespace ctgrad::detail;

/// "prefix.part".
template <class Prefix, char... Part>
constexpr auto operator/(Prefix, boost::hana::string<Part...>) {
  return parameter_path<Prefix, boost::hana::string<Part...>>{};
}
template <int Number>
inline constexpr auto digit = boost::hana::string_c<'0' + Number>;

template <class X>
struct layer_input_error {
  constexpr message operator()() const {
    return message() << "ctgrad: a layer of " << to_string(X::type.type) << " data: cast it to float or double, or look it up by nn::embedding";
  }
};
/// The dtype of a layer's parameters: that of its input.
template <class X>
constexpr auto input_element() {
  if constexpr (!is_floating(X::type.type)) static_cast<void>(sizeof(decltype(error_message_of<layer_input_error<X>>())));
  else if constexpr (X::type.type == dtype::float64) return double{};
  else return float{};
}
template <class X>
using input_t = decltype(input_element<X>());

// Parameters, in the order in which `trace` takes them.

template <class T, class Prefix, class In, class Out>
constexpr auto linear_parameters(Prefix prefix, In in, Out out) {
  using begin = initial::uniform<In::integer>;
  return std::tuple(parameter<T>(prefix / "weight"_s, begin{}, out, in), parameter<T>(prefix / "bias"_s, begin{}, out));
}
template <class T, class Prefix, class Extent>
constexpr auto norm_parameters(Prefix prefix, Extent extent) {
  return std::tuple(parameter<T>(prefix / "weight"_s, initial::ones{}, extent), parameter<T>(prefix / "bias"_s, extent));
}
template <class T, class Prefix, class Width>
constexpr auto attention_parameters(Prefix prefix, Width width) {
  return std::tuple_cat(linear_parameters<T>(prefix / "q"_s, width, width), linear_parameters<T>(prefix / "k"_s, width, width), linear_parameters<T>(prefix / "v"_s, width, width),
                        linear_parameters<T>(prefix / "out"_s, width, width));
}
template <class T, class Prefix, class... Sizes>
constexpr auto mlp_parameters(Prefix prefix, Sizes...) {
  using sizes = std::tuple<Sizes...>;
  return [&]<int... I>(std::integer_sequence<int, I...>) {
    return std::tuple_cat(linear_parameters<T>(prefix / digit<I>, std::tuple_element_t<I, sizes>{}, std::tuple_element_t<I + 1, sizes>{})...);
  }(std::make_integer_sequence<int, static_cast<int>(sizeof...(Sizes)) - 1>{});
}

template <class T, class Prefix, class Width, class Hidden>
constexpr auto block_parameters(Prefix prefix, Width width, Hidden hidden) {
  return std::tuple_cat(norm_parameters<T>(prefix / "norm1"_s, width), attention_parameters<T>(prefix / "attention"_s, width), norm_parameters<T>(prefix / "norm2"_s, width),
                        mlp_parameters<T>(prefix / "mlp"_s, width, hidden, width));
}
template <class T>
constexpr auto table_parameter(auto prefix, auto count, auto width) {
  return parameter<T>(prefix / "weight"_s, initial::normal{}, count, width);
}
template <class T, int Groups, class In, class Out, class... Sizes>
constexpr auto conv_parameters(auto prefix, Out out, Sizes... sizes) {
  constexpr std::int64_t each = In::integer / (Groups < 1 ? 1 : Groups);  // the convolution says that there are none
  using begin = initial::uniform<(each * ... * Sizes::integer)>;
  return std::tuple(parameter<T>(prefix / "weight"_s, begin{}, out, constant<false, each>{}, sizes...), parameter<T>(prefix / "bias"_s, begin{}, out));
}

/// `Function` of x and parameters.
template <class Function, class X, class... Parameters>
constexpr auto with_parameters(X const&, std::tuple<Parameters...>) {
  return make_expression<Function, X, Parameters...>();
}

// What layers compute.

/// Products and biases, two parameters each, with an activation between.
template <class Activation>
constexpr value mlp_of(value x, value const* parameters, int layers) {
  for (int i = 0; i < layers; ++i) {
    x = linear_function::trace(x, parameters[2 * i], parameters[2 * i + 1]);
    if (i + 1 < layers && x.b->ok()) x = Activation{}(x);
  }
  return x;
}
template <class Activation>
struct mlp_function {
  template <class... Parameters>
  static constexpr value trace(value x, Parameters... parameters) {
    value const p[] = {parameters...};
    return mlp_of<Activation>(x, p, static_cast<int>(sizeof...(Parameters)) / 2);
  }
};

/// […, N, heads width] to […, heads, N, width], and back.
constexpr value heads_first(value x, int heads) {
  int const rank = x.rank();
  shape split = x.shape();
  extent const width = split[rank - 1].constant / heads;
  split[rank - 1] = heads;
  split.push_back(width);
  std::array<int, max_rank> order{};
  for (int i = 0; i <= rank; ++i) order[static_cast<std::size_t>(i)] = i;
  std::swap(order[static_cast<std::size_t>(rank - 2)], order[static_cast<std::size_t>(rank - 1)]);
  return {x.b, x.b->permute(x.b->reshape(x.id, split), order)};
}
constexpr value heads_last(value x, shape const& to) {
  int const rank = x.rank();
  std::array<int, max_rank> order{};
  for (int i = 0; i < rank; ++i) order[static_cast<std::size_t>(i)] = i;
  std::swap(order[static_cast<std::size_t>(rank - 3)], order[static_cast<std::size_t>(rank - 2)]);
  return {x.b, x.b->reshape(x.b->permute(x.id, order), to)};
}
/// `p`: weight and bias of q, k, v and out.
template <int Heads, bool Causal>
constexpr value attention_of(value x, value const* p) {
  if (x.rank() < 2 || x.rank() >= max_rank)
    return {x.b, x.b->fail(message() << "ctgrad: multi_head_attention of " << x.b->describe(x.id) << ": it has to have two to seven axes, the last two of which are positions and width")};
  value const q = linear_function::trace(x, p[0], p[1]), k = linear_function::trace(x, p[2], p[3]), v = linear_function::trace(x, p[4], p[5]);
  if (!x.b->ok()) return x;
  if (std::int64_t const width = q.shape()[q.rank() - 1].constant; Heads < 1 || width % Heads != 0)
    return {x.b, x.b->fail(message() << "ctgrad: multi_head_attention: a width of " << width << " is no multiple of " << Heads << " heads")};
  value const seen = attention_function<Causal>::trace(heads_first(q, Heads), heads_first(k, Heads), heads_first(v, Heads));
  shape const to = q.shape();
  return linear_function::trace(heads_last(seen, to), p[6], p[7]);
}
template <int Heads, bool Causal>
struct multi_head_attention_function {
  template <class... Parameters>
  static constexpr value trace(value x, Parameters... parameters) {
    value const p[] = {parameters...};
    return attention_of<Heads, Causal>(x, p);
  }
};
/// `p`: weight and bias of the first norm, of attention, of the second norm, and of two linear layers.
template <int Heads, bool Causal>
constexpr value block_of(value x, value const* p) {
  value const epsilon = x.constant(1e-5);
  value const seen = attention_of<Heads, Causal>(layer_norm_function::trace(x, p[0], p[1], epsilon), p + 2);
  if (!x.b->ok()) return x;
  value const h = x + seen;
  return h + mlp_of<decltype(gelu)>(layer_norm_function::trace(h, p[10], p[11], epsilon), p + 12, 2);
}
template <int Heads, bool Causal>
struct transformer_block_function {
  template <class... Parameters>
  static constexpr value trace(value x, Parameters... parameters) {
    value const p[] = {parameters...};
    return block_of<Heads, Causal>(x, p);
  }
};

}  // namespace detail

/// linear(x, "fc1"_s, 784_c, 128_c): x W^T + b for x[…, in], with parameters "fc1.weight"[out, in] and "fc1.bias"[out], which begin evenly in ±1 / sqrt(in).
template <expression X, detail::name Prefix, integer_constant In, integer_constant Out>
constexpr auto linear(X const& x, Prefix prefix, In in, Out out) {
  return detail::with_parameters<ctgrad::detail::linear_function>(x, detail::linear_parameters<detail::input_t<X>>(prefix, in, out));
}
template <class X, class... Arguments>
constexpr auto linear(X const&, Arguments const&...) {
  static_assert(!sizeof(X), "ctgrad: nn::linear takes an expression, a name and two constants: nn::linear(x, \"fc1\"_s, 784_c, 128_c)");
  return ctgrad::detail::no_expression{};
}

/// mlp(x, "mlp"_s, ct::tanh, 784_c, 128_c, 10_c): linear layers "mlp.0", "mlp.1", … of these sizes, at most ten, with an activation between them; relu where none is given.
template <expression X, detail::name Prefix, class Activation, integer_constant... Sizes>
  requires(!integer_constant<Activation> && sizeof...(Sizes) >= 2 && sizeof...(Sizes) <= 11)
constexpr auto mlp(X const& x, Prefix prefix, Activation, Sizes... sizes) {
  static_assert(std::is_empty_v<Activation>, "ctgrad: nn::mlp: an activation is one of ctgrad's functions, or a lambda that captures nothing");
  return detail::with_parameters<detail::mlp_function<Activation>>(x, detail::mlp_parameters<detail::input_t<X>>(prefix, sizes...));
}
template <expression X, detail::name Prefix, integer_constant... Sizes>
  requires(sizeof...(Sizes) >= 2 && sizeof...(Sizes) <= 11)
constexpr auto mlp(X const& x, Prefix prefix, Sizes... sizes) {
  return mlp(x, prefix, ctgrad::relu, sizes...);
}

/// conv1d(x, "conv1"_s, 3_c, 16_c, 5_c, options…): ct::conv1d of x[N, in, L] with "conv1.weight"[out, in / groups, size] and "conv1.bias"[out], which begin evenly in ±1 / sqrt(in / groups size).
template <expression X, detail::name Prefix, integer_constant In, integer_constant Out, integer_constant Size, class... Options>
  requires(detail::is_option<Options> && ...)
constexpr auto conv1d(X const& x, Prefix prefix, In, Out out, Size size, Options const&... options) {
  auto const [weight, bias] = detail::conv_parameters<detail::input_t<X>, detail::window_options<1>::of<Options...>().groups, In>(prefix, out, size);
  return ctgrad::conv1d(x, weight, bias, options...);
}
/// conv2d(x, "conv1"_s, 3_c, 16_c, 5_c, options…): ct::conv2d of x[N, in, H, W] with "conv1.weight"[out, in / groups, size, size] and "conv1.bias"[out], which begin evenly in
/// ±1 / sqrt(in / groups size^2).
template <expression X, detail::name Prefix, integer_constant In, integer_constant Out, integer_constant Size, class... Options>
  requires(detail::is_option<Options> && ...)
constexpr auto conv2d(X const& x, Prefix prefix, In, Out out, Size size, Options const&... options) {
  auto const [weight, bias] = detail::conv_parameters<detail::input_t<X>, detail::window_options<2>::of<Options...>().groups, In>(prefix, out, size, size);
  return ctgrad::conv2d(x, weight, bias, options...);
}

/// embedding(tokens, "tokens"_s, 1000_c, 64_c): rows of "tokens.weight"[count, width], normal at the beginning, at integer places tokens[…]: […, width]. `embedding<double>` for double.
template <std::floating_point T = float, expression Places, detail::name Prefix, integer_constant Count, integer_constant Width>
constexpr auto embedding(Places const& places, Prefix prefix, Count count, Width width) {
  return ctgrad::embedding(places, detail::table_parameter<T>(prefix, count, width));
}

/// layer_norm(x, "norm"_s, 64_c): ct::layer_norm along the last axis, of this extent, with "norm.weight", ones at the beginning, and "norm.bias", zeros.
template <expression X, detail::name Prefix, integer_constant Width>
constexpr auto layer_norm(X const& x, Prefix prefix, Width width) {
  return detail::with_parameters<ctgrad::detail::layer_norm_function>(x, std::tuple_cat(detail::norm_parameters<detail::input_t<X>>(prefix, width), std::tuple<ctgrad::detail::small_epsilon>{}));
}
/// rms_norm(x, "norm"_s, 64_c): ct::rms_norm along the last axis, of this extent, with "norm.weight", ones at the beginning.
template <expression X, detail::name Prefix, integer_constant Width>
constexpr auto rms_norm(X const& x, Prefix prefix, Width width) {
  return ctgrad::rms_norm(x, std::get<0>(detail::norm_parameters<detail::input_t<X>>(prefix, width)));
}

/// multi_head_attention(x, "attention"_s, 4_c, 64_c), and with nn::causal behind: softmax(q k^T / sqrt(width / heads)) v of x[…, N, width] in each of the heads, parts of the width,
/// then a linear layer; q, k and v are linear layers of x, "attention.q", ".k", ".v", and the last one is "attention.out".
/// Source: Vaswani and others, Attention is all you need (2017), section 3.2.
template <expression X, detail::name Prefix, integer_constant Heads, integer_constant Width, std::same_as<causal_option>... Causal>
constexpr auto multi_head_attention(X const& x, Prefix prefix, Heads, Width width, Causal...) {
  return detail::with_parameters<detail::multi_head_attention_function<Heads::integer, (sizeof...(Causal) > 0)>>(x,
                                 detail::attention_parameters<detail::input_t<X>>(prefix, width));
}

/// transformer_block(x, "block0"_s, 4_c, 64_c, 256_c), and with nn::causal behind: h = x + attention(norm(x)), then h + mlp(norm(h)), of x[…, N, width], with a hidden layer of gelu:
/// "block0.norm1", "block0.attention" (multi_head_attention), "block0.norm2" and "block0.mlp". Computes what torch.nn.TransformerEncoderLayer does with norm_first and gelu, without dropout.
/// Source: Xiong and others, On layer normalization in the transformer architecture (2020).
template <expression X, detail::name Prefix, integer_constant Heads, integer_constant Width, integer_constant Hidden, std::same_as<causal_option>... Causal>
constexpr auto transformer_block(X const& x, Prefix prefix, Heads, Width width, Hidden hidden, Causal...) {
  return detail::with_parameters<detail::transformer_block_function<Heads::integer, (sizeof...(Causal) > 0)>>(x,
                                 detail::block_parameters<detail::input_t<X>>(prefix, width, hidden));
}

}  // namespace ctgrad::nn
