// Arrays of random numbers, at once: uniform, normal, integers, truth values, permutations.
// A generator is a seed and a count of what was made with it. Each array is a program of one formula, so it holds what an expression with the same key computes.
//
// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "program.hpp"
#include "random.hpp"

#include <cmath>
#include <stdexcept>

namespace ctgrad {

/// Where arrays take their random numbers from: a seed, and the number of the stream that the next array has. Two generators with one seed make the same arrays
/// in the same order. For programs: `step(…, seed = g.seed(), stream = g.next_stream())`. Not to be used from two threads at once.
class generator {
 public:
  explicit generator(std::int64_t seed) : seed_(seed) {}
  std::int64_t seed() const { return seed_; }
  /// The stream that is next, which is taken by this.
  std::int64_t next_stream() { return stream_++; }

 private:
  std::int64_t seed_, stream_ = 0;
};

namespace detail {

using namespace literals;

template <class T>
struct random_symbols {
  static constexpr auto like = tensor<T>("x"_s, dim("N"_s));
  static constexpr auto seed = ctgrad::scalar<std::int64_t>("seed"_s);
  static constexpr auto stream = ctgrad::scalar<std::int64_t>("stream"_s);
  template <class P>
  static constexpr auto first = ctgrad::scalar<P>("first"_s);
  template <class P>
  static constexpr auto second = ctgrad::scalar<P>("second"_s);
};

template <class... Extent>
std::array<std::int64_t, sizeof...(Extent)> shape_of(Extent... extents) {
  return {static_cast<std::int64_t>(extents)...};
}

struct uniform_between {
  static constexpr std::string_view name = "uniform";
  static constexpr value of(random_source const& source, dtype type, value low, value high) { return source.unit(type) * (high - low) + low; }
};
struct scaled_normal {
  static constexpr std::string_view name = "normal";
  static constexpr value of(random_source const& source, dtype type, value mean, value deviation) { return normal_numbers::of(source, type) * deviation + mean; }
};

/// Fills memory with `Numbers` of two parameters.
template <class Numbers, class T, class P>
void fill_random(generator& g, view<T, 1> all, P first, P second) {
  using s = random_symbols<T>;
  constexpr auto numbers = call_function<random_like_function<Numbers, dtype_of<T>>>(s::like, s::seed, s::stream, s::template first<P>, s::template second<P>);
  workspace_memory none(0);
  compile(numbers).into(none, s::like = all, s::seed = g.seed(), s::stream = g.next_stream(), s::template first<P> = first, s::template second<P> = second,
                        numbers = all);
}
template <class Numbers, class T, std::size_t Rank, class P>
array<T, Rank> random_array(generator& g, std::array<std::int64_t, Rank> const& shape, P first, P second) {
  auto a = array<T, Rank>::uninitialized(shape);
  fill_random<Numbers>(g, view<T, 1>(a.view().flatten()), first, second);
  return a;
}
struct bernoulli_like {
  static constexpr std::string_view name = "bernoulli";
  static constexpr value of(random_source const& source, dtype type, value p, value) { return bernoulli_numbers::of(source, type, p); }
};

}  // namespace detail

// Each takes the next stream of the generator. All throw shape_error for negative extents and for overflow.

/// Uniform in [0, 1), as torch.rand: `ct::rand<float>(g, 3, 4)`.
template <std::floating_point T, std::integral... Extent>
array<T, sizeof...(Extent)> rand(generator& g, Extent... extents) {
  return detail::random_array<detail::uniform_between, T>(g, detail::shape_of(extents...), T(0), T(1));
}
/// Normal with mean 0 and variance 1, as torch.randn.
template <std::floating_point T, std::integral... Extent>
array<T, sizeof...(Extent)> randn(generator& g, Extent... extents) {
  return detail::random_array<detail::scaled_normal, T>(g, detail::shape_of(extents...), T(0), T(1));
}
/// Integers in [low, high), as torch.randint. Throws std::invalid_argument where there are none, or more than 2^53.
template <std::integral... Extent>
array<std::int64_t, sizeof...(Extent)> randint(generator& g, std::int64_t low, std::int64_t high, Extent... extents) {
  if (low >= high || static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low) > std::uint64_t{1} << 53)
    throw std::invalid_argument("ctgrad: randint: there have to be 1 to 2^53 integers from " + std::to_string(low) + " to before " + std::to_string(high));
  return detail::random_array<detail::randint_numbers, std::int64_t>(g, detail::shape_of(extents...), low, high);
}
/// true with probability p. Throws std::invalid_argument where p is not in [0, 1].
template <std::integral... Extent>
array<bool, sizeof...(Extent)> bernoulli(generator& g, double p, Extent... extents) {
  if (!(p >= 0 && p <= 1)) throw std::invalid_argument("ctgrad: bernoulli: the probability " + std::to_string(p) + " is not in [0, 1]");
  return detail::random_array<detail::bernoulli_like, bool>(g, detail::shape_of(extents...), p, p);
}
/// 0 to count - 1 in random order, as torch.randperm. Source: Durstenfeld, Algorithm 235: random permutation (1964).
inline array<std::int64_t, 1> randperm(generator& g, std::int64_t count) {
  array<double, 1> const draws = rand<double>(g, count);
  array<std::int64_t, 1> order = arange<std::int64_t>(count);
  for (std::int64_t i = count - 1; i > 0; --i) std::swap(order(i), order(static_cast<std::int64_t>(draws(i) * static_cast<double>(i + 1))));
  return order;
}

}  // namespace ctgrad
