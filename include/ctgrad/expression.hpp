// Expressions: calls that have not been made yet, as empty types.
// They are the surface only; each lowers itself to the compiler's graph, which does all the work.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "compile_error.hpp"

#include "binding.hpp"
#include "compiler.hpp"

#include <concepts>
#include <type_traits>

namespace ctgrad {

namespace detail {
/// The base of every expression type.
struct expression_tag {
  template <std::same_as<bool> Bool>
  explicit constexpr operator Bool() const {
    static_assert(!sizeof(Bool), "ctgrad: what a tensor holds is not known while compiling: for `if` and `?:` write ct::where(condition, a, b)");
    return false;
  }
  /// To double alone, so that of std's overloads one is called, and says so.
  template <std::same_as<double> Double>
  constexpr operator Double() const {
    static_assert(!sizeof(Double), "ctgrad: an expression is no number: write ct::exp for std::exp, and so on; for what it holds, compile it and call the program");
    return 0;
  }
  template <class Place>
  constexpr auto operator[](Place const&) const {
    static_assert(!sizeof(Place), "ctgrad: an expression has no []: ct::select(x, 0_c, 5_c) is place 5 of axis 0, ct::slice(x, 0_c, 1_c, 5_c) a part of it, ct::index_select takes places from data");
    return expression_tag{};
  }
  template <class... Arguments>
  constexpr auto operator()(Arguments const&...) const {
    static_assert(sizeof...(Arguments) > 1000, "ctgrad: an expression is not called: compile it, as constexpr auto step = ct::compile(loss), and call step(X = images)");
    return expression_tag{};
  }
};
}  // namespace detail

/// An expression of symbols and constants.
template <class T>
concept expression = std::derived_from<std::remove_cvref_t<T>, detail::expression_tag>;

namespace detail {

/// What the compiler knows of an expression without building its graph.
struct tensor_type {
  dtype type = dtype::float32;
  bool weak = false;
  bool known = true;  ///< false where the expression has an error
  shape s{};
};

/// A graph in the making, and which expression types are in it already.
struct lowering {
  struct entry {
    void const* type;
    node_id id;
  };
  builder b;
  list<entry> done;
};

/// One address for each type.
template <class T>
inline constexpr char type_address = 0;

/// Expressions below this size are lowered again rather than looked for: equal nodes fall together anyway.
inline constexpr int remembered_size = 12;
template <class E>
inline constexpr bool is_remembered = E::tree_size >= remembered_size;

/// The node of the expression `E`.
template <class E>
constexpr node_id lower(lowering& l) {
  if constexpr (is_remembered<E>) {
    for (auto const& e : l.done)
      if (e.type == &type_address<E>) return e.id;
    node_id id = E::lower(l);
    l.done.push_back({&type_address<E>, id});
    return id;
  } else {
    return E::lower(l);
  }
}

/// Names of operands whose own graph is not built.
template <int Number>
inline constexpr char operand_name[] = {'o', 'p', 'e', 'r', 'a', 'n', 'd', ' ', '1' + Number, 0};

/// An operand of which only the type is known.
template <class E, int Number>
constexpr value stand_in(builder& b) {
  tensor_type const& t = E::type;
  if constexpr (requires { E::lower_constant(b); }) return {&b, E::lower_constant(b)};
  else if (t.weak) {  // an expression of constants is folded to its number
    lowering l;
    node number = l.b.g[E::lower(l)];
    number.shape = b.intern(l.b.g[number.shape]);
    return {&b, b.add(number)};
  } else return {&b, b.symbol(operand_name<Number>, t.type, t.s)};
}

template <class Function, class... Operands, int... Numbers>
constexpr tensor_type infer(std::integer_sequence<int, Numbers...>) {
  if (!(Operands::type.known && ...)) return {.known = false};
  builder b;
  value result = Function::trace(stand_in<Operands, Numbers>(b)...);
  if (!b.ok()) return {.known = false};
  return {result.type(), result.get().weak, true, result.shape()};
}

/// Above this size an expression's type name, which repeats shared parts, costs more than the program (design 1.3).
inline constexpr int tree_size_limit = 2000;

template <class Target, class Data>
constexpr auto bind(Data&& data) {
  static_assert(!expression<Data>, "ctgrad: an expression does not change: give the next one a name of its own, or write the loop in a ct::fn, where values do");
  return binding<Target, Data>{static_cast<Data&&>(data)};
}

}  // namespace detail

/// The call `Function(Operands...)`. Empty; `Function::trace` says what it means on values of the graph.
template <class Function, class... Operands>
struct apply : detail::expression_tag {
  static constexpr int tree_size = (1 + ... + Operands::tree_size);
  static constexpr detail::tensor_type type = detail::infer<Function, Operands...>(std::make_integer_sequence<int, sizeof...(Operands)>{});

  static constexpr detail::node_id lower(detail::lowering& l) { return Function::trace(detail::value{&l.b, detail::lower<Operands>(l)}...).id; }

  /// Names this expression as an output: `step.into(space, …, loss = l)`.
  template <class Data>
  [[nodiscard]] constexpr auto operator=(Data&& data) const {
    return detail::bind<apply, Data>(static_cast<Data&&>(data));
  }
};

namespace detail {

/// What a call with an error gives, so that the error is the first and only one.
struct no_expression : expression_tag {
  static constexpr int tree_size = 1;
  static constexpr tensor_type type{.known = false};
  static constexpr node_id lower(lowering& l) { return l.b.real(0, dtype::float32); }
};

template <class T>
struct plain_operand {
  constexpr message operator()() const {
    message m;
    if constexpr (!std::is_arithmetic_v<T>)
      return m << "ctgrad: an array in an expression of symbols: name a tensor, as ct::tensor<float>(\"X\"_s, N), and bind the array in the call, X = array";
    m << "ctgrad: a plain number in an expression of symbols: write a constant, as 3_c, or name a run-time scalar, as ct::scalar<";
    if constexpr (std::is_same_v<T, bool>) m << "bool";
    else if constexpr (std::is_integral_v<T>) m << (sizeof(T) == 8 ? "std::int64_t" : "int");
    else m << (sizeof(T) == 4 ? "float" : "double");
    return m << ">(\"s\"_s)";
  }
};

/// The error in `Function(Operands...)`: an operand that is no expression, a size, or what is found in the real graph, so that it can name symbols.
template <class Function, class... Operands>
struct error_in {
  constexpr message operator()() const {
    message m;
    if constexpr (!(expression<Operands> && ...)) {
      auto check = [&]<class T>(std::type_identity<T>) {
        if constexpr (!expression<T>)
          if (m.empty()) m = plain_operand<T>{}();
      };
      (check(std::type_identity<Operands>{}), ...);
    } else if constexpr (apply<Function, Operands...>::tree_size > tree_size_limit) {
      m << "ctgrad: this expression has more than " << tree_size_limit << " operations; write it in a ct::fn, which is traced by value";
    } else {
      lowering l;
      Function::trace(value{&l.b, lower<Operands>(l)}...);
      m = l.b.error;
    }
    return m;
  }
};
template <class Function, class... Operands>
constexpr bool is_expression() {
  if constexpr (!(expression<Operands> && ...)) return false;
  else if constexpr (apply<Function, Operands...>::tree_size > tree_size_limit) return false;
  else return apply<Function, Operands...>::type.known;
}

/// The expression `Function(Operands...)`, or a compile error of one line.
template <class Function, class... Operands>
constexpr auto make_expression() {
  if constexpr (is_expression<Function, Operands...>()) {
    return apply<Function, Operands...>{};
  } else {
    if constexpr (!(std::is_same_v<Operands, no_expression> || ...)) static_cast<void>(sizeof(decltype(error_message_of<error_in<Function, Operands...>>())));
    return no_expression{};
  }
}

/// An elementwise operation as a function of an expression.
template <op Code>
struct map_function {
  template <class... Values>
  static constexpr value trace(Values... values) {
    if constexpr (sizeof...(Values) == row<Code>::info.arity) return call_map(Code, values...);
    else return wrong_number(values...);
  }
  static constexpr value wrong_number(value first, auto... rest) {
    return {first.b, first.b->fail(message() << "ctgrad: " << info(Code).name << " takes " << info(Code).arity << (info(Code).arity == 1 ? " argument" : " arguments") << ", and is given "
                                             << 1 + static_cast<int>(sizeof...(rest)))};
  }
};

template <op Code, class... Operands>
  requires(expression<Operands> || ...)
constexpr auto call(function<Code>, Operands const&...) {
  return make_expression<map_function<Code>, Operands...>();
}

/// What holds elements: an array, a view, a container.
template <class T>
concept holds_elements = std::is_array_v<T> || requires { typename T::value_type; };
/// A plain number, an array or an expression, beside an expression. The first two are errors, which name the way out.
template <class A, class B>
concept expression_operands = (expression<A> && (expression<B> || number<B> || holds_elements<B>)) || (expression<B> && (number<A> || holds_elements<A>));

}  // namespace detail

#define CTGRAD_EXPRESSION_OPERATOR(symbol, name)                                        \
  template <class A, class B>                                                           \
    requires detail::expression_operands<A, B>                                          \
  constexpr auto operator symbol(A const&, B const&) {                                  \
    return detail::make_expression<detail::map_function<detail::op::name>, A, B>();        \
  }
CTGRAD_EXPRESSION_OPERATOR(+, add)
CTGRAD_EXPRESSION_OPERATOR(-, subtract)
CTGRAD_EXPRESSION_OPERATOR(*, multiply)
CTGRAD_EXPRESSION_OPERATOR(/, divide)
CTGRAD_EXPRESSION_OPERATOR(==, equal)
CTGRAD_EXPRESSION_OPERATOR(!=, not_equal)
CTGRAD_EXPRESSION_OPERATOR(<, less)
CTGRAD_EXPRESSION_OPERATOR(<=, less_equal)
CTGRAD_EXPRESSION_OPERATOR(>, greater)
CTGRAD_EXPRESSION_OPERATOR(>=, greater_equal)
CTGRAD_EXPRESSION_OPERATOR(&&, logical_and)
CTGRAD_EXPRESSION_OPERATOR(||, logical_or)
#undef CTGRAD_EXPRESSION_OPERATOR

template <class A, class B>
  requires detail::expression_operands<A, B>
constexpr auto operator^(A const&, B const&) {
  static_assert(!sizeof(A), "ctgrad: ^ is no power: write ct::pow(a, b)");
  return detail::no_expression{};
}
template <class A, class B>
  requires detail::expression_operands<A, B>
constexpr auto operator%(A const&, B const&) {
  static_assert(!sizeof(A), "ctgrad: there is no %: the remainder is a - b * ct::floor(a / b)");
  return detail::no_expression{};
}

template <class Stream, expression E>
  requires requires { typename Stream::char_type; }
Stream& operator<<(Stream& out, E const&) {
  static_assert(!sizeof(E), "ctgrad: an expression is printed as text: std::cout << ct::to_string(loss)");
  return out;
}

#define CTGRAD_NO_ASSIGNMENT(symbol)                                                                                                                         \
  template <expression A, class B>                                                                                                                           \
  constexpr auto operator symbol(A&, B const&) {                                                                                                             \
    static_assert(!sizeof(A), "ctgrad: an expression does not change: give the next one a name of its own, or write the loop in a ct::fn, where values do"); \
    return detail::no_expression{};                                                                                                                          \
  }
CTGRAD_NO_ASSIGNMENT(+=)
CTGRAD_NO_ASSIGNMENT(-=)
CTGRAD_NO_ASSIGNMENT(*=)
CTGRAD_NO_ASSIGNMENT(/=)
#undef CTGRAD_NO_ASSIGNMENT

template <expression A>
constexpr auto operator-(A const&) {
  if constexpr (requires { A::negated(); }) return A::negated();
  else return detail::make_expression<detail::map_function<detail::op::negative>, A>();
}
template <expression A>
constexpr auto operator!(A const&) {
  return detail::make_expression<detail::map_function<detail::op::logical_not>, A>();
}

}  // namespace ctgrad
