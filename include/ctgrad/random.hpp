// Random numbers in expressions, as functions of a key: every distribution is a formula of Philox's words, and fuses into the loop that uses it.
// A program stays a pure function. A call gets other numbers by another seed, and the same numbers on any number of threads, in any loop, in a backward pass.
// (Measured, g++ 12, AVX-512, one thread, in L2: 0.9 billion uniform floats a second; a loop over blocks written by hand 0.95; std::mt19937_64 0.26.)
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "functions.hpp"

namespace ctgrad {

namespace random {
/// Two integers without axes that say which random numbers: made by `random::key`.
template <class Seed, class Stream>
struct key_type {
  [[no_unique_address]] Seed seed;
  [[no_unique_address]] Stream stream;
};
/// The key of one sequence of those of a seed: `random::key(seed, 1_c)`. Streams are numbered by int64, constants or values; a seed alone stands for its
/// stream 0. What is used twice with one key has the same numbers twice.
template <class Seed, class Stream>
constexpr key_type<Seed, Stream> key(Seed seed, Stream stream) {
  return {seed, stream};
}
}  // namespace random

namespace detail {

using first_stream = constant<false, 0>;
template <class Seed>
constexpr auto seed_of(Seed const& seed) { return seed; }
template <class Seed>
constexpr auto stream_of(Seed const&) { return first_stream{}; }
template <class Seed, class Stream>
constexpr auto seed_of(random::key_type<Seed, Stream> const& k) { return k.seed; }
template <class Seed, class Stream>
constexpr auto stream_of(random::key_type<Seed, Stream> const& k) { return k.stream; }

/// The words of one key for the elements of a shape. Each element has up to four of its own: `part` says which.
struct random_source {
  value seed, stream;
  shape s;

  /// Makes room for a parameter that has axes.
  constexpr void meet(value parameter) {
    builder& b = *seed.b;
    if (b.ok()) s = b.meet(b.integer(0, dtype::int64, b.intern(s)), parameter.id);
  }
  constexpr bool ok(std::string_view function) const {
    if (!seed.b->ok()) return false;
    for (value v : {seed, stream})
      if (!is_integer(v.type()) || v.rank() != 0) {
        v.b->fail(message() << "ctgrad: " << function << ": the seed or stream " << v.b->describe(v.id) << " is " << to_string(v.type())
                            << ", and has to be an integer without axes");
        return false;
      }
    return true;
  }
  /// int32, all values equally likely. The counter is the place in row-major order, plus part 2^60.
  constexpr value word(int part) const {
    builder& b = *seed.b;
    shape_id const all = b.intern(s);
    axis_mask const axes = (axis_mask{1} << s.rank) - 1;
    value counter{&b, b.integer(std::int64_t{part} << 60, dtype::int64)};
    shape inner;
    for (int axis = s.rank; axis-- > 0;) {
      value const place{&b, b.broadcast(b.iota(s[axis], dtype::int64), all, axes & ~(axis_mask{1} << axis))};
      value const distance = inner.rank == 0 ? place : place * value{&b, b.size_of(inner, dtype::int64)};
      counter = inner.rank == 0 && part == 0 ? distance : counter + distance;
      inner.push_back(s[axis]);
    }
    return {&b, b.map(op::philox, seed.id, stream.id, counter.id)};
  }
  /// In [0, 1), the multiples of 2^-24 (float32, of 24 bits of one word) or 2^-53 (float64, of two words), all equally likely. Each step is exact.
  constexpr value unit(dtype type, int part = 0) const {
    auto const real = [&](value w) { return cast(w, type) * 0x1p-32 + 0.5; };
    // A product that wraps leaves the lower bits, in the places of the higher.
    if (type == dtype::float32) return real(word(part) * 256);
    return real(word(2 * part)) + real(word(2 * part + 1) * 2048) * 0x1p-32;
  }
};

/// Whether `p` may be a probability: a constant in [0, 1], or what is known later.
constexpr bool is_probability(value p, std::string_view function) {
  if (!p.get().is_constant()) return true;
  double const number = is_floating(p.type()) ? p.get().real() : static_cast<double>(p.get().attribute);
  if (number >= 0 && number <= 1) return true;
  p.b->fail(message() << "ctgrad: " << function << ": the probability " << number << " is not in [0, 1]");
  return false;
}

struct uniform_numbers {
  static constexpr std::string_view name = "uniform";
  static constexpr value of(random_source const& source, dtype type) { return source.unit(type); }
};
// Source: Box, Muller, A note on the generation of random normal deviates (1958). The logarithm is of a number in (0, 1].
struct normal_numbers {
  static constexpr std::string_view name = "normal";
  static constexpr value of(random_source const& source, dtype type) {
    return sqrt(-2 * log(1 - source.unit(type, 0))) * cos(6.283185307179586476925286766559 * (source.unit(type, 1) - 0.5));
  }
};
struct bernoulli_numbers {
  static constexpr std::string_view name = "bernoulli";
  static constexpr value of(random_source const& source, dtype, value p) {
    if (!is_probability(p, name)) return p;
    return source.unit(p.type() == dtype::float64 && !p.get().weak ? dtype::float64 : dtype::float32) < p;
  }
};
struct randint_numbers {
  static constexpr std::string_view name = "randint";
  static constexpr value of(random_source const& source, dtype, value low, value high) {
    builder& b = *low.b;
    for (value v : {low, high})
      if (!is_integer(v.type()))
        return {&b, b.fail(message() << "ctgrad: randint: the bound " << b.describe(v.id) << " is " << to_string(v.type()) << ", and has to be an integer")};
    if (low.get().is_constant() && high.get().is_constant() && low.get().attribute >= high.get().attribute)
      return {&b, b.fail(message() << "ctgrad: randint: there is no integer from " << low.get().attribute << " to before " << high.get().attribute)};
    low = cast(low, dtype::int64);
    return low + cast(floor(source.unit(dtype::float64) * cast(cast(high, dtype::int64) - low, dtype::float64)), dtype::int64);
  }
};

template <class Numbers, dtype Type, class... Extents>
struct random_function {
  template <class... Parameters>
  static constexpr value trace(value seed, value stream, Parameters... parameters) {
    random_source source{seed, stream, {sizeof...(Extents), {extent_of_argument<Extents>::value...}}};
    (source.meet(parameters), ...);
    return source.ok(Numbers::name) ? Numbers::of(source, Type, parameters...) : seed;
  }
};
/// The same, of the shape of an array.
template <class Numbers, dtype Type>
struct random_like_function {
  template <class... Parameters>
  static constexpr value trace(value like, value seed, value stream, Parameters... parameters) {
    random_source const source{seed, stream, like.shape()};
    return source.ok(Numbers::name) ? Numbers::of(source, Type, parameters...) : seed;
  }
};
// Source: Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov, Dropout: a simple way to prevent neural networks from overfitting (2014),
// scaled while training.
struct dropout_function {
  static constexpr value trace(value x, value p, value seed, value stream) {
    builder& b = *x.b;
    if (!is_floating(x.type()))
      return {&b, b.fail(message() << "ctgrad: dropout of " << b.describe(x.id) << ": it is " << to_string(x.type()) << ", and has to be floating-point")};
    if (p.rank() != 0)
      return {&b, b.fail(message() << "ctgrad: dropout of " << b.describe(x.id) << ": the probability " << b.describe(p.id) << " has to be a scalar")};
    if (!is_probability(p, "dropout")) return x;
    random_source const source{seed, stream, x.shape()};
    if (!source.ok("dropout")) return x;
    return where(source.unit(dtype::float32) >= p, x * where(p < 1, 1 / (1 - p), 0), 0);
  }
};

}  // namespace detail

/// Random numbers of a key, an int64 scalar that a user binds, or `random::key(seed, stream)`, with the given extents: `ct::random::normal<float>(seed, N, 64_c)`.
/// An element is a function of the key and of its place in row-major order, and carries no gradient. The words are Philox4x32-10's (Salmon, Moraes, Dror, Shaw
/// 2011): place 4 i + k has word k of block i. Words, and what is exact of them (all but the normal distribution), are the same on every backend, to the bit.
namespace random {

/// philox(seed, stream, counter): word `counter` of the sequence of a seed and a stream, all int64: int32, every value equally likely. The seed is the key, the
/// stream the upper half of the block's number.
inline constexpr detail::function<detail::op::philox> philox{};

/// float or double, uniform in [0, 1): multiples of 2^-24, or 2^-53.
template <std::floating_point T = float, class Key, extent_argument... Extents>
constexpr auto uniform(Key const& k, Extents...) {
  return detail::call_function<detail::random_function<detail::uniform_numbers, dtype_of<T>, Extents...>>(detail::seed_of(k), detail::stream_of(k));
}
/// float or double with the normal distribution of mean 0 and variance 1, by Box and Muller's formula; at most 5.8 (float) or 8.6 (double) from 0.
template <std::floating_point T = float, class Key, extent_argument... Extents>
constexpr auto normal(Key const& k, Extents...) {
  return detail::call_function<detail::random_function<detail::normal_numbers, dtype_of<T>, Extents...>>(detail::seed_of(k), detail::stream_of(k));
}
/// bool, true with probability p: a constant in [0, 1], or an expression that repeats to the extents. To 2^-24, or, where p is float64, 2^-53.
template <class Key, class P, extent_argument... Extents>
constexpr auto bernoulli(Key const& k, P const& p, Extents...) {
  return detail::call_function<detail::random_function<detail::bernoulli_numbers, dtype::bool_, Extents...>>(detail::seed_of(k), detail::stream_of(k), p);
}
/// int64 in [low, high), equally likely to 2^-53, for high - low up to 2^53. Where high is at most low at run time, what comes out is no use.
template <class Key, class Low, class High, extent_argument... Extents>
constexpr auto randint(Key const& k, Low const& low, High const& high, Extents...) {
  return detail::call_function<detail::random_function<detail::randint_numbers, dtype::int64, Extents...>>(detail::seed_of(k), detail::stream_of(k), low, high);
}

}  // namespace random

/// x / (1 - p), and 0 with probability p (a constant in [0, 1], or a scalar; to 2^-24), as torch.nn.functional.dropout in training: `ct::dropout(h, 0.1_c, seed)`.
/// Which elements go is a function of the key and of their places: a backward pass computes it again, and no mask is stored.
template <class X, class P, class Key>
constexpr auto dropout(X const& x, P const& p, Key const& k) {
  return detail::call_function<detail::dropout_function>(x, p, detail::seed_of(k), detail::stream_of(k));
}
template <class X, class P>
constexpr auto dropout(X const&, P const&) {
  static_assert(!sizeof(X), "ctgrad: dropout takes a key, too, an int64 scalar that the program is given anew at each call: ct::dropout(h, 0.1_c, seed)");
  return detail::no_expression{};
}

}  // namespace ctgrad
