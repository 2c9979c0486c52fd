// Operators and functions on arrays, at once, with NumPy's broadcasting: for trying things out.
// Each is a program of one node, so arrays compute exactly as expressions do.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "functions.hpp"
#include "program.hpp"

namespace ctgrad {
namespace detail {

template <class T>
inline constexpr bool is_array_or_view = false;
template <class T, std::size_t Rank>
inline constexpr bool is_array_or_view<array<T, Rank>> = true;
template <class T, std::size_t Rank>
inline constexpr bool is_array_or_view<view<T, Rank>> = true;
template <class T>
concept eager = is_array_or_view<std::remove_cvref_t<T>>;
/// Arrays and views, or numbers beside them.
template <class... Ts>
concept eager_operands = (eager<Ts> || ...) && ((eager<Ts> || number<Ts>) && ...);

template <class X>
constexpr int eager_rank() {
  if constexpr (eager<X>) return static_cast<int>(std::remove_cvref_t<X>::rank);
  else return 0;
}
template <class X>
using eager_element = std::remove_const_t<typename data_traits<std::remove_cvref_t<X>>::element_type>;

/// The dtype of a number beside arrays: a constant's, which follows them.
template <class Number, class... Others>
constexpr dtype number_dtype() {
  dtype arrays = dtype::bool_;
  ((eager<Others> ? void(arrays = promote(arrays, dtype_of<eager_element<Others>>)) : void()), ...);
  if (std::is_same_v<Number, bool> || (std::is_floating_point_v<Number> && is_floating(arrays)) || (std::is_integral_v<Number> && arrays != dtype::bool_))
    return std::is_same_v<Number, bool> ? dtype::bool_ : arrays;
  return std::is_floating_point_v<Number> ? dtype::float32 : dtype::int64;
}
template <class X, class... All>
constexpr dtype operand_dtype() {
  if constexpr (eager<X>) return dtype_of<eager_element<X>>;
  else return number_dtype<X, All...>();
}

template <int Number>
using operand_string = boost::hana::string<static_cast<char>('a' + Number)>;

/// Operand `Number`: a symbol with extents of its own.
template <int Number, dtype Type, class Axes>
struct operand_symbol;
template <int Number, dtype Type, int... Axes>
struct operand_symbol<Number, Type, std::integer_sequence<int, Axes...>> {
  using separate = symbol<element_t<Type>, operand_string<Number>, anonymous_extent<operand_string<Number>, Axes>...>;
  using shared = symbol<element_t<Type>, operand_string<Number>, dim_type<boost::hana::string<static_cast<char>('A' + Axes)>>...>;
};

template <std::size_t Rank>
std::array<std::int64_t, Rank> broadcast_extents(std::array<std::int64_t, Rank> all, std::int64_t const* extents, std::size_t rank) {
  for (std::size_t i = 0; i < rank; ++i) {
    auto& e = all[Rank - rank + i];
    if (e != extents[i] && e != 1 && extents[i] != 1)
      throw shape_error("ctgrad: extents " + std::to_string(e) + " and " + std::to_string(extents[i]) + " of axis " + std::to_string(Rank - rank + i) +
                        " differ, and neither is 1");
    if (e == 1) e = extents[i];
  }
  return all;
}

/// One operation on arrays whose axes are the operation's own business: reductions, products, softmax.
template <class Function, class... Operands>
auto call_program(Function, Operands const&... operands) {
  return [&]<int... N>(std::integer_sequence<int, N...>) {
    using result = apply<Function, typename operand_symbol<N, operand_dtype<Operands, Operands...>(), std::make_integer_sequence<int, eager_rank<Operands>()>>::separate...>;
    require_no_error<error_in<Function, typename operand_symbol<N, operand_dtype<Operands, Operands...>(), std::make_integer_sequence<int, eager_rank<Operands>()>>::separate...>>();
    auto r = program<1 << 30, result>{}(
        binding<typename operand_symbol<N, operand_dtype<Operands, Operands...>(), std::make_integer_sequence<int, eager_rank<Operands>()>>::separate, Operands const&>{operands}...);
    return array<output_element<result>, static_cast<std::size_t>(result::type.s.rank)>(std::get<0>(std::move(r.values)));
  }(std::make_integer_sequence<int, static_cast<int>(sizeof...(Operands))>{});
}

template <class Function, class... Operands>
auto call_eager(Function f, Operands const&... operands) {
  return call_program(f, operands...);
}

/// `x` with the axes before the last two repeated to those of `batch`, where the operand has them.
template <std::size_t Batch, class X>
auto repeat_batch(X const& x, std::array<std::int64_t, Batch> const& batch) {
  auto const v = view_of(x);
  constexpr std::size_t rank = std::remove_cvref_t<X>::rank;
  std::array<std::int64_t, rank> extents = v.shape();
  for (std::size_t i = 0; i + 2 < rank; ++i) extents[i] = batch[Batch - (rank - 2) + i];
  return v.expand(extents);
}
/// A product of batches of matrices: extents of 1 are known only here.
template <class A, class B>
  requires(eager<A> && eager<B> && (eager_rank<A>() > 2 && eager_rank<B>() > 2))
auto call_eager(matmul_function, A const& a, B const& b) {
  constexpr std::size_t left = std::remove_cvref_t<A>::rank - 2, right = std::remove_cvref_t<B>::rank - 2, most = std::max(left, right);
  std::array<std::int64_t, most> batch;
  batch.fill(1);
  batch = broadcast_extents<most>(batch, a.shape().data(), left);
  batch = broadcast_extents<most>(batch, b.shape().data(), right);
  return call_program(matmul_function{}, repeat_batch(a, batch), repeat_batch(b, batch));
}

/// One elementwise operation, with operands repeated to one shape.
template <op Code, class... Operands>
auto call_broadcast(Operands const&... operands) {
  constexpr std::size_t rank = std::max({static_cast<std::size_t>(eager_rank<Operands>())...});
  std::array<std::int64_t, rank> extents;
  extents.fill(1);
  auto widen = [&](auto const& x) {
    if constexpr (eager<decltype(x)>) extents = broadcast_extents<rank>(extents, x.shape().data(), x.shape().size());
  };
  (widen(operands), ...);
  auto repeat = [&](auto const& x) {
    using X = std::remove_cvref_t<decltype(x)>;
    if constexpr (eager<X>) return view_of(x).expand(extents);
    else return x;
  };
  return [&]<int... N>(std::integer_sequence<int, N...>) {
    using axes = std::make_integer_sequence<int, static_cast<int>(rank)>;
    using result = apply<map_function<Code>, typename operand_symbol<N, operand_dtype<Operands, Operands...>(),
                                                                     std::conditional_t<eager<Operands>, axes, std::make_integer_sequence<int, 0>>>::shared...>;
    require_no_error<error_in<map_function<Code>, typename operand_symbol<N, operand_dtype<Operands, Operands...>(),
                                                                          std::conditional_t<eager<Operands>, axes, std::make_integer_sequence<int, 0>>>::shared...>>();
    auto const views = std::make_tuple(repeat(operands)...);
    auto r = program<1 << 30, result>{}(
        binding<typename operand_symbol<N, operand_dtype<Operands, Operands...>(), std::conditional_t<eager<Operands>, axes, std::make_integer_sequence<int, 0>>>::shared,
                std::tuple_element_t<N, decltype(views)> const&>{std::get<N>(views)}...);
    return array<output_element<result>, rank>(std::get<0>(std::move(r.values)));
  }(std::make_integer_sequence<int, static_cast<int>(sizeof...(Operands))>{});
}

template <op Code, class... Operands>
  requires eager_operands<Operands...>
auto call(function<Code>, Operands const&... operands) {
  return call_broadcast<Code>(operands...);
}

}  // namespace detail

#define CTGRAD_ARRAY_OPERATOR(symbol, name)                      \
  template <class A, class B>                                    \
    requires detail::eager_operands<A, B>                        \
  auto operator symbol(A const& a, B const& b) {                 \
    return detail::call_broadcast<detail::op::name>(a, b);       \
  }
CTGRAD_ARRAY_OPERATOR(+, add)
CTGRAD_ARRAY_OPERATOR(-, subtract)
CTGRAD_ARRAY_OPERATOR(*, multiply)
CTGRAD_ARRAY_OPERATOR(/, divide)
CTGRAD_ARRAY_OPERATOR(==, equal)
CTGRAD_ARRAY_OPERATOR(!=, not_equal)
CTGRAD_ARRAY_OPERATOR(<, less)
CTGRAD_ARRAY_OPERATOR(<=, less_equal)
CTGRAD_ARRAY_OPERATOR(>, greater)
CTGRAD_ARRAY_OPERATOR(>=, greater_equal)
CTGRAD_ARRAY_OPERATOR(&&, logical_and)
CTGRAD_ARRAY_OPERATOR(||, logical_or)
#undef CTGRAD_ARRAY_OPERATOR
template <detail::eager A>
auto operator-(A const& a) {
  return detail::call_broadcast<detail::op::negative>(a);
}
template <detail::eager A>
auto operator!(A const& a) {
  return detail::call_broadcast<detail::op::logical_not>(a);
}

}  // namespace ctgrad
